"""Jobs as child processes, so that a job that crashes or grows never takes the scheduler along."""

import os
import signal
import subprocess  # nosec B404
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from m365_restrict.schedule.jobs import Job
from m365_restrict.scheduling.room import Room


class Children:
    """Starts one child at a time. `stop` may be called from another thread."""

    def __init__(
        self,
        command: Callable[[Job, datetime], Sequence[str]],
        environ: Mapping[str, str],
        *,
        stop_seconds: float,
        longest_seconds: float,
        say: Callable[[str], None],
        room: Room | None = None,
    ) -> None:
        """`command` starts a job for a slot. A child that takes longer than `longest_seconds` is stopped.

        `room` is what it shares with others, whose children are let in by when they were due.
        """
        self._command = command
        self._environ = dict(environ)
        self._stop_seconds = stop_seconds
        self._longest = longest_seconds
        self._say = say
        self._room = room or Room()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self.killed = False
        """Whether a child had to be killed because it did not stop in time."""

    def run(self, job: Job, due_at: datetime) -> int:
        """Run a job to its end; its exit code, negative where a signal ended it, 1 where it was not begun."""
        if not self._room.enter(due_at, stopping=lambda: self._stopped):
            return 1
        try:
            return self._run(job, due_at)
        finally:
            self._room.leave()

    def _run(self, job: Job, due_at: datetime) -> int:
        with self._lock:
            if self._stopped:
                return 1
            # The arguments are ours and no shell reads them.
            child = _started(self._command(job, due_at), self._environ)
            self._child = child
        try:
            return child.wait(timeout=self._longest)
        except subprocess.TimeoutExpired:
            self._say(f"{job}: it has not ended in {self._longest / 60:g} minutes and is stopped.")
            self._end(child)
            return child.wait()
        finally:
            with self._lock:
                self._child = None

    def stop(self) -> None:
        """Start nothing more, and end what is at work: asked first, killed after the bound."""
        with self._lock:
            self._stopped = True
            child = self._child
        if child is not None:
            self._end(child)

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def _end(self, child: "subprocess.Popen[bytes]") -> None:
        _ask_to_stop(child)
        try:
            child.wait(timeout=self._stop_seconds)
        except subprocess.TimeoutExpired:
            self.killed = True
            self._say("The job did not stop in time and is killed. The next run finds what it left.")
            child.kill()
            child.wait()


def _started(command: Sequence[str], environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """A child in a group of its own: Ctrl-C at a terminal reaches a whole group, and it hears it from us."""
    # The arguments are ours and no shell reads them.
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
        return subprocess.Popen(command, env=environ, creationflags=flags)  # noqa: S603  # nosec B603
    return subprocess.Popen(command, env=environ, process_group=0)  # noqa: S603  # nosec B603


def _ask_to_stop(child: "subprocess.Popen[bytes]") -> None:
    if sys.platform == "win32":
        os.kill(child.pid, signal.CTRL_BREAK_EVENT)
    else:
        child.terminate()
