"""The jobs that run by themselves, and what the ledger says of one run of a job."""

from collections.abc import Mapping
from enum import StrEnum

MOST_JITTER = 50
"""Seconds. Slots are whole minutes: a start that is put off by less still names its slot."""


class Job(StrEnum):
    """A piece of work with a timetable of its own. The word is the verb's argument and the ledger's key."""

    ENFORCE = "enforce"
    """Bring the tenant into step with the register."""
    PREFERENCES = "preferences"
    """Bring councillors' choices into step: the same main path as `ENFORCE`, on a timetable of its own."""
    DRIFT = "drift"
    """Say whether every decision still holds."""
    REVIEWS = "reviews"
    """Open reviews that are due and remind people, on working days."""
    EVIDENCE = "evidence"
    """Prove the ledger, hand its head out, deliver the reports that are due, copy the ledger."""
    RETENTION = "retention"
    """Say which closed cases may be deleted."""


class JobStatus(StrEnum):
    """How far a run of a job came."""

    WORKING = "working"
    """It has begun. Whether it still works, its lease says: a killed process leaves this behind."""
    ENDED = "ended"
    """It ended by itself, with an exit code."""
    DIED = "died"
    """It never said how it ended, and a later run of the job has taken its place."""


SERVED_BY: Mapping[Job, Job] = {Job.PREFERENCES: Job.ENFORCE}
"""Jobs that are another's main path: where both are due at the same minute, one run serves both."""


def same_path(job: Job) -> tuple[Job, ...]:
    """The other jobs of the same main path."""
    first = SERVED_BY.get(job, job)
    return tuple(one for one in Job if one is not job and SERVED_BY.get(one, one) is first)


def lane_of(job: Job) -> str:
    """The name of the lease that a job holds while it works: jobs of one main path never overlap."""
    return f"job {SERVED_BY.get(job, job)}"
