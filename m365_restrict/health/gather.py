"""The state of this installation, from the ledger and the settings alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from m365_restrict.health.attention import attention_of
from m365_restrict.health.jobs import job_lines
from m365_restrict.health.options import HealthOptions
from m365_restrict.health.past import last_findings, last_headroom, last_refused
from m365_restrict.health.sign_in import Application, sign_in_line
from m365_restrict.health.state import (
    FrozenSince,
    HealthState,
    JobLine,
    JobState,
    LedgerLine,
    RetiredSince,
    StandingOverride,
    StandingWaiver,
)
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.ledger.schema import HEAD_REVISION
from m365_restrict.schedule.timetable import Timetable


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, and by when: real time, which jobs and certificates live in.

    `place` is where the ledger is, without a password.
    """

    now: datetime
    zone: ZoneInfo
    options: HealthOptions
    timetable: Timetable
    applications: tuple[Application, ...]
    place: str


def gather(ledger: Ledger, question: Question) -> HealthState:
    """Everything, and what of it needs somebody. Raises `LedgerError`."""
    freeze = ledger.freezes.current()
    retired = _retired(ledger)
    chain = ledger.evidence.head_entry()
    state = HealthState(
        jobs=tuple(_jobs(ledger, question, is_retired=retired is not None)),
        live_cases=len(ledger.register.live()),
        findings=last_findings(ledger),
        freeze=None if freeze is None else FrozenSince(reason=freeze.reason, since=freeze.since),
        retired=retired,
        overrides=tuple(
            StandingOverride(code=one.code, until=one.until)
            for one in ledger.overrides.standing(question.now)
        ),
        waivers=tuple(_waivers(ledger, question)),
        leases=ledger.figures.leases(),
        refused=last_refused(ledger),
        sign_in=tuple(sign_in_line(one, now=question.now) for one in question.applications),
        ledger=LedgerLine(
            place=question.place,
            bytes=ledger.figures.size(),
            revision=HEAD_REVISION,
            entries=chain[0],
            chain_head=chain[1],
        ),
        headroom=last_headroom(ledger),
        traffic=ledger.figures.traffic(),
        runs=ledger.figures.run_counts(),
    )
    today = question.now.astimezone(question.zone).date()
    return replace(state, attention=tuple(attention_of(state, question.options, today=today)))


def _retired(ledger: Ledger) -> RetiredSince | None:
    stood = ledger.retirements.current()
    if stood is None:
        return None
    return RetiredSince(reason=stood.reason, since=stood.since, completed=stood.completed_at is not None)


def _jobs(ledger: Ledger, question: Question, *, is_retired: bool) -> Iterator[JobLine]:
    """The jobs; of an installation that was taken out of use none is due."""
    for one in job_lines(ledger, question.timetable, question.options, now=question.now):
        yield replace(one, state=JobState.OFF, next_due=None) if is_retired else one


def _waivers(ledger: Ledger, question: Question) -> Iterator[StandingWaiver]:
    today = question.now.astimezone(question.zone).date()
    for one in ledger.waivers.all():
        if one.ended_at is None and one.until >= today:
            reference = one.case_reference or None
            yield StandingWaiver(number=one.number, code=one.code, case_ref=reference, until=one.until)
