"""One job, once, however it was started: its slot is taken in the ledger, its verb run, its end recorded."""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_fixed,
)

from m365_restrict.cli.job_work import work_of
from m365_restrict.cli.run_id import run_id_of
from m365_restrict.cli.streams import tell
from m365_restrict.cli.withheld import addresses_withheld
from m365_restrict.errors import ConfigurationError, ExitCode, LeaseHeld, RestrictError
from m365_restrict.health.ping import report_job
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.logs.marks import marked
from m365_restrict.report.text import counted
from m365_restrict.schedule.jobs import Job, JobStatus, lane_of
from m365_restrict.schedule.timetable import Timetable, slot_of
from m365_restrict.scheduling.turn import Done, take_turn
from settings.load import load_settings
from settings.model import Settings

_LOOK_AGAIN_SECONDS = 2.0
_LATEST = 20


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """Which job. `due` is its slot; None is that of this minute, or this instant where none is due."""

    job: Job
    env_file: Path | None = None
    due: datetime | None = None


def run_job(request: JobRequest, environ: Mapping[str, str]) -> int:
    """Run a job once; the exit code of its verb, or 0 where its slot was done before."""
    started = datetime.now(UTC)
    with marked(job=request.job.value), addresses_withheld():
        try:
            settings = load_settings(environ, request.env_file)
        except ConfigurationError:
            # The verb says what is wrong, in its own form.
            return work_of(request.job, None, request.env_file, environ, started)
        try:
            with open_ledger(settings.ledger.url) as ledger:
                code = _Turn(request, settings, ledger, environ, started).take()
        except RestrictError as error:
            tell(f"{request.job}: {error.message}\n{error.advice}")
            code = int(error.exit_code)
            _ping(request.job, settings, Done(exit_code=code))
        return code


@dataclass(frozen=True)
class _Turn:
    request: JobRequest
    settings: Settings
    ledger: Ledger
    environ: Mapping[str, str]
    started: datetime

    def take(self) -> int:
        """Do what is to be done for the slot."""
        job, timetable = self.request.job, self.settings.schedule.timetable(self.settings.lists.zone)
        # Under a sandbox's clock this minute is nobody's slot.
        now = self.started if self.settings.clock.url else _due_now(timetable, job, self.started)
        due = self.request.due or now
        ended = self._ended_before(due)
        if ended is not None:
            return ended
        holder = Holder(holder=run_id_of(self.started), host=socket.gethostname(), pid=os.getpid())
        jobs = (job, *timetable.served_with(job, due))
        with ExitStack() as stack:
            work = self._in_turn(stack, holder, due)
            done = take_turn(self.ledger.jobs, jobs, due_at=due, holder=holder, clock=_now, work=work)
        if done is None:
            return self._ended_before(due) or int(ExitCode.IN_STEP)
        for one in jobs:
            _ping(one, self.settings, done)
        return int(done.exit_code)

    def _ended_before(self, due: datetime) -> int | None:
        """How the slot ended where it was run before: what starts it again must not call it a success."""
        run = self.ledger.jobs.at(self.request.job, due)
        if run is None or run.status is not JobStatus.ENDED:
            return None
        tell(
            f"{self.request.job}: the slot of {due:%Y-%m-%d %H:%M:%S}Z was run at {run.began_at:%H:%M:%S}Z "
            f"(run {run.run_id}) and is not run twice. To run the job all the same: "
            f"m365-restrict run-now {self.request.job}"
        )
        return int(run.exit_code or ExitCode.IN_STEP)

    def _in_turn(self, stack: ExitStack, holder: Holder, due: datetime) -> Callable[[], Done]:
        """The work, once no other run of the main path is at work; exit 6 where one outlasts the wait."""
        job, schedule = self.request.job, self.settings.schedule
        wait = schedule.wait_minutes * 60
        entering = Retrying(
            retry=retry_if_exception_type(LeaseHeld),
            stop=stop_after_delay(wait),
            wait=wait_fixed(_LOOK_AGAIN_SECONDS),
            reraise=True,
        )
        lease = self.ledger.lease
        seconds = self.settings.lease.seconds
        try:
            entering(
                lambda: stack.enter_context(lease(holder, seconds=seconds, clock=_now, name=lane_of(job)))
            )
        except LeaseHeld as error:
            tell(f"{job}: {error.message}")
            return lambda: Done(exit_code=ExitCode.LEASE_HELD)

        def _work() -> Done:
            again = Retrying(
                retry=retry_if_result(lambda code: code == ExitCode.LEASE_HELD),
                stop=stop_after_delay(wait),
                wait=wait_fixed(_LOOK_AGAIN_SECONDS),
                retry_error_callback=_last_code,
            )
            code = again(work_of, job, self.settings, self.request.env_file, self.environ, due)
            return Done(exit_code=int(code), run_id=self._run_of(holder))

        return _work

    def _run_of(self, holder: Holder) -> str:
        """The run that the verb made: the newest of this process that is younger than the job."""
        mine = (
            one.run_id
            for one in self.ledger.runs.latest(limit=_LATEST)
            if one.pid == holder.pid and one.host == holder.host and one.run_id > holder.holder
        )
        return max(mine, default="")


def _due_now(timetable: Timetable, job: Job, now: datetime) -> datetime:
    """The slot that a timer of the same timetable starts the job for: jobs of one main path share it."""
    slot = slot_of(now)
    return slot if timetable.is_due(job, slot) else now


def _last_code(state: RetryCallState) -> int:
    return int(state.outcome.result()) if state.outcome else int(ExitCode.UNEXPECTED)


def _now() -> datetime:
    return datetime.now(UTC)


def _ping(job: Job, settings: Settings, done: Done) -> None:
    untold = report_job(
        job,
        done.exit_code,
        settings.health.ping_urls,
        run_id=done.run_id,
        ca_file=settings.tls.ca_file,
    )
    if untold:
        tell(f"{counted(untold, 'watcher')} of HEALTH__PING_URL could not be told of the job {job}.")
