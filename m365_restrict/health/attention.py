"""What of the state needs somebody, in sentences."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import assert_never

from m365_restrict.codes import CatalogueCode
from m365_restrict.errors import ErrorCode, ExitCode
from m365_restrict.health.codes import HealthCode
from m365_restrict.health.options import HealthOptions
from m365_restrict.health.state import (
    Attention,
    HealthState,
    JobLine,
    JobState,
    RefusedRun,
    RetiredSince,
    SignInLine,
)
from m365_restrict.plan.change import Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.report.text import clean, counted
from m365_restrict.rules.naming import long_day
from m365_restrict.tenant.sign_in_way import SignInWay

_SOON = timedelta(days=7)
_WELL = frozenset({ExitCode.IN_STEP, ExitCode.DIFFERENCES})
_MOST_REASONS = 3


def attention_of(state: HealthState, options: HealthOptions, *, today: date) -> Iterator[Attention]:
    """What is worst first. `today` is the council's day."""
    if state.retired is not None:
        yield _of_retired(state.retired)
    elif all(one.state in {JobState.NOT_YET, JobState.OFF} for one in state.jobs):
        yield _attention(HealthCode.NO_JOB_YET, "the schedule", "No job has run yet.")
    for job in state.jobs:
        yield from _of_job(job)
    for application in state.sign_in:
        yield from _of_sign_in(application, options)
    if state.refused is not None:
        yield _of_refused(state.refused)
    urgent = state.findings.open(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)
    if urgent:
        critical = state.findings.open(Severity.CRITICAL)
        told = f", {critical} of them critical" if critical else ""
        message = (
            f"The last comparison found {counted(urgent, 'difference')} of medium severity or more{told}."
        )
        yield _attention(HealthCode.FINDINGS_OPEN, "findings", message)
    yield from _of_standing(state, today)


def _of_retired(retired: RetiredSince) -> Attention:
    left = "" if retired.completed else " Something of ours may still stand that was to go."
    message = f"It was taken out of use on {long_day(retired.since.date())}.{left}"
    return _attention(ErrorCode.RETIRED, "the installation", message, only_told=retired.completed)


def _of_job(job: JobLine) -> Iterator[Attention]:
    about = f"job {job.job.value}"
    since = f"since {job.last_success:%Y-%m-%d %H:%M} UTC" if job.last_success else "yet"
    match job.state:
        case JobState.OVERDUE:
            yield _attention(HealthCode.JOB_OVERDUE, about, f"It was due and has not succeeded {since}.")
        case JobState.SILENT:
            yield _attention(
                FindingCode.JOB_SILENT, about, f"It was due long ago and has not succeeded {since}."
            )
        case JobState.WELL | JobState.NOT_YET | JobState.OFF:
            if job.last_exit_code is not None and job.last_exit_code not in _WELL:
                message = f"Its last run ended with exit code {job.last_exit_code}."
                yield _attention(HealthCode.JOB_FAILED, about, message)
        case _ as never:
            assert_never(never)


def _of_sign_in(line: SignInLine, options: HealthOptions) -> Iterator[Attention]:
    about = f"{line.role} application"
    if line.kind is SignInWay.SECRET:
        yield _attention(HealthCode.CLIENT_SECRET, about, "It signs in with a secret.", only_told=True)
    elif line.problem:
        message = f"Its certificate: {line.problem}."
        yield _attention(HealthCode.CERTIFICATE_UNREADABLE, about, message)
    elif line.ends_at is not None and line.days_left is not None:
        if line.days_left < 0:
            message = f"Its certificate ended on {long_day(line.ends_at.date())}."
            yield _attention(HealthCode.CERTIFICATE_ENDS, about, message)
        elif line.days_left < options.certificate.days:
            left = counted(line.days_left, "day")
            message = f"Its certificate ends on {long_day(line.ends_at.date())}, in {left}."
            yield _attention(HealthCode.CERTIFICATE_ENDS, about, message)


def _of_refused(run: RefusedRun) -> Attention:
    reasons = [
        clean(f"{one.code}: {one.message}" if one.message else f"{one.code} ({one.case_ref})").rstrip(".")
        for one in run.reasons[:_MOST_REASONS]
    ]
    more = len(run.reasons) - len(reasons)
    reasons += [f"and {more} more"] if more > 0 else []
    told = f": {'; '.join(reasons)}" if reasons else ""
    message = f"Run {run.run_id} of {run.verb} ended with exit code {run.exit_code}{told}."
    return _attention(HealthCode.RUN_REFUSED, f"{run.verb}", message)


def _of_standing(state: HealthState, today: date) -> Iterator[Attention]:
    if state.freeze is not None:
        day = long_day(state.freeze.since.date())
        message = f"Nothing but openings is written since {day}: {clean(state.freeze.reason)}"
        yield _attention(HealthCode.FREEZE_STANDS, "the freeze", message.rstrip(".") + ".")
    for override in state.overrides:
        message = f"It may be passed until {override.until:%Y-%m-%d %H:%M} UTC."
        yield _attention(HealthCode.OVERRIDE_STANDS, f"guard {override.code}", message)
    for waiver in state.waivers:
        if waiver.until <= today + _SOON:
            of = f" of case {waiver.case_ref}" if waiver.case_ref else ""
            message = f"The accepted difference {waiver.code}{of} ends on {long_day(waiver.until)}."
            yield _attention(HealthCode.WAIVER_ENDS, f"waiver {waiver.number}", message)


def _attention(code: CatalogueCode, about: str, message: str, *, only_told: bool = False) -> Attention:
    return Attention(code=code, about=about, message=message, action=code.advice, only_told=only_told)
