"""Change windows: when a run may restrict more, in the council's own hours."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(
    r"(?P<first>[a-z]{3})(-(?P<last>[a-z]{3}))?\s+(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)", re.IGNORECASE
)
_MIDNIGHT_AT_THE_END = "24:00"
_LONGEST_WAIT = 15
"""Days to look ahead: a weekly window may fall into a clock change once, never twice in a row."""


@dataclass(frozen=True, kw_only=True)
class ChangeWindow:
    """The same hours on some days of the week. `days` counts from 0 for Monday.

    A window belongs to the day on which it begins; one whose end is not later than its start ends on
    the next day.
    """

    text: str
    days: frozenset[int]
    start: time
    end: time

    def __str__(self) -> str:
        """As the setting spells it."""
        return self.text

    def on(self, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
        """Start and end on one day as UTC instants; where a clock change swallows it they leave no time.

        Of an hour that comes twice the start is the first and the end the second.
        """
        last = day + timedelta(days=1) if self.end <= self.start else day
        start = datetime.combine(day, self.start, tzinfo=zone)
        end = datetime.combine(last, self.end, tzinfo=zone).replace(fold=1)
        return start.astimezone(UTC), end.astimezone(UTC)


def read_window(text: str) -> ChangeWindow:
    """A window as it is written, such as `Mon-Fri 09:00-17:00`; ValueError says what is wrong with it."""
    words = text.strip()
    found = _WINDOW.fullmatch(words)
    example = "write it like Mon-Fri 09:00-17:00 or Sat 22:00-02:00"
    if found is None:
        raise ValueError(f"'{words}' is not a change window: {example}")
    first = _day(found["first"], words)
    last = _day(found["last"], words) if found["last"] else first
    start, end = _time(found["start"], words), _time(found["end"], words)
    if found["start"] == _MIDNIGHT_AT_THE_END:
        raise ValueError(f"'{words}' is not a change window: one that begins at midnight begins at 00:00")
    if start == end and found["end"] != _MIDNIGHT_AT_THE_END:
        raise ValueError(f"'{words}' begins when it ends: a whole day is 00:00-24:00")
    days = frozenset((first + ahead) % len(_DAYS) for ahead in range((last - first) % len(_DAYS) + 1))
    return ChangeWindow(text=words, days=days, start=start, end=end)


def _day(word: str, window: str) -> int:
    name = word.capitalize()
    if name not in _DAYS:
        raise ValueError(f"'{window}' is not a change window: {word} is none of {', '.join(_DAYS)}")
    return _DAYS.index(name)


def _time(word: str, window: str) -> time:
    if word == _MIDNIGHT_AT_THE_END:
        return time.min
    try:
        return time.fromisoformat(word)
    except ValueError as error:
        raise ValueError(f"'{window}' is not a change window: {word} is no time of day") from error


def is_open(windows: Sequence[ChangeWindow], now: datetime, zone: tzinfo) -> bool:
    """Whether `now` is within one of the windows. Without windows it always is."""
    today = now.astimezone(zone).date()
    spans = _spans(windows, today - timedelta(days=1), days=2, zone=zone)
    return not windows or any(start <= now < end for start, end in spans)


def next_opening(windows: Sequence[ChangeWindow], now: datetime, zone: tzinfo) -> datetime | None:
    """The next start of a window after `now`, as a UTC instant; None where there is none."""
    today = now.astimezone(zone).date()
    starts = (start for start, _ in _spans(windows, today, days=_LONGEST_WAIT, zone=zone) if start > now)
    return min(starts, default=None)


def _spans(
    windows: Sequence[ChangeWindow], first: date, *, days: int, zone: tzinfo
) -> Iterator[tuple[datetime, datetime]]:
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        for window in windows:
            start, end = window.on(day, zone)
            if day.weekday() in window.days and start < end:
                yield start, end
