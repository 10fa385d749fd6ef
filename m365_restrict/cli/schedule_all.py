"""`schedule --all`: a scheduler for each council of a folder, in one process.

Each council has a thread, a timetable, a ledger and the lease in it, so nothing of one reaches another, and
of two hosts that serve one folder each council is led by one of them. They share how many children are at
work at once, and the port that tells how they are.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from m365_restrict.cli.health_serve import health_of_schedules
from m365_restrict.cli.run_log import crashed
from m365_restrict.cli.schedule import Setting, ask_for, say_next, served, stop_on_signals
from m365_restrict.cli.streams import Voice, speaking_as, tell
from m365_restrict.cli.tenants_all import begin_log_of_all
from m365_restrict.cli.tenants_run import leave_at_once
from m365_restrict.errors import ConfigurationError, ExitCode, RestrictError
from m365_restrict.health.pulse import Pulse
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.report.text import counted
from m365_restrict.schedule.jobs import Job
from m365_restrict.scheduling.room import Room
from m365_restrict.scheduling.service import Pace
from settings.model import Settings
from settings.tenants_folder import TenantsFolder, find_folder, shard_of

_LOOK_AGAIN_SECONDS = 60.0
"""How often a council is looked at again that could not be served."""
_TURNS_SECONDS = 1.0
_LATE_SECONDS = 30.0
"""What a council may take to stop beyond the time of its job."""


@dataclass(frozen=True, kw_only=True)
class ScheduleAll:
    """Which folder, which share of its councils, and which jobs are run at once."""

    tenants: Path | None = None
    shard: str | None = None
    now: Sequence[Job] = ()


def run_schedule_all(order: ScheduleAll, environ: Mapping[str, str]) -> int:
    """Start the jobs of every council until a signal; 4 where one did not stop in time, 5 for none."""
    stop = stop_on_signals()
    try:
        folder = find_folder(order.tenants, environ)
        shard = shard_of(order.shard, folder.options, environ)
        begin_log_of_all(folder, environ)
        mine = {one.name: one.file for one in folder.tenants if shard.holds(one.name)}
        known = _Known(folder, environ)
        sound = {name: one for name in mine if isinstance(one := known.settings(name), Settings)}
        if not sound:
            raise ConfigurationError(
                f"Of {counted(len(mine), 'council')} in {folder.path} none can be served.",
                advice="See why: m365-restrict tenants",
            )
        room, pulse = Room(folder.options.at_once), Pulse()
        councils = [
            _Council(name, known, _Shared(stop=stop, room=room, environ=environ, now=tuple(order.now)))
            for name in mine
        ]
        with health_of_schedules(mine, environ, pulse) as address:
            tell(f"Councils that are served: {len(councils)}." + (f" Health: {address}" if address else ""))
            _until_stopped(councils, stop, pulse)
            late = _ended(councils, max(one.schedule.stop_seconds for one in sound.values()))
    except RestrictError as error:
        tell(f"{error.message}\n{error.advice}")
        return int(error.exit_code)
    tell("The schedulers have stopped.")
    code = int(ExitCode.PARTIAL if late or any(one.killed for one in councils) else ExitCode.IN_STEP)
    if late:
        leave_at_once(code)
    return code


@dataclass(frozen=True, kw_only=True)
class _Shared:
    """What councils have in common: nothing that says anything of one of them."""

    stop: threading.Event
    room: Room
    environ: Mapping[str, str]
    now: Sequence[Job]


@dataclass
class _Known:
    """The settings of all councils, read again once a minute at most, for those that could not be served."""

    folder: TenantsFolder
    environ: Mapping[str, str]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _read_at: float | None = None
    _found: Mapping[str, Settings | ConfigurationError] = field(default_factory=dict)

    def settings(self, name: str) -> Settings | ConfigurationError:
        """Those of a council, or why it cannot be served."""
        with self._lock:
            now = time.monotonic()
            if self._read_at is None or now - self._read_at >= _LOOK_AGAIN_SECONDS / 2:
                self._found, self._read_at = self.folder.checked(self.environ), now
            return self._found[name]


class _Council:
    """One council and its thread. Whatever ends its scheduler is told and tried again; the others go on."""

    def __init__(self, name: str, known: _Known, shared: _Shared) -> None:
        self.name, self._known, self._shared = name, known, shared
        self.pulse = Pulse()
        self.killed = False
        self._begun = False
        self._voice = Voice(name)
        # A daemon: one that hangs does not keep the process from ending.
        self.thread = threading.Thread(target=self._serve, name=f"council {name}", daemon=True)

    def say(self, text: str) -> None:
        """Under the council's name, from whichever thread."""
        with speaking_as(self._voice):
            tell(text)

    def _serve(self) -> None:
        told = ""
        while not self._shared.stop.is_set():
            said = self._served()
            if said and said != told:
                self.say(f"{said} It is tried again every minute.")
            told = said
            self.pulse.beat()
            self._shared.stop.wait(_LOOK_AGAIN_SECONDS)

    def _served(self) -> str:
        """Serve until it is to stop; why it could not be, or ""."""
        try:
            settings = self._known.settings(self.name)
            if isinstance(settings, ConfigurationError):
                raise settings
            self._lead(settings)
        except RestrictError as error:
            return error.message
        except Exception as error:  # an error nobody expected is this council's alone
            with speaking_as(self._voice):
                crashed(error)
            return f"An error that this program does not know: {type(error).__name__}."
        return ""

    def _lead(self, settings: Settings) -> None:
        whose = ("--tenant", self.name, "--tenants", str(self._known.folder.path.resolve()))
        with open_ledger(settings.ledger.url) as ledger:
            if not self._begun:
                ask_for(ledger, self._shared.now)
                say_next(settings, self.say)
                self._begun = True
            setting = Setting(
                whose=whose,
                environ=self._shared.environ,
                pace=Pace(pause=self._shared.stop.wait, beat=self.pulse.beat),
                say=self.say,
                room=self._shared.room,
            )
            self.killed = served(settings, ledger, setting) or self.killed


def _until_stopped(councils: Sequence[_Council], stop: threading.Event, pulse: Pulse) -> None:
    """The process counts as stuck where no council's loop turns: one alone is told of by its jobs."""
    for one in councils:
        one.thread.start()
    while not stop.wait(_TURNS_SECONDS):
        if min(one.pulse.age() for one in councils) < _LOOK_AGAIN_SECONDS + _LATE_SECONDS:
            pulse.beat()


def _ended(councils: Sequence[_Council], stop_seconds: float) -> list[_Council]:
    """Those that did not stop within the time of their jobs."""
    end = time.monotonic() + stop_seconds + _LATE_SECONDS
    for one in councils:
        one.thread.join(max(0.0, end - time.monotonic()))
    late = [one for one in councils if one.thread.is_alive()]
    for one in late:
        one.say("It did not stop in time and is left behind. The next run finds what it left.")
    return late
