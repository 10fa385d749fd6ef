from dataclasses import replace

import pytest

from m365_restrict.plan.canary import canary_findings
from m365_restrict.rules.compilation import Carrier
from m365_restrict.rules.patterns import PatternAnchors
from m365_restrict.rules.transport_rule import RuleMode, SenderLocation, SenderMatch

PASSED = frozenset({"from/header"})


def test_enforcing_without_a_passed_canary_is_high_and_of_the_register(council):
    (finding,) = canary_findings(council.options, passed=frozenset())
    told = (finding.code.value, finding.change_class.value, finding.severity.value)
    assert told == ("canary-not-passed", "register", "high")


def test_a_canary_that_passed_in_this_form_ends_it(council):
    assert list(canary_findings(council.options, passed=PASSED)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"sender_match": SenderMatch.PATTERNS},
        {"sender_location": SenderLocation.HEADER_OR_ENVELOPE},
    ],
)
def test_a_canary_proves_its_own_form_alone(council, change):
    assert list(canary_findings(replace(council.options, **change), passed=PASSED))


def test_other_anchors_are_another_form(council):
    options = replace(
        council.options, sender_match=SenderMatch.PATTERNS, pattern_anchors=PatternAnchors.ABSOLUTE
    )
    assert list(canary_findings(options, passed=frozenset({"patterns/caret/header"})))


@pytest.mark.parametrize("change", [{"mode": RuleMode.AUDIT}, {"carrier": Carrier.INBOX_RULES}])
def test_where_no_transport_rule_acts_there_is_nothing_to_prove(council, change):
    assert list(canary_findings(replace(council.options, **change), passed=frozenset())) == []
