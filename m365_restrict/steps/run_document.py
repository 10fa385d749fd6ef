"""From what a run found and did to the document that tells it (contracts.md 3)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from m365_restrict.errors import ExitCode, RunStopped, first_of
from m365_restrict.findings.left_to_hand import still_waiting
from m365_restrict.findings.live_lines import live_lines
from m365_restrict.findings.problem_lines import policy_warnings, warning_of, with_problems
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Change
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.foreign_line import foreign_line
from m365_restrict.plan.limits import headroom
from m365_restrict.plan.rule_test_results import RuleTestVerdict
from m365_restrict.register.recipient import Unresolved
from m365_restrict.report.documents import (
    ChangeLine,
    ChoiceCounts,
    Document,
    DriftDocument,
    FailedTestLine,
    Failure,
    GuardLine,
    Head,
    Outcome,
    PlanDocument,
    RefusedLine,
    RuleTestCounts,
    Source,
    ValidateDocument,
)
from m365_restrict.report.failure import failure_of
from m365_restrict.report.lines import (
    case_lines,
    change_line,
    drift_exit_code,
    finding_key,
    finding_line,
    foreign_rule_names,
    guard_lines,
    override_lines,
    refused_choice_lines,
    refused_lines,
    settling_lines,
    told_basis,
    waived_change_line,
)
from m365_restrict.report.privacy import HolderMailboxes
from m365_restrict.report.verb import Verb
from m365_restrict.rules.compilation import Blocks
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.openings import opened_lines
from m365_restrict.steps.run_context import Run
from m365_restrict.writes.write_outcome import ChangeOutcome, Result

_OUTCOMES = {
    Result.APPLIED: Outcome.APPLIED,
    Result.FAILED: Outcome.FAILED,
    Result.SKIPPED: Outcome.SKIPPED,
    Result.WAITING: Outcome.SKIPPED,
}
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


def choice_counts(found: Found) -> ChoiceCounts:
    """How many councillors' choices are live and refused."""
    compiled = found.desired.choice_refusals
    return ChoiceCounts(
        live=len(found.choices.choices) - len(compiled),
        refused=len(found.choices.refused) + len(compiled),
    )


def _validate_document(run: Run, found: Found, finished_at: datetime) -> ValidateDocument:
    refused = found.judgement.refused or found.desired.blocked_cases
    return ValidateDocument(
        head=head_of(run, found, finished_at, exit_code=ExitCode.REFUSED if refused else ExitCode.IN_STEP),
        cases=tuple(with_problems(line, found.desired) for line in case_lines(found.judgement)),
        choices=choice_counts(found),
        refused_choices=refused_choice_lines((*found.choices.refused, *found.desired.choice_refusals)),
        policy_warnings=tuple(policy_warnings(run, found)),
    )


def _plan_document(run: Run, found: Found, planned: Planned, finished_at: datetime) -> PlanDocument:
    holders = holders_of(run.ledger, planned)
    lines = tuple(_changes(found, planned, holders))
    unknown = _unknown(found, planned, holders)
    exit_code = _exit_code(found, planned, lines, unknown)
    head = head_of(run, found, finished_at, exit_code=exit_code, unknown=unknown)
    return PlanDocument(
        verb=run.verb,
        head=replace(head, error=_error_of(found)),
        plan_id=planned.plan.plan_id,
        basis=told_basis(planned.plan.basis),
        changes=_with_measures(
            (*lines, *(waived_change_line(one, holders) for one in planned.plan.difference.waived)),
            found,
            planned,
        ),
        refused=(
            *_refused(found, planned),
            *opened_lines(found.judgement, run.ledger.openings.standing()),
        ),
        choices=choice_counts(found),
        guards=(
            *guard_lines(planned.plan.guards, holders),
            *(
                GuardLine(code=one.code.value, message=holders.hide(one.message), override="")
                for one in planned.proof.failures
            ),
        ),
        tests=_test_counts(planned),
        script=found.script,
        failed_tests=tuple(
            FailedTestLine(
                name=one.test.name, place=one.test.place, message=holders.hide(one.message), stops=one.stops
            )
            for one in planned.rule_tests.failing
        ),
        overrides=override_lines(planned.guarded),
        headroom=headroom(
            planned.plan.allowed,
            planned.observed,
            planned.plan.difference.line,
            planned.guarded.facts.limits,
        ),
        settling=settling_lines(planned.plan.difference.settling),
        foreign_rules=foreign_rule_names(
            foreign_line(planned.plan.difference, planned.plan.allowed, planned.observed, planned.directory)
        ),
    )


def _error_of(found: Found) -> Failure | None:
    """Why a plan was not carried out, or not to its end."""
    if found.refusal is not None:
        return failure_of(found.refusal)
    if not found.stopped:
        return None
    made = sum(outcome.result is not Result.SKIPPED for outcome in found.outcomes)
    message = (
        f"{found.stopped} stopped the run after {made} of {len(found.outcomes)} changes. None was left half "
        "made. What follows the changes was left to the next run."
    )
    return failure_of(RunStopped(message))


def _with_measures(lines: Iterable[ChangeLine], found: Found, planned: Planned) -> tuple[ChangeLine, ...]:
    """The changes with the measure of their case, as decided now or else as last in force."""
    measures = {one.case_reference: one.measure for one in planned.cases.before}
    for one in found.judgement.accepted:
        measures[one.case.reference] = one.case.protected.measure.value
    return tuple(
        line
        if isinstance(line.mailbox, int)
        else replace(line, measure=measures.get(line.case_ref or "", ""))
        for line in lines
    )


def _test_counts(planned: Planned) -> RuleTestCounts:
    """The program's own expectations and the council's."""
    proof, tests = planned.proof, planned.rule_tests
    return RuleTestCounts(
        passed=proof.passed + tests.count(RuleTestVerdict.PASSED),
        failed=len(proof.failures) + len(tests.failing),
    )


def unknown_of(run: Run, found: Found, planned: Planned) -> list[Unknown]:
    """What a run could not read, fit for a document."""
    return _unknown(found, planned, holders_of(run.ledger, planned))


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
        if found.refusal is not None and not change.held_by:
            yield change_line(change, holders, outcome=Outcome.SKIPPED, reason=found.refusal.message)
        elif outcome is not None:
            result = _OUTCOMES[outcome.result]
            yield change_line(change, holders, outcome=result, reason=outcome.reason)
        elif not change.held_by and id(change) not in permitted:
            if change.opening is not None:
                yield _opening_line(change.opening, done.get(id(change.opening)), holders)
            yield change_line(change, holders, outcome=Outcome.SKIPPED, reason=_PROOF_HELD)
        else:
            yield change_line(change, holders, reason=warning_of(change, planned.desired, planned.folders))


def _opening_line(opening: Change, outcome: ChangeOutcome | None, holders: HolderMailboxes) -> ChangeLine:
    """The part of a change that goes ahead although the proof of its case failed."""
    if outcome is None:
        return change_line(opening, holders)
    return change_line(opening, holders, outcome=_OUTCOMES[outcome.result], reason=outcome.reason)


def _exit_code(
    found: Found, planned: Planned, lines: tuple[ChangeLine, ...], unknown: list[Unknown]
) -> ExitCode:
    codes = [ExitCode.PARTIAL] if unknown else []
    outcomes = [line.outcome for line in lines]
    waiting = sum(outcome.result is Result.WAITING for outcome in found.outcomes)
    unmade = sum(outcome.result is Result.SKIPPED for outcome in found.outcomes)
    held_back = outcomes.count(Outcome.SKIPPED) > waiting + unmade
    if found.refusal is not None or held_back or _is_source_doubted(planned):
        codes.append(ExitCode.REFUSED)
    if planned.rule_tests.guards:
        # Also where nothing waits to be written: what stands is not what the council expects.
        codes.append(ExitCode.REFUSED)
    if Outcome.FAILED in outcomes or found.stopped:
        codes.append(ExitCode.PARTIAL)
    if Outcome.PLANNED in outcomes or waiting:
        codes.append(ExitCode.DIFFERENCES)
    return first_of(*codes)


def _is_source_doubted(planned: Planned) -> bool:
    """An empty or shrunken register is refused even where no rule follows from it: it cannot be believed."""
    return any(guard.code in _SOURCE_GUARDS for guard in planned.plan.guards)


def holders_of(ledger: Ledger, planned: Planned) -> HolderMailboxes:
    """Numbers for every mailbox that a choice is about, planned, applied or observed."""
    desired, plan = planned.desired, planned.plan
    mailboxes = {rule.holder for rule in desired.transport} | {
        rule.mailbox for rule in desired.inbox if rule.chosen_by_holder
    }
    mailboxes |= {change.mailbox for change in plan.changes if change.chosen_by_holder}
    mailboxes |= {one.mailbox for one in plan.difference.findings if one.chosen_by_holder}
    mailboxes |= {one.mailbox for one in ledger.rules.all() if one.chosen_by_holder}
    return HolderMailboxes(ledger.mailboxes.numbers(mailboxes - {""}))


def _drift_document(run: Run, found: Found, planned: Planned, finished_at: datetime) -> DriftDocument:
    holders = holders_of(run.ledger, planned)
    findings, watched = found.findings, found.watched
    unseen = (*still_waiting(run, planned), *watched.left_standing(run.ledger.findings.known()))
    since = run.ledger.findings.note((finding_key(one) for one in findings), at=run.now, unknown=unseen)
    unknown = _unknown(found, planned, holders)
    codes = [
        drift_exit_code(findings),
        ExitCode.PARTIAL if unknown else ExitCode.IN_STEP,
        ExitCode.REFUSED if _is_source_doubted(planned) else ExitCode.IN_STEP,
    ]
    return DriftDocument(
        head=head_of(run, found, finished_at, exit_code=first_of(*codes), unknown=unknown),
        findings=tuple(
            finding_line(one, holders, since=min(since[finding_key(one)], one.began_at or run.now))
            for one in findings
        ),
        live=tuple(live_lines(run, found, planned)),
        not_covered=tuple(
            replace(one, scope=holders.hide(one.scope), reason=holders.hide(one.reason))
            for one in watched.not_covered
        ),
    )
