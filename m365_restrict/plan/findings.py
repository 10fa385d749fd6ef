"""Every difference as a finding, for people: what, how bad, and who changed it as far as the rule says."""

from m365_restrict.plan.change import Change, ChangeClass, Difference, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.rules.properties import senders_of

_CODES = {
    ChangeClass.PENDING: FindingCode.RULE_PENDING,
    ChangeClass.DRIFTED: FindingCode.RULE_DRIFTED,
    ChangeClass.BOTH: FindingCode.RULE_CHANGED_TWICE,
    ChangeClass.MISSING: FindingCode.RULE_MISSING,
    ChangeClass.ORPHAN: FindingCode.RULE_ORPHANED,
}
_HARMLESS = frozenset({"Name", "Comments", "displayName"})
_DECISIVE = frozenset({"State", "isEnabled", "Mode", "ExpiryDate", "ActivationDate"})


def findings_of(difference: Difference) -> tuple[Finding, ...]:
    """A finding for each change, then what was found beside them."""
    return (*(finding_for(change) for change in difference.changes), *difference.findings)


def finding_for(change: Change) -> Finding:
    """What a report says of one change."""
    rule = change.observed if isinstance(change.observed, ObservedTransportRule) else None
    code = _CODES[change.change_class]
    return Finding(
        code=code,
        change_class=change.change_class,
        severity=_severity(change),
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
    )


def _severity(change: Change) -> Severity:
    """A rule that meets all mail is critical; one that no longer does its work is high."""
    if isinstance(change.observed, ObservedTransportRule) and not senders_of(change.observed.properties):
        return Severity.CRITICAL
    if change.change_class is ChangeClass.PENDING:
        return Severity.MEDIUM
    if change.change_class in {ChangeClass.MISSING, ChangeClass.ORPHAN}:
        return Severity.HIGH
    names = {entry.field for entry in change.fields}
    if names <= _HARMLESS:
        return Severity.LOW
    return Severity.MEDIUM if names.isdisjoint(_DECISIVE) and not change.opens else Severity.HIGH
