"""`explain --from-ledger`: what was last applied, without asking the tenant."""

from typing import Any

PAT = "pat@post.example"
OFFICER = "officer@ash.example"


def test_it_says_where_mail_was_last_sent(council: Any) -> None:
    council.in_force(council.case("RC-2026-001", Addresses=PAT))
    told = council.run("explain", address=PAT, recipients=(OFFICER,), from_ledger=True)
    assert told.exit_code == 0
    assert told.document["case_refs"] == ["RC-2026-001"]
    assert told.document["copies"][0]["outcome"] == "redirected"


def test_it_asks_the_tenant_nothing(council: Any) -> None:
    council.in_force(council.case("RC-2026-001", Addresses=PAT))
    council.requests()
    council.run("explain", address=PAT, from_ledger=True)
    assert council.requests() == []


def test_it_does_not_see_what_was_tampered_with_since(council: Any) -> None:
    council.in_force(council.case("RC-2026-001", Addresses=PAT))
    council.cmdlet("Disable-TransportRule", Identity="RC-2026-001 Redirect to single contact", Confirm=False)
    told = council.run("explain", address=PAT, recipients=(OFFICER,), from_ledger=True)
    assert told.document["copies"][0]["outcome"] == "redirected"


def test_an_address_that_no_rule_names(council: Any) -> None:
    council.in_force(council.case("RC-2026-001", Addresses=PAT))
    told = council.run("explain", address="nobody@post.example", from_ledger=True)
    assert (told.exit_code, told.document["rules"], told.document["copies"]) == (0, [], [])
