from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.plan.change import Change
from m365_restrict.plan.difference import difference
from m365_restrict.plan.writes import applied_from, cmdlet_parameters, message_rule, without_kept_edits
from m365_restrict.register.case import Measure

NAME = "RC-1 Redirect to single contact"


def creation(council: Any, **case: Any) -> Change:
    desired = council.compile([council.case("RC-1", **case)])
    given = council.compare(desired, council.tenant(council.compile([])), [])
    observed = type(given.observed)((), {rule.mailbox: () for rule in desired.inbox})
    (change,) = difference(replace(given, observed=observed)).changes
    return change


def test_a_create_is_disabled_and_placed(council: Any) -> None:
    parameters = cmdlet_parameters(replace(creation(council), priority=4))
    assert (parameters["Enabled"], parameters["Priority"]) == (False, 4)


def test_a_repair_clears_what_was_added(council: Any) -> None:
    desired = council.compile([council.case("RC-1")])
    tenant = council.tenant(desired)
    applied = council.applied(desired, tenant)
    tenant.rule(NAME)["ExceptIfFrom"] = ["x@mail.example"]
    (change,) = difference(council.compare(desired, tenant, applied)).changes
    parameters = cmdlet_parameters(change)
    assert (parameters["ExceptIfFrom"], parameters["From"]) == ([], ["rc-1@mail.example"])


def test_a_junk_rule_needs_its_folder(council: Any) -> None:
    change = creation(council, measure=Measure.JUNK, scope_mailboxes=("officer@ash.example",))
    assert message_rule(change, folders={"junkemail": "AAMk"})["actions"] == {
        "moveToFolder": "AAMk",
        "stopProcessingRules": True,
    }


def test_each_kind_has_its_own_write(council: Any) -> None:
    with pytest.raises(ValueError, match="inbox rule"):
        message_rule(creation(council), folders={})


def test_what_is_remembered_is_what_was_read_back(council: Any) -> None:
    desired = council.compile([council.case("RC-1")])
    tenant = council.tenant(desired)
    observed = tenant.observed().transport[0]
    assert [applied_from(creation(council), observed)] == council.applied(desired, tenant)


@pytest.mark.parametrize(
    ("edit", "read_back", "remembered"),
    [
        ({"RedirectMessageTo": ["x@elsewhere.example"]}, {}, {"RedirectMessageTo": ("contact@ash.example",)}),
        ({"DeleteMessage": True}, {}, {"DeleteMessage": None}),
        ({"StopRuleProcessing": None}, {}, {"StopRuleProcessing": True}),
        ({}, {"State": "Disabled"}, {"State": "Disabled"}),
    ],
)
def test_an_edit_that_an_opening_left_in_place_is_not_remembered_as_ours(
    council: Any, edit: dict[str, Any], read_back: dict[str, Any], remembered: dict[str, Any]
) -> None:
    """What the write itself has changed, or what came back otherwise, is."""
    two = council.compile([council.case("RC-1", addresses=("a@mail.example", "b@mail.example"))])
    tenant = council.tenant(two)
    (last,) = council.applied(two, tenant)
    tenant.rule(NAME).update(edit)
    one = council.compile([council.case("RC-1", addresses=("a@mail.example",))])
    (whole,) = difference(council.compare(one, tenant, [last])).changes
    change = whole if whole.opens else whole.opening
    assert change is not None
    tenant.rule(NAME).update({"From": ["a@mail.example"], **read_back})
    kept = without_kept_edits(applied_from(change, tenant.observed().transport[0]), change, last)
    assert kept.properties["From"] == ("a@mail.example",)
    assert {name: kept.properties.get(name) for name in remembered} == remembered
