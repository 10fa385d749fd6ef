"""Three live cases, two of them lifted: both open at once, whatever stands in the way of anything else."""

from typing import Any

import pytest

PROTECTED = "monitoring@ash.example,safeguarding@ash.example,gone@ash.example"
UNKNOWN = {"POLICY__PROTECTED_MAILBOXES": PROTECTED}


@pytest.fixture
def lifted(council: Any) -> Any:
    council.in_force(
        *(council.case(f"RC-{number}", Addresses=f"p{number}@post.example") for number in (1, 2, 3))
    )
    council.edit(1, by="clerk@ash.example", Status="Lifted")
    council.edit(2, by="officer@ash.example", Status="Lifted")
    return council


def is_open(council: Any, number: int) -> bool:
    (copy,) = council.mail(f"p{number}@post.example", ["officer@ash.example"])
    return copy["outcome"] == "delivered"


def assert_two_are_gone(council: Any, applied: Any) -> None:
    assert (applied.exit_code, applied.document["status"]) == (0, "in_step"), applied.document
    done = [(change["action"], change["case_ref"], change["outcome"]) for change in applied.changes]
    assert sorted(done) == [("delete", "RC-1", "applied"), ("delete", "RC-2", "applied")]
    assert list(council.ours()) == ["RC-3 Redirect to single contact"]
    assert [is_open(council, number) for number in (1, 2, 3)] == [True, True, False]


def test_lifting_two_of_three_is_no_shrunken_register(lifted: Any) -> None:
    assert_two_are_gone(lifted, lifted.apply())


def test_with_a_protected_mailbox_that_is_unknown(lifted: Any) -> None:
    assert_two_are_gone(lifted, lifted.apply(settings=UNKNOWN))


def test_during_a_freeze(lifted: Any) -> None:
    assert lifted.shell("freeze", "--reason", "CHG-1042").exit_code == 0
    assert_two_are_gone(lifted, lifted.apply())


def test_during_a_freeze_and_with_a_protected_mailbox_that_is_unknown(lifted: Any) -> None:
    assert lifted.shell("freeze", "--reason", "CHG-1042").exit_code == 0
    applied = lifted.shell("apply", "--approve", "--json", **UNKNOWN)
    assert_two_are_gone(lifted, applied)


@pytest.mark.parametrize("held", ["freeze", "unknown"])
def test_what_tightens_waits_meanwhile_and_goes_ahead_afterwards(lifted: Any, held: str) -> None:
    new = lifted.case("RC-4", Addresses="p4@post.example")["versions"][0]["fields"]
    item = lifted.add(by="officer@ash.example", **new)
    lifted.edit(int(item), by="director@ash.example", Status="Approved")
    if held == "freeze":
        assert lifted.shell("freeze", "--reason", "CHG-1042").exit_code == 0
    applied = lifted.apply(settings=UNKNOWN if held == "unknown" else None)
    assert applied.exit_code == 3
    outcomes = {change["case_ref"]: change["outcome"] for change in applied.changes}
    assert outcomes == {"RC-1": "applied", "RC-2": "applied", "RC-4": "skipped"}
    assert [is_open(lifted, number) for number in (1, 2, 3, 4)] == [True, True, False, True]
    if held == "freeze":
        assert lifted.shell("unfreeze").exit_code == 0
    assert lifted.apply().exit_code == 0
    assert [is_open(lifted, number) for number in (1, 2, 3, 4)] == [True, True, False, False]


def test_when_all_of_its_scope_is_allowed_a_case_has_no_rule(council: Any) -> None:
    scope = "parks@ash.example\nplanning@ash.example"
    named = {"Scope": "Named mailboxes or services", "ScopeMailboxes": scope}
    council.in_force(council.case("RC-1", Addresses="p1@post.example", **named))
    council.edit(1, by="clerk@ash.example", AllowedRecipients=scope)
    assert council.apply().exit_code == 0
    assert council.ours() == {}


@pytest.fixture
def doubted(council: Any) -> Any:
    """Four live cases, of which the first two lose what they need: the guard keeps the rules of both."""
    numbers = (1, 2, 3, 4)
    council.in_force(*(council.case(f"RC-{one}", Addresses=two_addresses(one)) for one in numbers))
    council.edit(1, by="clerk@ash.example", Grounds=[])
    council.edit(2, by="clerk@ash.example", Status="Draft")
    held = council.apply()
    assert (held.exit_code, len(council.ours())) == (3, 4)
    return council


def two_addresses(number: int) -> str:
    return f"p{number}@post.example\nq{number}@post.example"


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("opens", "sender", "recipient"),
    [
        ({"Addresses": "other"}, "p", "officer@ash.example"),
        ({"AllowedRecipients": "parks@ash.example"}, "q", "parks@ash.example"),
        ({"EffectiveFrom": "2026-12-01"}, "q", "officer@ash.example"),
        (
            {"Scope": "Named mailboxes or services", "ScopeMailboxes": "parks@ash.example"},
            "q",
            "officer@ash.example",
        ),
    ],
    ids=["address", "allowed", "start", "scope"],
)
def test_a_case_that_a_guard_keeps_is_still_opened(
    doubted: Any, number: int, opens: dict[str, str], sender: str, recipient: str
) -> None:
    if "Addresses" in opens:
        opens = {"Addresses": f"q{number}@post.example"}
    doubted.edit(number, by="clerk@ash.example", **opens)
    assert doubted.apply().exit_code == 3
    (copy,) = doubted.mail(f"{sender}{number}@post.example", [recipient])
    assert copy["outcome"] == "delivered"
    (other,) = doubted.mail(f"q{3 - number}@post.example", ["officer@ash.example"])
    assert other["outcome"] == "redirected"


def test_a_later_start_opens_during_a_freeze(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses="p1@post.example"))
    assert council.shell("freeze", "--reason", "CHG-1042").exit_code == 0
    council.edit(1, by="clerk@ash.example", EffectiveFrom="2026-12-01")
    assert council.apply().exit_code == 0
    assert is_open(council, 1)


def test_a_mailbox_that_leaves_the_scope_is_open_although_the_case_tightens_elsewhere(council: Any) -> None:
    """The group's rule would grow, which waits; the mailbox's own rule goes, which does not."""
    named = {"Scope": "Named mailboxes or services"}
    both = "planning@ash.example\nbenefits@ash.example"
    council.in_force(council.case("RC-1", Addresses="p1@post.example", ScopeMailboxes=both, **named))
    council.edit(1, by="clerk@ash.example", ScopeMailboxes="benefits@ash.example")
    assert council.apply(settings=UNKNOWN).exit_code == 3
    (copy,) = council.mail("p1@post.example", ["planning@ash.example"])
    assert copy["outcome"] == "delivered"
    (copy,) = council.mail("p1@post.example", ["caseworker@ash.example"])
    assert copy["outcome"] == "redirected"


def test_another_measure_opens_nothing_while_a_guard_holds_it(council: Any) -> None:
    named = {"Scope": "Named mailboxes or services", "ScopeMailboxes": "planning@ash.example"}
    council.in_force(council.case("RC-1", Addresses="p1@post.example", **named))
    council.edit(1, by="officer@ash.example", Measure="Junk in named mailboxes")
    council.edit(1, by="director@ash.example", Status="Approved")
    assert council.apply(settings=UNKNOWN).exit_code == 3
    (copy,) = council.mail("p1@post.example", ["planning@ash.example"])
    assert copy["outcome"] == "redirected"


@pytest.mark.behaviour(from_external=True, reason="the way to match senders changes from From to patterns")
def test_another_way_to_match_senders_waits_during_a_freeze_and_stops_no_opening(lifted: Any) -> None:
    lifted.edit(3, by="clerk@ash.example", AllowedRecipients="parks@ash.example")
    assert lifted.shell("freeze", "--reason", "CHG-1042").exit_code == 0
    applied = lifted.apply(settings={"RULES__SENDER_MATCH": "patterns"})
    assert applied.exit_code == 3
    outcomes = {(change["case_ref"], change["outcome"]) for change in applied.changes}
    assert outcomes == {("RC-1", "applied"), ("RC-2", "applied"), ("RC-3", "applied"), ("RC-3", "skipped")}
    assert [is_open(lifted, number) for number in (1, 2, 3)] == [True, True, False]
    (copy,) = lifted.mail("p3@post.example", ["parks@ash.example"])
    assert copy["outcome"] == "delivered"


def test_opening_a_rule_that_was_switched_off_does_not_switch_it_on_during_a_freeze(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses="p1@post.example"))
    (rule,) = council.ours().values()
    council.cmdlet("Disable-TransportRule", Identity=rule["Guid"], Confirm=False)
    council.edit(1, by="clerk@ash.example", AllowedRecipients="parks@ash.example")
    assert council.shell("freeze", "--reason", "CHG-1042").exit_code == 0
    assert council.apply().exit_code == 3
    (rule,) = council.ours().values()
    assert rule["State"] == "Disabled"
    assert "parks@ash.example" in rule["ExceptIfSentTo"]


def test_an_approver_who_has_left_the_directory_blocks_no_opening(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses="pat@post.example"))
    council.edit(1, by="officer@ash.example", Status="Lifted")
    gone = {"POLICY__APPROVERS": "director@ash.example,left@ash.example"}
    assert council.apply(settings=gone).exit_code == 0
    assert council.ours() == {}


def test_while_an_approver_is_unknown_nothing_new_is_restricted(council: Any) -> None:
    council.plant(council.case("RC-1", Addresses="pat@post.example"))
    gone = {"POLICY__APPROVERS": "director@ash.example,left@ash.example"}
    held = council.apply(settings=gone)
    assert (held.exit_code, council.ours()) == (3, {})
    assert [one["code"] for one in held.document["guards"]] == ["approver-unknown"]
    assert council.apply().exit_code == 0


@pytest.mark.parametrize("between", ["Suspended", "Lifted"])
def test_a_case_opened_and_set_to_approved_by_no_approver_between_two_runs(lifted: Any, between: str) -> None:
    """What its save opened, no save but an approver's closes again, so the guard has nothing to hold."""
    lifted.edit(3, by="clerk@ash.example", Status=between)
    lifted.edit(3, by="clerk@ash.example", Status="Approved")
    applied = lifted.apply(settings=UNKNOWN)
    assert list(lifted.ours()) == []
    assert applied.refused["RC-3"] == ["approver-not-eligible"]


def test_a_case_whose_approved_end_is_past_though_somebody_wrote_a_later_one(lifted: Any) -> None:
    lifted.edit(3, by="clerk@ash.example", Status="Draft", EndsOn="2099-12-31")
    lifted.clock("2027-06-01T09:00:00Z")
    lifted.apply(settings=UNKNOWN)
    assert list(lifted.ours()) == []


def test_a_case_that_lost_its_approval_and_nothing_else_stays_behind_the_guard(lifted: Any) -> None:
    lifted.edit(3, by="clerk@ash.example", Status="Draft")
    lifted.apply(settings=UNKNOWN)
    assert list(lifted.ours()) == ["RC-3 Redirect to single contact"]
