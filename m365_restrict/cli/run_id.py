"""What a run is called: by when it began, to the microsecond, so that names sort as the runs began."""

import secrets
from datetime import UTC, datetime


def run_id_of(started: datetime) -> str:
    """The name of the run that began at an aware instant.

    The six hexadecimal digits are the microsecond and one of sixteen by chance, because a ledger under a
    clock that stands still, as a sandbox's does, has only the names to tell which of two runs came first.
    """
    at = started.astimezone(UTC)
    return f"{at:%Y%m%dT%H%M%SZ}-{at.microsecond:05x}{secrets.randbelow(16):x}"
