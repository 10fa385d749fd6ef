"""What somebody who knew the contract alone found by trying."""

from typing import Any

import pytest

REVIEWS, CHOICES = "Restriction reviews", "Councillor mail choices"


def test_a_list_made_anew_and_empty_is_refused_as_empty(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    council.plant()
    assert council.plan().exit_code == 3


def test_a_register_alone_is_enough_to_begin_with(council: Any) -> None:
    council.plant(council.case("RC-1"), without=[REVIEWS, CHOICES])
    assert council.apply().exit_code == 0


def test_the_list_of_choices_may_not_vanish_once_a_choice_counts(council: Any) -> None:
    case, choice = council.case("RC-1"), council.choice("cllr.a@ash.example", "x@post.example", "Junk Email")
    council.in_force(case, choices=[choice])
    council.plant(case, without=[CHOICES])
    assert council.plan().exit_code == 5


def test_validate_refuses_what_plan_refuses(council: Any) -> None:
    council.plant(council.case("RC-1", SpocMailbox="nobody@ash.example"))
    told = council.run("validate")
    assert told.exit_code == 3
    assert [one["status"] for one in told.document["cases"]] == ["refused"]


def test_a_case_refused_for_its_mailboxes_is_not_live(council: Any) -> None:
    council.plant(council.case("RC-1", SpocMailbox="nobody@ash.example"))
    assert council.drift().document["live"] == []


def test_a_junk_rule_whose_case_has_ended_is_only_pending(council: Any) -> None:
    named = {
        "Measure": "Junk in named mailboxes",
        "Scope": "Named mailboxes or services",
        "ScopeMailboxes": "parks@ash.example",
        "EndsOn": "2027-03-27",
    }
    council.in_force(council.case("RC-1", **named))
    council.clock("2027-03-28T12:00:00Z")
    assert [one["class"] for one in council.plan().document["changes"]] == ["pending"]


def test_a_replaced_address_opens_once_and_not_twice(council: Any) -> None:
    council.in_force(*(council.case(f"RC-{number}") for number in range(1, 5)))
    for number in (1, 2):
        council.edit(
            number, by="officer@ash.example", Addresses=f"other{number}@post.example", Status="Proposed"
        )
    names = [one["name"] for one in council.plan().document["changes"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "action",
    [
        {"RedirectMessageTo": ["planning@ash.example"]},
        {"RejectMessageReasonText": "No."},
        {"DeleteMessage": True},
        {"StopRuleProcessing": True, "PrependSubject": "[X] "},
    ],
    ids=["redirects", "rejects", "deletes", "stops"],
)
def test_a_rule_of_someone_else_that_changes_the_outcome_is_found(council: Any, action: Any) -> None:
    council.in_force(council.case("RC-1", Addresses="pat@post.example"))
    council.cmdlet("New-TransportRule", Name="By hand", Priority=0, FromScope="NotInOrganization", **action)
    found = council.drift()
    (effect,) = found.findings("foreign_effect")
    assert (found.exit_code, effect["rule"], effect["case_ref"]) == (2, "By hand", "RC-1")


def test_a_rule_of_someone_else_that_changes_no_outcome_is_not(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses="pat@post.example"))
    council.cmdlet(
        "New-TransportRule", Name="Banner", Priority=0, FromScope="NotInOrganization", PrependSubject="[X] "
    )
    assert council.drift().exit_code == 0
