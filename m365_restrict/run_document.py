"""From what a run found and did to the document that tells it (contracts.md 3)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from m365_restrict.errors import ExitCode, first_of
from m365_restrict.found import Found, Planned
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Change, ChangeClass, Finding, Severity
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.findings import findings_of
from m365_restrict.plan.foreign_effect import foreign_effects
from m365_restrict.plan.undecided import undecided_rules
from m365_restrict.policy.judgement import AcceptedCase
from m365_restrict.policy.profile_lint import lint_profile
from m365_restrict.register.recipient import Unresolved
from m365_restrict.register_findings import register_findings
from m365_restrict.report.documents import (
    CaseLine,
    CaseStatus,
    ChangeLine,
    CheckLine,
    ChoiceCounts,
    Document,
    DriftDocument,
    GuardLine,
    Head,
    LiveLine,
    LiveState,
    Outcome,
    PlanDocument,
    RefusedLine,
    RuleTestCounts,
    Source,
    ValidateDocument,
    Verb,
)
from m365_restrict.report.lines import (
    case_lines,
    change_line,
    drift_exit_code,
    finding_key,
    finding_line,
    guard_lines,
    refused_choice_lines,
    refused_lines,
)
from m365_restrict.report.privacy import HolderMailboxes
from m365_restrict.rules.compilation import Blocks, Desired
from m365_restrict.run_context import Run
from m365_restrict.write_outcome import ChangeOutcome, Result

_OUTCOMES = {Result.APPLIED: Outcome.APPLIED, Result.FAILED: Outcome.FAILED, Result.SKIPPED: Outcome.SKIPPED}
_SEVEREST_FIRST = tuple(Severity)
_SOURCE_GUARDS = frozenset({GuardCode.SOURCE_EMPTY, GuardCode.SOURCE_SHRUNKEN})
_PROOF_HELD = "its simulated messages did not end where the decision says"


def document_of(run: Run, found: Found, finished_at: datetime) -> Document:
    """The document of a run that came to its end."""
    match run.verb:
        case Verb.VALIDATE:
            return _validate_document(run, found, finished_at)
        case Verb.DRIFT:
            return _drift_document(run, found, _planned(found), finished_at)
        case Verb.PLAN | Verb.APPLY | Verb.HEAL:
            return _plan_document(run, found, _planned(found), finished_at)
        case Verb.EXPLAIN:
            raise AssertionError("explain makes its own document")
    assert_never(run.verb)


def head_of(
    run: Run, found: Found, finished_at: datetime, *, exit_code: ExitCode, unknown: Iterable[Unknown] = ()
) -> Head:
    """What every document begins with."""
    return Head(
        run_id=run.run_id,
        started_at=run.now,
        finished_at=finished_at,
        exit_code=exit_code,
        source=Source(items=len(found.register.cases.items), complete=True, version=found.register.version),
        unknown=tuple(unknown),
    )


def _planned(found: Found) -> Planned:
    if found.planned is None:
        raise AssertionError("a run that goes past the checks has a plan")
    return found.planned


def _choice_counts(found: Found) -> ChoiceCounts:
    compiled = found.desired.choice_refusals
    return ChoiceCounts(
        live=len(found.choices.choices) - len(compiled),
        refused=len(found.choices.refused) + len(compiled),
    )


def _validate_document(run: Run, found: Found, finished_at: datetime) -> ValidateDocument:
    refused = found.judgement.refused or found.desired.blocked_cases
    return ValidateDocument(
        head=head_of(run, found, finished_at, exit_code=ExitCode.REFUSED if refused else ExitCode.IN_STEP),
        cases=tuple(_with_problems(line, found.desired) for line in case_lines(found.judgement)),
        choices=_choice_counts(found),
        refused_choices=refused_choice_lines((*found.choices.refused, *found.desired.choice_refusals)),
        policy_warnings=tuple(_policy_warnings(run, found)),
    )


def _with_problems(line: CaseLine, desired: Desired) -> CaseLine:
    """A case whose mailboxes are not as its rules need them is refused as well."""
    problems = tuple(
        CheckLine(code=one.code.value, message=one.message)
        for one in desired.problems
        if one.blocks is Blocks.CASE and one.case_reference == line.case_ref
    )
    if not problems or line.status is not CaseStatus.ACCEPTED:
        return line
    return replace(line, status=CaseStatus.REFUSED, state="refused", refusals=(*line.refusals, *problems))


def _policy_warnings(run: Run, found: Found) -> Iterator[CheckLine]:
    """What is weak in the profile itself, and warnings about the register as a whole."""
    for weak in lint_profile(run.options.profile, today=run.today):
        yield CheckLine(code=weak.code.value, message=weak.message)
    for warning in found.judgement.warnings:
        if not warning.item_id:
            yield CheckLine(code=warning.code.value, message=warning.message)


def _plan_document(run: Run, found: Found, planned: Planned, finished_at: datetime) -> PlanDocument:
    holders = _holders(run.ledger, planned)
    lines = tuple(_changes(found, planned, holders))
    unknown = _unknown(found, planned, holders)
    exit_code = _exit_code(planned, lines, unknown)
    return PlanDocument(
        verb=run.verb,
        head=head_of(run, found, finished_at, exit_code=exit_code, unknown=unknown),
        plan_id=planned.plan.plan_id,
        changes=lines,
        refused=_refused(found, planned),
        choices=_choice_counts(found),
        guards=(
            *guard_lines(planned.plan.guards, holders),
            *(
                GuardLine(code=one.code.value, message=holders.hide(one.message), override="")
                for one in planned.proof.failures
            ),
        ),
        tests=RuleTestCounts(passed=planned.proof.passed, failed=len(planned.proof.failures)),
    )


def unknown_of(run: Run, found: Found, planned: Planned) -> list[Unknown]:
    """What a run could not read, fit for a document."""
    return _unknown(found, planned, _holders(run.ledger, planned))


def _unknown(found: Found, planned: Planned, holders: HolderMailboxes) -> list[Unknown]:
    """What could not be read in the tenant or looked up in the directory, without telling who chose."""
    directory = planned.directory
    asked = (*directory.recipients.values(), *directory.protected, directory.councillors_group)
    choosers = {choice.holder for choice in found.choices.choices}
    unread = {
        Unknown("a councillor's mailbox" if entry.asked in choosers else entry.asked, entry.reason): None
        for entry in asked
        if isinstance(entry, Unresolved) and not entry.absent
    }
    members = directory.councillor_members
    if isinstance(members, Unknown):
        unread[members] = None
    return [holders.hide_unknown(one) for one in (*planned.plan.difference.unknown, *unread)]


def _refused(found: Found, planned: Planned) -> tuple[RefusedLine, ...]:
    compiled = tuple(
        RefusedLine(case_ref=problem.case_reference, code=problem.code.value, message=problem.message)
        for problem in planned.desired.problems
        if problem.blocks is Blocks.CASE
    )
    return (*refused_lines(found.judgement.refused), *compiled)


def _changes(found: Found, planned: Planned, holders: HolderMailboxes) -> Iterable[ChangeLine]:
    done = {id(outcome.change): outcome for outcome in found.outcomes}
    permitted = {id(change) for change in planned.proof.permitted(planned.plan)}
    for change in planned.plan.changes:
        outcome = done.get(id(change))
        if outcome is not None:
            result = _OUTCOMES[outcome.result]
            yield change_line(change, holders, outcome=result, reason=outcome.reason)
        elif not change.held_by and id(change) not in permitted:
            if change.opening is not None:
                yield _opening_line(change.opening, done.get(id(change.opening)), holders)
            yield change_line(change, holders, outcome=Outcome.SKIPPED, reason=_PROOF_HELD)
        else:
            yield change_line(change, holders)


def _opening_line(opening: Change, outcome: ChangeOutcome | None, holders: HolderMailboxes) -> ChangeLine:
    """The part of a change that goes ahead although the proof of its case failed."""
    if outcome is None:
        return change_line(opening, holders)
    return change_line(opening, holders, outcome=_OUTCOMES[outcome.result], reason=outcome.reason)


def _exit_code(planned: Planned, lines: tuple[ChangeLine, ...], unknown: list[Unknown]) -> ExitCode:
    codes = [ExitCode.PARTIAL] if unknown else []
    outcomes = [line.outcome for line in lines]
    if Outcome.SKIPPED in outcomes or _is_source_doubted(planned):
        codes.append(ExitCode.REFUSED)
    if Outcome.FAILED in outcomes:
        codes.append(ExitCode.PARTIAL)
    if Outcome.PLANNED in outcomes:
        codes.append(ExitCode.DIFFERENCES)
    return first_of(*codes)


def _is_source_doubted(planned: Planned) -> bool:
    """An empty or shrunken register is refused even where no rule follows from it: it cannot be believed."""
    return any(guard.code in _SOURCE_GUARDS for guard in planned.plan.guards)


def _holders(ledger: Ledger, planned: Planned) -> HolderMailboxes:
    """Numbers for every mailbox that a choice is about, planned, applied or observed."""
    desired, plan = planned.desired, planned.plan
    mailboxes = {rule.holder for rule in desired.transport} | {
        rule.mailbox for rule in desired.inbox if rule.chosen_by_holder
    }
    mailboxes |= {change.mailbox for change in plan.changes if change.chosen_by_holder}
    mailboxes |= {one.mailbox for one in plan.difference.findings if one.chosen_by_holder}
    mailboxes |= {one.mailbox for one in ledger.rules.all() if one.chosen_by_holder}
    return HolderMailboxes(ledger.mailboxes.numbers(mailboxes - {""}))


def _undecided(run: Run, found: Found, planned: Planned) -> Iterator[Finding]:
    return undecided_rules(
        planned.plan.difference,
        planned.observed,
        decided=frozenset(
            address for one in found.judgement.in_force for address in one.case.protected.addresses
        ),
        council_domains=found.people.domains,
        now=run.now,
    )


def _drift_document(run: Run, found: Found, planned: Planned, finished_at: datetime) -> DriftDocument:
    holders = _holders(run.ledger, planned)
    everything = (
        *findings_of(planned.plan.difference, now=run.now),
        *register_findings(found, planned),
        *_undecided(run, found, planned),
        *foreign_effects(
            [one.case for one in found.judgement.in_force],
            planned.plan.difference,
            planned.observed,
            planned.directory,
            now=run.now,
        ),
    )
    findings = tuple(sorted(everything, key=lambda one: _SEVEREST_FIRST.index(one.severity)))
    since = run.ledger.findings.note((finding_key(one) for one in findings), at=run.now)
    unknown = _unknown(found, planned, holders)
    codes = [
        drift_exit_code(findings),
        ExitCode.PARTIAL if unknown else ExitCode.IN_STEP,
        ExitCode.REFUSED if _is_source_doubted(planned) else ExitCode.IN_STEP,
    ]
    return DriftDocument(
        head=head_of(run, found, finished_at, exit_code=first_of(*codes), unknown=unknown),
        findings=tuple(finding_line(one, holders, since=since[finding_key(one)]) for one in findings),
        live=tuple(_live_line(one, planned) for one in _enforceable(run, found, planned)),
    )


def _enforceable(run: Run, found: Found, planned: Planned) -> Iterator[AcceptedCase]:
    """Cases in force, without those that were refused for their mailboxes before any rule was made."""
    with_rules = {one.case_reference for one in run.ledger.rules.all()}
    never_made = planned.desired.blocked_cases - with_rules
    return (one for one in found.judgement.in_force if one.case.reference not in never_made)


def _live_line(one: AcceptedCase, planned: Planned) -> LiveLine:
    case = one.case
    return LiveLine(
        case_ref=case.reference,
        measure=case.protected.measure.value,
        ends_on=case.protected.ends_on,
        next_review_on=one.next_review_on,
        state=_state_of(one, planned),
    )


def _state_of(one: AcceptedCase, planned: Planned) -> LiveState:
    case = one.case
    if not case.protected.measure.acts_on_mail:
        return LiveState.NOT_ON_MAIL
    changes = [
        change
        for change in planned.plan.changes
        if change.case_reference == case.reference and not change.chosen_by_holder
    ]
    if _is_unread(case.reference, planned):
        return LiveState.UNKNOWN
    if any(_is_missing(change) for change in changes):
        return LiveState.MISSING
    if changes or case.reference in planned.desired.blocked_cases:
        return LiveState.DIFFERS
    return LiveState.IN_STEP


def _is_missing(change: Change) -> bool:
    return change.observed is None and change.change_class in {ChangeClass.PENDING, ChangeClass.MISSING}


def _is_unread(reference: str, planned: Planned) -> bool:
    """Whether a rule of the case lies where the tenant could not be read."""
    desired, observed = planned.desired, planned.observed
    on_transport = any(rule.case_reference == reference for rule in desired.transport if not rule.holder)
    if on_transport and isinstance(observed.transport, Unknown):
        return True
    boxes = {
        rule.mailbox
        for rule in desired.inbox
        if rule.case_reference == reference and not rule.chosen_by_holder
    }
    return any(isinstance(observed.inbox.get(box), Unknown) for box in boxes)
