"""What stands on a rule of ours and is told instead of written (exchange.md 7.1 rows 12, 15 and 22)."""

from typing import Any

import pytest

from m365_restrict.plan.change import ChangeClass, Difference, FieldChange, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.difference import difference

FOREIGN = {"Guid": "f", "Name": "Banner", "Priority": 9, "State": "Enabled", "PrependSubject": "[X] "}


@pytest.fixture
def standing(council: Any) -> Any:
    """Two rules of ours as they were applied, and one of somebody else."""
    desired = council.compile([council.case("RC-1"), council.case("RC-2")])
    tenant = council.tenant(desired)
    tenant.transport.append(dict(FOREIGN))
    return desired, tenant, council.applied(desired, tenant)


def found(council: Any, standing: Any) -> Difference:
    return difference(council.compare(*standing))


def test_an_untouched_rule_is_not_spoken_of(council: Any, standing: Any) -> None:
    assert (found(council, standing).changes, found(council, standing).findings) == ((), ())


def test_an_unknown_property_is_said_and_nothing_is_written(council: Any, standing: Any) -> None:
    standing[1].transport[0]["SendToAssistant"] = "yes"
    result = found(council, standing)
    (finding,) = result.findings
    assert (finding.code, finding.change_class) == (FindingCode.UNKNOWN_PROPERTY, ChangeClass.DRIFTED)
    assert (finding.severity, finding.case_reference) == (Severity.HIGH, "RC-1")
    assert finding.fields == (FieldChange("SendToAssistant", "yes", None),)
    assert finding.changed_by == "A Administrator"
    assert result.changes == ()


def test_a_known_difference_beside_it_is_written_without_it(council: Any, standing: Any) -> None:
    standing[1].transport[0] |= {"SendToAssistant": "yes", "State": "Disabled"}
    (change,) = found(council, standing).changes
    assert [one.field for one in change.fields] == ["State"]


def test_what_stands_on_every_rule_is_the_services_own_and_said_once(council: Any, standing: Any) -> None:
    for raw in standing[1].transport:
        raw["RuleGeneration"] = 2
    (finding,) = found(council, standing).findings
    assert (finding.change_class, finding.severity) == (ChangeClass.UNKNOWN, Severity.LOW)
    assert (finding.case_reference, finding.rule) == ("", "")


def test_one_rule_that_differs_from_all_others_is_still_told(council: Any, standing: Any) -> None:
    for number, raw in enumerate(standing[1].transport):
        raw["RuleGeneration"] = 3 if number == 0 else 2
    assert {one.case_reference for one in found(council, standing).findings} == {"RC-1", "RC-2"}


@pytest.mark.parametrize("mark", [{"SetAuditSeverity": "High"}, {"ManuallyModified": True}])
def test_a_mark_is_a_quiet_finding_and_no_difference(council: Any, standing: Any, mark: Any) -> None:
    standing[1].transport[0] |= mark
    result = found(council, standing)
    (finding,) = result.findings
    assert (finding.code, finding.severity) == (FindingCode.RULE_MARKED, Severity.LOW)
    assert (finding.change_class, result.changes) == (ChangeClass.FOREIGN_EFFECT, ())


def test_a_mark_on_a_rule_of_somebody_else_is_nothing(council: Any, standing: Any) -> None:
    standing[1].transport[2] |= {"SetAuditSeverity": "High", "SendToAssistant": "yes"}
    assert found(council, standing).findings == ()


@pytest.mark.parametrize("field", ["RedirectMessageTo", "ExceptIfSentTo"])
def test_a_recipient_shown_by_name_is_reported_and_not_written(
    council: Any, standing: Any, field: str
) -> None:
    raw = standing[1].transport[0]
    raw[field] = ["The contact point", *raw[field][1:]]
    result = found(council, standing)
    (finding,) = result.findings
    assert (finding.code, [one.field for one in finding.fields]) == (FindingCode.RECIPIENT_BY_NAME, [field])
    assert (finding.change_class, result.changes) == (ChangeClass.DRIFTED, ())


def test_a_name_stands_for_whom_the_rule_was_written_with_and_not_for_whom_it_is_to_name(
    council: Any, standing: Any
) -> None:
    desired, tenant, applied = standing
    for raw in tenant.transport[:1]:
        raw["RedirectMessageTo"] = ["The contact point"]
        exempt = [one for one in raw["ExceptIfSentTo"] if one.lower() != "contact@ash.example"]
        raw["ExceptIfSentTo"] = ["The contact point", *exempt]
    desired = council.compile(
        [council.case("RC-1", spoc_mailbox="planning@ash.example"), council.case("RC-2")]
    )
    (change,) = difference(council.compare(desired, tenant, applied)).changes
    told = {one.field: (one.observed, one.desired) for one in change.fields}
    assert told["RedirectMessageTo"] == (("contact@ash.example",), ("planning@ash.example",))
    assert "contact@ash.example" in (told["ExceptIfSentTo"][0] or ())


def test_of_a_rule_that_the_ledger_does_not_know_a_name_stands_for_whom_it_is_to_name(
    council: Any, standing: Any
) -> None:
    standing[1].transport[0]["RedirectMessageTo"] = ["The contact point"]
    result = difference(council.compare(standing[0], standing[1], standing[2][1:]))
    assert (result.changes, [one.key for one in result.takeovers]) == ((), ["RC-1/whole/1"])


def test_a_name_beside_all_addresses_is_one_too_many(council: Any, standing: Any) -> None:
    raw = standing[1].transport[0]
    raw["RedirectMessageTo"] = [*raw["RedirectMessageTo"], "Somebody else"]
    (change,) = found(council, standing).changes
    assert [one.field for one in change.fields] == ["RedirectMessageTo"]


def test_a_chosen_rule_whose_sender_is_shown_by_name_is_not_taken_for_changed(council: Any) -> None:
    desired = council.compile([], [council.choice()])
    tenant = council.tenant(desired)
    applied = council.applied(desired, tenant)
    ((rule,),) = tenant.inbox.values()
    rule["conditions"]["fromAddresses"] = [{"emailAddress": {"address": "/o=ExchangeLabs/cn=someone"}}]
    result = difference(council.compare(desired, tenant, applied))
    assert [one.code for one in result.findings] == [FindingCode.RECIPIENT_BY_NAME]
    assert (result.changes, result.holder_ended) == ((), ())
