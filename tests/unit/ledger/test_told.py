from dataclasses import replace
from datetime import UTC, datetime

import pytest

from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.told import ToldRecord

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RECORD = ToldRecord(
    kind="choice", subject="12", recipient="cllr.b@ash.example", state="live|1", sent_state="live|1"
)


@pytest.fixture
def told(ledger_url):
    with open_ledger(ledger_url) as ledger:
        yield ledger.told


def _keep(told, *records):
    for record in records:
        told.record(record, run_id="run-1", at=NOW)


def test_a_record_comes_back_as_it_was_kept(told):
    kept = replace(RECORD, sent_state="", attempts=2, reason="HTTP 500")
    _keep(told, kept)
    assert told.all("choice") == {kept.key: kept}


def test_a_newer_record_takes_the_place_of_the_older(told):
    _keep(told, RECORD, replace(RECORD, state="stopped"))
    assert [one.state for one in told.all("choice").values()] == ["stopped"]


def test_recipients_and_kinds_are_kept_apart(told):
    _keep(told, RECORD, replace(RECORD, recipient="cllr.c@ash.example"), replace(RECORD, kind="notice"))
    assert (len(told.all("choice")), len(told.all("notice"))) == (2, 1)


def test_what_is_forgotten_is_gone_and_nothing_else(told):
    _keep(told, RECORD, replace(RECORD, subject="13"))
    told.forget(RECORD.key)
    told.forget(RECORD.key)
    assert [one.subject for one in told.all("choice").values()] == ["13"]
