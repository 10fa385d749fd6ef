"""Ids of folders are remembered for a while, under digests that name neither mailbox nor folder."""

from datetime import UTC, date, datetime, timedelta

import pytest

from m365_restrict.ledger.deletions import Deletion
from m365_restrict.ledger.ledger import open_ledger

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
JUNK, OWN = ("cllr.a@ash.example", "Junk Email"), ("cllr.a@ash.example", "Letters from Pat")
DAY = timedelta(days=1)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url):
    with open_ledger(url) as opened:
        opened.folders.keep({JUNK: "id 1", OWN: "id 2"}, unchanged=(), now=NOW)
        yield opened


def recalled(ledger, *, at=NOW, places=(JUNK, OWN)):
    return ledger.folders.recall(places, since=at - DAY, now=at)


def test_what_was_asked_for_is_recalled(ledger):
    assert recalled(ledger) == {JUNK: "id 1", OWN: "id 2"}


@pytest.mark.parametrize(("at", "known"), [(NOW + DAY, 2), (NOW + 1.01 * DAY, 0), (NOW - DAY, 0)])
def test_it_is_recalled_for_a_while_and_never_from_the_future(ledger, at, known):
    assert len(recalled(ledger, at=at)) == known


@pytest.mark.parametrize(
    "place", [("cllr.b@ash.example", "Junk Email"), ("cllr.a@ash.example", "Junk email")]
)
def test_another_mailbox_and_another_folder_are_not_known(ledger, place):
    assert recalled(ledger, places=[place]) == {}


def test_the_case_of_an_address_does_not_count(ledger):
    place = ("Cllr.A@ash.example", "Junk Email")
    assert recalled(ledger, places=[place]) == {place: "id 1"}


def test_what_is_unchanged_stays_as_old_as_it_was(ledger):
    ledger.folders.keep({}, unchanged=[JUNK, OWN], now=NOW + DAY)
    assert recalled(ledger, at=NOW + 1.5 * DAY) == {}


def test_a_newer_answer_takes_the_place_of_the_older(ledger):
    ledger.folders.keep({JUNK: "id 3"}, unchanged=[OWN], now=NOW + DAY)
    assert recalled(ledger, at=NOW + DAY) == {JUNK: "id 3", OWN: "id 2"}


def test_what_is_neither_asked_for_nor_unchanged_is_forgotten(ledger):
    ledger.folders.keep({}, unchanged=[OWN], now=NOW)
    assert recalled(ledger) == {OWN: "id 2"}


def test_where_a_case_is_deleted_nothing_is_remembered(ledger):
    deletion = Deletion(
        item_id="1", case_reference="RC-1", deleted_on=date(2027, 1, 4), run_id="r1", certificate="{}"
    )
    ledger.deletions.record(deletion, addresses=["pat@home.example"], evidence_ids=["1"])
    assert recalled(ledger) == {}


def test_the_table_names_neither_mailbox_nor_folder(ledger):
    with ledger._database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM known_folders").all()
    assert len(rows) == 2
    assert not [row for row in rows if "ash.example" in str(row) or "Junk" in str(row) or "Pat" in str(row)]
