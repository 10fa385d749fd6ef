"""SIGTERM and SIGINT: a run stops between two items, and where nothing is written, at once.

A service manager ends a job with SIGTERM, a person with Ctrl-C. The write that is under way is finished,
read back and recorded first; a second signal does not wait for it, and the next run finds what it left.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, TypeVar, cast

from m365_restrict.errors import ExitCode, RunStopped, first_of
from m365_restrict.report.documents import Head
from m365_restrict.report.failure import failure_of
from m365_restrict.report.json_text import AnyDocument

T = TypeVar("T")
DocumentT = TypeVar("DocumentT", bound=AnyDocument)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopCall:
    """Asks the runs of another thread to stop, in place of a signal, which only the main thread hears."""

    def __init__(self) -> None:
        """Nobody has been asked yet."""
        self._lock = threading.Lock()
        self._why = ""
        self._at_work: list[tuple[asyncio.AbstractEventLoop, Stopping]] = []

    def ask(self, why: str) -> None:
        """Stop what is at work, and whatever begins later. `why` is what stops it, such as SIGTERM.

        As with a signal, being asked again does not wait for the write that is under way.
        """
        with self._lock:
            self._why = self._why or why
            at_work = tuple(self._at_work)
        for loop, stopping in at_work:
            with suppress(RuntimeError):  # its loop has just ended
                loop.call_soon_threadsafe(stopping.ask, why)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Have every `Stopping` that begins in this block and this thread hear these calls."""
        token = _CALL.set(self)
        try:
            yield
        finally:
            _CALL.reset(token)

    @contextmanager
    def heard_by(self, stopping: "Stopping") -> Iterator[None]:
        """Tell this one, which runs in the loop that is at work here."""
        here = (asyncio.get_running_loop(), stopping)
        with self._lock:
            self._at_work.append(here)
            why = self._why
        if why:
            here[0].call_soon(stopping.ask, why)
        try:
            yield
        finally:
            with self._lock:
                self._at_work.remove(here)


_CALL: ContextVar[StopCall | None] = ContextVar("_CALL", default=None)


class Stopping:
    """Whether a signal has asked this run to stop."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self._asked = ""
        self._between_items = False
        self._task: asyncio.Task[Any] | None = None

    def asked(self) -> str:
        """The name of the signal or what else asked, or ""."""
        return self._asked

    @asynccontextmanager
    async def between_items(self, writers: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
        """The writers; while they are open a first signal waits for whoever asks `asked`."""
        self._between_items = True
        try:
            async with writers as opened:
                yield opened
        finally:
            self._between_items = False

    async def heeded(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work while the signals are heard. Raises RunStopped where one ended it."""
        self._task = asyncio.current_task()
        call = _CALL.get()
        heard = [one for one in _SIGNALS if call is None and self._listen(one)]
        try:
            with nullcontext() if call is None else call.heard_by(self):
                return await work
        except asyncio.CancelledError:
            if not self._asked or self._task is None:
                raise
            self._task.uncancel()
            message = (
                f"{self._asked} stopped the run before it had come to its end. Every write that was made is "
                "in the ledger, or is found by the next run."
            )
            raise RunStopped(message) from None
        finally:
            for one in heard:
                asyncio.get_running_loop().remove_signal_handler(one)

    async def told(self, work: Coroutine[Any, Any, DocumentT]) -> DocumentT:
        """As `heeded`; where a signal ended the work between two items, the document says so."""
        document = await self.heeded(work)
        if not self._asked:
            return document
        head = self._stopped(document.head)
        # What every document is, a protocol cannot say: a dataclass with this field.
        told: DocumentT = replace(cast("Any", document), head=head)
        return told

    def _stopped(self, head: Head) -> Head:
        message = (
            f"{self._asked} stopped the run. The item at hand was finished and recorded; whatever was still "
            "to follow is left to the next run."
        )
        return replace(
            head,
            exit_code=first_of(head.exit_code, ExitCode.PARTIAL),
            error=head.error or failure_of(RunStopped(message)),
        )

    def _listen(self, number: signal.Signals) -> bool:
        """Whether the signal is heard: in the main thread alone, and not by Windows' event loop."""
        if threading.current_thread() is not threading.main_thread():
            return False
        with suppress(NotImplementedError, RuntimeError, ValueError):
            asyncio.get_running_loop().add_signal_handler(number, self.ask, number.name)
            return True
        return False

    def ask(self, why: str) -> None:
        """Stop, because of the signal or whatever else this names; to be called in the run's own loop."""
        again, self._asked = bool(self._asked), why
        if self._task is not None and (again or not self._between_items):
            self._task.cancel()
