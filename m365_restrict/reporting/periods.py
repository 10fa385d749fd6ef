"""Which local days a pack covers. All boundaries are the council's own midnights (policy.md 5)."""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import assert_never

from m365_restrict.register.dates import add_months
from m365_restrict.report.edition import Period
from m365_restrict.report.model import PeriodCovered

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_QUARTER, _YEAR = 3, 12


def period_covered(
    kind: Period, *, today: date, day: date | None = None, year_begins: int = 1
) -> PeriodCovered:
    """The period that holds `day`, up to today; without a day the last one that was over before today.

    `year_begins` is the month in which the council's year begins; its quarters are counted from there.
    Raises ValueError for a day that is still to come.
    """
    if day is not None and day > today:
        raise ValueError(f"{day.isoformat()} is still to come.")
    if kind is Period.RUN:
        return PeriodCovered(kind=kind, first=today, last=today)
    first = _first_day(kind, day or today, year_begins)
    if day is None:
        first = _first_day(kind, first - _DAY, year_begins)
    last = _after(kind, first) - _DAY
    return PeriodCovered(kind=kind, first=first, last=min(last, today))


def is_over(period: PeriodCovered, today: date) -> bool:
    """Whether the whole of the period lies behind, so that nothing in it can change any more."""
    return period.kind is not Period.RUN and _after(period.kind, period.first) <= today


def bounds(period: PeriodCovered, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first instant of the period, and the first one after it."""
    first = datetime.combine(period.first, time(), tzinfo=zone)
    return first, datetime.combine(period.last + _DAY, time(), tzinfo=zone)


def _first_day(kind: Period, day: date, year_begins: int) -> date:
    match kind:
        case Period.RUN | Period.DAILY:
            return day
        case Period.WEEKLY:
            return day - timedelta(days=day.weekday())
        case Period.MONTHLY:
            return day.replace(day=1)
        case Period.QUARTERLY:
            return add_months(day.replace(day=1), -((day.month - year_begins) % _QUARTER))
        case Period.ANNUAL:
            return add_months(day.replace(day=1), -((day.month - year_begins) % _YEAR))
        case _ as never:
            assert_never(never)


def _after(kind: Period, first: date) -> date:
    match kind:
        case Period.RUN | Period.DAILY:
            return first + _DAY
        case Period.WEEKLY:
            return first + _WEEK
        case Period.MONTHLY:
            return add_months(first, 1)
        case Period.QUARTERLY:
            return add_months(first, _QUARTER)
        case Period.ANNUAL:
            return add_months(first, _YEAR)
        case _ as never:
            assert_never(never)
