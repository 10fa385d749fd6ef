"""Which local days a pack covers."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m365_restrict.report.edition import Period
from m365_restrict.reporting.periods import bounds, is_over, period_covered

LONDON = ZoneInfo("Europe/London")


def days(kind: Period, today: str, *, day: str | None = None, begins: int = 4) -> tuple[str, str]:
    found = period_covered(
        kind,
        today=date.fromisoformat(today),
        day=date.fromisoformat(day) if day else None,
        year_begins=begins,
    )
    return found.first.isoformat(), found.last.isoformat()


@pytest.mark.parametrize(
    ("kind", "today", "first", "last"),
    [
        (Period.RUN, "2026-11-23", "2026-11-23", "2026-11-23"),
        (Period.DAILY, "2026-03-01", "2026-02-28", "2026-02-28"),
        (Period.DAILY, "2027-01-01", "2026-12-31", "2026-12-31"),
        (Period.WEEKLY, "2026-11-23", "2026-11-16", "2026-11-22"),
        (Period.WEEKLY, "2027-01-03", "2026-12-21", "2026-12-27"),
        (Period.MONTHLY, "2027-01-01", "2026-12-01", "2026-12-31"),
        (Period.MONTHLY, "2028-03-31", "2028-02-01", "2028-02-29"),
        (Period.QUARTERLY, "2027-01-01", "2026-10-01", "2026-12-31"),
        (Period.QUARTERLY, "2026-12-31", "2026-07-01", "2026-09-30"),
        (Period.ANNUAL, "2027-03-31", "2025-04-01", "2026-03-31"),
        (Period.ANNUAL, "2027-04-01", "2026-04-01", "2027-03-31"),
    ],
)
def test_the_last_whole_period(kind: Period, today: str, first: str, last: str) -> None:
    assert days(kind, today) == (first, last)


@pytest.mark.parametrize(
    ("kind", "begins", "first", "last"),
    [
        (Period.ANNUAL, 1, "2026-01-01", "2026-12-31"),
        (Period.ANNUAL, 5, "2025-05-01", "2026-04-30"),
        (Period.QUARTERLY, 1, "2026-10-01", "2026-12-31"),
        (Period.QUARTERLY, 5, "2026-08-01", "2026-10-31"),
    ],
)
def test_quarters_and_years_begin_with_the_councils_year(
    kind: Period, begins: int, first: str, last: str
) -> None:
    assert days(kind, "2027-01-10", begins=begins) == (first, last)


def test_a_day_picks_its_period_and_one_that_runs_ends_today() -> None:
    assert days(Period.MONTHLY, "2026-11-23", day="2026-02-15") == ("2026-02-01", "2026-02-28")
    assert days(Period.MONTHLY, "2026-11-23", day="2026-11-02") == ("2026-11-01", "2026-11-23")


def test_a_day_to_come_has_no_report() -> None:
    with pytest.raises(ValueError, match="still to come"):
        days(Period.MONTHLY, "2026-11-23", day="2026-11-24")


def test_a_month_is_over_only_after_its_last_day() -> None:
    today = date(2026, 11, 30)
    running = period_covered(Period.MONTHLY, today=today, day=today)
    assert not is_over(running, today)
    assert is_over(running, date(2026, 12, 1))
    assert not is_over(period_covered(Period.RUN, today=today), today)


def test_boundaries_are_local_midnights_on_both_sides_of_a_clock_change() -> None:
    march = period_covered(Period.MONTHLY, today=date(2027, 4, 1))
    first, end = bounds(march, LONDON)
    assert first.astimezone(UTC) == datetime(2027, 3, 1, tzinfo=UTC)
    assert end.astimezone(UTC) == datetime(2027, 3, 31, 23, tzinfo=UTC)


@given(
    kind=st.sampled_from([one for one in Period if one is not Period.RUN]),
    today=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    begins=st.integers(1, 12),
)
def test_periods_follow_each_other_without_gap_or_overlap(kind: Period, today: date, begins: int) -> None:
    last = period_covered(kind, today=today, year_begins=begins)
    assert last.first <= last.last < today
    assert period_covered(kind, today=today, day=last.last, year_begins=begins) == last
    before = period_covered(kind, today=last.first, year_begins=begins)
    assert (last.first - before.last).days == 1
