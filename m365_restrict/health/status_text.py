"""The state for a person: what needs somebody first, then each thing in a line of its own."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from m365_restrict.health.state import (
    HealthState,
    JobLine,
    JobState,
    LedgerLine,
    SignInLine,
    StatusDocument,
)
from m365_restrict.plan.change import Severity
from m365_restrict.report.ending import ending_lines
from m365_restrict.report.text import Line, counted
from m365_restrict.rules.naming import long_day
from m365_restrict.tenant.sign_in_way import SignInWay

_KILO = 1024
_SIGNS_IN_WITH = {
    SignInWay.CERTIFICATE: "certificate",
    SignInWay.WORKLOAD_IDENTITY: "the token of a service account, which it trusts",
    SignInWay.TRUSTED_IDENTITY: "the token of a managed identity, which it trusts",
    SignInWay.SECRET: "a secret, whose end is not shown here",
    SignInWay.MANAGED_IDENTITY: "the identity of this computer",
    SignInWay.NOTHING: "nothing to sign in with is set",
}


def status_lines(document: StatusDocument, zone: ZoneInfo) -> Iterator[Line]:
    """The lines; times are the council's own."""
    if document.head.error is None:
        yield from _attention(document)
        yield Line("Jobs", "bold")
        for job in document.jobs:
            yield Line(_job(job, zone), indent=1)
        yield Line("Restrictions", "bold")
        for text in _restrictions(document, zone):
            yield Line(text, indent=1)
        yield Line("Installation", "bold")
        for text in _installation(document, zone):
            yield Line(text, indent=1)
    yield from ending_lines(document.head)


def _attention(document: StatusDocument) -> Iterator[Line]:
    needs = [one for one in document.attention if not one.only_told]
    if not needs:
        yield Line("= nothing needs anybody.", "green")
    for one in document.attention:
        mark = "i" if one.only_told else "!"
        yield Line(f"{mark} {one.code.value}: {one.about}: {one.message}", "" if one.only_told else "red")
        yield Line(f"Next step: {one.action}", indent=1)


def _job(job: JobLine, zone: ZoneInfo) -> str:
    parts = [_state(job.state)]
    if job.running and job.last_began:
        parts.append(f"running since {_moment(job.last_began, zone)}")
    elif job.last_began and job.last_exit_code is None:
        parts.append(f"last run {_moment(job.last_began, zone)}, which did not end")
    elif job.last_began:
        parts.append(f"last run {_moment(job.last_began, zone)}, exit code {job.last_exit_code}")
    if job.last_success and job.last_success != job.last_ended:
        parts.append(f"last success {_moment(job.last_success, zone)}")
    if job.next_due:
        parts.append(f"next due {_moment(job.next_due, zone)}")
    return f"{job.job.value}: {'; '.join(parts)}."


def _state(state: JobState) -> str:
    match state:
        case JobState.WELL:
            return "well"
        case JobState.OVERDUE:
            return "OVERDUE"
        case JobState.SILENT:
            return "SILENT"
        case JobState.NOT_YET:
            return "has not run yet"
        case JobState.OFF:
            return "switched off"
        case _ as never:
            assert_never(never)


def _restrictions(state: HealthState, zone: ZoneInfo) -> Iterator[str]:
    yield f"In force: {counted(state.live_cases, 'case')}."
    found = state.findings
    if found.at is None:
        yield "Differences: not known, because no `drift` has run."
    else:
        numbers = [f"{found.open(one)} {one.value}" for one in Severity if found.open(one)]
        waived = sum(one.waived for one in found.counts)
        accepted = f"; {waived} accepted" if waived else ""
        yield f"Differences on {_moment(found.at, zone)}: {', '.join(numbers) or 'none'}{accepted}."
    room = state.headroom
    if room is not None:
        yield (
            f"Transport rules on {_moment(room.at, zone)}: {room.rules.used} of {room.rules.limit}; "
            f"characters of words and patterns {room.pattern_characters.used} of "
            f"{room.pattern_characters.limit}."
        )
    if state.retired is not None:
        yield f"Taken out of use: {_moment(state.retired.since, zone)}."
    freeze = state.freeze
    yield "Freeze: none." if freeze is None else f"Freeze: stands since {_moment(freeze.since, zone)}."
    for override in state.overrides:
        yield f"Override of {override.code}: until {_moment(override.until, zone)}."
    for waiver in state.waivers:
        of = f" of case {waiver.case_ref}" if waiver.case_ref else ""
        yield f"Waiver {waiver.number}, {waiver.code}{of}: until {long_day(waiver.until)}."


def _installation(state: HealthState, zone: ZoneInfo) -> Iterator[str]:
    for lease in state.leases:
        yield (
            f"Lease {lease.name}: held by process {lease.pid} on {lease.host} since "
            f"{_moment(lease.since, zone)}, renewed {_moment(lease.renewed_at, zone)}."
        )
    if not state.leases:
        yield "Lease: nobody holds one."
    for application in state.sign_in:
        yield f"{application.role.capitalize()} application: {_sign_in(application)}."
    for one in state.traffic:
        throttled = f", {one.throttled} of them told to wait" if one.throttled else ""
        yield f"Requests of the last {one.verb}: {one.requests}{throttled}."
    yield _ledger(state.ledger)
    if state.ledger.chain_head:
        entries = counted(state.ledger.entries, "entry", "entries")
        yield f"Evidence: {entries}; the chain ends with {state.ledger.chain_head}."


def _sign_in(line: SignInLine) -> str:
    if line.kind is not SignInWay.CERTIFICATE:
        return _SIGNS_IN_WITH[line.kind]
    if line.ends_at is None:
        return f"certificate: {line.problem}"
    return f"certificate until {long_day(line.ends_at.date())}"


def _ledger(ledger: LedgerLine) -> str:
    size = "" if ledger.bytes is None else f", {ledger.bytes / _KILO / _KILO:.1f} MB"
    return f"Ledger: {ledger.place}{size}."


def _moment(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M %Z}"
