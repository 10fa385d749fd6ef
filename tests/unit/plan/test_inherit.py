"""A decision that moves to another rule of its case takes the standing rule with it."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.plan.inherit import inherited
from m365_restrict.rules.compilation import Desired
from m365_restrict.rules.properties import transport_properties
from m365_restrict.rules.transport_rule import TransportRule


@pytest.fixture
def wanted(council: Any) -> TransportRule:
    rule: TransportRule = council.compile([council.case("RC-1")]).transport[0]
    return rule


def applied(wanted: TransportRule, key: str, *senders: str) -> Applied:
    """A rule of the same case that stood under another key, with these senders or with the same."""
    properties = transport_properties(wanted)
    if senders:
        properties = {**properties, "From": list(senders)}
    return Applied(
        key=key,
        kind=RuleKind.TRANSPORT_RULE,
        guid_or_rule_id=f"guid of {key}",
        mailbox="",
        case_reference=wanted.case_reference,
        name=key,
        properties=properties,
    )


def test_the_standing_rule_of_the_case_takes_the_new_key(wanted: TransportRule) -> None:
    standing = applied(wanted, "RC-1/before")
    assert inherited([standing], Desired(transport=(wanted,))) == {"RC-1/before": wanted.key}


def test_a_rule_with_none_of_the_senders_is_no_heir(wanted: TransportRule) -> None:
    standing = applied(wanted, "RC-1/before", "somebody-else@post.example")
    assert inherited([standing], Desired(transport=(wanted,))) == {}


def test_a_councillors_rule_keeps_its_key(wanted: TransportRule) -> None:
    standing = replace(applied(wanted, "RC-1/before"), chosen_by_holder=True)
    assert inherited([standing], Desired(transport=(wanted,))) == {}


def test_a_rule_that_is_wanted_under_its_own_key_moves_nowhere(wanted: TransportRule) -> None:
    other = replace(wanted, key="RC-1/another")
    assert inherited([applied(wanted, wanted.key)], Desired(transport=(wanted, other))) == {}


def test_which_of_two_equals_follows_does_not_hang_on_the_order_of_the_ledger(wanted: TransportRule) -> None:
    standing = [applied(wanted, f"RC-1/{letter}") for letter in "abc"]
    found = [inherited(order, Desired(transport=(wanted,))) for order in permutations(standing)]
    assert found == [{"RC-1/a": wanted.key}] * len(found)
