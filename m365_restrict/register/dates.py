"""Calendar arithmetic: local days, months, and the instant at which a restriction ends."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTHS_IN_YEAR = 12
# A calendar ends here, and what somebody typed into one item must not stop the run for all others.
_LAST_EXPIRY = date.max - timedelta(days=2)


def expiry_instant(ends_on: date, zone: ZoneInfo) -> datetime:
    """00:00 local on the day after `ends_on`, in UTC: when a rule's native expiry is due (contracts.md 1)."""
    midnight = datetime.combine(min(ends_on, _LAST_EXPIRY) + timedelta(days=1), time(), tzinfo=zone)
    return midnight.astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The local calendar day of an instant; a naive one is taken for UTC."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return aware.astimezone(zone).date()


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it has no such day.

    The last day of the calendar where the month lies behind it.
    """
    index = day.year * _MONTHS_IN_YEAR + day.month - 1 + months
    year, month = index // _MONTHS_IN_YEAR, index % _MONTHS_IN_YEAR + 1
    if year > date.max.year:
        return date.max
    return date(year, month, min(day.day, monthrange(year, month)[1]))
