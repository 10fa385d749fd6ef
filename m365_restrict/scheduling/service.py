"""The scheduler of one ledger: it leads while it holds the lease, and waits while another does."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import partial
from queue import SimpleQueue
from typing import Protocol

from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_fixed

from m365_restrict.errors import ExitCode, LeaseHeld, LedgerError
from m365_restrict.ledger.job_history import JobRequest
from m365_restrict.ledger.lease import SCHEDULE, Holder, Lease
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.schedule.jobs import SERVED_BY, Job, JobStatus
from m365_restrict.schedule.timetable import SlotTrigger, Timetable
from m365_restrict.scheduling.engine import SlotScheduler
from m365_restrict.scheduling.patience import Patience, Stopped

_POLL_SECONDS = 5.0
_ATTEMPTS = 2
_PAUSE_SECONDS = 2.0
_AGAIN = timedelta(minutes=1)
_AGAIN_AT_MOST = timedelta(hours=1)
_ONE = timedelta(microseconds=1)


class Runner(Protocol):
    """Runs a job to its end. `stop`: start nothing more, and end what is at work within a bound."""

    @property
    def stopped(self) -> bool: ...  # noqa: D102 - see the class

    def run(self, job: Job, due_at: datetime) -> int: ...  # noqa: D102 - see the class

    def stop(self) -> None: ...  # noqa: D102 - see the class


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    """`catch_up`: how old a missed slot may be that is still run. `lease_seconds` as LEASE__SECONDS."""

    timetable: Timetable
    catch_up: timedelta
    lease_seconds: float


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How the loop waits. `pause` waits for so many seconds and says whether it is to stop.

    `beat` is called each time the loop turns; `poll_seconds` is the longest that it waits for a slot.
    """

    pause: Callable[[float], bool]
    beat: Callable[[], None] = lambda: None
    poll_seconds: float = _POLL_SECONDS
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def _one_worker() -> Executor:
    """One job at a time: most of them hold the lease of everything that writes."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A scheduler. `serve` returns when `pace.pause` says that it is to stop."""

    ledger: Ledger
    options: ScheduleOptions
    holder: Holder
    runner: Runner
    pace: Pace
    say: Callable[[str], None]
    pool: Callable[[], Executor] = _one_worker
    _asked: set[Job] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    """Set while it does not lead: what waits for its turn is then left to whoever leads."""
    _repeats: "SimpleQueue[_Repeat]" = field(default_factory=SimpleQueue)

    def serve(self) -> None:
        """Lead whenever the lease is to be had. A ledger that does not answer is asked again."""
        told = ""
        try:
            while True:
                message = self._led()
                if message is None:
                    return
                if message and message != told:
                    self.say(message)
                told = message
                self.pace.beat()
                if self.pace.pause(min(self.pace.poll_seconds, self.options.lease_seconds / 3)):
                    return
        except Stopped:
            self.runner.stop()

    def _led(self) -> str | None:
        """Lead for as long as the lease is to be had: None where it is to stop, else why it does not lead."""
        wait, taken = self._patience.wait, ExitStack()
        try:
            with ExitStack() as stack:
                lease = wait(partial(self._taken, taken))
                stack.callback(wait, taken.close)
                self._lead(lease)
                return None
        except LeaseHeld as error:
            return self._who_leads() or error.message
        except LedgerError as error:
            return f"{error.message} It is asked again."

    def _taken(self, stack: ExitStack) -> Lease:
        seconds = self.options.lease_seconds
        return stack.enter_context(
            self.ledger.lease(self.holder, seconds=seconds, clock=self.pace.clock, name=SCHEDULE)
        )

    def _who_leads(self) -> str:
        try:
            held = self._patience.wait(
                partial(
                    self.ledger.lease_holder,
                    SCHEDULE,
                    host=self.holder.host,
                    seconds=self.options.lease_seconds,
                    now=self.pace.clock(),
                )
            )
        except LedgerError:
            return ""
        if held is None:
            return ""
        return f"Another scheduler is at work (process {held.pid} on {held.host}); this one waits."

    @property
    def _patience(self) -> Patience:
        return Patience(beat=self.pace.beat, stopping=lambda: self.pace.pause(0))

    def _lead(self, lease: Lease) -> None:
        """Start jobs until it is to stop. Raises LeaseHeld where another scheduler has taken over."""
        scheduler = SlotScheduler(self._do, self.pool(), catch_up=self.options.catch_up, say=self.say)
        firsts = self._patience.wait(lambda: tuple(self._firsts()))
        for job, trigger, first in firsts:
            scheduler.plan(job, trigger, first=first)
        self._asked.clear()
        self._over.clear()
        scheduler.start()
        self.say("The scheduler is at work.")
        try:
            self._turn(scheduler, lease)
            self.runner.stop()
        finally:
            # Of what is at work nothing is lost: it is waited for, and the loop goes on beating.
            self._over.set()
            self._patience.wait(scheduler.shutdown, when_stopping=self.runner.stop)

    def _turn(self, scheduler: SlotScheduler, lease: Lease) -> None:
        """Start what is due until it is to stop. While the ledger does not answer nothing is started."""
        told = ""
        while True:
            wait: float | None = None
            try:
                requests = self._patience.wait(partial(self._look, lease))
            except LedgerError as error:
                if told != error.message:
                    told = error.message
                    self.say(f"{told} It is asked again, and nothing is started until it answers.")
            else:
                told = ""
                self._hear_requests(scheduler, requests)
                self._hear_repeats(scheduler)
                wait = scheduler.turn()
            self.pace.beat()
            if self.pace.pause(self.pace.poll_seconds if wait is None else min(wait, self.pace.poll_seconds)):
                return

    def _look(self, lease: Lease) -> tuple[JobRequest, ...]:
        lease.check()
        return self.ledger.jobs.asked()

    def _firsts(self) -> Iterator[tuple[Job, SlotTrigger, datetime | None]]:
        for job in Job:
            trigger = self.options.timetable.trigger(job)
            if trigger is not None:
                yield job, trigger, self._first(job, trigger)

    def _first(self, job: Job, trigger: SlotTrigger) -> datetime | None:
        """The first time to run: after a stop one that lies behind, and APScheduler makes one of them all."""
        now = self.pace.clock()
        last = self.ledger.jobs.last_slot(job, by=now)
        if last is None:
            return trigger.get_next_fire_time(None, now)
        since = last.due_at + _ONE if last.status is JobStatus.ENDED else last.due_at
        oldest = now - self.options.catch_up
        missed = trigger.first_from(since)
        if missed is not None and missed < oldest:
            self.say(
                f"{job}: what was due from {missed:%Y-%m-%d %H:%M}Z is more than "
                f"{self.options.catch_up.total_seconds() / 3600:g} hours old and left out."
            )
            since = oldest
        return trigger.get_next_fire_time(None, since)

    def _hear_requests(self, scheduler: SlotScheduler, requests: Sequence[JobRequest]) -> None:
        for request in requests:
            with self._lock:
                if request.job in self._asked:
                    continue
                self._asked.add(request.job)
            self.say(f"{request.job}: somebody asked that it be run now.")
            scheduler.run_now(request.job, partial(self._do_asked, request))

    def _hear_repeats(self, scheduler: SlotScheduler) -> None:
        while not self._repeats.empty():
            one = self._repeats.get()
            scheduler.run_again(one.job, partial(self._run, one.job, one.due_at, one.attempt), at=one.at)

    def _do(self, job: Job, due_at: datetime) -> None:
        """Run one slot, in a thread of the pool. One that another job's run serves is left to that one."""
        by = SERVED_BY.get(job)
        if by is None or not self.options.timetable.is_due(by, due_at):
            self._run(job, due_at)

    def _do_asked(self, request: JobRequest) -> None:
        """Run a job because somebody asked for it. Where this is stopped, the request stands."""
        try:
            self._run(request.job, request.asked_at)
        finally:
            try:
                if not (self.runner.stopped or self._over.is_set()):
                    self.ledger.jobs.answered(request)
            except LedgerError as error:
                # Heard again once the ledger answers: a slot that was done is not done twice.
                self.say(f"{request.job}: {error.message}")
            finally:
                with self._lock:
                    self._asked.discard(request.job)

    def _run(self, job: Job, due_at: datetime, attempt: int = 0) -> None:
        """Run a job to its end, once more where its process died, and later where the ledger knows no end."""
        if self.runner.stopped or self._over.is_set():
            return

        def _died(code: int) -> bool:
            died = code < 0 or self._left_as(job, due_at) is _Left.AT_WORK
            if died and not self.runner.stopped:
                self.say(f"{job}: its process died (exit code {code}).")
            return died and not self.runner.stopped

        code = Retrying(
            retry=retry_if_result(_died),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_fixed(_PAUSE_SECONDS),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else 1,
        )(self.runner.run, job, due_at)
        self.say(f"{job}: ended with exit code {code}.")
        if self.runner.stopped:
            with suppress(LedgerError):  # what has not ended in the ledger is run again in any case
                self.ledger.jobs.stopped(job, due_at)
        elif code > 0 and code != ExitCode.REFUSED and self._left_as(job, due_at) is not _Left.ENDED:
            self._run_later(job, due_at, attempt)

    def _left_as(self, job: Job, due_at: datetime) -> "_Left":
        try:
            run = self.ledger.jobs.at(job, due_at)
        except LedgerError:
            return _Left.UNKNOWN
        if run is None:
            return _Left.UNKNOWN
        return _Left.AT_WORK if run.status is JobStatus.WORKING else _Left.ENDED

    def _run_later(self, job: Job, due_at: datetime, attempt: int) -> None:
        """Try a slot again that the ledger knows no end of: after 1, 2, 4 … 60 minutes, within the catch-up.

        Not where the job's next slot comes before that: its run does the work.
        """
        at = self.pace.clock() + min(_AGAIN * 2**attempt, _AGAIN_AT_MOST)
        trigger = self.options.timetable.trigger(job)
        following = trigger.first_from(due_at + _ONE) if trigger is not None else None
        if at > due_at + self.options.catch_up or (following is not None and following <= at):
            self.say(f"{job}: it could not begin or record its end; its next slot does the work.")
            return
        self.say(f"{job}: it could not begin or record its end and is tried again at {at:%H:%M:%S}Z.")
        self._repeats.put(_Repeat(job=job, due_at=due_at, at=at, attempt=attempt + 1))


class _Left(Enum):
    """What the ledger says of a slot after its process has ended."""

    ENDED = auto()
    AT_WORK = auto()
    """As far as the ledger was told, which its process can no longer do."""
    UNKNOWN = auto()
    """Nothing, or it does not answer."""


@dataclass(frozen=True, kw_only=True)
class _Repeat:
    """A slot that is to be tried again. `attempt` counts those before."""

    job: Job
    due_at: datetime
    at: datetime
    attempt: int
