"""`schedule` and `run-now`: the scheduler as a process, and asking it for a job."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from m365_restrict.cli.health_serve import health_of_schedule
from m365_restrict.cli.job import JobRequest, run_job
from m365_restrict.cli.run_id import run_id_of
from m365_restrict.cli.streams import tell
from m365_restrict.errors import ExitCode, RestrictError
from m365_restrict.health.pulse import Pulse
from m365_restrict.ledger.lease import SCHEDULE, Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.schedule.jobs import Job
from m365_restrict.scheduling.children import Children
from m365_restrict.scheduling.room import Room
from m365_restrict.scheduling.service import Pace, Schedule, ScheduleOptions
from settings.load import load_settings
from settings.model import Settings

_SIGNALS = ("SIGTERM", "SIGINT", "SIGBREAK")
_SOON_SECONDS = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a scheduler works: what its children are told, how its loop waits, where it speaks.

    `whose` are the options of a job that name the council; `room` is shared with schedulers of others.
    """

    whose: Sequence[str]
    environ: Mapping[str, str]
    pace: Pace
    say: Say = tell
    room: Room | None = None


def run_schedule(env_file: Path | None, now: Sequence[Job], environ: Mapping[str, str]) -> int:
    """Start jobs by their timetable until a signal stops it; 4 where the job at work had to be killed."""
    stop = stop_on_signals()
    try:
        settings = load_settings(environ, env_file)
        pulse = Pulse()
        with (
            open_ledger(settings.ledger.url) as ledger,
            health_of_schedule(env_file, environ, pulse) as address,
        ):
            ask_for(ledger, now)
            say_next(settings)
            if address:
                tell(f"Health: {address}")
            whose = ("--env-file", str(env_file)) if env_file else ()
            pace = Pace(pause=stop.wait, beat=pulse.beat)
            killed = served(settings, ledger, Setting(whose=whose, environ=environ, pace=pace))
            tell("The scheduler has stopped.")
            return int(ExitCode.PARTIAL if killed else ExitCode.IN_STEP)
    except RestrictError as error:
        tell(f"{error.message}\n{error.advice}")
        return int(error.exit_code)


def run_now(job: Job, env_file: Path | None, environ: Mapping[str, str]) -> int:
    """Have the scheduler run a job, or run it here where no scheduler is at work; the exit code."""
    try:
        settings = load_settings(environ, env_file)
        now = datetime.now(UTC)
        with open_ledger(settings.ledger.url) as ledger:
            at_work = ledger.lease_holder(
                SCHEDULE, host=socket.gethostname(), seconds=settings.lease.seconds, now=now
            )
            if at_work is not None:
                ledger.jobs.ask(job, at=now)
                tell(
                    f"The scheduler (process {at_work.pid} on {at_work.host}) runs {job} within "
                    f"{_SOON_SECONDS:g} seconds, or as soon as the job at work has ended. See it with: "
                    "m365-restrict status"
                )
                return int(ExitCode.IN_STEP)
    except RestrictError as error:
        tell(f"{error.message}\n{error.advice}")
        return int(error.exit_code)
    return run_job(JobRequest(job=job, env_file=env_file, due=now), environ)


def stop_on_signals() -> threading.Event:
    """An event that a signal sets which asks this process to stop."""
    stop = threading.Event()
    for name in _SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    return stop


def ask_for(ledger: Ledger, jobs: Sequence[Job]) -> None:
    """Have jobs run as soon as a scheduler works."""
    for job in jobs:
        ledger.jobs.ask(job, at=datetime.now(UTC))


def served(settings: Settings, ledger: Ledger, setting: Setting) -> bool:
    """Start jobs until it is to stop; whether one had to be killed."""
    schedule = settings.schedule
    children = Children(
        partial(_command, setting.whose),
        setting.environ,
        stop_seconds=schedule.stop_seconds,
        longest_seconds=schedule.longest_minutes * 60,
        say=setting.say,
        room=setting.room,
    )
    Schedule(
        ledger=ledger,
        options=ScheduleOptions(
            timetable=schedule.timetable(settings.lists.zone),
            catch_up=timedelta(hours=schedule.catch_up_hours),
            lease_seconds=settings.lease.seconds,
        ),
        holder=Holder(holder=run_id_of(datetime.now(UTC)), host=socket.gethostname(), pid=os.getpid()),
        runner=children,
        pace=setting.pace,
        say=setting.say,
    ).serve()
    return children.killed


def say_next(settings: Settings, say: Say = tell) -> None:
    """When each job is due next, by the council's clock."""
    now, zone = datetime.now(UTC), settings.lists.zone
    timetable = settings.schedule.timetable(zone)
    for job in Job:
        trigger = timetable.trigger(job)
        due = None if trigger is None else trigger.first_from(now)
        say(f"{job}: {'off' if due is None else f'due at {due.astimezone(zone):%A %d %B %H:%M}'}")


def _command(whose: Sequence[str], job: Job, due_at: datetime) -> Sequence[str]:
    due = due_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return (sys.executable, "-m", "m365_restrict", "job", job.value, "--due", due, *whose)
