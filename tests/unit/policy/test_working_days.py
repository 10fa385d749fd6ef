from datetime import date

import pytest

from m365_restrict.policy.profile import Nation
from m365_restrict.policy.working_days import add_working_days, is_working_day


@pytest.mark.requirement("M-50")
@pytest.mark.parametrize(
    ("start", "count", "nation", "due"),
    [
        # Christmas Day is a Friday in 2026, so Boxing Day is observed on Monday 28 December.
        (date(2026, 12, 18), 7, Nation.ENGLAND, date(2026, 12, 31)),
        (date(2026, 12, 18), 8, Nation.ENGLAND, date(2027, 1, 4)),
        (date(2026, 12, 18), 8, Nation.SCOTLAND, date(2027, 1, 5)),
        (date(2026, 3, 13), 7, Nation.ENGLAND, date(2026, 3, 24)),
        (date(2026, 3, 13), 7, Nation.NORTHERN_IRELAND, date(2026, 3, 25)),
        (date(2027, 3, 25), 1, Nation.WALES, date(2027, 3, 30)),
        (date(2026, 11, 28), 1, Nation.ENGLAND, date(2026, 11, 30)),
        (date(2026, 11, 28), 1, Nation.SCOTLAND, date(2026, 12, 1)),
        (date(2026, 11, 23), 0, Nation.ENGLAND, date(2026, 11, 23)),
    ],
)
def test_last_day_of_a_period_of_working_days(start, count, nation, due):
    assert add_working_days(start, count, nation) == due


@pytest.mark.parametrize(
    "day", [date(2026, 11, 28), date(2026, 11, 29), date(2027, 3, 26), date(2027, 3, 29)]
)
def test_weekends_and_bank_holidays_are_no_working_days(day):
    assert not is_working_day(day, Nation.ENGLAND)
