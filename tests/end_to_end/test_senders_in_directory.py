"""Senders that the council's own directory knows: compared by main address, flagged, never a rule lost."""

from typing import Any

import pytest

OLD, MAIN, GUEST = "pat.old@home.example", "pat@home.example", "guest@home.example"
OFFICER, CONTACT = "officer@ash.example", "contact@ash.example"
REDIRECT = "RC-1 Redirect to single contact"
KNOWN = [
    {"upn": MAIN, "mailbox": "contact", "aliases": [OLD], "display_name": "P Contact"},
    {"upn": GUEST, "mailbox": "guest", "display_name": "P Guest"},
]
LOOK_UP = "Get-Recipient"

pytestmark = pytest.mark.behaviour(
    from_external=True, reason="only From compares main addresses; a pattern is held against what is written"
)


def plant(council: Any, addresses: str, **more: Any) -> None:
    users = [*council.users, *KNOWN]
    council.plant(council.case("RC-1", Addresses=addresses), **{"users": users, **more})


def fate(council: Any, sender: str) -> str:
    """What becomes of a message, once rules act."""
    with council.settled():
        (copied,) = council.mail(sender, [OFFICER])
    return str(copied["outcome"])


def applied(council: Any) -> dict[str, Any]:
    """The document of a run that came to its end."""
    document: dict[str, Any] = council.apply().document
    assert document["error"] is None
    return document


def codes(findings: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in findings]


@pytest.mark.parametrize("address", [OLD, GUEST])
def test_the_rule_stands_and_a_second_run_has_nothing_to_do(council: Any, address: str) -> None:
    plant(council, address)
    assert council.apply().exit_code == 0
    main = MAIN if address == OLD else GUEST
    assert council.ours()[REDIRECT]["From"] == [main]
    assert fate(council, main) == "redirected"
    again = council.apply()
    assert (again.exit_code, again.changes) == (0, [])


def test_the_sender_is_flagged_everywhere_and_named_nowhere(council: Any) -> None:
    plant(council, OLD)
    checked, planned = council.run("validate"), council.plan()
    (case,) = checked.document["cases"]
    assert "sender-in-directory" in codes(case["warnings"])
    (change,) = planned.changes
    assert "is in the directory (contact)" in change["reason"]
    assert MAIN not in change["reason"]
    council.apply()
    drifted = council.drift()
    assert drifted.exit_code == 0
    assert codes(drifted.findings("register")) == ["sender-in-directory"]


def test_mail_is_explained_by_the_rule_that_holds_the_main_address(council: Any) -> None:
    plant(council, OLD)
    council.apply()
    told = council.run("explain", address=OLD, recipients=(OFFICER,)).document
    assert told["case_refs"] == ["RC-1"]
    assert [one["name"] for one in told["rules"]] == [REDIRECT]
    assert [one["outcome"] for one in told["copies"]] == ["delivered"]


@pytest.mark.behaviour(caret_anchors=True, reason="the settings of this test name the usual anchors")
def test_with_patterns_nobody_is_looked_up_and_the_address_itself_is_compared(council: Any) -> None:
    plant(council, OLD, settings={"RULES__SENDER_MATCH": "patterns"})
    assert council.apply().exit_code == 0
    assert fate(council, OLD) == "redirected"
    assert council.drift().findings() == []


def test_an_address_of_a_mailbox_of_ours_is_refused(council: Any) -> None:
    officer = {"upn": "worker@ash.example", "aliases": ["worker@partner.example"]}
    plant(council, "worker@partner.example", users=[*council.users, officer])
    applied = council.apply()
    assert applied.refused == {"RC-1": ["sender-is-ours"]}
    assert council.ours() == {}


def test_many_senders_are_asked_about_together(council: Any) -> None:
    plant(council, "\n".join([OLD, *(f"person.{number}@post.example" for number in range(29))]))
    council.requests()
    council.plan()
    asked = [one for one in council.requests() if one["cmdlet"] == LOOK_UP and not one["target"]]
    assert len(asked) == 2


def test_a_case_that_is_not_live_is_not_asked_about(council: Any) -> None:
    plant(council, OLD)
    council.edit(1, by=OFFICER, Status="Withdrawn")
    council.requests()
    council.plan()
    assert [one for one in council.requests() if one["cmdlet"] == LOOK_UP and not one["target"]] == []


def unreadable(council: Any) -> None:
    """Exchange answers no question about recipients."""
    council.fault("status", status=403, times=99, cmdlet=LOOK_UP)


def test_a_lookup_that_fails_makes_new_rules_wait(council: Any) -> None:
    plant(council, OLD)
    unreadable(council)
    document = applied(council)
    assert document["changes"] == []
    assert "senders-unknown" in codes(document["refused"])
    assert council.ours() == {}


@pytest.mark.parametrize("address", [OLD, GUEST, "stranger@post.example"])
def test_a_lookup_that_fails_removes_nothing(council: Any, address: str) -> None:
    plant(council, address)
    applied(council)
    before = council.ours()
    unreadable(council)
    assert applied(council)["changes"] == []
    assert council.ours() == before
    assert list(before) == [REDIRECT]


def test_an_address_that_is_taken_off_goes_although_the_directory_is_silent(council: Any) -> None:
    plant(council, f"{GUEST}\nother@post.example")
    applied(council)
    council.edit(1, by=OFFICER, Addresses=GUEST)
    unreadable(council)
    applied(council)
    assert council.ours()[REDIRECT]["From"] == [GUEST]


def test_of_two_known_senders_the_one_taken_off_goes_although_the_directory_is_silent(council: Any) -> None:
    other, spare = "lee@home.example", {"upn": "lee@home.example", "mailbox": "contact"}
    users = [*council.users, *KNOWN, spare | {"aliases": ["lee.old@home.example", "lee.new@home.example"]}]
    plant(council, f"{OLD}\nlee.old@home.example\n{GUEST}", users=users)
    applied(council)
    unreadable(council)
    for left in (f"lee.old@home.example\n{GUEST}", "lee.old@home.example"):
        council.edit(1, by=OFFICER, Addresses=left)
        applied(council)
        senders = [other] if GUEST not in left else [GUEST, other]
        assert council.ours()[REDIRECT]["From"] == senders


def test_a_lifted_case_goes_although_the_directory_is_silent(council: Any) -> None:
    plant(council, OLD)
    applied(council)
    assert list(council.ours()) == [REDIRECT]
    council.edit(1, by=OFFICER, Status="Lifted")
    unreadable(council)
    applied(council)
    assert council.ours() == {}


@pytest.mark.parametrize("address", [OLD, GUEST])
def test_the_rule_stays_until_the_mailboxes_rule_that_names_the_other_address_has_settled(
    council: Any, address: str
) -> None:
    fields = {"Scope": "Named mailboxes or services", "ScopeMailboxes": "planning@ash.example"}
    settings = {"RULES__SETTLE_MINUTES": "60"}
    case = council.case("RC-1", Addresses=address, **fields)
    council.plant(case, users=[*council.users, *KNOWN], settings=settings)
    applied(council)
    council.edit(1, by=OFFICER, Measure="Junk in named mailboxes")
    council.edit(1, by="director@ash.example", Status="Approved")
    applied(council)
    assert len(council.inbox_rules("planning@ash.example")) == 1
    assert list(council.ours()) == [REDIRECT]
    council.clock("2026-11-23T10:30:00Z")
    applied(council)
    assert council.ours() == {}


def test_junk_of_a_sender_in_the_directory_is_made_by_the_address_of_the_case(council: Any) -> None:
    fields = {"Scope": "Named mailboxes or services", "ScopeMailboxes": "planning@ash.example"}
    case = council.case("RC-1", Addresses=OLD, Measure="Junk in named mailboxes", **fields)
    council.plant(case, users=[*council.users, *KNOWN])
    assert (applied(council)["changes"][0]["outcome"], council.drift().exit_code) == ("applied", 0)
    (copied,) = council.mail(OLD, ["planning@ash.example"])
    assert copied["folder"] == "Junk Email"
