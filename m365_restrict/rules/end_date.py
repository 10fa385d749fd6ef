"""A rule's end that the service took by a clock of its own (exchange.md 1.3, 8.2, 10: unproven).

Whether the offset of a date counts over REST is unknown, and so is whose clock counts where it does not. What
came back tells it: the end is sent once more, moved by just as much, and must then come back as it was meant.
"""

from datetime import datetime, timedelta

from m365_restrict.rules.observed import Properties

END = "ExpiryDate"
_WIDEST = timedelta(hours=14)
"""No clock is further from UTC. Two ends of ours are days apart: an old end is never taken for a clock."""


def end_to_send_again(wanted: Properties, found: Properties) -> datetime | None:
    """The end that would come back as `wanted`; None where it did, or where no clock explains what did."""
    meant, read = wanted.get(END), found.get(END)
    if not isinstance(meant, datetime) or not isinstance(read, datetime):
        return None
    moved = read - meant
    return meant - moved if timedelta() < abs(moved) <= _WIDEST else None
