"""An end that the service took by a clock of its own (exchange.md 1.3, 10)."""

from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.rules.end_date import END, end_to_send_again

MEANT = datetime(2027, 6, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize("hours", [-10, -1, 5.5, 14])
def test_the_end_is_moved_by_what_the_clock_moved_it(hours: float) -> None:
    found = {END: MEANT + timedelta(hours=hours)}
    assert end_to_send_again({END: MEANT}, found) == MEANT - timedelta(hours=hours)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({END: MEANT}, id="right"),
        pytest.param({}, id="lost"),
        pytest.param({END: "tomorrow"}, id="unreadable"),
        pytest.param({END: MEANT - timedelta(days=1)}, id="the day before, as a stale read shows it"),
        pytest.param({END: MEANT + timedelta(hours=23)}, id="the next end in spring"),
    ],
)
def test_nothing_is_sent_again_where_no_clock_explains_it(found: dict[str, object]) -> None:
    assert end_to_send_again({END: MEANT}, found) is None


def test_a_rule_without_an_end_is_left() -> None:
    assert end_to_send_again({}, {END: MEANT}) is None
