"""What rules of somebody else make of a live case's mail, and where they stand around ours."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import ChangeClass, Finding, Observed, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.difference import difference
from m365_restrict.plan.foreign_effect import foreign_effects
from m365_restrict.plan.foreign_line import ForeignLine, foreign_line
from m365_restrict.register.case import Measure

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ADDS, INTERFERES = FindingCode.FOREIGN_RULE_ADDS, FindingCode.FOREIGN_RULE_INTERFERES
ACTS, UNDECIDABLE = FindingCode.FOREIGN_RULE_ACTS, FindingCode.FOREIGN_RULE_UNDECIDABLE


class Line:
    """The rules of a few cases as applied, with rules of others above and below them."""

    def __init__(self, council: Any, cases: list[Any]) -> None:
        self.council, self.cases = council, cases
        self.desired = council.compile(cases)
        self.tenant = council.tenant(self.desired)
        self.applied = council.applied(self.desired, self.tenant)
        self.above: list[dict[str, Any]] = []
        self.below: list[dict[str, Any]] = []

    def compared(self) -> tuple[Any, Observed]:
        rules = [*self.above, *self.tenant.transport, *self.below]
        placed = [raw | {"Priority": place} for place, raw in enumerate(rules)]
        tenant = replace(self.tenant, transport=placed)
        given = self.council.compare(self.desired, tenant, self.applied)
        return difference(given), given.observed

    def found(self) -> list[Finding]:
        compared, observed = self.compared()
        assert compared.changes == ()
        return list(foreign_effects(self.cases, compared, observed, self.council.directory, now=NOW))

    def names(self) -> ForeignLine | None:
        compared, observed = self.compared()
        return foreign_line(compared, compared.changes, observed, self.council.directory)


def foreign(name: str = "Theirs", **more: Any) -> dict[str, Any]:
    return {"Guid": name, "Name": name, "State": "Enabled", "Mode": "Enforce", "LastModifiedBy": "A", **more}


@pytest.fixture
def line(council: Any) -> Line:
    return Line(council, [council.case("RC-1"), council.case("RC-2")])


def test_no_rule_of_others_no_finding(line: Line) -> None:
    assert line.found() == []


def test_what_only_adds_is_said_once_for_all_cases(line: Line) -> None:
    line.above = [foreign(PrependSubject="[X] ")]
    (finding,) = line.found()
    assert (finding.code, finding.severity, finding.case_reference) == (ADDS, Severity.LOW, "")
    assert "2 live cases" in finding.message


@pytest.mark.parametrize("address", ["rc-1@mail.example", "somebody@else.example"])
def test_a_case_is_named_where_it_is_the_only_one(line: Line, address: str) -> None:
    line.above = [foreign(From=[address], BlindCopyTo=["planning@ash.example"])]
    expected = ["RC-1"] if address.startswith("rc-1") else []
    assert [one.case_reference for one in line.found()] == expected


@pytest.mark.parametrize(
    "action",
    [{"StopRuleProcessing": True}, {"DeleteMessage": True}, {"RedirectMessageTo": ["planning@ash.example"]}],
)
def test_what_changes_the_end_is_high_for_each_case(line: Line, action: dict[str, Any]) -> None:
    line.above = [foreign(**action)]
    assert [(one.code, one.severity, one.case_reference) for one in line.found()] == [
        (ACTS, Severity.HIGH, "RC-1"),
        (ACTS, Severity.HIGH, "RC-2"),
    ]


def test_below_ours_it_can_only_reach_whom_the_case_leaves_open(line: Line) -> None:
    line.below = [foreign(RejectMessageReasonText="No.", From=["rc-1@mail.example"])]
    (finding,) = line.found()
    assert (finding.code, finding.severity, finding.case_reference) == (ACTS, Severity.MEDIUM, "RC-1")


def test_a_copy_of_ours_is_not_told_a_second_time(line: Line) -> None:
    (ours, _) = line.tenant.transport
    line.below = [foreign("Copy", DeleteMessage=True, From=ours["From"], Comments=ours["Comments"])]
    assert line.found() == []
    assert [one.code for one in line.compared()[0].findings] == [FindingCode.STAMP_COPIED]


def test_a_stop_below_ours_that_ends_nothing_is_only_low(line: Line) -> None:
    line.below = [foreign(PrependSubject="[X] ", StopRuleProcessing=True)]
    assert [one.severity for one in line.found()] == [Severity.LOW]


@pytest.mark.parametrize("level", [-1, "-1"])
def test_to_exempt_mail_from_the_filters_is_medium(line: Line, level: Any) -> None:
    line.above = [foreign(SetSCL=level)]
    (finding,) = line.found()
    assert (finding.code, finding.severity) == (INTERFERES, Severity.MEDIUM)
    assert finding.change_class is ChangeClass.FOREIGN_EFFECT


def test_a_copy_that_is_lost_is_a_changed_end(council: Any) -> None:
    line = Line(council, [council.case("RC-1", Measure.COPY)])
    line.above = [foreign(PrependSubject="[X] ", StopRuleProcessing=True)]
    assert [one.code for one in line.found()] == [ACTS]


def test_a_junk_case_is_looked_at_as_well(council: Any) -> None:
    line = Line(council, [council.case("RC-1", Measure.JUNK, scope_mailboxes=("planning@ash.example",))])
    line.above = [foreign(RedirectMessageTo=["officer@ash.example"])]
    assert [(one.code, one.case_reference) for one in line.found()] == [(ACTS, "RC-1")]


def test_mail_beside_the_scope_is_not_the_cases(council: Any) -> None:
    line = Line(council, [council.case("RC-1", scope_mailboxes=("planning@ash.example",))])
    line.above = [
        foreign(DeleteMessage=True, ExceptIfSentTo=["planning@ash.example"], SentTo=["x@ash.example"])
    ]
    assert line.found() == []


def test_what_nobody_can_tell_is_low_and_said_once(line: Line) -> None:
    line.above = [foreign(DeleteMessage=True, AttachmentHasExecutableContent=True)]
    assert [(one.code, one.severity) for one in line.found()] == [(UNDECIDABLE, Severity.LOW)]


@pytest.mark.parametrize("off", [{"State": "Disabled"}, {"Mode": "Audit"}])
def test_a_rule_that_does_not_act_is_nothing(line: Line, off: dict[str, str]) -> None:
    line.above = [foreign(DeleteMessage=True, **off)]
    assert line.found() == []
    assert line.names() == ForeignLine()


def test_who_runs_before_ours_and_whom_our_stop_skips(line: Line) -> None:
    line.above = [
        foreign("Banner", PrependSubject="[X] "),
        foreign("Bulk", From=["x@bulk.example"], SetSCL=9),
    ]
    line.below = [
        foreign("Footer", ApplyHtmlDisclaimerText="-"),
        foreign("Named", From=["rc-2@mail.example"]),
    ]
    assert line.names() == ForeignLine(before=("Banner",), skipped=("Footer", "Named"))


def test_a_copy_skips_nobody(council: Any) -> None:
    line = Line(council, [council.case("RC-1", Measure.COPY)])
    line.below = [foreign("Footer", ApplyHtmlDisclaimerText="-")]
    assert line.names() == ForeignLine()


def test_without_a_rule_of_ours_nobody_stands_around_it(council: Any) -> None:
    line = Line(council, [])
    line.above = [foreign()]
    assert line.names() == ForeignLine()


def test_unread_rules_have_no_order(line: Line) -> None:
    compared, _ = line.compared()
    unread = Observed(Unknown("transport rules", "throttled"), {})
    assert foreign_line(compared, (), unread, line.council.directory) is None
    assert list(foreign_effects(line.cases, compared, unread, line.council.directory, now=NOW)) == []
