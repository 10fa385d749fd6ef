"""Writing to a terminal or a pipe whose reader may leave at any moment, as `head` does.

That is no failure of the run: it ends with the code that it earned, and without a traceback.
A run of one of several councils speaks under the council's name and keeps its result to itself.
"""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from m365_restrict.errors import ExitCode
from m365_restrict.logs.marks import marked

if TYPE_CHECKING:
    from m365_restrict.report.json_text import AnyDocument  # slow to load, and help needs none


@dataclass
class Voice:
    """What one council's run says, where several run in one process."""

    name: str
    result: io.StringIO = field(default_factory=io.StringIO)
    documents: "list[AnyDocument]" = field(default_factory=list)


_VOICE: ContextVar[Voice | None] = ContextVar("_VOICE", default=None)


@contextmanager
def speaking_as(voice: Voice) -> Iterator[None]:
    """Let whatever runs in this block and this thread speak with this voice."""
    token = _VOICE.set(voice)
    try:
        with marked(tenant=voice.name):
            yield
    finally:
        _VOICE.reset(token)


def out() -> TextIO:
    """Where results go: stdout, or the place of the council that runs."""
    voice = _VOICE.get()
    return sys.stdout if voice is None else voice.result


def tell(text: str) -> None:
    """Progress goes to stderr, so that stdout holds the result alone. No run stops for want of a reader."""
    from m365_restrict.logs.log_lines import is_logging, log  # help tells nothing, and loads none of it

    if is_logging():
        log(text)
        return
    voice = _VOICE.get()
    said = text if voice is None else "\n".join(f"{voice.name}: {line}" for line in text.splitlines())
    try:
        # One write for the whole, so that lines of councils that run at once stay whole.
        sys.stderr.write(f"{said}\n")
        sys.stderr.flush()
    except BrokenPipeError:
        _let_go(sys.stderr)


def write_text(text: str) -> None:
    """The result to where results go."""
    out().write(text)


def hand_over(write: Callable[[], None], exit_code: int, document: "AnyDocument | None" = None) -> int:
    """Write the result and return the run's exit code, or 1 where the result could not be written.

    `document` is what is written, where it is a run's document.
    """
    voice = _VOICE.get()
    if voice is not None and document is not None:
        voice.documents.append(document)
    try:
        write()
        out().flush()
    except BrokenPipeError:
        _let_go(sys.stdout)
    except OSError as error:
        tell(f"The result could not be written: {error}")
        return int(ExitCode.UNEXPECTED)
    return int(exit_code)


def _let_go(stream: TextIO) -> None:
    """Point the stream nowhere, or the interpreter complains once more when it flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
