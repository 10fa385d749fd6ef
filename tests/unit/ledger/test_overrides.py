from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.overrides import OverrideRecord
from m365_restrict.plan.overrides import Override

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def record(code: str = "source-shrunken", *, since: datetime = NOON, limit: int | None = 4) -> OverrideRecord:
    override = Override(code=code, reason="CHG-1042", until=since + 4 * HOUR, limit=limit)
    return OverrideRecord(override=override, set_by="ict", since=since)


@pytest.fixture
def ledger(ledger_url: str):
    with open_ledger(ledger_url) as opened:
        yield opened


def test_an_override_stands_in_the_next_run(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        ledger.overrides.begin(record())
    with open_ledger(ledger_url) as ledger:
        assert ledger.overrides.all() == (record(),)


@pytest.mark.parametrize(("hours", "stands"), [(-1, False), (0, True), (3.99, True), (4, False)])
def test_it_expires_by_the_clock(ledger: Ledger, hours: float, stands: bool) -> None:
    ledger.overrides.begin(record())
    assert bool(ledger.overrides.standing(NOON + hours * HOUR)) is stands


def test_one_that_is_ended_stays_in_the_journal(ledger: Ledger) -> None:
    ledger.overrides.begin(record())
    assert ledger.overrides.end("source-shrunken", by="duty", at=NOON + HOUR)
    (row,) = ledger.overrides.all()
    assert (row.ended_by, row.ended_at, row.set_by) == ("duty", NOON + HOUR, "ict")
    assert ledger.overrides.standing(NOON + HOUR) == ()


def test_ending_what_has_run_out_changes_nothing(ledger: Ledger) -> None:
    ledger.overrides.begin(record())
    assert not ledger.overrides.end("source-shrunken", by="duty", at=NOON + 5 * HOUR)
    assert ledger.overrides.all() == (record(),)


def test_a_second_one_takes_the_place_of_the_first(ledger: Ledger) -> None:
    ledger.overrides.begin(record())
    ledger.overrides.begin(record("outside-change-window", limit=None))
    ledger.overrides.begin(record(since=NOON + HOUR, limit=None))
    standing = ledger.overrides.standing(NOON + HOUR)
    assert [(one.code, one.limit) for one in standing] == [
        ("outside-change-window", None),
        ("source-shrunken", None),
    ]
    assert len(ledger.overrides.all()) == 3
