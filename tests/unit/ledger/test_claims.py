from datetime import UTC, datetime

import pytest

from m365_restrict.ledger.claims import Claim, ClaimKind
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.plan.claims import Adopted

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def ledger(ledger_url):
    with open_ledger(ledger_url) as opened:
        yield opened


def say(ledger, guid, kind, key=""):
    claim = Claim(
        guid=guid,
        kind=kind,
        key=key,
        case_reference="RC-1",
        rule_name="Block J",
        reason="CHG-1",
        made_by="admin",
        at=AT,
        run_id="run",
    )
    ledger.claims.record(claim)
    return claim


def test_what_was_said_is_kept_in_order(ledger):
    said = [
        say(ledger, "g-1", ClaimKind.ADOPTED, "RC-1/whole/1"),
        say(ledger, "g-1", ClaimKind.DISOWNED),
    ]
    assert ledger.claims.all() == tuple(said)


def test_the_latest_word_on_a_rule_counts(ledger):
    say(ledger, "g-1", ClaimKind.DISOWNED)
    assert ledger.claims.standing().disowned == {"g-1"}
    say(ledger, "g-1", ClaimKind.ADOPTED, "RC-1/whole/1")
    standing = ledger.claims.standing()
    assert (standing.disowned, standing.adopted) == (
        frozenset(),
        {"g-1": Adopted("g-1", "RC-1/whole/1", "RC-1")},
    )
    say(ledger, "g-1", ClaimKind.DISOWNED)
    assert (ledger.claims.standing().adopted, ledger.claims.standing().disowned) == ({}, {"g-1"})


def test_a_key_has_one_adopted_rule(ledger):
    say(ledger, "g-1", ClaimKind.ADOPTED, "RC-1/whole/1")
    say(ledger, "g-2", ClaimKind.ADOPTED, "RC-1/whole/1")
    assert set(ledger.claims.standing().adopted) == {"g-2"}


def test_an_import_is_remembered_by_guid(ledger):
    assert ledger.imports.item_of("g-1") == ""
    for item_id in ("7", "9"):
        ledger.imports.record("g-1", item_id=item_id, imported_by="admin", at=AT, run_id="run")
    assert ledger.imports.item_of("g-1") == "9"
