"""The scheduler's loop where jobs cannot begin, and where the ledger does not answer."""

import threading
import time
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from selectors import EVENT_READ, DefaultSelector
from socket import create_connection, create_server
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import make_url

from m365_restrict.ledger.lease import SCHEDULE, Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.schedule.jobs import Job, JobStatus
from m365_restrict.scheduling.patience import Patience, Stopped
from m365_restrict.scheduling.service import Pace, Schedule, ScheduleOptions
from m365_restrict.scheduling.turn import Done, take_turn
from settings.schedule import ScheduleSettings

ME = Holder(holder="scheduler", host="alpha", pid=1)
OFF = {one.value: "off" for one in Job}
DAILY = {"evidence": "10 6 * * *"}
MORNING = datetime(2026, 11, 23, 6, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def now():
    return datetime.now(UTC)


def record(ledger, job, due_at):
    """What a child leaves in the ledger."""
    holder = Holder(holder=f"run-{job}-{due_at:%d%H%M}", host="alpha", pid=1)
    take_turn(ledger.jobs, (job,), due_at=due_at, holder=holder, clock=now, work=lambda: Done(exit_code=0))
    return 0


def wait_for(what):
    """Until it is so; a loaded machine is given its time."""
    end = time.monotonic() + 120
    while not (found := what()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
    return found


def schedule(ledger, runner, pace, *, say=lambda _: None, catch_up=timedelta(hours=72), **jobs):
    settings = ScheduleSettings(**OFF | {"jitter_seconds": 0} | jobs)
    return {
        "ledger": ledger,
        "options": ScheduleOptions(
            timetable=settings.timetable(ZoneInfo("Europe/London")), catch_up=catch_up, lease_seconds=10**9
        ),
        "holder": ME,
        "runner": runner,
        "pace": pace,
        "say": say,
    }


class AtOnce(Executor):
    """A pool whose work is done before `submit` returns."""

    def submit(self, fn, /, *args, **kwargs):
        done = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Unable:
    """Children that exit before they have told the ledger of themselves, but for those from `able`."""

    stopped = False

    def __init__(self, ledger, able):
        self.ledger, self.able, self.began = ledger, able, []

    def run(self, job, due_at):
        self.began.append((now().replace(second=0, microsecond=0) - due_at) // MINUTE)
        return record(self.ledger, job, due_at) if len(self.began) > self.able else 1

    def stop(self):
        pass


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


def played(ledger, *, until, able, **chosen):
    """Serve under a moved clock from a minute before the morning's slot; the children, and what was said."""
    said, runner = [], Unable(ledger, able)
    with time_machine.travel(MORNING - MINUTE, tick=False) as travel:

        def pause(seconds):
            travel.shift(timedelta(seconds=seconds) + timedelta(microseconds=100))
            return now() >= until

        pace = Pace(pause=pause, poll_seconds=20)
        Schedule(**schedule(ledger, runner, pace, say=said.append, **chosen), pool=AtOnce).serve()
    return runner.began, said


class TestASlotThatNobodyBegan:
    def test_is_tried_again_without_a_restart(self, ledger):
        began, said = played(ledger, until=MORNING + 60 * MINUTE, able=3, **DAILY)
        assert began == [0, 1, 3, 7]
        assert ledger.jobs.at(Job.EVIDENCE, MORNING).succeeded
        assert sum("is tried again at" in one for one in said) == 3

    def test_is_tried_within_the_catch_up_and_no_oftener_than_hourly(self, ledger):
        catch_up = timedelta(hours=5)
        began, said = played(ledger, until=MORNING + 900 * MINUTE, able=99, catch_up=catch_up, **DAILY)
        assert began[:7] == [0, 1, 3, 7, 15, 31, 63]
        assert len(began) == 10
        assert began[-1] <= 300
        assert "its next slot does the work" in said[-1]

    def test_is_left_to_the_next_where_that_comes_first(self, ledger):
        began, _ = played(ledger, until=MORNING + 34 * MINUTE, able=99, drift="*/20 * * * *")
        assert began == [0, 1, 3, 7, 15, 0, 1, 3]

    def test_is_asked_for_again_where_somebody_wanted_it_now(self, ledger):
        asked = ledger.jobs.ask(Job.DRIFT, at=MORNING - MINUTE)
        began, _ = played(ledger, until=MORNING + 60 * MINUTE, able=1)
        assert began == [0, 1]
        assert ledger.jobs.at(Job.DRIFT, asked.asked_at).succeeded
        assert ledger.jobs.asked() == ()


def test_a_job_that_failed_and_said_so_is_not_tried_again(ledger):
    class Fails(Unable):
        def run(self, job, due_at):
            self.began.append(due_at)
            number = ledger.jobs.begin(job, due_at=due_at, at=now(), holder=ME)
            ledger.jobs.finish(number, at=now(), exit_code=1)
            return 1

    runner = Fails(ledger, 0)
    with time_machine.travel(MORNING - MINUTE, tick=False) as travel:

        def pause(seconds):
            travel.shift(timedelta(seconds=seconds) + timedelta(microseconds=100))
            return now() >= MORNING + 60 * MINUTE

        pace = Pace(pause=pause, poll_seconds=20)
        Schedule(**schedule(ledger, runner, pace, **DAILY), pool=AtOnce).serve()
    assert runner.began == [MORNING]


class Proxy:
    """Between the program and a database server: while `frozen` is set nothing passes, and nothing closes."""

    def __init__(self, target):
        self.frozen, self._target, self._stop = threading.Event(), target, threading.Event()
        self._listening = create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._pass, daemon=True)
        self._thread.start()

    def _pass(self):
        peers, selector = {}, DefaultSelector()
        selector.register(self._listening, EVENT_READ)
        while not self._stop.is_set():
            if self.frozen.is_set():
                time.sleep(0.02)
                continue
            for key, _ in selector.select(0.05):
                if key.fileobj is self._listening:
                    near, _ = self._listening.accept()
                    far = create_connection(self._target)
                    for one, other in ((near, far), (far, near)):
                        peers[one] = other
                        selector.register(one, EVENT_READ)
                elif key.fileobj in peers:
                    self._carry(key.fileobj, peers, selector)
        for one in (*peers, self._listening):
            one.close()

    def _carry(self, one, peers, selector):
        try:
            data = one.recv(65536)
            if data:
                peers[one].sendall(data)
                return
        except OSError:
            pass
        other = peers.pop(one)
        peers.pop(other, None)
        for gone in (one, other):
            selector.unregister(gone)
            gone.close()

    def close(self):
        self._stop.set()
        self._thread.join(60)


class Long:
    """A child at work until `end` is set; it records its end where the ledger itself is well."""

    stopped = False

    def __init__(self, ledger):
        self.ledger, self.end, self.at_work, self.runs = ledger, threading.Event(), threading.Event(), 0

    def run(self, job, due_at):
        self.runs += 1
        self.at_work.set()
        assert self.end.wait(120)
        return record(self.ledger, job, due_at)

    def stop(self):
        self.stopped = True
        self.end.set()


@contextmanager
def serving(made):
    """A scheduler on a thread of its own, in real time."""
    thread = threading.Thread(target=made.serve)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(120)
        assert not thread.is_alive()


@pytest.mark.parametrize("silent_for", ["a moment", "longer than its time"])
def test_a_ledger_that_stops_answering_stops_neither_the_beat_nor_the_child(postgres_url, silent_for):
    """First a question is open, then it is answered late, or fails. The child ends in the meantime."""
    url = make_url(postgres_url)
    proxy, beats, stop, said = Proxy((url.host, url.port)), [], threading.Event(), []
    through = url.set(port=proxy.port).update_query_dict({"connect_timeout": "4"})
    try:
        with open_ledger(postgres_url) as aside, open_ledger(through.render_as_string(False)) as ledger:
            aside.jobs.ask(Job.DRIFT, at=now())
            (asked,) = aside.jobs.asked()
            runner = Long(aside)
            pace = Pace(pause=stop.wait, beat=lambda: beats.append(1), poll_seconds=0.1)
            made = Schedule(**schedule(ledger, runner, pace, say=said.append))
            with serving(made):
                try:
                    assert runner.at_work.wait(120)
                    proxy.frozen.set()
                    if silent_for != "a moment":
                        wait_for(lambda: any("nothing is started until it answers" in one for one in said))
                    beaten = len(beats)
                    wait_for(lambda: len(beats) > beaten + 3)
                    runner.end.set()
                    wait_for(lambda: aside.jobs.at(Job.DRIFT, asked.asked_at))
                    proxy.frozen.clear()
                    wait_for(lambda: not aside.jobs.asked())
                finally:
                    runner.end.set()
                    proxy.frozen.clear()
                    stop.set()
            assert aside.jobs.at(Job.DRIFT, asked.asked_at).status is JobStatus.ENDED
            assert aside.lease_holder(SCHEDULE, host="beta", seconds=60, now=now()) is None
            assert said.count("The scheduler is at work.") == 1, "it led all the time"
    finally:
        proxy.close()


def test_a_scheduler_whose_lease_was_taken_waits_for_its_child_and_beats(ledger):
    beats, stop, said = [], threading.Event(), []
    ledger.jobs.ask(Job.DRIFT, at=now())
    runner = Long(ledger)
    pace = Pace(pause=stop.wait, beat=lambda: beats.append(1), poll_seconds=0.1)
    given = schedule(ledger, runner, pace, say=said.append)
    options = ScheduleOptions(
        timetable=given["options"].timetable, catch_up=given["options"].catch_up, lease_seconds=0.3
    )
    taking = Holder(holder="other", host="beta", pid=1)
    later = now() + timedelta(hours=1)
    with serving(Schedule(**given | {"options": options})):
        try:
            assert runner.at_work.wait(120)
            with ledger.lease(taking, seconds=0.3, clock=lambda: later, name=SCHEDULE):
                beaten = len(beats)
                wait_for(lambda: len(beats) > beaten + 3)
                assert not runner.stopped
                runner.end.set()
                wait_for(lambda: any("Another scheduler is at work (process 1" in one for one in said))
        finally:
            runner.end.set()
            stop.set()
    assert runner.runs == 1


class TestPatience:
    def test_gives_the_answer_or_the_error(self):
        patience = Patience(beat=lambda: None, stopping=lambda: False)
        assert patience.wait(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            patience.wait(lambda: 1 // 0)

    def test_leaves_what_does_not_answer_once_it_is_to_stop(self):
        asked, never = [], threading.Event()
        patience = Patience(beat=lambda: None, stopping=lambda: True)
        try:
            with pytest.raises(Stopped):
                patience.wait(lambda: never.wait(600), when_stopping=lambda: asked.append(1))
        finally:
            never.set()
        assert asked == [1]
