"""Every difference as a finding, for people: what, how bad, and who changed it as far as the rule says."""

from collections.abc import Sequence
from datetime import datetime

from m365_restrict.plan.change import (
    Action,
    Change,
    ChangeClass,
    Difference,
    FieldChange,
    Finding,
    ObservedRule,
    Severity,
)
from m365_restrict.plan.codes import FindingCode
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.rules.properties import senders_of

CODES = {
    ChangeClass.PENDING: FindingCode.RULE_PENDING,
    ChangeClass.DRIFTED: FindingCode.RULE_DRIFTED,
    ChangeClass.BOTH: FindingCode.RULE_CHANGED_TWICE,
    ChangeClass.MISSING: FindingCode.RULE_MISSING,
    ChangeClass.ORPHAN: FindingCode.RULE_ORPHANED,
}
_HARMLESS = frozenset({"Name", "Comments", "displayName"})
_EXEMPTIONS = frozenset({"ExceptIfSentTo", "ExceptIfSentToMemberOf"})


def findings_of(difference: Difference, *, now: datetime) -> tuple[Finding, ...]:
    """A finding for each change, then what was found beside them."""
    return (*(finding_for(change, now=now) for change in difference.changes), *difference.findings)


def finding_for(change: Change, *, now: datetime) -> Finding:
    """What a report says of one change. `now` tells whether a rule still acts."""
    rule = change.observed if isinstance(change.observed, ObservedTransportRule) else None
    code = CODES[change.change_class]
    return Finding(
        code=code,
        change_class=change.change_class,
        severity=_severity(change, now),
        message=f"{code.meaning} {change.effect}",
        case_reference=change.case_reference,
        mailbox=change.mailbox,
        rule=change.observed_name or change.name,
        key=change.key,
        kind=change.kind,
        chosen_by_holder=change.chosen_by_holder,
        fields=change.fields,
        changed_by=rule.changed_by if rule else "",
        changed_at=rule.changed_at if rule else None,
        waived=change.waived,
    )


def _severity(change: Change, now: datetime) -> Severity:
    """How soon somebody must look (policy.md 5).

    Critical: a rule that meets all mail, one without a decision, one that outlives its decision, and an
    exemption that somebody removed, so that a councillor's or a protected mailbox is captured.
    """
    if _outlives_its_decision(change, now):
        return Severity.CRITICAL
    return severity_of(change.observed, change.change_class, change.fields)


def severity_of(
    observed: ObservedRule | None, change_class: ChangeClass, fields: Sequence[FieldChange]
) -> Severity:
    """The same of a difference from which no change follows."""
    meets_all = isinstance(observed, ObservedTransportRule) and not senders_of(observed.properties)
    if meets_all or change_class is ChangeClass.ORPHAN:
        return Severity.CRITICAL
    if change_class is ChangeClass.PENDING:
        return Severity.MEDIUM
    if fields and {entry.field for entry in fields} <= _HARMLESS:
        return Severity.LOW
    if observed is not None and any(_lacks_an_exemption(entry) for entry in fields):
        return Severity.CRITICAL
    return Severity.HIGH


def _outlives_its_decision(change: Change, now: datetime) -> bool:
    """Whether the register has opened the case, or took it back, and its rule still acts on mail."""
    if change.action is not Action.DELETE or change.observed is None or change.chosen_by_holder:
        return False
    rule = change.observed.properties
    expires = rule.get("ExpiryDate")
    acts = (
        rule.get("State") != "Disabled" and rule.get("Mode") != "Audit" and rule.get("isEnabled") is not False
    )
    return change.opens and acts and not (isinstance(expires, datetime) and expires <= now)


def _lacks_an_exemption(entry: FieldChange) -> bool:
    if entry.field not in _EXEMPTIONS or not isinstance(entry.desired, tuple):
        return False
    return not set(entry.desired) <= set(entry.observed if isinstance(entry.observed, tuple) else ())
