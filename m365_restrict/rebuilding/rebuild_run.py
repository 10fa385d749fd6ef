"""`ledger rebuild`: read all that is left of the ledger's knowledge in the tenant, and change nothing there.

1. read and judge the register and plan, with an empty ledger, as `plan` does
2. keep rules that are as decided as last applied, and what else the lists prove of holders and mails
3. look for our rules in every mailbox in scope, for those that no decision leads to
4. say what differs, and what nothing in the tenant tells
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from m365_restrict.errors import ErrorCode, ExitCode, RequestRefused, first_of
from m365_restrict.ledger.register_memory import LiveCase
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Applied, Change
from m365_restrict.rebuilding.found_rules import Elsewhere, holders_own, rules_elsewhere
from m365_restrict.rebuilding.told_before import note_told
from m365_restrict.reconcile import reconcile
from m365_restrict.register.case import Measure
from m365_restrict.register.item import ListItem
from m365_restrict.register.reference import same_reference
from m365_restrict.register.values import as_text
from m365_restrict.report.documents import Head, Source
from m365_restrict.report.privacy import HolderMailboxes
from m365_restrict.report.rebuild_document import RebuildDocument, RebuiltRule, RuleFound, ToldCounts
from m365_restrict.report.verb import Verb
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.rules.stamp import Damaged, Stamp, parse_stamp
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.recording import record_run
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.run_document import unknown_of

_CHOICE = "a councillor's own choice"
_FOUND = {
    Action.CREATE: RuleFound.NOT_THERE,
    Action.UPDATE: RuleFound.DIFFERS,
    Action.DELETE: RuleFound.NOT_DECIDED,
}
_ALWAYS_LOST = (
    "Openings by hand, waivers, freezes, overrides, adopted and disowned rules: say again what still holds, "
    "before the next `apply`.",
    "The history of runs and writes, since when findings stand, and what a probe or a canary has shown: they "
    "begin anew.",
    "When closed cases were closed: `retention` counts from the next `reviews`, so it deletes later.",
    "Which letters were drafted: `apply` drafts again those that nobody has recorded as sent; in the library "
    "the earlier draft stays as an earlier version.",
)


async def rebuild(run: Run, finished: Callable[[], datetime]) -> RebuildDocument:
    """Fill the run's empty ledger. Raises as `reconcile` does in reading, and RequestRefused.

    `run` must hold readers alone and an empty ledger. Refused are an empty register while rules of ours
    stand for cases, and transport rules that cannot be read: a ledger made of that would be wrong.
    """
    if run.verb is not Verb.PLAN or run.writing is not None:
        raise AssertionError("a ledger is rebuilt by a run that only reads")
    found = await reconcile(run)
    planned = found.planned
    if planned is None:
        raise AssertionError("a plan has been made")
    _require_whole(run, found, planned)
    record_run(run, planned)
    _remember_undecided(run, found, planned)
    own = tuple(holders_own(found, planned))
    elsewhere = await rules_elsewhere(run, found, planned)
    for one in (*own, *elsewhere.rules):
        run.ledger.rules.record(one, run_id=run.run_id, at=run.now)
    run.progress("Looking for what people have been told")
    told = await note_told(run, found)
    rules = tuple(_rules(run, planned, own, elsewhere))
    return _document(run, found, planned, (rules, elsewhere, told), finished())


def _require_whole(run: Run, found: Found, planned: Planned) -> None:
    transport = planned.observed.transport
    if isinstance(transport, Unknown):
        message = f"The transport rules could not be read: {transport.reason}"
        raise RequestRefused(message, code=ErrorCode.LEDGER_NOT_REBUILT)
    cases = any(stamp.case_reference for stamp, _ in _stamped(run, planned))
    if cases and not found.register.cases.items:
        message = "The register holds no case at all, though rules of ours stand for cases."
        raise RequestRefused(message, code=ErrorCode.LEDGER_NOT_REBUILT)


def _remember_undecided(run: Run, found: Found, planned: Planned) -> None:
    """Cases with a rule of ours that nobody accepts now count as live before: the guards count them."""
    judgement = found.judgement
    settled = {one.case.item_id for one in judgement.accepted}
    settled |= {one.item_id for one in judgement.ended_by_register}
    stamped = dict.fromkeys(one.case_reference for one, _ in _stamped(run, planned))
    left = [
        _live_before(run, item, reference)
        for reference in stamped
        for item in found.register.cases.items
        if item.item_id not in settled and same_reference(as_text(item.fields.get("Title", "")), reference)
    ]
    run.ledger.register.replace_live([*planned.cases.live, *left], run_id=run.run_id)


def _stamped(run: Run, planned: Planned) -> Iterator[tuple[Stamp, ObservedTransportRule]]:
    transport = planned.observed.transport
    for rule in () if isinstance(transport, Unknown) else transport:
        stamp = parse_stamp(rule.comments)
        if isinstance(stamp, Stamp) and stamp.instance_id == run.options.instance_id:
            yield stamp, rule


def _live_before(run: Run, item: ListItem, reference: str) -> LiveCase:
    measure, ends_on = as_text(item.fields.get("Measure", "")), item.fields.get("EndsOn")
    known = {one.value for one in Measure}
    return LiveCase(
        item_id=item.item_id,
        case_reference=reference,
        # It only tells how far a guard may let the item open a rule; what cannot be read opens nothing.
        measure=measure if measure in known else Measure.REDIRECT.value,
        ends_on=ends_on if isinstance(ends_on, date) else run.today,
    )


def _rules(run: Run, planned: Planned, own: Sequence[Applied], elsewhere: Elsewhere) -> Iterator[RebuiltRule]:
    difference = planned.plan.difference
    known_rules = [*difference.takeovers, *own, *elsewhere.rules]
    boxes = {one.mailbox for one in known_rules if one.chosen_by_holder}
    boxes |= {one.mailbox for one in difference.changes if one.chosen_by_holder}
    holders = HolderMailboxes(run.ledger.mailboxes.numbers(boxes - {""}))
    for applied in difference.takeovers:
        yield _line(applied, RuleFound.TAKEN_OVER, holders)
    for applied in own:
        yield _line(applied, RuleFound.DIFFERS, holders)
    for applied in elsewhere.rules:
        yield _line(applied, RuleFound.NOT_DECIDED, holders)
    known = {(one.kind, one.mailbox, one.key) for one in own}
    stray = {(one.mailbox, one.guid_or_rule_id) for one in elsewhere.rules}
    for change in difference.changes:
        rule_id = getattr(change.observed, "rule_id", "")
        if (change.kind, change.mailbox, change.key) not in known and (change.mailbox, rule_id) not in stray:
            yield _line(change, _FOUND[change.action], holders)


def _line(one: Applied | Change, found: RuleFound, holders: HolderMailboxes) -> RebuiltRule:
    chosen = one.chosen_by_holder
    return RebuiltRule(
        name=_CHOICE if chosen else one.name,
        kind=one.kind.value,
        case_ref=None if chosen else one.case_reference or None,
        mailbox=holders.number(one.mailbox) if chosen else one.mailbox,
        found=found,
    )


def _document(
    run: Run,
    found: Found,
    planned: Planned,
    made: tuple[tuple[RebuiltRule, ...], Elsewhere, ToldCounts],
    finished_at: datetime,
) -> RebuildDocument:
    rules, elsewhere, told = made
    unknown = (*unknown_of(run, found, planned), *elsewhere.unknown)
    differs = any(one.found is not RuleFound.TAKEN_OVER for one in rules)
    codes = [
        ExitCode.PARTIAL if unknown else ExitCode.IN_STEP,
        ExitCode.DIFFERENCES if differs else ExitCode.IN_STEP,
    ]
    register = found.register
    taken = sum(one.found is RuleFound.TAKEN_OVER for one in rules)
    return RebuildDocument(
        head=Head(
            run_id=run.run_id,
            started_at=run.now,
            finished_at=finished_at,
            exit_code=first_of(*codes),
            source=Source(items=len(register.cases.items), complete=True, version=register.version),
            unknown=unknown,
        ),
        done=f"The ledger is rebuilt: {taken} of {len(rules)} rules are as decided. Nothing was written to "
        "Microsoft 365. Next: `m365-restrict drift`.",
        rules=rules,
        mailboxes=len(planned.observed.inbox) + elsewhere.mailboxes,
        told=told,
        lost=tuple(_lost(run, planned, rules)),
    )


def _lost(run: Run, planned: Planned, rules: Sequence[RebuiltRule]) -> Iterator[str]:
    """What nothing in the tenant tells; first what somebody must see to before the next apply."""
    missing = [one for one in rules if one.found is RuleFound.NOT_THERE and one.case_ref]
    cases = ", ".join(dict.fromkeys(one.case_ref or "" for one in missing))
    if cases:
        yield (
            f"No rule stands for {cases}: where somebody had opened the case by hand, run `m365-restrict "
            "open` again before the next `apply`, which makes the rule."
        )
    transport = planned.observed.transport
    names = [
        rule.name
        for rule in (() if isinstance(transport, Unknown) else transport)
        if isinstance(parse_stamp(rule.comments), Damaged)
    ]
    if names:
        yield (
            f"Whose these rules are, as their stamp is damaged: {', '.join(names)}. They are left untouched; "
            "remove them, or `m365-restrict adopt` them."
        )
    if not run.options.sees_transport_rules:
        yield "Transport rules of ours from before: there is no Exchange role to look at them."
    yield from _ALWAYS_LOST
