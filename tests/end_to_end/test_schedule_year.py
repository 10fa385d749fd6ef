"""A year of the scheduler in minutes: the real APScheduler, triggers, leases and ledger under a moved clock.

The clock of the whole process is moved; what a child process would do is replaced by its record in the
ledger, which is made as a child makes it. Real children are in test_schedule_children.py.
"""

import os
from collections import Counter
from concurrent.futures import Executor, Future
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
import time_machine

from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.schedule.jobs import Job
from m365_restrict.scheduling.service import Pace, Schedule, ScheduleOptions
from m365_restrict.scheduling.turn import Done, take_turn
from settings.schedule import ScheduleSettings

LONDON = ZoneInfo("Europe/London")
ME = Holder(holder="scheduler", host="alpha", pid=1)
DAY = timedelta(days=1)


class AtOnce(Executor):
    """A pool whose work is done before `submit` returns."""

    def submit(self, fn, /, *args, **kwargs):
        done = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Recorder:
    """In place of child processes: the record that a child leaves."""

    stopped = False

    def __init__(self, ledger, timetable, *, takes=timedelta(seconds=20)):
        self.ledger, self.timetable, self.takes = ledger, timetable, takes
        self.started = []

    def run(self, job, due_at):
        self.started.append((job, due_at))
        jobs = (job, *self.timetable.served_with(job, due_at))
        holder = Holder(holder=f"run-{len(self.started)}", host="alpha", pid=1)
        done = take_turn(
            self.ledger.jobs, jobs, due_at=due_at, holder=holder, clock=now, work=lambda: Done(exit_code=0)
        )
        return 0 if done is None else done.exit_code

    def stop(self):
        pass


def now():
    return datetime.now(UTC)


def serve(ledger, travel, *, until, settings=None, say=lambda _: None):
    """Run a scheduler from the moved clock's time until an instant; what it started."""
    schedule = settings or ScheduleSettings()
    timetable = schedule.timetable(LONDON)
    recorder = Recorder(ledger, timetable)

    def pause(seconds):
        travel.shift(timedelta(seconds=seconds) + timedelta(microseconds=100))
        return now() >= until

    Schedule(
        ledger=ledger,
        options=ScheduleOptions(
            timetable=timetable,
            catch_up=timedelta(hours=schedule.catch_up_hours),
            lease_seconds=10**9,  # renewed by real time, which hardly passes
        ),
        holder=ME,
        runner=recorder,
        pace=Pace(pause=pause, poll_seconds=10**6),
        say=say,
        pool=AtOnce,
    ).serve()
    return recorder.started


@pytest.fixture
def ledger(tmp_path):
    """In a file in memory where there is such a place: a year commits 90,000 times."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of this test's own is made in it
    folder = memory if memory.is_dir() else tmp_path
    with TemporaryDirectory(dir=folder) as made, open_ledger(f"sqlite:///{made}/ledger.db") as opened:
        yield opened


def local(day, hour, minute):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON).astimezone(UTC)


def slots(ledger, job):
    return [run.due_at for run in ledger.jobs.of(job)]


def played(ledger, first, after, **chosen):
    """Run the scheduler from the beginning of a day to that of another; what it started."""
    start, end = local(first, 0, 0), local(after, 0, 0)
    with time_machine.travel(start - timedelta(seconds=1), tick=False) as travel:
        return serve(ledger, travel, until=end, settings=ScheduleSettings(**chosen))


def hours(first, after):
    """By counting in UTC, which asks no trigger."""
    found, end = local(first, 0, 0), local(after, 0, 0)
    while found < end:
        yield found
        found += timedelta(hours=1)


def assert_daily(ledger, first, after):
    every = [first + DAY * number for number in range((after - first).days)]
    assert slots(ledger, Job.EVIDENCE) == [local(day, 6, 10) for day in every]
    assert slots(ledger, Job.REVIEWS) == [local(day, 7, 30) for day in every if day.weekday() < 5]
    assert slots(ledger, Job.RETENTION) == [local(day, 6, 40) for day in every if day.weekday() == 0]


def assert_by_the_hour(ledger, started, first, after):
    expected = [hour + timedelta(minutes=15 * n) for hour in hours(first, after) for n in range(4)]
    assert slots(ledger, Job.ENFORCE) == expected
    assert slots(ledger, Job.PREFERENCES) == expected
    assert all(job is not Job.PREFERENCES for job, _ in started), "one run serves both"
    assert slots(ledger, Job.DRIFT) == [one + timedelta(minutes=7) for one in hours(first, after)]


@pytest.mark.parametrize(
    ("first", "after"),
    [
        pytest.param(date(2026, 3, 16), date(2026, 4, 13), id="when 29 March has no 01:30"),
        pytest.param(date(2026, 10, 12), date(2026, 11, 9), id="when 25 October has two"),
    ],
)
def test_every_job_runs_once_at_its_local_times_over_a_clock_change(ledger, first, after):
    started = played(ledger, first, after)
    assert_by_the_hour(ledger, started, first, after)
    assert_daily(ledger, first, after)
    assert max(Counter(started).values()) == 1


def test_a_year_of_days_and_weeks(ledger):
    first, after = date(2026, 1, 1), date(2027, 1, 1)
    started = played(ledger, first, after, enforce="off", preferences="off", drift="off")
    assert_daily(ledger, first, after)
    assert max(Counter(started).values()) == 1


@pytest.mark.skipif(not os.environ.get("M365_RESTRICT_WHOLE_YEAR"), reason="takes minutes: 43,000 runs")
@pytest.mark.parametrize("quarter", [1, 2, 3, 4])
def test_a_year_of_quarters_of_an_hour(ledger, quarter):
    first, after = date(2026, 3 * quarter - 2, 1), date(2026 + quarter // 4, 3 * quarter % 12 + 1, 1)
    started = played(ledger, first, after)
    assert_by_the_hour(ledger, started, first, after)
    assert_daily(ledger, first, after)
    assert max(Counter(started).values()) == 1


def test_a_job_at_half_past_one_runs_once_on_both_nights(ledger):
    settings = {one.value: "off" for one in Job} | {"evidence": "30 1 * * *", "catch_up_hours": 1}
    for first in (date(2026, 3, 28), date(2026, 10, 24)):
        played(ledger, first, first + 3 * DAY, **settings)
    ran = [one.astimezone(LONDON).strftime("%d %B %H:%M %Z") for one in slots(ledger, Job.EVIDENCE)]
    assert ran == [
        "28 March 01:30 GMT", "29 March 02:30 BST", "30 March 01:30 BST",
        "24 October 01:30 BST", "25 October 01:30 BST", "26 October 01:30 GMT",
    ]  # fmt: skip


class TestAStop:
    """A scheduler that worked from Monday 2 March 2026 and was stopped the day after at 12:05."""

    BEGAN, STOPPED = local(date(2026, 3, 2), 0, 0), local(date(2026, 3, 3), 12, 5)

    def after_it(self, ledger, again, *, meanwhile=lambda: None):
        """What a scheduler that begins again at an instant starts within ten minutes, and what it says."""
        with time_machine.travel(self.BEGAN - timedelta(seconds=1), tick=False) as travel:
            serve(ledger, travel, until=self.STOPPED)
            meanwhile()
            travel.move_to(again)
            said = []
            started = serve(ledger, travel, until=again + timedelta(minutes=10), say=said.append)
        return started, said

    def test_of_three_days_each_job_that_missed_slots_runs_once_for_the_latest(self, ledger):
        """Missed are 288 quarters, 72 hours and three mornings; Monday's retention is still to come."""
        friday = date(2026, 3, 6)
        started, said = self.after_it(ledger, local(friday, 12, 5))
        assert sorted(started) == [
            (Job.DRIFT, local(friday, 11, 7)),
            (Job.DRIFT, local(friday, 12, 7)),
            (Job.ENFORCE, local(friday, 12, 0)),
            (Job.EVIDENCE, local(friday, 6, 10)),
            (Job.REVIEWS, local(friday, 7, 30)),
        ]
        assert said == [
            "The scheduler is at work.",
            *(f"{job}: ended with exit code 0." for job, _ in started),
        ]

    def test_a_slot_that_the_policy_still_counts_is_run(self, ledger):
        started, _ = self.after_it(ledger, local(date(2026, 3, 12), 6, 0))
        assert (Job.RETENTION, local(date(2026, 3, 9), 6, 40)) in started

    def test_a_slot_older_than_that_is_left_out_and_said(self, ledger):
        started, said = self.after_it(ledger, local(date(2026, 3, 12), 7, 0))
        assert Job.RETENTION not in {job for job, _ in started}
        left_out = "retention: what was due from 2026-03-09 06:40Z is more than 72 hours old and left out."
        assert left_out in said

    def test_a_run_that_was_killed_is_run_again_for_its_slot(self, ledger):
        again = local(date(2026, 3, 4), 6, 12)
        slot = local(date(2026, 3, 4), 6, 10)
        dead = Holder(holder="killed", host="alpha", pid=0)

        def killed():
            ledger.jobs.begin(Job.EVIDENCE, due_at=slot, at=slot, holder=dead)

        started, _ = self.after_it(ledger, again, meanwhile=killed)
        assert (Job.EVIDENCE, slot) in started
        assert ledger.jobs.at(Job.EVIDENCE, slot).exit_code == 0
