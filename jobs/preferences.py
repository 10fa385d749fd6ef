"""Bring councillors' own choices into step soon after they are made.

One main path serves decisions and choices alike, so this is `enforce` on a shorter timetable; a council
that runs `enforce` every few minutes does not need it.
"""

import sys

from jobs.enforce import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
