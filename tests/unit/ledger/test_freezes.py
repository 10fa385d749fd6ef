from datetime import UTC, datetime

from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.ledger import open_ledger

FREEZE = Freeze(reason="Pre-election period", set_by="ict", since=datetime(2026, 11, 23, 9, tzinfo=UTC))


def test_a_freeze_stands_in_the_next_run(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        ledger.freezes.begin(FREEZE)
    with open_ledger(ledger_url) as ledger:
        assert ledger.freezes.current() == FREEZE


def test_a_new_freeze_takes_the_place_of_the_old(ledger_url: str) -> None:
    other = Freeze(reason="Migration", set_by="ict", since=FREEZE.since)
    with open_ledger(ledger_url) as ledger:
        ledger.freezes.begin(FREEZE)
        ledger.freezes.begin(other)
        assert ledger.freezes.current() == other


def test_lifting_says_what_stood(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger:
        ledger.freezes.begin(FREEZE)
        assert ledger.freezes.end() == FREEZE
        assert ledger.freezes.current() is None
