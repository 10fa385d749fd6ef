"""A case whose reference is edited: its rule goes with it, and no opening waits for the new name."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

TWO = "p1@post.example\nq1@post.example"
SUFFIX = " Redirect to single contact"
JUNK = {
    "Measure": "Junk in named mailboxes",
    "Scope": "Named mailboxes or services",
    "ScopeMailboxes": "parks@ash.example",
}


@pytest.fixture
def three(council: Any) -> Any:
    """Three live cases, the first with two addresses."""
    others = (council.case(f"RC-{one}", Addresses=f"p{one}@post.example") for one in (2, 3))
    council.in_force(council.case("RC-1", Addresses=TWO), *others)
    return council


def guids(council: Any) -> dict[str, str]:
    return {name.removesuffix(SUFFIX): rule["Guid"] for name, rule in council.ours().items()}


def is_open(council: Any, sender: str, recipient: str = "officer@ash.example") -> bool:
    (copy,) = council.mail(f"{sender}@post.example", [recipient])
    return bool(copy["outcome"] == "delivered")


def freeze(council: Any) -> None:
    assert council.shell("freeze", "--reason", "CHG-1042").exit_code == 0


@pytest.mark.parametrize(("title", "frozen"), [("RC-1x", False), ("RC-1x", True), ("rc-1", False)])
def test_a_new_reference_is_a_set_on_the_same_rule(three: Any, title: str, frozen: bool) -> None:
    before = guids(three)
    three.edit(1, by="clerk@ash.example", Title=title)
    if frozen:
        freeze(three)
    applied = three.apply()
    assert applied.exit_code == 0, applied.document
    assert [(one["action"], one["case_ref"]) for one in applied.changes] == [("update", title)]
    assert {one["cmdlet"] for one in three.rule_writes()} == {"Set-TransportRule"}
    assert guids(three) == {title: before["RC-1"], "RC-2": before["RC-2"], "RC-3": before["RC-3"]}
    assert three.plan().changes == []


OPENINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"Addresses": "q1@post.example"}, "p1", "officer@ash.example"),
    ({"AllowedRecipients": "parks@ash.example"}, "q1", "parks@ash.example"),
    ({"EffectiveFrom": "2026-12-01"}, "q1", "officer@ash.example"),
    ({"Status": "Lifted"}, "q1", "officer@ash.example"),
    ({"Measure": "No e-mail measure", "Addresses": ""}, "q1", "officer@ash.example"),
]
IDS = ["address", "allowed", "start", "lifted", "nobody"]


@pytest.mark.requirement("M-43")
@pytest.mark.parametrize("unknown", [True, False], ids=["approver", "freeze"])
@pytest.mark.parametrize(("opens", "sender", "recipient"), OPENINGS, ids=IDS)
def test_what_a_renamed_case_opens_is_open_whatever_a_guard_says(
    three: Any, opens: dict[str, Any], sender: str, recipient: str, unknown: bool
) -> None:
    three.edit(1, by="clerk@ash.example", Title="RC-1x", **opens)
    if not unknown:
        freeze(three)
    three.apply(settings={"POLICY__APPROVERS": "director@ash.example,left@ash.example"} if unknown else None)
    assert is_open(three, sender, recipient)
    assert len([name for name in three.ours() if "RC-1" in name]) <= 1
    assert not is_open(three, "p2")


def test_what_a_renamed_case_tightens_waits_during_a_freeze(three: Any) -> None:
    three.edit(1, by="clerk@ash.example", Title="RC-1x", Addresses=f"{TWO}\nr1@post.example")
    three.edit(1, by="director@ash.example", Status="Approved")
    freeze(three)
    assert three.apply().exit_code == 3
    assert (is_open(three, "r1"), is_open(three, "p1")) == (True, False)
    three.edit(1, by="clerk@ash.example", Addresses="q1@post.example")
    three.apply()
    assert (is_open(three, "p1"), is_open(three, "q1")) == (True, False)


def test_a_renamed_case_that_loses_its_decision_opens_while_a_guard_keeps_its_rule(three: Any) -> None:
    three.edit(1, by="clerk@ash.example", Title="RC-1x", Grounds=[])
    three.edit(2, by="clerk@ash.example", Title="RC-2x", Grounds=[])
    assert (three.apply().exit_code, len(three.ours())) == (3, 3)
    three.edit(1, by="clerk@ash.example", Addresses="q1@post.example")
    assert three.apply().exit_code == 3
    assert [is_open(three, one) for one in ("p1", "q1", "p2")] == [True, False, False]


def test_two_cases_that_swap_their_references_keep_their_rules(three: Any) -> None:
    before = guids(three)
    three.edit(1, by="clerk@ash.example", Title="RC-2")
    three.edit(2, by="clerk@ash.example", Title="RC-1")
    assert three.apply().exit_code == 0
    assert {one["cmdlet"] for one in three.rule_writes()} == {"Set-TransportRule"}
    assert guids(three) == {"RC-2": before["RC-1"], "RC-1": before["RC-2"], "RC-3": before["RC-3"]}
    assert not any(is_open(three, sender) for sender in ("p1", "q1", "p2"))
    assert three.plan().changes == []


def guarded(council: Any) -> Any:
    """A run in which a guard holds back everything but openings."""
    return council.apply(settings={"POLICY__APPROVERS": "director@ash.example,left@ash.example"})


@pytest.mark.requirement("M-43")
@pytest.mark.parametrize("status", ["Lifted", "Draft"])
@pytest.mark.parametrize("later", [False, True], ids=["at_once", "later"])
@pytest.mark.parametrize(("goes", "stays"), [(2, 1), (1, 2)])
def test_of_two_cases_under_one_reference_the_one_that_was_opened_is_open(
    three: Any, goes: int, stays: int, status: str, later: bool
) -> None:
    three.edit(stays, by="clerk@ash.example", Title=f"RC-{goes}")
    if later:
        guarded(three)
    three.edit(goes, by="clerk@ash.example", Status="Suspended")
    three.edit(goes, by="clerk@ash.example", Status=status)
    guarded(three)
    assert is_open(three, f"p{goes}")
    assert not any(is_open(three, f"p{one}") for one in (stays, 3))


@pytest.mark.requirement("M-43")
@pytest.mark.parametrize("shared", [False, True])
def test_a_case_that_is_opened_is_open_although_the_last_run_held_it_to_be_over(
    three: Any, shared: bool
) -> None:
    three.edit(1, by="clerk@ash.example", Status="Proposed")
    three.fault("status", status=400, times=9, cmdlet="Remove-TransportRule")
    three.apply()
    three.sandbox.control("DELETE", "faults")
    assert not is_open(three, "p1")
    if shared:
        three.edit(2, by="clerk@ash.example", Title="RC-1")
    three.edit(1, by="clerk@ash.example", Status="Suspended")
    three.edit(1, by="clerk@ash.example", Status="Proposed")
    guarded(three)
    assert [is_open(three, one) for one in ("p1", "q1", "p2")] == [True, True, False]


@pytest.mark.requirement("M-43")
def test_what_opens_in_a_case_does_not_wait_for_a_name_that_a_guard_keeps(three: Any) -> None:
    three.edit(1, by="clerk@ash.example", Title="RC-2", Addresses="q1@post.example")
    assert [one["outcome"] for one in guarded(three).changes if one["action"] == "update"] == [
        "applied",
        "skipped",
    ]
    assert [is_open(three, one) for one in ("p1", "q1", "p2")] == [True, False, False]
    assert three.apply().exit_code == 0
    assert list(guids(three)) == ["RC-2", "RC-3"]


@pytest.mark.requirement("M-23", "M-43")
def test_an_extension_of_another_case_is_not_had_by_taking_its_reference(three: Any) -> None:
    extend = {"Title": "RC-9", "Kind": "Scheduled review", "Outcome": "Extend", "NewEndsOn": "2027-06-30"}
    three.add(by="director@ash.example", title="Restriction reviews", **extend)
    three.clock("2026-11-23T09:05:00Z")
    three.edit(1, by="clerk@ash.example", Title="RC-9")
    assert three.apply().exit_code == 0
    assert three.ours()[f"RC-9{SUFFIX}"]["ExpiryDate"].startswith("2027-03-28T23:00:00")


def test_a_rule_from_before_item_ids_were_kept_follows_its_case_too(three: Any) -> None:
    before = guids(three)
    ledger = three.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("UPDATE applied_rules SET item_id = ''")
    three.edit(1, by="clerk@ash.example", Title="RC-1x")
    assert three.apply().exit_code == 0
    assert guids(three)["RC-1x"] == before["RC-1"]
    with closing(sqlite3.connect(ledger)) as connection:
        rows = connection.execute("SELECT item_id, case_reference FROM applied_rules ORDER BY 1").fetchall()
    assert rows == [("1", "RC-1x"), ("2", "RC-2"), ("3", "RC-3")]


def test_an_inbox_rule_goes_with_its_case(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses="p1@post.example", **JUNK))
    (before,) = council.inbox_rules("parks@ash.example")
    council.edit(1, by="clerk@ash.example", Title="RC-1x")
    assert council.apply().exit_code == 0
    (after,) = council.inbox_rules("parks@ash.example")
    assert (after["id"], "RC-1x" in after["displayName"]) == (before["id"], True)
    assert council.plan().changes == []


def test_the_second_rule_of_a_councillor_ends_with_the_reference_that_they_chose(council: Any) -> None:
    chosen = council.choice("cllr.b@ash.example", "RC-1", "Same as the council")
    council.in_force(council.case("RC-1", Addresses="p1@post.example"), choices=[chosen])
    council.edit(1, by="clerk@ash.example", Title="RC-1x")
    freeze(council)
    assert council.apply().exit_code == 0
    assert list(council.ours()) == [f"RC-1x{SUFFIX}"]


def test_a_name_that_somebody_else_has_taken_stops_no_opening(three: Any) -> None:
    three.cmdlet("New-TransportRule", Name=f"RC-1x{SUFFIX}", From=["a@b.example"], SetSCL=1)
    three.edit(1, by="clerk@ash.example", Title="RC-1x", Addresses="q1@post.example")
    three.apply()
    assert f"RC-1{SUFFIX}" in three.ours()
    assert [is_open(three, sender) for sender in ("p1", "q1")] == [True, False]


def test_two_cases_that_swap_their_addresses_are_never_without_a_rule(three: Any) -> None:
    before = guids(three)
    three.edit(2, by="officer@ash.example", Addresses="p3@post.example")
    three.edit(2, by="director@ash.example", Status="Approved")
    three.edit(3, by="officer@ash.example", Addresses="p2@post.example")
    three.edit(3, by="director@ash.example", Status="Approved")
    applied = three.apply()
    assert applied.exit_code == 0, applied.document
    assert [one["outcome"] for one in applied.changes] == ["applied"] * 3
    assert guids(three) == before
    assert three.named(three.ours()[f"RC-2{SUFFIX}"]) == ["p3@post.example"]
    assert three.plan().changes == []


def test_another_scope_never_begins_with_a_removal(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses="p1@post.example"))
    council.edit(
        1,
        by="clerk@ash.example",
        Scope="Named mailboxes or services",
        ScopeMailboxes="parks@ash.example",
    )
    assert council.apply().exit_code == 0
    assert council.rule_writes()[0]["cmdlet"] != "Remove-TransportRule"
    assert list(council.ours()) == [f"RC-1{SUFFIX}"]
    assert [is_open(council, "p1", one) for one in ("parks@ash.example", "officer@ash.example")] == [
        False,
        True,
    ]
