"""The lines of each document, before any terminal."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from m365_restrict.plan.change import FieldChange
from m365_restrict.plan.limits import Headroom, Use
from m365_restrict.report.documents import (
    CaseLine,
    CaseStatus,
    ChangeLine,
    CheckLine,
    CopyLine,
    DriftDocument,
    ExplainDocument,
    FindingLine,
    LiveState,
    Mailbox,
    Outcome,
    OverrideLine,
    PlanDocument,
    RuleLine,
    ValidateDocument,
)
from m365_restrict.report.json_text import instant
from m365_restrict.report.text import Line, counted, sentence, shown

if TYPE_CHECKING:
    from m365_restrict.plan.foreign_line import ForeignLine  # slow to load, and only a plan has it

_MARKS = {"create": "+", "update": "~", "delete": "-"}
_STYLES = {"create": "green", "update": "yellow", "delete": "red"}
_LIVE_WORDS = {
    LiveState.IN_STEP: "in step",
    LiveState.DIFFERS: "differs",
    LiveState.MISSING: "missing",
    LiveState.UNKNOWN: "unknown",
    LiveState.NOT_ON_MAIL: "in force without a mail rule",
}
_CASE_ORDER = (CaseStatus.REFUSED, CaseStatus.DRAFT, CaseStatus.ACCEPTED, CaseStatus.ENDED)


def plan_lines(document: PlanDocument) -> Iterator[Line]:
    """A plan, or what apply or heal made of it."""
    yield headline(document)
    for guard in document.guards:
        yield Line(f"! guard {guard.code}: {guard.message}", "red")
        if guard.override:
            yield Line(f"To go on all the same: {guard.override}", indent=1)
    for one in document.overrides:
        yield Line(_override(one), "yellow")
    for test in document.failed_tests:
        if not test.stops:
            yield Line(f"! rule test '{test.name}' ({test.place}) fails: {test.message}", "yellow")
            yield Line("Somebody else's rule causes it and did before; this run is not held back.", indent=1)
    for change in document.changes:
        yield from change_lines(change)
    for refused in document.refused:
        check = CheckLine(code=refused.code, message=refused.message, policy_refs=refused.policy_refs)
        yield Line(f"! {refused.case_ref} is not enforced: {_check(check)}", "red")
    for waiting in document.settling:
        yield Line(
            f"Settling: {waiting.name!r} of case {waiting.case_ref} stays until {instant(waiting.until)}, so "
            "that the rule that takes its place has reached all of Exchange first."
        )
    if document.foreign_rules is not None:
        yield from _foreign(document.foreign_rules)
    if document.headroom is not None:
        yield Line(_headroom(document.headroom))
    if document.script is not None:
        script = document.script
        yield Line(
            f"Script: {script.file} makes {counted(script.changes, 'change')}; an administrator runs it, "
            f"then `m365-restrict drift` proves it. SHA-256 of its body: {script.sha256}."
        )
    if document.plan_id:
        yield Line(f"Plan id: {document.plan_id}")


def headline(document: PlanDocument) -> Line:
    """A plan in one sentence."""
    return Line(_plan_summary(document), "bold")


def _override(one: OverrideLine) -> str:
    limit = "" if one.limit is None else f", up to {counted(one.limit, 'case')}"
    used = "it lets this run pass" if one.used else "this run does not need it"
    return f"! override of {one.code} until {instant(one.until)}{limit}: {one.reason} ({used})"


def _foreign(line: "ForeignLine") -> Iterator[Line]:
    """The rules of others that stand around ours, for who must know why mail went where it did."""
    if line.before:
        yield Line(f"Rules of others that run before ours: {', '.join(line.before)}.")
    if line.skipped:
        yield Line(f"Rules of others that mail stopped by ours never meets: {', '.join(line.skipped)}.")


def _headroom(room: Headroom) -> str:
    """How much of the organisation's limits is used, and how much would be."""
    rules, patterns, largest = room.rules, room.pattern_characters, room.largest_rule
    size = (
        "" if largest.used is None else f"; our largest rule {largest.used:,} of {largest.limit:,} characters"
    )
    told = "" if room.reported else " (limits as documented; the tenant did not tell its own)"
    return (
        f"Head-room: {_use(rules)} transport rules; {_use(patterns)} characters of words and patterns{size}"
        f"{told}."
    )


def _use(use: Use) -> str:
    after = "" if use.planned == use.used else f" ({use.planned:,} with this plan)"
    return f"{use.used:,}{after} of {use.limit:,}"


def _plan_summary(document: PlanDocument) -> str:
    outcomes = [change.outcome for change in document.changes if not change.waived]
    waived = sum(change.waived for change in document.changes)
    words = {
        Outcome.PLANNED: "to make",
        Outcome.APPLIED: "made",
        Outcome.FAILED: "failed",
        Outcome.SKIPPED: "waiting for a hand or held back" if document.script else "held back",
    }
    parts = [
        f"{counted(outcomes.count(outcome), 'change')} {word}"
        for outcome, word in words.items()
        if outcome in outcomes
    ]
    refused_cases = len({line.case_ref for line in document.refused})
    choices, tests = document.choices, document.tests
    return sentence(
        [
            *(parts or ["no changes"]),
            f"{counted(waived, 'difference')} accepted as it is" if waived else "",
            f"{counted(refused_cases, 'case')} refused",
            f"{counted(choices.live, 'councillor choice')} live, {choices.refused or 'none'} refused",
            f"{counted(tests.passed, 'rule test')} passed, {tests.failed or 'none'} failed"
            if tests.passed or tests.failed
            else "",
        ]
    )


def change_lines(change: ChangeLine) -> Iterator[Line]:
    """One change, what it does and what became of it."""
    kind = change.kind.replace("_", " ")
    outcome = "" if change.outcome is Outcome.PLANNED else f", {change.outcome.value}"
    about = ", ".join(one for one in (change.class_.replace("_", " "), change.case_ref) if one)
    yield Line(
        f"{_MARKS[change.action]} {change.action} {kind} {change.name!r}{_in_mailbox(change.mailbox)}"
        f" ({about}{outcome})",
        _STYLES[change.action],
    )
    yield Line(change.effect, indent=1)
    if change.reason:
        done = change.outcome is Outcome.APPLIED
        yield Line(f"{'=' if done else '!'} {change.reason}", "" if done else "red", indent=1)
    if change.action == "update":
        yield from _field_lines(change.fields)


def _field_lines(fields: Iterable[FieldChange]) -> Iterator[Line]:
    for one in fields:
        yield Line(f"{one.field}: is {shown(one.observed)}; should be {shown(one.desired)}", indent=1)


def _in_mailbox(mailbox: Mailbox) -> str:
    if isinstance(mailbox, int):
        return f" in councillor mailbox no. {mailbox}"
    return f" in {mailbox}" if mailbox else ""


def _check(check: CheckLine) -> str:
    refs = f" [{', '.join(check.policy_refs)}]" if check.policy_refs else ""
    return f"{check.message} ({check.code}){refs}"


def drift_lines(document: DriftDocument) -> Iterator[Line]:
    """Whether the decisions hold."""
    numbers = document.summary
    waived = sum(one.waived is not None for one in document.findings)
    yield Line(
        sentence(
            [
                f"{counted(numbers.live, 'case')} in force",
                f"{numbers.enforced or 'none'} in step",
                f"{numbers.differing or 'none'} differing",
                f"{numbers.unknown or 'none'} unknown",
                counted(numbers.orphans, "orphaned rule"),
                counted(len(document.findings), "finding"),
                f"{waived} of them accepted as they are" if waived else "",
            ]
        ),
        "bold",
    )
    for finding in document.findings:
        yield from _finding_lines(finding)
    for live in document.live:
        until = f" until {live.ends_on}" if live.ends_on else ""
        review = f", next review {live.next_review_on}" if live.next_review_on else ""
        yield Line(f"{live.case_ref}: {live.measure}{until}{review}: {_LIVE_WORDS[live.state]}")
    for one in document.not_covered:
        yield Line(f"! not covered: {one.scope}: {one.reason}", "yellow")
        yield Line(f"Next step: {one.next_step}", indent=1)


def _finding_lines(finding: FindingLine) -> Iterator[Line]:
    rule = f" {finding.rule!r}" if finding.rule else ""
    case = f" of case {finding.case_ref}" if finding.case_ref else ""
    mark = "=" if finding.waived else "!"
    what = f"{finding.severity}: {finding.class_.replace('_', ' ')}{rule}"
    yield Line(
        f"{mark} {what}{_in_mailbox(finding.mailbox)}{case} ({finding.code})",
        "red" if finding.severity in {"critical", "high"} else "yellow",
    )
    yield Line(finding.message, indent=1)
    yield from _field_lines(finding.fields)
    who = f"; changed by {finding.changed_by}" if finding.changed_by else ""
    when = f" at {instant(finding.changed_at)}" if finding.changed_at else ""
    yield Line(f"Since {instant(finding.since)}{who}{when}; finding {finding.id}", indent=1)
    if finding.waived is not None:
        waived = finding.waived
        text = f"Accepted until {waived.until} by {waived.owner} (waiver {waived.number}): {waived.reason}"
        yield Line(text, indent=1)
    else:
        yield Line(f"Next step: {finding.action}", indent=1)


def explain_lines(document: ExplainDocument) -> Iterator[Line]:
    """What becomes of mail from one address."""
    cases = ", ".join(document.case_refs)
    yield Line(
        sentence(
            [
                f"mail from {document.address}",
                f"case {cases}" if cases else "no live case",
                counted(len(document.rules), "rule"),
            ]
        ),
        "bold",
    )
    for copy in document.copies:
        yield Line(_copy(copy))
    for reason in document.because:
        yield Line(f"Because: {reason}")
    for rule in document.rules:
        yield Line(_rule(rule))


def _copy(copy: CopyLine) -> str:
    mailbox = f"councillor mailbox no. {copy.mailbox}" if isinstance(copy.mailbox, int) else copy.mailbox
    where = f" to {mailbox}" if mailbox and mailbox != copy.recipient else ""
    folder = f", folder {copy.folder}" if copy.folder else ""
    rules = f", by {', '.join(copy.rules)}" if copy.rules else ""
    added = f", a copy added by {copy.added_by}" if copy.added_by else ""
    ndr = f"; the sender is told: {copy.ndr}" if copy.ndr else ""
    return f"To {copy.recipient}: {copy.outcome}{where}{folder}{rules}{added}{ndr}"


def _rule(rule: RuleLine) -> str:
    state = "enabled" if rule.enabled else "disabled"
    mode = f", {rule.mode} mode" if rule.mode else ""
    return f"Rule {rule.name!r}{_in_mailbox(rule.mailbox)}: {rule.kind.replace('_', ' ')}, {state}{mode}"


def validate_lines(document: ValidateDocument) -> Iterator[Line]:
    """What is missing or wrong in the register and the choices: what needs work comes first."""
    numbers = document.summary
    yield Line(
        sentence(
            [
                f"{counted(numbers.accepted, 'case')} accepted",
                f"{numbers.refused or 'none'} refused",
                f"{counted(numbers.draft, 'draft')}",
                f"{numbers.ended or 'none'} ended",
                f"{counted(document.choices.live, 'councillor choice')} live,"
                f" {document.choices.refused or 'none'} refused",
            ]
        ),
        "bold",
    )
    for case in sorted(document.cases, key=lambda case: _CASE_ORDER.index(case.status)):
        yield from _case_lines(case)
    for choice in document.refused_choices:
        yield Line(f"! choice, item {choice.item_id}, refused: {choice.message} ({choice.code})", "yellow")
    for weak in document.policy_warnings:
        yield Line(f"The policy itself: {weak.message} ({weak.code})")


def _case_lines(case: CaseLine) -> Iterator[Line]:
    mark = "! " if case.status is CaseStatus.REFUSED else ""
    state = "" if case.state == case.status.value else f", {case.state.replace('_', ' ')}"
    yield Line(
        f"{mark}{case.case_ref} (item {case.item_id}): {case.status.value}{state}", "red" if mark else ""
    )
    for refusal in case.refusals:
        yield Line(f"missing or wrong: {_check(refusal)}", indent=1)
    for warning in case.warnings:
        yield Line(f"warning: {_check(warning)}", "yellow", indent=1)
    if case.waiting:
        yield Line(f"waiting for approval: {', '.join(case.waiting)}", indent=1)
