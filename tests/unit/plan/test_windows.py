from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.plan.windows import is_open, next_opening, read_window

LONDON = ZoneInfo("Europe/London")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def windows(text: str) -> tuple:
    return tuple(read_window(one) for one in text.split(","))


@pytest.mark.parametrize(
    ("written", "now", "open_"),
    [
        ("Mon-Fri 09:00-17:00", "2026-11-23T08:59", False),
        ("Mon-Fri 09:00-17:00", "2026-11-23T09:00", True),
        ("Mon-Fri 09:00-17:00", "2026-11-23T16:59", True),
        ("Mon-Fri 09:00-17:00", "2026-11-23T17:00", False),
        ("Mon-Fri 09:00-17:00", "2026-11-22T12:00", False),
        ("mon-FRI 09:00-17:00", "2026-11-27T12:00", True),
        ("Mon-Fri 09:00-17:00, Sun 10:00-12:00", "2026-11-22T11:00", True),
        # In summer the council's day begins an hour earlier in UTC.
        ("Mon-Fri 09:00-17:00", "2026-07-20T08:00", True),
        ("Mon-Fri 09:00-17:00", "2026-07-20T16:00", False),
        # Over midnight it belongs to the day on which it begins.
        ("Sat 22:00-02:00", "2026-11-21T23:00", True),
        ("Sat 22:00-02:00", "2026-11-22T01:59", True),
        ("Sat 22:00-02:00", "2026-11-22T02:00", False),
        ("Sat 22:00-02:00", "2026-11-21T01:00", False),
        ("Sun 20:00-24:00", "2026-11-22T23:59", True),
        ("Sun 20:00-24:00", "2026-11-23T00:00", False),
        ("Sun 00:00-24:00", "2026-11-22T00:00", True),
        # Days over the end of the week.
        ("Sat-Mon 09:00-10:00", "2026-11-23T09:30", True),
        ("Sat-Mon 09:00-10:00", "2026-11-24T09:30", False),
        # 28 March 2027: 01:00 to 02:00 does not exist.
        ("Sun 00:30-03:00", "2027-03-28T01:59", True),
        ("Sun 00:30-03:00", "2027-03-28T02:00", False),
        ("Sun 01:00-02:00", "2027-03-28T01:00", False),
        ("Sun 01:30-04:00", "2027-03-28T01:29", False),
        ("Sun 01:30-04:00", "2027-03-28T01:30", True),
        # 31 October 2027: 01:00 to 02:00 comes twice.
        ("Sun 01:00-02:00", "2027-10-31T00:00", True),
        ("Sun 01:00-02:00", "2027-10-31T01:59", True),
        ("Sun 01:00-02:00", "2027-10-31T02:00", False),
        ("Sat 23:00-01:30", "2027-10-31T01:29", True),
        ("Sat 23:00-01:30", "2027-10-31T01:30", False),
    ],
)
def test_whether_a_window_is_open(written: str, now: str, open_: bool) -> None:
    assert is_open(windows(written), utc(now), LONDON) is open_


def test_without_windows_it_is_always_open() -> None:
    assert is_open((), utc("2026-11-22T03:00"), LONDON)


@pytest.mark.parametrize(
    ("written", "now", "opens"),
    [
        ("Mon-Fri 09:00-17:00", "2026-11-23T08:00", "2026-11-23T09:00"),
        ("Mon-Fri 09:00-17:00", "2026-11-27T17:00", "2026-11-30T09:00"),
        ("Mon 09:00-17:00", "2026-11-23T17:00", "2026-11-30T09:00"),
        ("Mon-Fri 09:00-17:00,Sat 08:00-09:00", "2026-11-27T17:00", "2026-11-28T08:00"),
        # The next one is in summer time, or is swallowed by the change to it.
        ("Mon 09:00-17:00", "2027-03-27T12:00", "2027-03-29T08:00"),
        ("Sun 01:00-02:00", "2027-03-27T12:00", "2027-04-04T00:00"),
    ],
)
def test_when_the_next_window_opens(written: str, now: str, opens: str) -> None:
    assert next_opening(windows(written), utc(now), LONDON) == utc(opens)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mon",
        "Mon-Fri",
        "Mno-Fri 09:00-17:00",
        "Mon-Fry 09:00-17:00",
        "Mon 9:00-17:00",
        "Mon 09:00-25:00",
        "Mon 24:00-02:00",
        "Mon 09:60-17:00",
        "Mon 09:00-09:00",
        "Mon-Fri 09:00-17:00 x",
    ],
)
def test_what_is_misspelt_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}'"):
        read_window(text)
