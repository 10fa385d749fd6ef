"""Measures as inbox rules in named mailboxes, where there is no Exchange role."""

from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.register.case import Measure
from m365_restrict.register.choice import Handling
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Carrier
from m365_restrict.rules.compile import compile_rules
from m365_restrict.rules.mailbox_rules import size_in_mailbox
from m365_restrict.rules.normalise import folder_names, observe_inbox_rule
from m365_restrict.rules.parameters import message_rule_body
from m365_restrict.rules.properties import inbox_properties
from m365_restrict.rules.transport_rule import RuleMode

SPOC, OFFICER, PLANNING = "contact@ash.example", "officer@ash.example", "planning@ash.example"
COUNCILLOR, PROTECTED, TEAM = "cllr.b@ash.example", "monitoring@ash.example", "team@ash.example"
SENT_ON = {
    "actions.redirectTo": (SPOC,),
    "actions.moveToFolder": "Archive",
    "actions.stopProcessingRules": True,
}


@pytest.fixture
def by_graph(council: Any) -> Any:
    """The small council without an Exchange role."""
    council.options = replace(council.options, carrier=Carrier.INBOX_RULES)
    return council


def codes(desired: Any) -> list[RuleCode]:
    return [one.code for one in desired.problems]


@pytest.mark.parametrize(
    ("measure", "actions"),
    [
        (Measure.REDIRECT, SENT_ON),
        (Measure.FILE, SENT_ON),
        (Measure.ALLOWED_ONLY, SENT_ON),
        (Measure.COPY, {"actions.redirectTo": (SPOC,)}),
        (Measure.JUNK, {"actions.moveToFolder": "junkemail", "actions.stopProcessingRules": True}),
    ],
)
def test_what_a_measure_becomes(by_graph: Any, measure: Measure, actions: dict[str, Any]) -> None:
    desired = by_graph.compile([by_graph.case(measure=measure, scope_mailboxes=(OFFICER, PLANNING))])
    assert [rule.mailbox for rule in desired.inbox] == [OFFICER, PLANNING]
    for rule in desired.inbox:
        form = inbox_properties(rule)
        assert {name: value for name, value in form.items() if name.startswith("actions.")} == actions
    assert (desired.transport, desired.problems) == ((), ())


def test_no_name_and_no_key_holds_an_address(by_graph: Any) -> None:
    desired = by_graph.compile([by_graph.case(scope_mailboxes=(OFFICER,))])
    (rule,) = desired.inbox
    assert "to the single contact until 7 March 2027" in rule.display_name
    assert "@" not in rule.display_name + rule.key


def test_a_rule_that_is_read_back_is_the_rule_that_was_sent(by_graph: Any) -> None:
    (rule,) = by_graph.compile([by_graph.case(scope_mailboxes=(OFFICER,))]).inbox
    body = message_rule_body(inbox_properties(rule), folders={"Archive": "AAMk="}, sequence=1)
    found = observe_inbox_rule(
        body | {"id": "1"}, mailbox=OFFICER, instance_id="ash-1", folders=folder_names({"Archive": "AAMk="})
    )
    assert found is not None
    assert found.properties == inbox_properties(rule)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"measure": Measure.REFUSE, "scope_mailboxes": (OFFICER,)}, RuleCode.REFUSE_NEEDS_MAIL_FLOW),
        ({}, RuleCode.WHOLE_COUNCIL_NEEDS_MAIL_FLOW),
        ({"scope_mailboxes": (OFFICER, TEAM)}, RuleCode.GROUP_NEEDS_MAIL_FLOW),
        (
            {"scope_mailboxes": (OFFICER,), "addresses": tuple(f"{n}@mail.example" for n in range(151))},
            RuleCode.TOO_MANY_ADDRESSES,
        ),
    ],
)
def test_what_refuses_a_case(by_graph: Any, fields: dict[str, Any], expected: RuleCode) -> None:
    desired = by_graph.compile([by_graph.case(**fields)])
    assert (desired.inbox, codes(desired)) == ((), [expected])


def test_without_a_sender_there_is_no_rule_not_even_one_that_is_only_stated(by_graph: Any) -> None:
    case = by_graph.case(scope_mailboxes=(OFFICER,), addresses=())
    desired = compile_rules([], [], by_graph.directory, by_graph.options, stated=[case])
    assert desired.stated.inbox == ()


@pytest.mark.parametrize(("count", "refused"), [(25, []), (26, [RuleCode.TOO_MANY_MAILBOXES])])
def test_at_most_25_mailboxes(by_graph: Any, count: int, refused: list[RuleCode]) -> None:
    boxes = tuple(f"desk{number}@ash.example" for number in range(count))
    for box in boxes:
        by_graph.know(by_graph.recipient(box))
    assert codes(by_graph.compile([by_graph.case(scope_mailboxes=boxes)])) == refused


def test_exempt_mailboxes_get_no_rule(by_graph: Any) -> None:
    scope = (OFFICER, PLANNING, COUNCILLOR, PROTECTED, SPOC)
    desired = by_graph.compile([by_graph.case(scope_mailboxes=scope, allowed_recipients=(PLANNING,))])
    assert [rule.mailbox for rule in desired.inbox] == [OFFICER]


@pytest.mark.parametrize("measure", [Measure.REDIRECT, Measure.JUNK])
def test_members_of_exempt_groups_get_no_rule(by_graph: Any, measure: Measure) -> None:
    case = by_graph.case(measure=measure, scope_mailboxes=(OFFICER, PLANNING), allowed_recipients=(TEAM,))
    directory = replace(by_graph.directory, group_members={TEAM: frozenset({OFFICER})})
    desired = compile_rules([case], [], directory, by_graph.options)
    assert [rule.mailbox for rule in desired.inbox] == [PLANNING]
    assert codes(desired) == [RuleCode.SCOPE_NAMES_EXEMPT]


def test_a_councillor_in_an_exempt_group_gets_no_rule_for_choosing_the_same(by_graph: Any) -> None:
    case = by_graph.case("RC-1", Measure.JUNK, scope_mailboxes=(OFFICER,), allowed_recipients=(TEAM,))
    chosen = by_graph.choice(Handling.AS_COUNCIL, case_reference="RC-1", sender="")
    for members, expected in ((chosen.holder, [OFFICER]), (PLANNING, [OFFICER, chosen.holder])):
        directory = replace(by_graph.directory, group_members={TEAM: frozenset({members})})
        desired = compile_rules([case], [chosen], directory, by_graph.options)
        assert [rule.mailbox for rule in desired.inbox] == expected
        refused = [one.code for one in desired.choice_refusals]
        assert refused == (["choice-mailbox-exempt"] if len(expected) == 1 else [])


def test_a_scope_of_members_of_an_exempt_group_alone_is_empty(by_graph: Any) -> None:
    case = by_graph.case(scope_mailboxes=(OFFICER,), allowed_recipients=(TEAM,))
    directory = replace(by_graph.directory, group_members={TEAM: frozenset({OFFICER})})
    assert RuleCode.SCOPE_EMPTY in codes(compile_rules([case], [], directory, by_graph.options))


def test_an_exempt_group_that_cannot_be_read_refuses_the_case(by_graph: Any) -> None:
    case = by_graph.case(scope_mailboxes=(OFFICER,), allowed_recipients=(TEAM,))
    directory = replace(by_graph.directory, group_members={TEAM: Unknown(TEAM, "hidden.")})
    desired = compile_rules([case], [], directory, by_graph.options)
    assert (desired.inbox, codes(desired)) == ((), [RuleCode.RECIPIENT_UNREADABLE])


def test_the_case_that_no_longer_fits_into_a_mailbox_is_refused(by_graph: Any) -> None:
    cases = [by_graph.case(f"RC-{number}", scope_mailboxes=(OFFICER,)) for number in (1, 2, 3)]
    (first, *_) = by_graph.compile(cases).inbox
    by_graph.options = replace(by_graph.options, mailbox_budget=2 * size_in_mailbox(first))
    desired = by_graph.compile(cases)
    assert [rule.case_reference for rule in desired.inbox] == ["RC-1", "RC-2"]
    assert codes(desired) == [RuleCode.MAILBOX_RULES_FULL]


@pytest.mark.parametrize("measure", [Measure.REDIRECT, Measure.JUNK])
def test_audit_mode_switches_the_rules_off(by_graph: Any, measure: Measure) -> None:
    by_graph.options = replace(by_graph.options, mode=RuleMode.AUDIT)
    (rule,) = by_graph.compile([by_graph.case(measure=measure, scope_mailboxes=(OFFICER,))]).inbox
    assert inbox_properties(rule)["isEnabled"] is False


def test_beside_transport_rules_junk_acts_in_audit_mode_as_ever(council: Any) -> None:
    council.options = replace(council.options, mode=RuleMode.AUDIT)
    (rule,) = council.compile([council.case(measure=Measure.JUNK, scope_mailboxes=(OFFICER,))]).inbox
    assert inbox_properties(rule)["isEnabled"] is True


def test_the_same_as_the_council_is_a_rule_of_the_holders_own(by_graph: Any) -> None:
    case = by_graph.case(scope_mailboxes=(OFFICER,))
    choice = by_graph.choice(Handling.AS_COUNCIL, sender="", case_reference=case.reference)
    theirs = by_graph.compile([case], [choice]).inbox[-1]
    assert (theirs.mailbox, theirs.chosen_by_holder, theirs.saved) == (COUNCILLOR, True, "first")
    assert inbox_properties(theirs)["actions.redirectTo"] == (SPOC,)
    assert "until 31 January 2027" in theirs.display_name


def test_the_same_as_a_refusal_is_refused(by_graph: Any) -> None:
    case = by_graph.case(measure=Measure.REFUSE, scope_mailboxes=(OFFICER,))
    choice = by_graph.choice(Handling.AS_COUNCIL, sender="", case_reference=case.reference)
    desired = by_graph.compile([case], [choice])
    assert [one.code for one in desired.choice_refusals] == ["refuse-needs-mail-flow"]
    assert COUNCILLOR not in desired.choice_refusals[0].message
