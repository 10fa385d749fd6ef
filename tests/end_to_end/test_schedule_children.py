"""The scheduler as a process, with jobs as its children, at work on a tenant: stopped, killed, doubled."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from m365_restrict.ledger.database import open_database
from m365_restrict.ledger.lease import SCHEDULE, Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.schedule.jobs import Job, JobStatus
from m365_restrict.scheduling.service import Pace, Schedule, ScheduleOptions
from settings.schedule import ScheduleSettings

HOUR = timedelta(hours=1)
RULE = "RC-1 Redirect to single contact"
HOURLY = {
    "SCHEDULE__ENFORCE": "0 * * * *",
    "SCHEDULE__PREFERENCES": "0 * * * *",
    "SCHEDULE__DRIFT": "off",
    "SCHEDULE__REVIEWS": "off",
    "SCHEDULE__EVIDENCE": "off",
    "SCHEDULE__RETENTION": "off",
    "SCHEDULE__JITTER_SECONDS": "0",
    "LEASE__SECONDS": "6",
}
LAST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
"""The latest slot when the tests began."""


def wait_for(what):
    """Until it is so; a loaded machine is given its time."""
    end = time.monotonic() + 180
    while not (found := what()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
    return found


class Installation:
    """A council with a ledger of its own, its schedulers, and what its ledger holds."""

    def __init__(self, council, ledger_url, folder):
        council.sandbox.ledger_url = ledger_url
        self.council, self.url, self.folder = council, ledger_url, folder
        self.ledger = open_ledger(ledger_url)
        self.processes = []

    def missed(self, job=Job.ENFORCE, *, hours=2):
        """As if the scheduler had worked until some hours ago."""
        due = LAST - hours * HOUR
        holder = Holder(holder=f"earlier-{job}", host="alpha", pid=0)
        number = self.ledger.jobs.begin(job, due_at=due, at=due, holder=holder)
        self.ledger.jobs.finish(number, at=due, exit_code=0)

    def run(self, *arguments, **settings):
        """A process of the program."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("M365_RESTRICT")}
        env |= self.council.sandbox.env
        env |= {f"M365_RESTRICT_{name}": value for name, value in (HOURLY | settings).items()}
        said = self.folder / f"said-{len(self.processes)}.txt"
        with said.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "m365_restrict", *arguments],
                env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        process.said = said
        self.processes.append(process)
        return process

    def leader(self):
        """The process that holds the lease of the scheduler."""
        with closing(open_database(self.url)) as database, database.reading() as connection:
            return connection.execute(text("SELECT pid FROM lease WHERE name = 'schedule'")).scalar()

    def count(self, what):
        with closing(open_database(self.url)) as database, database.reading() as connection:
            return connection.execute(text(f"SELECT count(*) FROM {what}")).scalar()  # noqa: S608

    def slow_write(self, milliseconds):
        """The next rule that is made takes so long."""
        fault = {"match": {"cmdlet": "New-TransportRule"}, "do": "delay", "ms": milliseconds, "times": 1}
        self.council.sandbox.control("POST", "faults", [fault])

    def in_mid_write(self):
        """The run that has told the ledger that it makes a rule, and waits for the answer."""
        wait_for(lambda: self.count("written_changes WHERE result = 'begun'"))
        return self.ledger.jobs.last(Job.ENFORCE)

    def ended(self, job=Job.ENFORCE):
        """The job's latest slot, once it has ended."""

        def look():
            run = self.ledger.jobs.last_slot(job)
            return run if run and run.status is JobStatus.ENDED and run.host != "alpha" else None

        return wait_for(look)

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            process.wait(120)
            self.council.sandbox.scan.said(process.said.read_text(), "")
        self.ledger.close()


@pytest.fixture
def installed(council, ledger_url, tmp_path):
    """On a file, and on a server."""
    council.plant(council.case("RC-1"))
    made = Installation(council, ledger_url, tmp_path)
    yield made
    made.close()


@pytest.fixture
def on_file(council, tmp_path):
    council.plant(council.case("RC-1"))
    made = Installation(council, f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path)
    yield made
    made.close()


def test_slots_that_were_missed_are_run_once_by_a_child_and_the_end_is_clean(on_file):
    on_file.missed(Job.ENFORCE)
    on_file.missed(Job.PREFERENCES)
    on_file.missed(Job.DRIFT)
    scheduler = on_file.run("schedule", SCHEDULE__DRIFT="0 * * * *")
    drift = on_file.ended(Job.DRIFT)
    enforce, preferences = on_file.ended(Job.ENFORCE), on_file.ended(Job.PREFERENCES)
    scheduler.send_signal(signal.SIGTERM)
    assert scheduler.wait(120) == 0
    assert {one.due_at for one in (enforce, preferences, drift)} <= {LAST, LAST + HOUR}
    assert (enforce.exit_code, preferences.exit_code) == (0, 0)
    assert enforce.run_id == preferences.run_id != drift.run_id
    assert on_file.count("runs WHERE verb = 'apply'") == 1
    assert [*on_file.council.ours()] == [RULE]
    assert on_file.leader() is None


@pytest.mark.parametrize("killed", ["job", "job and scheduler"])
def test_a_job_that_is_killed_in_mid_run_is_run_again_for_its_slot(on_file, killed):
    on_file.missed()
    on_file.slow_write(5000)
    scheduler = on_file.run("schedule")
    run = on_file.in_mid_write()
    if "scheduler" in killed:
        scheduler.kill()
    os.kill(run.pid, signal.SIGKILL)
    if "scheduler" in killed:
        scheduler.wait(60)
        assert on_file.ledger.jobs.at(Job.ENFORCE, run.due_at).status is JobStatus.WORKING
        on_file.run("schedule")
    again = on_file.ended()
    assert (again.due_at, again.exit_code) == (run.due_at, 0)
    assert again.pid != run.pid
    assert [*on_file.council.ours()] == [RULE]
    assert on_file.council.plan().exit_code == 0


def test_a_scheduler_that_is_stopped_lets_the_job_record_what_it_writes(on_file):
    on_file.missed()
    on_file.slow_write(3000)
    scheduler = on_file.run("schedule")
    run = on_file.in_mid_write()
    scheduler.send_signal(signal.SIGTERM)
    assert scheduler.wait(120) == 0
    assert on_file.count("written_changes WHERE result = 'begun'") == 0
    assert [*on_file.council.ours()] == [RULE]
    stopped = on_file.ledger.jobs.at(Job.ENFORCE, run.due_at)
    assert stopped.succeeded or stopped.status is JobStatus.DIED, "what was left is run again"


def test_a_job_that_does_not_stop_in_time_is_killed(on_file):
    on_file.missed()
    on_file.slow_write(20000)
    scheduler = on_file.run("schedule", SCHEDULE__STOP_SECONDS="1")
    run = on_file.in_mid_write()
    scheduler.send_signal(signal.SIGTERM)
    assert scheduler.wait(120) == 4
    assert on_file.ledger.jobs.at(Job.ENFORCE, run.due_at).status is JobStatus.DIED


def test_a_job_that_takes_longer_than_it_may_is_stopped(on_file):
    """It finishes what it writes, and says how it ended; the scheduler goes on."""
    on_file.missed()
    on_file.slow_write(40000)
    scheduler = on_file.run("schedule", SCHEDULE__LONGEST_MINUTES="0.5")
    run = on_file.in_mid_write()
    wait_for(lambda: b"has not ended in 0.5 minutes and is stopped" in scheduler.said.read_bytes())
    wait_for(lambda: on_file.ledger.jobs.at(Job.ENFORCE, run.due_at).status is JobStatus.ENDED)
    assert on_file.count("written_changes WHERE result = 'begun'") == 0
    assert [*on_file.council.ours()] == [RULE]
    assert scheduler.poll() is None
    scheduler.send_signal(signal.SIGTERM)
    assert scheduler.wait(120) == 0


def test_a_job_that_is_named_is_run_once_at_the_beginning(on_file):
    scheduler = on_file.run("schedule", "--once-now", "drift", "--once-now", "enforce")
    drift, enforce = on_file.ended(Job.DRIFT), on_file.ended(Job.ENFORCE)
    wait_for(lambda: on_file.ledger.jobs.asked() == ())
    scheduler.send_signal(signal.SIGTERM)
    assert scheduler.wait(120) == 0
    assert {drift.exit_code, enforce.exit_code} <= {0, 2}
    assert len(on_file.ledger.jobs.of(Job.DRIFT)) == len(on_file.ledger.jobs.of(Job.ENFORCE)) == 1
    assert [*on_file.council.ours()] == [RULE]


@pytest.mark.parametrize("held", ["job enforce", "apply"])
def test_a_job_waits_for_another_run_and_ends_with_6_where_that_outlasts_it(on_file, held):
    elsewhere = Holder(holder="run-9", host="elsewhere", pid=1)
    due = f"{LAST:%Y-%m-%dT%H:%M:%SZ}"
    with on_file.ledger.lease(elsewhere, seconds=600, clock=lambda: datetime.now(UTC), name=held):
        waited = on_file.run(
            "job", "enforce", "--due", due, SCHEDULE__WAIT_MINUTES="0.1", LEASE__SECONDS="600"
        )
        assert waited.wait(120) == 6
    assert "run-9" in waited.said.read_text()
    run = on_file.ledger.jobs.at(Job.ENFORCE, LAST)
    assert (run.exit_code, run.status) == (6, JobStatus.ENDED)
    assert on_file.count("applied_rules") == 0


def test_of_two_schedulers_one_works_and_the_other_takes_over(installed):
    installed.missed()
    first = installed.run("schedule")
    wait_for(lambda: installed.leader() == first.pid)
    second = installed.run("schedule")
    installed.ended()
    wait_for(lambda: b"this one waits" in second.said.read_bytes())
    first.kill()
    first.wait(60)
    wait_for(lambda: installed.leader() == second.pid)
    asked = installed.run("run-now", "drift")
    assert asked.wait(120) == 0
    drift = installed.ended(Job.DRIFT)
    assert installed.count("runs WHERE verb = 'apply'") == 1
    assert [drift.run_id] == [one.run_id for one in installed.ledger.jobs.of(Job.DRIFT)]
    wait_for(lambda: installed.ledger.jobs.asked() == ())


def test_the_scheduler_of_another_host_takes_over_within_the_lease(installed):
    """Another host cannot see that the process died: it learns it from a lease that is not renewed."""
    first = installed.run("schedule")
    wait_for(lambda: installed.leader() == first.pid)
    stop, led = threading.Event(), threading.Event()

    class Nothing:
        stopped = False

        def run(self, *_):
            return 0

        def stop(self):
            pass

    elsewhere = Schedule(
        ledger=installed.ledger,
        options=ScheduleOptions(
            timetable=ScheduleSettings().timetable(ZoneInfo("Europe/London")),
            catch_up=HOUR,
            lease_seconds=6,
        ),
        holder=Holder(holder="elsewhere", host="beta", pid=1),
        runner=Nothing(),
        pace=Pace(pause=stop.wait),
        say=lambda said: led.set() if "at work." in said and "Another" not in said else None,
    )
    waiting = threading.Thread(target=elsewhere.serve)
    waiting.start()
    try:
        assert not led.wait(8), "longer than the lease, which its holder renews"
        first.kill()
        first.wait(60)
        killed = datetime.now(UTC)
        assert led.wait(120)
        held = installed.ledger.lease_holder(SCHEDULE, host="beta", seconds=6, now=datetime.now(UTC))
        assert held.host == "beta"
        assert datetime.now(UTC) > killed
    finally:
        stop.set()
        waiting.join(120)


def test_a_slot_is_run_once_whoever_starts_it(on_file):
    due = f"{LAST:%Y-%m-%dT%H:%M:%SZ}"
    assert on_file.run("job", "preferences", "--due", due).wait(120) == 0
    again = on_file.run("job", "enforce", "--due", due)
    assert again.wait(120) == 0
    assert "is not run twice" in again.said.read_text()
    assert on_file.count("runs WHERE verb = 'apply'") == 1
    assert [*on_file.council.ours()] == [RULE]


def test_without_a_scheduler_run_now_runs_the_job_here(on_file):
    done = on_file.run("run-now", "drift")
    assert done.wait(120) == 2, "the rule is not there yet"
    assert [one.exit_code for one in on_file.ledger.jobs.of(Job.DRIFT)] == [2]
