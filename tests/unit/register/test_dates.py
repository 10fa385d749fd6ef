from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.register.dates import add_months, expiry_instant, local_day

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("ends_on", "expected"),
    [
        (date(2027, 3, 28), datetime(2027, 3, 28, 23, tzinfo=UTC)),  # the clocks go forward that day
        (date(2026, 10, 25), datetime(2026, 10, 26, tzinfo=UTC)),  # and back on this one
        (date(2026, 10, 24), datetime(2026, 10, 24, 23, tzinfo=UTC)),
        (date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_restriction_ends_at_local_midnight_after_its_last_day(ends_on, expected):
    assert expiry_instant(ends_on, LONDON) == expected


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 1, 15), 12, date(2027, 1, 15)),
        (date(9999, 6, 1), 12, date(9999, 12, 31)),
    ],
)
def test_months_are_calendar_months(day, months, expected):
    assert add_months(day, months) == expected


@pytest.mark.parametrize("ends_on", [date(9999, 12, 30), date(9999, 12, 31)])
def test_the_end_of_the_calendar_is_an_end_too(ends_on):
    assert expiry_instant(ends_on, LONDON) == datetime(9999, 12, 30, tzinfo=UTC)


def test_a_summer_evening_in_utc_is_the_next_local_day():
    assert local_day(datetime(2026, 7, 1, 23, 30, tzinfo=UTC), LONDON) == date(2026, 7, 2)
