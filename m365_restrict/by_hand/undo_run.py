"""`undo`: bring each rule back to its form before the last run that wrote, if it is as that run left it.

Nobody is restricted by it whom the register does not restrict now: what the register has opened since, or
opened with that run, stays open. Councillors' own choices are left to them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from m365_restrict.apply import apply_changes
from m365_restrict.by_hand.actions import undecided_actions
from m365_restrict.errors import ExitCode, PlanRefused, RequestRefused, first_of
from m365_restrict.ledger.written import WrittenChange
from m365_restrict.outcome import Unknown
from m365_restrict.plan.by_hand_codes import ByHandCode
from m365_restrict.plan.change import Applied, Change, ChangeClass, Difference, ObservedRule, Plan, RuleKind
from m365_restrict.plan.compare import creation, deletion, update
from m365_restrict.plan.opening import captures_more, only_opens
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.wanted import Wanted, WantedRules, wanted_rules
from m365_restrict.reconcile import reconcile
from m365_restrict.report.documents import ChangeLine, Head, Outcome, Source
from m365_restrict.report.failure import failure_of
from m365_restrict.report.lines import change_line
from m365_restrict.report.privacy import HolderMailboxes
from m365_restrict.report.undo_document import NotUndone, UndoDocument
from m365_restrict.report.verb import Verb
from m365_restrict.rules.observed import Properties
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.recording import tools_for
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.writes.write_outcome import ChangeOutcome, Result

_AGAIN = (
    "The next apply makes these changes again, because the register still says so. Correct the register, or "
    "`m365-restrict freeze` until it is corrected."
)
_NOT_ASKED = "nobody approved it"
_OUTCOMES = {Result.APPLIED: Outcome.APPLIED, Result.SKIPPED: Outcome.SKIPPED}


@dataclass(frozen=True)
class _Left:
    """Why a rule is not brought back."""

    code: ByHandCode
    why: str = ""


@dataclass(frozen=True)
class _Undoing:
    """What would be done about one run: the plan, and the rules that are left as they are."""

    run_id: str
    plan: Plan
    left: tuple[NotUndone, ...]
    notes: tuple[str, ...]


async def undo(run: Run, writing: Writing | None, finished: Callable[[], datetime]) -> UndoDocument:
    """Undo the last run that wrote. Raises as `reconcile` does in reading; RequestRefused without a run."""
    if writing is None:
        raise RequestRefused("This installation writes no rules.", code=ByHandCode.UNDO_BY_SCRIPT)
    last = run.ledger.written.latest_writing_run()
    if not last:
        raise RequestRefused("Nothing has been written yet.", code=ByHandCode.NOTHING_TO_UNDO)
    found = await reconcile(replace(run, verb=Verb.PLAN, writing=None, hand_over=None))
    if found.planned is None:
        raise AssertionError("a plan has been made")
    undoing = _Undo(run, found, found.planned).of(last)
    document = _document(run, found, undoing, finished)
    try:
        approved = writing.approve(undoing.plan)
    except PlanRefused as refusal:
        head = replace(document.head, exit_code=refusal.exit_code, error=failure_of(refusal))
        return replace(document, head=head)
    if not approved or not undoing.plan.changes:
        return document
    async with writing.open_writers() as writers:
        tools = tools_for(run, writing, writers, found.planned.folders)
        changes, line = undoing.plan.changes, undoing.plan.difference.line
        outcomes = await apply_changes(changes, tools, planned=changes, line=line)
    return _after(document, run, undoing, outcomes, finished)


class _Undo:
    """Holds the present state against what one run wrote."""

    def __init__(self, run: Run, found: Found, planned: Planned) -> None:
        self._run, self._found, self._planned = run, found, planned
        self._wanted: WantedRules = wanted_rules(planned.desired, run.options.zone)
        self._keys = {one.guid: one.key for one in planned.plan.difference.line if one.key}
        self._frozen = run.ledger.freezes.current() is not None

    def of(self, run_id: str) -> _Undoing:
        """What undoing that run would do."""
        rows = _merged(self._run.ledger.written.of_run(run_id))
        judged = [(row, self._judge(row)) for row in rows if not row.chosen_by_holder]
        changes = tuple(one for _, one in judged if isinstance(one, Change))
        left = tuple(_told(row, one) for row, one in judged if isinstance(one, _Left))
        chosen = sum(row.chosen_by_holder for row in rows)
        difference = self._planned.plan.difference
        plan = build_plan(
            Difference(
                changes=changes, findings=(), unknown=(), line=difference.line, orders=difference.orders
            ),
            guards=(),
            observed=self._planned.observed,
            source_version=self._found.register.version,
            place=self._run.options.place,
        )
        notes = [f"{chosen} of councillors' own choices are left to them."] if chosen else []
        return _Undoing(run_id, plan, left, (*notes, *([_AGAIN] if changes else [])))

    def _judge(self, row: WrittenChange) -> Change | _Left | None:
        """The change that brings one rule back; None where it is as it was before."""
        observed = self._observed(row)
        if isinstance(observed, Unknown):
            return _Left(ByHandCode.UNREADABLE, observed.reason)
        now = observed.properties if observed is not None else None
        if now == row.before:
            return None
        if now != row.after:
            return _Left(ByHandCode.EDITED_SINCE)
        if row.before is None:
            return (
                None if observed is None else deletion(_known(row), observed, ChangeClass.PENDING, opens=True)
            )
        return self._restored(row, row.before, observed)

    def _restored(
        self, row: WrittenChange, before: Properties, observed: ObservedRule | None
    ) -> Change | _Left:
        key = self._keys.get(row.tenant_id, row.key)
        wanted = self._wanted.rules.get(key)
        if wanted is None or wanted.withheld or wanted.kind is not row.kind:
            return _Left(ByHandCode.NO_LIVE_DECISION, self._why_open(row))
        if observed is None and key in self._keys.values():
            return _Left(ByHandCode.EDITED_SINCE, "Another rule has taken its place.")
        refused = self._why_not(row, before, wanted.properties, observed)
        if refused is not None:
            return refused
        form = replace(wanted, properties=before)
        if observed is None:
            return creation(form, ChangeClass.PENDING, opens=False)
        return _updated(form, observed)

    def _why_not(
        self, row: WrittenChange, before: Properties, wanted: Properties, observed: ObservedRule | None
    ) -> _Left | None:
        """Why the earlier form may not stand again, seen from what it would do to mail."""
        exempt = frozenset(one.address for one in self._planned.directory.protected_recipients)
        more = captures_more(wanted, before, exempt)
        if more:
            return _Left(ByHandCode.REGISTER_DECIDES_LESS, f"It would differ in {', '.join(more)}.")
        journal = self._run.ledger.written.of_rule(row.key, row.tenant_id)
        actions = undecided_actions(before, wanted, journal, self._found.people.domains)
        if actions:
            return _Left(ByHandCode.ACTION_NOT_DECIDED, f"It would differ in {', '.join(actions)}.")
        if self._frozen and (observed is None or not only_opens(observed.properties, before)):
            return _Left(ByHandCode.HELD_BY_FREEZE)
        return None

    def _why_open(self, row: WrittenChange) -> str:
        cases = self._planned.cases
        # By its item where that is known: another case may bear the reference by now.
        opened = row.item_id in cases.opened_items if row.item_id else row.case_reference in cases.opened
        return f"The register, or somebody by hand, has opened case {row.case_reference}." if opened else ""

    def _observed(self, row: WrittenChange) -> ObservedRule | Unknown | None:
        observed = self._planned.observed
        if row.kind is RuleKind.TRANSPORT_RULE:
            rules = observed.transport
            if isinstance(rules, Unknown):
                return rules
            return next((rule for rule in rules if rule.guid == row.tenant_id), None)
        box = observed.inbox.get(row.mailbox, Unknown(row.mailbox, "Nobody looked into this mailbox."))
        if isinstance(box, Unknown):
            return box
        return next((rule for rule in box if rule.rule_id == row.tenant_id), None)


def _updated(form: Wanted, observed: ObservedRule) -> Change:
    return replace(update(form, observed, ChangeClass.PENDING, frozenset(), opens=False), opening=None)


def _merged(rows: Iterable[WrittenChange]) -> list[WrittenChange]:
    """What the run did to each rule in all, the last rule first."""
    merged: dict[tuple[str, str, str], WrittenChange] = {}
    for row in rows:
        if not row.changed_the_tenant or not row.tenant_id:
            continue
        key = (row.kind.value, row.mailbox, row.tenant_id)
        first = merged.get(key)
        merged[key] = replace(row, before=first.before) if first else row
    return [row for row in reversed(merged.values()) if row.before != row.after]


def _known(row: WrittenChange) -> Applied:
    return Applied(
        key=row.key,
        kind=row.kind,
        guid_or_rule_id=row.tenant_id,
        mailbox=row.mailbox,
        case_reference=row.case_reference,
        name=row.name,
        properties=row.after or {},
        item_id=row.item_id,
    )


def _told(row: WrittenChange, left: _Left) -> NotUndone:
    return NotUndone(
        rule=row.name,
        case_ref=row.case_reference or None,
        code=left.code.value,
        message=" ".join(part for part in (left.code.meaning, left.why) if part),
        action=left.code.advice,
    )


def _document(run: Run, found: Found, undoing: _Undoing, finished: Callable[[], datetime]) -> UndoDocument:
    """The document before anything is written: what would be done."""
    holders = _holders(run)
    lines = tuple(change_line(change, holders) for change in undoing.plan.changes)
    codes = [
        ExitCode.REFUSED if undoing.left else ExitCode.IN_STEP,
        ExitCode.DIFFERENCES if lines else ExitCode.IN_STEP,
    ]
    return UndoDocument(
        head=Head(
            run_id=run.run_id,
            started_at=run.now,
            finished_at=finished(),
            exit_code=first_of(*codes),
            source=Source(
                items=len(found.register.cases.items), complete=True, version=found.register.version
            ),
        ),
        undone_run=undoing.run_id,
        plan_id=undoing.plan.plan_id,
        changes=lines,
        not_undone=undoing.left,
        notes=undoing.notes,
    )


def _after(
    document: UndoDocument,
    run: Run,
    undoing: _Undoing,
    outcomes: Iterable[ChangeOutcome],
    finished: Callable[[], datetime],
) -> UndoDocument:
    done = {id(one.change): one for one in outcomes}
    lines = tuple(_lines(undoing, done, _holders(run)))
    codes = [
        ExitCode.REFUSED if undoing.left else ExitCode.IN_STEP,
        ExitCode.PARTIAL if any(one.outcome is Outcome.FAILED for one in lines) else ExitCode.IN_STEP,
    ]
    head = replace(document.head, exit_code=first_of(*codes), finished_at=finished())
    return replace(document, head=head, changes=lines)


def _lines(
    undoing: _Undoing, done: dict[int, ChangeOutcome], holders: HolderMailboxes
) -> Iterator[ChangeLine]:
    for change in undoing.plan.changes:
        one = done.get(id(change))
        if one is None:
            yield change_line(change, holders, outcome=Outcome.SKIPPED, reason=_NOT_ASKED)
        else:
            yield change_line(
                change, holders, outcome=_OUTCOMES.get(one.result, Outcome.FAILED), reason=one.reason
            )


def _holders(run: Run) -> HolderMailboxes:
    chosen = {one.mailbox for one in run.ledger.rules.all() if one.chosen_by_holder}
    return HolderMailboxes(run.ledger.mailboxes.numbers(chosen - {""}))
