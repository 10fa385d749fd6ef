"""From the plan, the findings and the checks to the lines of the documents. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from m365_restrict.errors import ExitCode
from m365_restrict.plan.basis import Basis
from m365_restrict.plan.change import (
    Change,
    ChangeClass,
    Finding,
    GuardVerdict,
    RuleKind,
    Settling,
    Severity,
    Waived,
)
from m365_restrict.plan.foreign_line import ForeignLine
from m365_restrict.plan.guards import Guarded
from m365_restrict.policy.judgement import CaseWarning, Judgement, Refusal
from m365_restrict.register.choice import RefusedChoice
from m365_restrict.report.documents import (
    CaseLine,
    CaseStatus,
    ChangeLine,
    CheckLine,
    ChoiceLine,
    FindingLine,
    GuardLine,
    Outcome,
    OverrideLine,
    RefusedLine,
    SettlingLine,
    WaivedLine,
)
from m365_restrict.report.privacy import HolderMailboxes, effect_of_choice, without_addresses
from m365_restrict.rules.naming import long_day

_DIFFERENCES = {
    ChangeClass.PENDING,
    ChangeClass.DRIFTED,
    ChangeClass.BOTH,
    ChangeClass.MISSING,
    ChangeClass.ORPHAN,
}


def change_line(
    change: Change, holders: HolderMailboxes, *, outcome: Outcome = Outcome.PLANNED, reason: str = ""
) -> ChangeLine:
    """One change. A change that a guard holds back is skipped, with the guard as the reason.

    For a councillor's choice the mailbox is a number, the fields are left out and the effect is
    the same sentence for everyone.
    """
    if change.held_by and outcome is Outcome.PLANNED:
        outcome, reason = Outcome.SKIPPED, reason or f"held back by the guard {change.held_by}"
    chosen = change.chosen_by_holder
    return ChangeLine(
        action=change.action.value,
        kind=change.kind.value,
        mailbox=holders.number(change.mailbox) if chosen else change.mailbox,
        name=without_addresses(change.name),
        case_ref=change.case_reference or None,
        class_=change.change_class.value,
        fields=() if chosen else change.fields,
        effect=effect_of_choice(change.action) if chosen else change.effect,
        outcome=outcome,
        reason=without_addresses(reason) if chosen else holders.hide(reason),
    )


def finding_line(finding: Finding, holders: HolderMailboxes, *, since: datetime) -> FindingLine:
    """One difference, and since when it stands. A councillor's choice is told as in `change_line`."""
    chosen = finding.chosen_by_holder
    return FindingLine(
        code=finding.code.value,
        class_=finding.change_class.value,
        severity=finding.severity.value,
        case_ref=finding.case_reference or None,
        mailbox=holders.number(finding.mailbox) if chosen else finding.mailbox,
        rule=finding.rule,
        fields=() if chosen else finding.fields,
        since=since,
        changed_by=None if hides_who(finding) else finding.changed_by or None,
        changed_at=None if hides_who(finding) else finding.changed_at or None,
        message=without_addresses(finding.message) if chosen else holders.hide(finding.message),
        action=finding.code.advice,
        id=finding_id(finding),
        waived=_waived_line(finding.waived),
    )


def hides_who(finding: Finding) -> bool:
    """Whether who changed a rule would tell whose mailbox it is in; a transport rule is in nobody's."""
    return finding.chosen_by_holder and finding.kind is RuleKind.INBOX_RULE


def finding_id(finding: Finding) -> str:
    """Ten hex digits by which a person may name a finding as long as it stands."""
    return hashlib.sha256(finding_key(finding).encode()).hexdigest()[:10]


def _waived_line(waived: Waived | None) -> WaivedLine | None:
    if waived is None:
        return None
    return WaivedLine(
        number=waived.number,
        owner=without_addresses(waived.owner),
        reason=without_addresses(waived.reason),
        until=waived.until,
    )


def waived_change_line(change: Change, holders: HolderMailboxes) -> ChangeLine:
    """A change that is not made, because somebody accepted what stands."""
    waived = change.waived
    why = (
        f"accepted until {long_day(waived.until)} by {waived.owner} (waiver {waived.number}): {waived.reason}"
        if waived
        else ""
    )
    return replace(change_line(change, holders, outcome=Outcome.SKIPPED, reason=why), waived=True)


def finding_key(finding: Finding) -> str:
    """What identifies a finding from run to run, for `Ledger.findings`."""
    return finding.known_by


def drift_exit_code(findings: Iterable[Finding]) -> ExitCode:
    """Differences only for the classes that contracts.md 3 names; otherwise in step."""
    different = any(_is_difference(finding) for finding in findings)
    return ExitCode.DIFFERENCES if different else ExitCode.IN_STEP


def _is_difference(finding: Finding) -> bool:
    if finding.waived is not None:
        return False
    if finding.change_class is ChangeClass.FOREIGN_EFFECT:
        return finding.severity is not Severity.LOW
    return finding.change_class in _DIFFERENCES


def guard_lines(verdicts: Iterable[GuardVerdict], holders: HolderMailboxes) -> tuple[GuardLine, ...]:
    """The guards that fired."""
    return tuple(
        GuardLine(code=one.code.value, message=holders.hide(one.message), override=one.override)
        for one in verdicts
    )


def told_basis(basis: Basis) -> Basis:
    """What a plan rests on, without the addresses that others have put into the names of their rules."""
    return replace(
        basis,
        rules=tuple(replace(one, name=without_addresses(one.name)) for one in basis.rules),
        changes=tuple(replace(one, name=without_addresses(one.name)) for one in basis.changes),
    )


def settling_lines(settling: Iterable[Settling]) -> tuple[SettlingLine, ...]:
    """The rules that stay for now, by name."""
    lines = (
        SettlingLine(name=without_addresses(one.name), case_ref=one.case_reference, until=one.until)
        for one in settling
    )
    return tuple(sorted(lines, key=lambda line: (line.case_ref, line.name)))


def override_lines(guarded: Guarded) -> tuple[OverrideLine, ...]:
    """The overrides that stand, and whether each let its guard pass in this run."""
    used = {verdict.code for verdict in guarded.overridden}
    return tuple(
        OverrideLine(
            code=one.code,
            reason=without_addresses(one.reason),
            until=one.until,
            limit=one.limit,
            used=one.code in used,
        )
        for one in guarded.facts.overrides
    )


def foreign_rule_names(line: ForeignLine | None) -> ForeignLine | None:
    """The rules of others around ours. Administrators put addresses into names; those are left out."""
    if line is None:
        return None
    return ForeignLine(*(tuple(map(without_addresses, names)) for names in (line.before, line.skipped)))


def refused_lines(refusals: Iterable[Refusal]) -> tuple[RefusedLine, ...]:
    """The refusals of the checks in the order of their cases."""
    return tuple(
        RefusedLine(
            case_ref=one.case_ref, code=one.code.value, message=one.message, policy_refs=one.policy_refs
        )
        for one in refusals
    )


def refused_choice_lines(refused: Iterable[RefusedChoice]) -> tuple[ChoiceLine, ...]:
    """The refused choices by item id, without addresses."""
    return tuple(
        ChoiceLine(item_id=one.item_id, code=str(one.code), message=without_addresses(one.message))
        for one in refused
    )


def case_lines(judgement: Judgement) -> tuple[CaseLine, ...]:
    """Every item of the register once, by case reference and item."""
    refused: dict[str, list[Refusal]] = {}
    for one in judgement.refused:
        refused.setdefault(one.item_id, []).append(one)
    lines = [*_accepted_lines(judgement), *_ended_lines(judgement)]
    lines += [
        CaseLine(
            case_ref=one.case_ref,
            item_id=one.item_id,
            status=CaseStatus.DRAFT,
            state="draft",
            refusals=_checks(one.missing),
        )
        for one in judgement.drafts
    ]
    warnings = _warnings_by_item(judgement)
    lines += [
        CaseLine(
            case_ref=reasons[0].case_ref,
            item_id=item_id,
            status=CaseStatus.REFUSED,
            state="refused",
            refusals=_checks(reasons),
            warnings=warnings.get(item_id, ()),
        )
        for item_id, reasons in refused.items()
    ]
    return tuple(sorted(lines, key=lambda line: (line.case_ref, line.item_id)))


def _accepted_lines(judgement: Judgement) -> Iterable[CaseLine]:
    return (
        CaseLine(
            case_ref=one.case.reference,
            item_id=one.case.item_id,
            status=CaseStatus.ACCEPTED,
            state=one.state.value,
            waiting=one.waiting,
            warnings=_checks(one.warnings),
        )
        for one in judgement.accepted
    )


def _ended_lines(judgement: Judgement) -> Iterable[CaseLine]:
    return (
        CaseLine(
            case_ref=one.case_ref,
            item_id=one.item_id,
            status=CaseStatus.ENDED,
            state=one.by_status.value.lower() if one.by_status else "ended",
        )
        for one in judgement.ended_by_register
    )


def _warnings_by_item(judgement: Judgement) -> Mapping[str, tuple[CheckLine, ...]]:
    by_item: dict[str, list[CaseWarning]] = {}
    for one in judgement.warnings:
        by_item.setdefault(one.item_id, []).append(one)
    return {item_id: _checks(found) for item_id, found in by_item.items()}


def _checks(found: Sequence[Refusal] | Sequence[CaseWarning]) -> tuple[CheckLine, ...]:
    return tuple(
        CheckLine(code=one.code.value, message=one.message, policy_refs=one.policy_refs) for one in found
    )
