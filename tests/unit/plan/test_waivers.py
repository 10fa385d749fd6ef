"""Waivers against differences: what fits is left alone, what moved is back."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from m365_restrict.plan.change import ChangeClass, Difference, FieldChange, Finding, RuleKind, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.difference import difference
from m365_restrict.plan.findings import findings_of
from m365_restrict.plan.opening import captures_more
from m365_restrict.plan.waivers import (
    Waiver,
    WaiverGround,
    is_of_change,
    told_by,
    told_of_waivers,
    without_waived,
)
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.stamp import Stamp, digest_of, parse_stamp

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = NOW.date()
REDIRECT, PREFIX = "RedirectMessageTo", "PrependSubject"


class Edited:
    """One rule in force that an administrator edits, and what was waived of it."""

    def __init__(self, council: Any) -> None:
        self.council = council
        self.case = council.case("RC-1")
        self.desired = council.compile([self.case])
        self.tenant = council.tenant(self.desired)
        self.applied = council.applied(self.desired, self.tenant)
        self.waivers: tuple[Waiver, ...] = ()

    def edit(self, **parameters: Any) -> None:
        self.tenant.transport[0].update(parameters)

    def remove(self) -> None:
        self.tenant.transport.clear()

    def decide(self, **fields: Any) -> None:
        self.desired = self.council.compile([self.council.case("RC-1", **fields)])

    def difference(self) -> Difference:
        return difference(self.council.compare(self.desired, self.tenant, self.applied))

    def ground(self, today: date = TODAY) -> WaiverGround:
        return WaiverGround(waivers=self.waivers, applied=self.applied, today=today)

    def waive(self) -> None:
        (change,) = self.difference().changes
        (finding,) = findings_of(self.difference(), now=NOW)
        self.waivers = (waiver_of(finding, change.fields),)

    def left(self, today: date = TODAY) -> Difference:
        return without_waived(self.difference(), self.ground(today))

    def codes(self, today: date = TODAY) -> list[str]:
        left = self.left(today)
        found = told_of_waivers(findings_of(left, now=NOW), left, self.ground(today))
        return [one.code.value for one in found]


def waiver_of(finding: Finding, fields: tuple[FieldChange, ...], told: str = "") -> Waiver:
    return Waiver(
        finding_key=finding.known_by,
        code=finding.code.value,
        kind=finding.kind,
        key=finding.key,
        case_reference=finding.case_reference,
        rule_name=finding.rule,
        accepted=fields,
        told=told,
        reason="CHG-1042",
        owner="Head of ICT",
        made_by="ict",
        since=NOW,
        until=date(2027, 3, 31),
        run_id="run-1",
        number=1,
    )


@pytest.fixture
def edited(council: Any) -> Edited:
    found = Edited(council)
    found.edit(RedirectMessageTo=["planning@ash.example"])
    found.waive()
    return found


def test_what_fits_is_no_change_any_more(edited: Edited) -> None:
    left = edited.left()
    assert left.changes == ()
    (waived,) = left.waived
    assert [one.field for one in waived.fields] == [REDIRECT]
    assert waived.waived is not None
    assert (waived.waived.number, waived.waived.owner) == (1, "Head of ICT")


def test_another_value_of_it_is_back(edited: Edited) -> None:
    edited.edit(RedirectMessageTo=["officer@ash.example"])
    assert (len(edited.left().changes), edited.left().waived) == (1, ())
    assert edited.codes() == ["waiver-no-longer-fits"]


def test_another_edit_of_the_rule_is_back_with_it(edited: Edited) -> None:
    edited.edit(PrependSubject="[Test]")
    (change,) = edited.left().changes
    assert [one.field for one in change.fields] == [PREFIX, REDIRECT]
    assert edited.codes() == ["waiver-no-longer-fits"]


def test_a_rule_that_is_removed_is_back(edited: Edited) -> None:
    edited.remove()
    assert edited.codes() == ["waiver-no-longer-fits"]


def test_what_was_restored_needs_no_waiver(edited: Edited) -> None:
    edited.edit(RedirectMessageTo=["contact@ash.example"])
    assert (edited.left().changes, edited.left().waived) == ((), ())


def test_a_day_too_late_it_is_back(edited: Edited) -> None:
    assert edited.codes(date(2027, 3, 31)) == []
    assert edited.codes(date(2027, 4, 1)) == ["waiver-ended"]
    assert len(edited.left(date(2027, 4, 1)).changes) == 1


def test_what_the_register_moves_beside_it_is_written_without_it(edited: Edited) -> None:
    edited.decide(ends_on=date(2027, 1, 31))
    left = edited.left()
    (change,) = left.changes
    assert ([one.field for one in change.fields], change.opens) == (["ExpiryDate"], True)
    assert change.change_class is ChangeClass.PENDING
    assert change.target is not None
    assert change.target[REDIRECT] == ("planning@ash.example",)
    stamp = parse_stamp(str(change.target["Comments"]))
    assert isinstance(stamp, Stamp)
    assert stamp.digest == digest_of(change.target)
    assert len(left.waived) == 1


def test_another_decision_in_that_point_is_back(edited: Edited) -> None:
    edited.decide(spoc_mailbox="officer@ash.example")
    assert edited.left().waived == ()


def test_a_case_that_has_ended_goes_all_the_same(edited: Edited) -> None:
    edited.desired = edited.council.compile([])
    (change,) = edited.left().changes
    assert change.action.value == "delete"


def test_a_missing_rule_may_be_accepted_and_is_back_when_it_is_there_again(council: Any) -> None:
    missing = Edited(council)
    rule = missing.tenant.transport[0]
    missing.remove()
    missing.waive()
    assert (missing.left().changes, len(missing.left().waived)) == ((), 1)
    missing.tenant.transport.append({**rule, "RedirectMessageTo": ["planning@ash.example"]})
    assert missing.codes() == ["waiver-no-longer-fits"]


def test_a_waived_finding_keeps_what_it_is_known_by(edited: Edited) -> None:
    found = [
        *told_of_waivers(
            [
                replace(one, waived=edited.left().waived[0].waived)
                for one in findings_of(edited.difference(), now=NOW)
            ],
            edited.left(),
            edited.ground(),
        )
    ]
    assert [(one.known_by, is_of_change(one)) for one in found] == [(edited.waivers[0].finding_key, True)]


FOREIGN = Finding(
    code=FindingCode.FOREIGN_RULE_ACTS,
    change_class=ChangeClass.FOREIGN_EFFECT,
    severity=Severity.HIGH,
    message="It acts.",
    case_reference="RC-1",
    rule="Old block",
    key="foreign:Old block",
)


@pytest.mark.parametrize(
    ("today", "same", "code", "waived"),
    [
        (TODAY, True, "foreign-rule-acts", True),
        (TODAY, False, "waiver-no-longer-fits", False),
        (date(2027, 4, 1), True, "waiver-ended", False),
        (date(2027, 4, 1), False, "foreign-rule-acts", False),
    ],
)
def test_a_finding_about_somebody_elses_rule(
    council: Any, today: date, same: bool, code: str, waived: bool
) -> None:
    (rule,) = council.tenant(council.compile([council.case("RC-1")])).observed().transport
    now = rule if same else replace(rule, properties={**rule.properties, "Mode": "Audit"})
    waiver = waiver_of(FOREIGN, (), told=told_by(FOREIGN, {"old block": rule}))
    ground = WaiverGround(waivers=(waiver,), applied=(), today=today, rules={"old block": now})
    nothing = Difference(changes=(), findings=(), unknown=())
    (told,) = told_of_waivers([FOREIGN], nothing, ground)
    assert (told.code.value, told.waived is not None) == (code, waived)
    assert told.known_by == FOREIGN.known_by


DECIDED: Properties = {
    "From": ("a@post.example", "b@post.example"),
    "ExceptIfSentTo": ("contact@ash.example", "monitoring@ash.example"),
    "RedirectMessageTo": ("contact@ash.example",),
    "ExpiryDate": NOW,
    "State": "Enabled",
    "Mode": "Enforce",
}


@pytest.mark.parametrize(
    ("edits", "names"),
    [
        ({}, ()),
        ({"State": "Disabled", "Mode": "Audit"}, ()),
        ({"From": ("a@post.example",), "PrependSubject": "[x]"}, ()),
        ({"From": ("a@post.example", "c@post.example")}, ("From",)),
        ({"From": None}, ("From",)),
        ({"ExceptIfSentTo": ("contact@ash.example",)}, ("ExceptIfSentTo",)),
        ({"ExpiryDate": datetime(2027, 1, 1, tzinfo=UTC)}, ("ExpiryDate",)),
        (
            {"RedirectMessageTo": ("parks@ash.example",), "ExceptIfSentTo": ("monitoring@ash.example",)},
            (),
        ),
        ({"SenderAddressLocation": "HeaderOrEnvelope"}, ("SenderAddressLocation",)),
    ],
)
def test_by_which_properties_a_rule_captures_more(edits: dict[str, Any], names: tuple[str, ...]) -> None:
    after = {name: value for name, value in {**DECIDED, **edits}.items() if value is not None}
    assert captures_more(DECIDED, after) == names


def test_a_target_that_is_exempt_for_its_own_sake_stays_exempt() -> None:
    after: Properties = {
        **DECIDED,
        "RedirectMessageTo": ("parks@ash.example",),
        "ExceptIfSentTo": ("x@ash.example",),
    }
    exempt = frozenset({"contact@ash.example", "monitoring@ash.example"})
    assert captures_more(DECIDED, after, exempt) == ("ExceptIfSentTo",)


def test_waivers_are_about_rules_or_about_findings() -> None:
    waiver = waiver_of(FOREIGN, ())
    assert waiver.about == (RuleKind.TRANSPORT_RULE.value, "foreign:Old block")
    assert replace(waiver, told="x").about == (FOREIGN.known_by,)
