"""How a process of ours ends: with all that it owes to others done, and nothing taken apart."""

import atexit
import logging
import os
import sys


class PromptEnd:
    """Ends the process as soon as its threads and other exit handlers have ended.

    Python would then take every object apart, one by one, before it gives the memory back as a whole: as
    much time again as a plan takes to compare and to prove. Make one before anything else registers an exit
    handler, so that it comes last, and only in a process of our own.
    """

    def __init__(self) -> None:
        """Until a code is named, the process ends as Python ends it."""
        self._exit_code: int | None = None
        atexit.register(self._leave)

    def with_code(self, exit_code: int) -> int:
        """The code, which the process is to end with."""
        self._exit_code = exit_code
        return exit_code

    def _leave(self) -> None:
        if self._exit_code is None:
            return
        logging.shutdown()
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):
            return  # Python says so in its own way, and has a code for it.
        os._exit(self._exit_code)
