"""How each job stands against its timetable."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from m365_restrict.health.options import HealthOptions
from m365_restrict.health.state import JobLine, JobState
from m365_restrict.ledger.job_history import JobRun
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.schedule.jobs import Job, JobStatus
from m365_restrict.schedule.timetable import SlotTrigger, Timetable
from m365_restrict.steps.options import SilentJob

_MOMENT = timedelta(microseconds=1)


def job_lines(
    ledger: Ledger, timetable: Timetable, options: HealthOptions, *, now: datetime
) -> Iterator[JobLine]:
    """Every job, in the order of the enum."""
    last = ledger.jobs.all_last()
    first = ledger.figures.first_job_at()
    for job in Job:
        # Clocks of several hosts differ a little; what lies further ahead was written under a wrong one.
        succeeded = ledger.jobs.last_success(job, by=now + options.late)
        run, trigger = last.get(job), timetable.trigger(job)
        state = state_of(trigger, succeeded or first, options, now=now)
        if state is JobState.WELL and run is None:
            state = JobState.NOT_YET
        yield _line(job, run, state, succeeded, _next(trigger, now))


def silent_jobs(
    ledger: Ledger, timetable: Timetable, options: HealthOptions, *, now: datetime
) -> tuple[SilentJob, ...]:
    """Those that a comparison tells of."""
    return tuple(
        SilentJob(job=one.job.value, last_success=one.last_success)
        for one in job_lines(ledger, timetable, options, now=now)
        if one.state is JobState.SILENT
    )


def state_of(
    trigger: SlotTrigger | None, since: datetime | None, options: HealthOptions, *, now: datetime
) -> JobState:
    """How a job stands that has not succeeded after `since`; None where no job has ever run.

    Silence counts from when it was next due and not from the success before: a weekly job is not silent on
    its second day.
    """
    if trigger is None:
        return JobState.OFF
    if since is None:
        return JobState.NOT_YET
    slot = _next(trigger, since)
    if slot is None or slot + options.late > now:
        return JobState.WELL
    return JobState.SILENT if slot + options.silence <= now else JobState.OVERDUE


def _next(trigger: SlotTrigger | None, instant: datetime) -> datetime | None:
    return None if trigger is None else trigger.first_from(instant + _MOMENT)


def _line(
    job: Job, run: JobRun | None, state: JobState, succeeded: datetime | None, next_due: datetime | None
) -> JobLine:
    return JobLine(
        job=job,
        state=state,
        running=run is not None and run.status is JobStatus.WORKING,
        last_began=run.began_at if run else None,
        last_ended=run.ended_at if run else None,
        last_exit_code=run.exit_code if run else None,
        last_success=succeeded,
        next_due=next_due,
        run_id=run.run_id if run else "",
    )
