"""Writing to a terminal or a pipe whose reader may leave at any moment, as `head` does.

That is no failure of the run: it ends with the code that it earned, and without a traceback.
"""

import os
import sys
from collections.abc import Callable
from typing import TextIO

from m365_restrict.errors import ExitCode


def tell(text: str) -> None:
    """Progress goes to stderr, so that stdout holds the result alone. No run stops for want of a reader."""
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        _let_go(sys.stderr)


def write_text(text: str) -> None:
    """The result to stdout."""
    sys.stdout.write(text)


def hand_over(write: Callable[[], None], exit_code: int) -> int:
    """Write the result and return the run's exit code, or 1 where the result could not be written."""
    try:
        write()
        sys.stdout.flush()
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
