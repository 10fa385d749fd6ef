"""Working days in the four nations: letters are due in them, and bank holidays differ (policy.md M-50).

The dates are those of the `holidays` package (MIT licence, released monthly), which knows the bank
holidays of each nation, one-off ones included.
"""

from datetime import date, timedelta
from functools import cache

import holidays

from m365_restrict.policy.profile import Nation

_SATURDAY = 5


_SUBDIVISIONS = {
    Nation.ENGLAND: "ENG",
    Nation.WALES: "WLS",
    Nation.SCOTLAND: "SCT",
    Nation.NORTHERN_IRELAND: "NIR",
}


@cache
def bank_holidays(nation: Nation, year: int) -> frozenset[date]:
    """The bank holidays of one nation in one year."""
    return frozenset(holidays.country_holidays("GB", subdiv=_SUBDIVISIONS[nation], years=year))


def is_working_day(day: date, nation: Nation) -> bool:
    """Whether offices are open: no Saturday, no Sunday, no bank holiday."""
    return day.weekday() < _SATURDAY and day not in bank_holidays(nation, day.year)


def add_working_days(day: date, count: int, nation: Nation) -> date:
    """The last day of a period of `count` working days that begins on the day after `day`.

    Seven working days from Friday 18 December 2026 end on Thursday 31 December.
    """
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day, nation)
    return day
