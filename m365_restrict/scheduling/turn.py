"""One run of a job as the ledger knows it: the slot is taken, the work done, its end recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from m365_restrict.errors import ExitCode
from m365_restrict.ledger.job_history import JobHistory
from m365_restrict.ledger.lease import Holder
from m365_restrict.schedule.jobs import Job


@dataclass(frozen=True, kw_only=True)
class Done:
    """What the work of a job came to; `run_id` is the verb's run, "" where it made none."""

    exit_code: int
    run_id: str = ""


def take_turn(
    history: JobHistory,
    jobs: Sequence[Job],
    *,
    due_at: datetime,
    holder: Holder,
    clock: Callable[[], datetime],
    work: Callable[[], Done],
) -> Done | None:
    """Do the work of one slot once; None where the first of `jobs` is not to be done by this run.

    The others are jobs that the same work serves: where one of them was done before, it stays as it is.
    Whatever `work` raises is recorded as exit 1 and raised again.
    """
    numbers = history.begin_all(jobs, due_at=due_at, at=clock(), holder=holder)
    if not numbers:
        return None
    done = Done(exit_code=ExitCode.UNEXPECTED)
    try:
        done = work()
    finally:
        history.finish_all(numbers, at=clock(), exit_code=done.exit_code, run_id=done.run_id)
    return done
