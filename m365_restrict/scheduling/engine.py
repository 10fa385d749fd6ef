"""APScheduler, turned by a loop of our own, which also renews the lease and hears requests.

Triggers, next runs, misfires, coalescing and overlap are APScheduler's. This adds the two things that it
leaves to its users: whose loop it is (a scheduler class), and which slot a run is for (an executor class).
"""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.job import Job as ScheduledJob
from apscheduler.schedulers.base import BaseScheduler

from m365_restrict.schedule.jobs import Job
from m365_restrict.schedule.timetable import SlotTrigger, slot_of

logging.getLogger("apscheduler").addHandler(logging.NullHandler())

Work = Callable[[Job, datetime], None]
"""Does one job for one slot."""


class SlotExecutor(BasePoolExecutor):
    """An executor that remembers for which time each job was started: no job runs twice at once."""

    def __init__(self, pool: Executor) -> None:
        """Start jobs in this pool."""
        super().__init__(pool)
        self.started_for: dict[str, datetime] = {}

    def _do_submit_job(self, job: ScheduledJob, run_times: list[datetime]) -> None:
        self.started_for[job.id] = run_times[-1]
        super()._do_submit_job(job, run_times)


class SlotScheduler(BaseScheduler):
    """Starts each job for each of its slots, for as long as somebody calls `turn`."""

    def __init__(
        self, work: Work, pool: Executor, *, catch_up: timedelta, say: Callable[[str], None]
    ) -> None:
        """`pool` runs what is due; a slot older than `catch_up` is left out, which `say` tells."""
        self._work = work
        self._say = say
        self._slots = SlotExecutor(pool)
        defaults = {
            "coalesce": True,
            "max_instances": 1,
            "misfire_grace_time": int(catch_up.total_seconds()),
        }
        super().__init__(executors={"default": self._slots}, job_defaults=defaults, timezone=UTC)
        self.add_listener(self._missed, EVENT_JOB_MISSED)
        self.add_listener(self._overlapped, EVENT_JOB_MAX_INSTANCES)
        self.add_listener(self._failed, EVENT_JOB_ERROR)

    def wakeup(self) -> None:
        """Nothing: whoever turns it looks again soon."""

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002 - APScheduler's own signature
        """Start nothing more, and wait for what is at work."""
        super().shutdown(wait)

    def turn(self) -> float | None:
        """Start what is due now; the seconds until something is due again, None for never."""
        wait: float | None = self._process_jobs()
        return wait

    def plan(self, job: Job, trigger: SlotTrigger, *, first: datetime | None) -> None:
        """Run a job by its trigger, beginning with the time `first`, which may lie behind."""
        self.add_job(self._for_slot, trigger, args=(job,), id=job.value, name=job.value, next_run_time=first)

    def run_now(self, job: Job, work: Callable[[], None]) -> None:
        """Run a job once as soon as there is room; `work` does it."""
        self.add_job(
            work,
            "date",
            id=f"{job.value} now",
            name=f"{job.value} now",
            run_date=datetime.now(UTC),
            misfire_grace_time=None,
        )

    def run_again(self, job: Job, work: Callable[[], None], *, at: datetime) -> None:
        """Run a job once more at an instant; `work` does it. The last that was said holds."""
        self.add_job(
            work,
            "date",
            id=f"{job.value} again",
            name=f"{job.value} again",
            run_date=at,
            misfire_grace_time=None,
            replace_existing=True,
        )

    def _for_slot(self, job: Job) -> None:
        self._work(job, slot_of(self._slots.started_for[job.value]))

    def _missed(self, event: JobExecutionEvent) -> None:
        self._say(f"{event.job_id}: what was due at {event.scheduled_run_time:%Y-%m-%d %H:%M}Z is left out.")

    def _overlapped(self, event: JobSubmissionEvent) -> None:
        self._say(f"{event.job_id}: the run before is still at work, so this one is left out.")

    def _failed(self, event: JobExecutionEvent) -> None:
        self._say(
            f"{event.job_id}: it could not be run ({type(event.exception).__name__}: {event.exception})."
        )
