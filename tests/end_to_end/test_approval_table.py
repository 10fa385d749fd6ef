"""The approval table: who may approve what, and when it was seen. Each case of it has its own code."""

from typing import Any

import pytest

REDIRECT = "RC-1 Redirect to single contact"
APPROVERS = "director@ash.example,deputy@ash.example"
PAT = "pat@post.example"


def shown(council: Any, **settings: str) -> dict[str, Any]:
    """What `validate` says of the case."""
    (line,) = council.run("validate", settings=settings or None).document["cases"]
    return line


def codes(lines: list[dict[str, Any]]) -> set[str]:
    return {line["code"] for line in lines}


def reaches_the_officer(council: Any, sender: str = PAT) -> bool:
    (copy,) = council.mail(sender, ["officer@ash.example"])
    return copy["outcome"] == "delivered"


def saved(council: Any, *versions: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A proposed case with further saves, a day apart."""
    made = council.case("RC-1", Addresses=PAT)
    made["versions"][1:] = [
        {"at": f"2026-09-{day:02}T10:00:00Z", "by": by, "fields": fields}
        for day, (by, fields) in enumerate(versions, 2)
    ]
    return made


@pytest.mark.requirement("Y1-16", "M-23")
@pytest.mark.parametrize("column", ["ScopeReason", "DecisionDocId", "RouteText", "LesserMeasuresConsidered"])
def test_an_approval_typed_into_a_text_field_is_none(council: Any, column: str) -> None:
    council.plant(saved(council, ("officer@ash.example", {column: "Approved by B Director on 3 September"})))
    assert council.apply().refused == {"RC-1": ["not-approved"]}
    assert council.ours() == {}
    assert reaches_the_officer(council)


@pytest.mark.requirement("M-43")
@pytest.mark.parametrize("proposes", ["officer@ash.example", "director@ash.example"])
def test_an_approval_by_its_proposer_is_none(council: Any, proposes: str) -> None:
    """The proposer is whoever made the item, and whoever last changed what is approved."""
    made = saved(council, (proposes, {"EndsOn": "2027-02-28"}), (proposes, {"Status": "Approved"}))
    council.plant(made, settings={"POLICY__APPROVERS": f"{APPROVERS},officer@ash.example"})
    assert council.apply().refused == {"RC-1": ["approver-is-proposer"]}
    assert council.ours() == {}


@pytest.mark.requirement("Y1-16")
def test_an_approval_by_an_application_is_none(council: Any) -> None:
    council.plant(saved(council, ("app:approvals-flow", {"Status": "Approved"})))
    assert council.apply().refused == {"RC-1": ["approved-by-application"]}
    assert council.ours() == {}


@pytest.mark.requirement("Y1-16")
def test_an_approval_through_an_account_that_flows_use_is_none(council: Any) -> None:
    made = saved(council, ("deputy@ash.example", {"Status": "Approved"}))
    council.plant(made, settings={"POLICY__FLOW_IDENTITIES": "deputy@ash.example"})
    assert council.apply().refused == {"RC-1": ["approved-by-flow"]}
    assert council.ours() == {}


@pytest.mark.requirement("Y1-16")
def test_one_who_becomes_an_approver_later_has_not_approved(council: Any) -> None:
    """Eligibility is judged when the version is first seen, and never again."""
    council.plant(saved(council, ("clerk@ash.example", {"Status": "Approved"})))
    assert council.apply().refused == {"RC-1": ["approver-not-eligible"]}
    promoted = {"POLICY__APPROVERS": f"{APPROVERS},clerk@ash.example"}
    assert council.apply(settings=promoted).refused == {"RC-1": ["approver-not-eligible"]}
    assert council.ours() == {}
    council.edit(1, by="clerk@ash.example", Status="Approved", RouteText="Write to us.")
    assert council.apply(settings=promoted).refused == {}
    assert not reaches_the_officer(council)


@pytest.mark.parametrize(
    ("tightens", "column"),
    [
        ({"Addresses": f"{PAT}\nanother@post.example"}, "Addresses"),
        ({"Measure": "Refuse with notice"}, "Measure"),
        ({"EndsOn": "2027-08-31"}, "EndsOn"),
        ({"SpocMailbox": "parks@ash.example"}, "SpocMailbox"),
    ],
)
def test_an_edit_that_tightens_a_minute_after_approval_waits(
    council: Any, tightens: dict[str, str], column: str
) -> None:
    """What was approved stays in force, although the item itself still says Approved."""
    made = council.case("RC-1", Addresses=PAT)
    late = {"at": "2026-09-03T15:01:00Z", "by": "officer@ash.example", "fields": tightens}
    made["versions"].append(late)
    council.in_force(made)
    rule = council.rules()[REDIRECT]
    assert council.named(rule) == [PAT]
    assert rule["RedirectMessageTo"] == ["contact@ash.example"]
    assert rule["ExpiryDate"].startswith("2027-03-28T23:00:00")
    line = shown(council)
    assert (line["status"], line["waiting"]) == ("accepted", [column])
    assert "edit-waits-for-approval" in codes(line["warnings"])


def test_an_approver_who_tightens_and_approves_in_one_save_approves_nothing(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT))
    council.edit(1, by="director@ash.example", Addresses=f"{PAT}\nnew@post.example", Status="Approved")
    assert council.apply().exit_code == 0
    assert council.named(council.rules()[REDIRECT]) == [PAT]
    assert shown(council)["waiting"] == ["Addresses"]
    council.edit(1, by="deputy@ash.example", Status="Approved", RouteText="Write to us.")
    assert council.apply().exit_code == 0
    assert sorted(council.named(council.rules()[REDIRECT])) == ["new@post.example", PAT]


@pytest.mark.requirement("Y1-16")
def test_an_approver_who_leaves_later_has_approved(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT))
    left = {"POLICY__APPROVERS": "deputy@ash.example"}
    again = council.apply(settings=left)
    assert (again.exit_code, again.changes, again.refused) == (0, [], {})
    assert not reaches_the_officer(council)
    assert shown(council, **left)["status"] == "accepted"


def test_an_approver_who_left_approves_nothing_new(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT))
    left = {"POLICY__APPROVERS": "deputy@ash.example"}
    council.edit(1, by="officer@ash.example", EndsOn="2027-08-31")
    council.edit(1, by="director@ash.example", Status="Approved", RouteText="Write to us.")
    assert council.apply(settings=left).exit_code == 0
    assert council.rules()[REDIRECT]["ExpiryDate"].startswith("2027-03-28T23:00:00")


def prune(council: Any, *, saves: int) -> None:
    for number in range(saves):
        council.edit(1, by="clerk@ash.example", RouteText=f"Write to us ({number}).")


def test_a_pruned_approval_that_was_seen_counts_and_can_be_opened(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, EndsOn="2027-03-28"), behaviour={"version_limit": 3})
    prune(council, saves=5)
    council.edit(1, by="clerk@ash.example", EndsOn="2027-01-31")
    applied = council.apply()
    assert (applied.exit_code, applied.refused) == (0, {})
    assert council.rules()[REDIRECT]["ExpiryDate"].startswith("2027-02-01T00:00:00")
    assert not reaches_the_officer(council)


def test_after_pruning_an_edit_that_tightens_still_waits(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT), behaviour={"version_limit": 3})
    council.edit(1, by="officer@ash.example", Addresses=f"{PAT}\nnew@post.example")
    prune(council, saves=5)
    assert council.apply().exit_code == 0
    assert council.named(council.rules()[REDIRECT]) == [PAT]
    assert shown(council)["waiting"] == ["Addresses"]


def test_a_pruned_approval_that_nobody_saw_is_none(council: Any) -> None:
    council.plant(council.case("RC-1", Addresses=PAT), behaviour={"version_limit": 3})
    prune(council, saves=5)
    assert council.apply().refused == {"RC-1": ["approver-not-eligible"]}
    assert council.ours() == {}


def test_an_approval_whose_proposer_was_pruned_is_none(council: Any) -> None:
    """Who last changed the values cannot be told any more: it may have been the approver."""
    made = saved(
        council,
        ("director@ash.example", {"Addresses": f"{PAT}\nnew@post.example"}),
        ("clerk@ash.example", {"RouteText": "Write to us."}),
        ("director@ash.example", {"Status": "Approved"}),
    )
    council.plant(made, behaviour={"version_limit": 1})
    assert council.apply().refused == {"RC-1": ["approval-history-pruned"]}
    assert council.ours() == {}
