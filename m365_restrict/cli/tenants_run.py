"""Several councils at once in one process: each in a thread with an event loop of its own.

A council's run blocks where a database or a name server does not answer. In a loop that all share, one
such council would stop every other; in a thread it stops nobody, and is given up at its deadline.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from m365_restrict.cli.run_log import crashed
from m365_restrict.cli.stopping import StopCall
from m365_restrict.cli.streams import Voice, speaking_as
from m365_restrict.errors import ErrorCode, ExitCode, RestrictError
from m365_restrict.logs.masking import masked_logs
from m365_restrict.report.documents import Failure
from m365_restrict.report.failure import failure_of

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How many councils run at once, and how many seconds each may take.

    `graces` are the seconds after each request to stop; a run that outlasts them all is given up.
    """

    at_once: int
    deadline: float
    graces: Sequence[float] = (30.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one council's run ended. `given_up`: it did not end, and its thread is left behind."""

    name: str
    exit_code: int
    voice: Voice
    failure: Failure | None = None
    given_up: bool = False


@dataclass(kw_only=True)
class Councils:
    """Runs `act` for each council. `act` is called in the council's thread and returns its exit code."""

    act: Callable[[str], int]
    bounds: Bounds
    ended: Callable[[Ended], None] = lambda _: None
    stopped_by: str = field(default="", init=False)
    """The signal that stopped them all, or ""."""

    def run(self, names: Iterable[str]) -> list[Ended]:
        """Run them all; how each ended, in the order of `names`. A signal ends those that have begun."""
        with masked_logs():
            return asyncio.run(self._all(tuple(names)))

    async def _all(self, names: Sequence[str]) -> list[Ended]:
        self._stop = asyncio.Event()
        self._calls: list[StopCall] = []
        self._room = asyncio.Semaphore(self.bounds.at_once)
        heard = self._listen()
        tasks = [asyncio.ensure_future(self._one(name)) for name in names]
        try:
            await _unless_interrupted(asyncio.wait(tasks), lambda: self._asked(signal.SIGINT.name))
            await asyncio.wait(tasks)
        finally:
            for one in heard:
                asyncio.get_running_loop().remove_signal_handler(one)
        return [task.result() for task in tasks]

    async def _one(self, name: str) -> Ended:
        voice = Voice(name)
        async with self._room:
            if self.stopped_by:
                message = f"{self.stopped_by} stopped the run before this council's had begun."
                failure = _failure(ErrorCode.STOPPED, message)
                return Ended(name=name, exit_code=ExitCode.UNEXPECTED, voice=voice, failure=failure)
            call, result = StopCall(), asyncio.get_running_loop().create_future()
            self._calls.append(call)
            self._begin(voice, call, result)
            ended = await self._awaited(voice, call, result)
            self._calls.remove(call)
        self.ended(ended)
        return ended

    def _begin(self, voice: Voice, call: StopCall, result: "asyncio.Future[Ended]") -> None:
        loop = asyncio.get_running_loop()

        def _work() -> None:
            with speaking_as(voice), call.listening():
                ended = _ended(self.act, voice)
            with suppress(RuntimeError):  # given up long ago, and the loop has gone
                loop.call_soon_threadsafe(_set, result, ended)

        # A daemon: one that hangs does not keep the process from ending.
        threading.Thread(target=_work, name=f"council {voice.name}", daemon=True).start()

    async def _awaited(self, voice: Voice, call: StopCall, result: "asyncio.Future[Ended]") -> Ended:
        stop = asyncio.ensure_future(self._stop.wait())
        bounds = self.bounds
        either: set[asyncio.Future[Any]] = {result, stop}
        await asyncio.wait(either, timeout=bounds.deadline, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        why = self.stopped_by or f"The deadline of {bounds.deadline:g} seconds (TENANTS__DEADLINE)"
        for grace in bounds.graces:
            if not result.done():
                call.ask(why)
                await asyncio.wait({result}, timeout=grace)
        if result.done():
            return result.result()
        message = f"{why} passed and the run did not stop, so it was given up."
        advice = "See whether its ledger and Microsoft 365 answer, then run the verb for this council alone."
        failure = Failure(code=ErrorCode.STOPPED.value, message=message, advice=advice)
        return Ended(
            name=voice.name, exit_code=ExitCode.UNEXPECTED, voice=voice, failure=failure, given_up=True
        )

    def _listen(self) -> list[signal.Signals]:
        heard = []
        for one in _SIGNALS:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(one, self._asked, one.name)
                heard.append(one)
        return heard

    def _asked(self, why: str) -> None:
        """As for one council: a first signal waits for the write under way, a second does not."""
        if self.stopped_by:
            for call in self._calls:
                call.ask(why)
        self.stopped_by = why
        self._stop.set()


def leave_at_once(exit_code: int) -> None:
    """End the process without waiting for threads that hang. What is to be told has been written."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(exit_code)


def _ended(act: Callable[[str], int], voice: Voice) -> Ended:
    try:
        return Ended(name=voice.name, exit_code=act(voice.name), voice=voice)
    except RestrictError as error:
        return Ended(name=voice.name, exit_code=error.exit_code, voice=voice, failure=failure_of(error))
    except BaseException as error:
        crashed(error)
        message = f"An error that this program does not know: {type(error).__name__}."
        failure = _failure(ErrorCode.UNEXPECTED, message)
        return Ended(name=voice.name, exit_code=ExitCode.UNEXPECTED, voice=voice, failure=failure)


def _set(result: "asyncio.Future[Ended]", ended: Ended) -> None:
    if not result.done():
        result.set_result(ended)


async def _unless_interrupted(work: Awaitable[object], asked: Callable[[], None]) -> None:
    """Where signals cannot be handled, as on Windows, Ctrl-C cancels the task that waits here."""
    try:
        await work
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.uncancel() != 0:
            raise
        asked()


def _failure(code: ErrorCode, message: str) -> Failure:
    return Failure(code=code.value, message=message, advice=code.advice)
