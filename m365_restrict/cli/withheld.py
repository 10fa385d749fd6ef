"""What a job prints goes to a journal or a log, which many may read: no address gets there.

A person at a terminal sees what the verb would show them.
"""

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import TextIO

from m365_restrict.cli.streams import out
from m365_restrict.report.privacy import without_addresses


class _Withheld(io.StringIO):
    """Keeps what is written until it is flushed, so that no address is cut in two and missed."""

    def __init__(self, target: TextIO) -> None:
        super().__init__()
        self._target = target

    def flush(self) -> None:
        """Hand on what was written, without addresses."""
        text = self.getvalue()
        if text:
            self.seek(0)
            self.truncate()
            self._target.write(without_addresses(text))
            self._target.flush()

    def fileno(self) -> int:
        """The file behind it."""
        return self._target.fileno()


@contextlib.contextmanager
def addresses_withheld() -> Iterator[None]:
    """Leave addresses out of everything that is written to stdout in this block, unless it is a terminal.

    What one of several councils prints is kept by whoever runs them, and is left alone.
    """
    if out() is not sys.stdout or sys.stdout.isatty():
        yield
        return
    hushed = _Withheld(sys.stdout)
    with contextlib.redirect_stdout(hushed):
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                hushed.flush()
