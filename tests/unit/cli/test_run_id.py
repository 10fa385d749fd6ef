"""The names of runs: they sort as the runs began."""

from datetime import UTC, datetime, timedelta, timezone

from m365_restrict.cli.run_id import run_id_of

BEGAN = datetime(2026, 11, 22, 9, 30, 0, tzinfo=UTC)


def test_a_later_microsecond_has_a_later_name() -> None:
    moments = [BEGAN + timedelta(microseconds=one) for one in (0, 1, 16, 17, 999_999, 1_000_000)]
    names = [run_id_of(one) for one in moments]
    assert names == sorted(names)


def test_the_time_is_told_in_utc() -> None:
    summer = BEGAN.astimezone(timezone(timedelta(hours=1)))
    assert run_id_of(summer).startswith("20261122T093000Z-")


def test_the_longest_microsecond_has_six_digits() -> None:
    assert len(run_id_of(BEGAN + timedelta(microseconds=999_999))) == len("20261122T093000Z-f423f0")
