"""From when on each sender of a rule is held: which writes begin the wait anew, and for whom."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from m365_restrict.plan.change import Action, Applied, Change, ChangeClass, FieldChange, RuleKind
from m365_restrict.plan.held_since import held_since
from m365_restrict.plan.order import ORDER_FIELD
from m365_restrict.register.case import Measure
from m365_restrict.rules.observed import ObservedTransportRule, Properties

WRITTEN = datetime(2026, 11, 23, 9, tzinfo=UTC)
AT = WRITTEN + timedelta(minutes=40)
EARLIER = WRITTEN - timedelta(days=2)
HOUR = timedelta(minutes=60)
A, B, C = (f"{letter}@mail.example" for letter in "abc")
OFFICER, PLANNING, TEAM = "officer@ash.example", "planning@ash.example", "team@ash.example"
RULE: Properties = {
    "Name": "RC-1 Redirect to single contact",
    "Comments": "Case RC-1",
    "State": "Enabled",
    "Mode": "Enforce",
    "From": (A, B),
    "SentTo": (OFFICER, PLANNING),
    "ExceptIfSentTo": ("contact@ash.example",),
    "RedirectMessageTo": ("contact@ash.example",),
    "ExpiryDate": datetime(2027, 3, 8, tzinfo=UTC),
    "StopRuleProcessing": True,
}
IN_OUTLOOK: Properties = {
    "displayName": "Council decision RC-1",
    "isEnabled": True,
    "conditions.fromAddresses": (A, B),
    "actions.moveToFolder": "junkemail",
}


def known(properties: Properties = RULE, **more: Any) -> Applied:
    fields: dict[str, Any] = {
        "key": "RC-1/whole/1",
        "kind": RuleKind.TRANSPORT_RULE,
        "guid_or_rule_id": "guid-1",
        "mailbox": "",
        "case_reference": "RC-1",
        "name": "",
        "properties": properties,
        "written_at": WRITTEN,
    }
    return Applied(**fields | more)


def written(observed: Properties = RULE, *, fields: tuple[FieldChange, ...] = ()) -> Change:
    """A write over the rule as it stood so."""
    name = str(observed.get("Name", ""))
    rule = ObservedTransportRule(
        guid="guid-1",
        name=name,
        priority=0,
        enabled=True,
        comments="",
        changed_by="",
        changed_at=None,
        properties=observed,
        raw={},
    )
    return Change(
        action=Action.UPDATE,
        kind=RuleKind.TRANSPORT_RULE,
        key="RC-1/whole/1",
        name=name,
        case_reference="RC-1",
        mailbox="",
        chosen_by_holder=False,
        change_class=ChangeClass.PENDING,
        fields=fields,
        effect="",
        opens=False,
        observed=rule,
    )


def after(edit: Mapping[str, Any], properties: Properties = RULE) -> Applied:
    """The rule as it was read back; None takes a property away."""
    return known({name: value for name, value in {**properties, **edit}.items() if value is not None})


@pytest.mark.parametrize("rule", [RULE, IN_OUTLOOK])
@pytest.mark.parametrize("senders", [(A, B), (A,), (A, C), (A, B, C)])
def test_who_stays_is_held_as_before_and_who_comes_from_now_on(
    rule: Properties, senders: tuple[str, ...]
) -> None:
    field = "From" if "From" in rule else "conditions.fromAddresses"
    before = known(rule, held_since={A: EARLIER})
    found = held_since(before, after({field: senders}, rule), AT, change=written(rule))
    assert found == {one: {A: EARLIER, B: WRITTEN, C: AT}[one] for one in senders}


@pytest.mark.parametrize(
    "edit",
    [
        {"Name": "RC-1 Redirect to single contact (2)", "Comments": "Case RC-1, part 2"},
        {"ExceptIfSentTo": ("contact@ash.example", PLANNING)},
        {"ExpiryDate": datetime(2027, 1, 8, tzinfo=UTC)},
    ],
)
def test_a_new_name_an_earlier_end_or_more_exemptions_make_no_difference(edit: dict[str, Any]) -> None:
    assert held_since(known(), after(edit), AT, change=written()) == {A: WRITTEN, B: WRITTEN}


@pytest.mark.parametrize(
    "edit",
    [
        {"RedirectMessageTo": ("point@ash.example",)},
        {"RejectMessageReasonText": "Write to …", "RedirectMessageTo": None},
        {"SentTo": (OFFICER, PLANNING, "clerk@ash.example")},
        {"SentTo": None},
        {"SentTo": (OFFICER,)},
        {"SentToMemberOf": (TEAM,)},
        {"ExceptIfSentTo": None},
        {"ExceptIfSentTo": ("point@ash.example",)},
        {"ExpiryDate": datetime(2027, 6, 8, tzinfo=UTC)},
        {"StopRuleProcessing": None},
        {"State": "Disabled"},
        {"From": None, "FromAddressMatchesPatterns": (rf"^{A}$", rf"^{B}$")},
    ],
)
def test_what_the_rule_does_or_for_whom_begins_anew_for_all(edit: dict[str, Any]) -> None:
    rule = after(edit)
    assert set(held_since(known(), rule, AT, change=written()).values()) == {AT}


@pytest.mark.parametrize(
    ("stood", "held"),
    [
        ({}, {A: WRITTEN, B: WRITTEN}),
        ({"From": (A,)}, {A: WRITTEN, B: AT}),
        ({"ExceptIfSentTo": None}, {A: AT, B: AT}),
        ({"ExceptIfSentTo": ("contact@ash.example", PLANNING)}, {A: AT, B: AT}),
        ({"State": "Disabled"}, {A: AT, B: AT}),
        ({"Mode": "Audit"}, {A: AT, B: AT}),
        ({"RedirectMessageTo": ("x@elsewhere.example",)}, {A: AT, B: AT}),
    ],
)
def test_what_a_write_puts_back_is_held_from_then_on(stood: dict[str, Any], held: dict[str, Any]) -> None:
    assert held_since(known(), known(), AT, change=written(after(stood).properties)) == held


def test_a_rule_that_is_moved_begins_anew() -> None:
    moved = written(fields=(FieldChange(ORDER_FIELD, 2, 1),))
    assert held_since(known(), known(), AT, change=moved) == {A: AT, B: AT}


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (None, written()),
        (None, None),
        (known(guid_or_rule_id="guid-0"), None),
        (known(written_at=None), written()),
        (known(), replace(written(), action=Action.CREATE, observed=None)),
    ],
)
def test_a_rule_that_is_new_or_of_an_unknown_day_is_held_from_now_on(
    before: Applied | None, change: Change | None
) -> None:
    assert held_since(before, known(), AT, change=change) == {A: AT, B: AT}


def test_a_rule_that_was_found_as_wanted_holds_whom_it_held() -> None:
    """A script that somebody has run, or a write of a run that was killed."""
    assert held_since(known(), after({"From": (A, C)}), AT) == {A: WRITTEN, C: AT}


@pytest.mark.parametrize("in_ledger", [{A: WRITTEN, B: WRITTEN}, {}])
def test_a_write_that_leaves_a_sender_in_place_lets_the_other_rule_go_no_later(
    runs: Any, council: Any, in_ledger: dict[str, datetime]
) -> None:
    """Without such a moment, as in a ledger from before they were kept, the last write counts."""
    runs.stand(council.case("RC-1", addresses=(A,)))
    runs.tenant.inbox[OFFICER] = []
    runs.decide(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    runs.successors_stand_since(AT)
    runs.applied = [replace(one, held_since=in_ledger) for one in runs.applied]
    runs.now = WRITTEN + HOUR
    wait = [one.until for one in runs.run().settling]
    assert wait == ([] if in_ledger else [AT + HOUR])
