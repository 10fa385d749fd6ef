"""Histories that were read are remembered until their item is gone, and never where they were altered."""

from datetime import date

import pytest

from m365_restrict.ledger.deletions import Deletion
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.register.item_history import KnownHistory

ONE = KnownHistory("a" * 64, [{"id": "1.0", "fields": {"Addresses": "pat@home.example"}}])
TWO = KnownHistory("b" * 64, [{"id": "1.0"}, {"id": "2.0"}])


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url):
    with open_ledger(url) as opened:
        opened.histories.keep("list", {"1": ONE, "2": TWO}, present={"1", "2"})
        yield opened


def contents(ledger):
    with ledger._database.reading() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM item_history_contents").scalar()


def test_what_was_kept_is_recalled(ledger):
    assert ledger.histories.recall("list") == {"1": ONE, "2": TWO}


def test_another_list_has_histories_of_its_own(ledger):
    ledger.histories.keep("other", {"1": TWO}, present={"1"})
    assert ledger.histories.recall("other") == {"1": TWO}
    assert ledger.histories.recall("list") == {"1": ONE, "2": TWO}


def test_a_newer_history_takes_the_place_of_the_older(ledger):
    ledger.histories.keep("list", {"1": TWO}, present={"1", "2"})
    assert ledger.histories.recall("list") == {"1": TWO, "2": TWO}


def test_an_item_that_is_gone_is_forgotten_with_its_content(ledger):
    ledger.histories.keep("list", {}, present={"2"})
    assert ledger.histories.recall("list") == {"2": TWO}
    assert contents(ledger) == 1


def test_a_content_that_was_altered_is_not_recalled(ledger, url, by_hand):
    by_hand(url, "UPDATE item_history_contents SET content = replace(content, 'pat@', 'eve@')")
    assert ledger.histories.recall("list") == {"2": TWO}


def test_where_a_case_is_deleted_nothing_is_remembered(ledger):
    deletion = Deletion(
        item_id="1", case_reference="RC-1", deleted_on=date(2027, 1, 4), run_id="r1", certificate="{}"
    )
    ledger.deletions.record(deletion, addresses=["pat@home.example"], evidence_ids=["1"])
    assert ledger.histories.recall("list") == {}
    assert contents(ledger) == 0
