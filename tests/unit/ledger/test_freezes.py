from datetime import UTC, datetime
from pathlib import Path

from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.ledger import open_ledger

FREEZE = Freeze(reason="Pre-election period", set_by="ict", since=datetime(2026, 11, 23, 9, tzinfo=UTC))


def test_a_freeze_stands_in_the_next_run(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with open_ledger(url) as ledger:
        ledger.freezes.begin(FREEZE)
    with open_ledger(url) as ledger:
        assert ledger.freezes.current() == FREEZE


def test_a_new_freeze_takes_the_place_of_the_old(tmp_path: Path) -> None:
    other = Freeze(reason="Migration", set_by="ict", since=FREEZE.since)
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        ledger.freezes.begin(FREEZE)
        ledger.freezes.begin(other)
        assert ledger.freezes.current() == other


def test_lifting_says_what_stood(tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        ledger.freezes.begin(FREEZE)
        assert ledger.freezes.end() == FREEZE
        assert ledger.freezes.current() is None
