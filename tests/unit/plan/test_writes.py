from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.plan.change import Change
from m365_restrict.plan.difference import difference
from m365_restrict.plan.writes import applied_from, cmdlet_parameters, message_rule
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
