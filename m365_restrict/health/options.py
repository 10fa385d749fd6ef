"""What health is told by the settings."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class HealthOptions:
    """`port` 0 opens none. `loop` is the longest that a scheduler's loop may take to turn.

    A job is overdue that has not succeeded `late` after its time, and silent where it has not succeeded for
    `silence` though it was due. Certificates that end within `certificate` are warned of.
    """

    host: str = "127.0.0.1"
    port: int = 0
    loop: timedelta = timedelta(seconds=120)
    silence: timedelta = timedelta(hours=24)
    late: timedelta = timedelta(hours=1)
    certificate: timedelta = timedelta(days=30)
