"""`open`: one case is opened now. Needs the ledger and the services, neither the register nor the directory.

The opening is recorded before anything is asked of the tenant, so that every later run obeys it, whatever
becomes of the rules now (design.md 2: opening is never blocked).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from m365_restrict.apply import apply_changes
from m365_restrict.by_hand.words import said
from m365_restrict.errors import RequestRefused, ServiceError
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.ledger.openings import Opening
from m365_restrict.outcome import Unknown
from m365_restrict.plan.by_hand_codes import ByHandCode
from m365_restrict.plan.change import Applied, Change, ChangeClass, Observed, ObservedRule, RuleKind
from m365_restrict.plan.compare import deletion
from m365_restrict.plan.ownership import owned_transport_rules
from m365_restrict.plan.writes import identifier_of
from m365_restrict.register.reference import same_reference
from m365_restrict.report.open_document import OpenedRule, OpeningEntry, RuleFate
from m365_restrict.report.privacy import HolderMailboxes
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.script.opening_line import opening_line
from m365_restrict.steps.observing import observe
from m365_restrict.steps.recording import tools_for
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.session import TenantReaders, TenantWriters
from m365_restrict.writes.mailbox_folders import Folders
from m365_restrict.writes.write_outcome import ChangeOutcome, Result

_CHOICE = "a councillor's own choice about this case"
_NO_WRITER = "Nothing here holds a write grant: an administrator removes it by hand."
_NO_ROLE = "There is no Exchange role to remove it: an administrator does it by hand."
_NOT_TRIED = "It was not tried, because the run ended before."


@dataclass(frozen=True, kw_only=True)
class OpenOrder:
    """Which case, why, the account that says so, and when."""

    case_ref: str
    reason: str
    made_by: str
    run_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class CaseRules:
    """The rules of one case: those that stand, those that are gone, those that could not be looked at."""

    standing: tuple[tuple[Applied, ObservedRule], ...] = ()
    gone: tuple[Applied, ...] = ()
    unseen: tuple[tuple[Applied, str], ...] = ()
    unknown: tuple[Unknown, ...] = ()


def record_opening(ledger: Ledger, order: OpenOrder, found: Sequence[Applied] = ()) -> Opening | None:
    """Record that the case is opened; one that is opened already stays as it was recorded.

    `found` are rules that stand in the tenant. None where nobody knows the case yet. RequestRefused where
    the reason names an address.
    """
    reason = said(order.reason, "--reason")
    opened = standing_opening(ledger, order.case_ref)
    if opened is not None:
        return opened
    known = [(one.case_reference, one.item_id) for one in ledger.register.live()]
    known += [(one.case_reference, one.item_id) for one in (*ledger.rules.all(), *found)]
    mine = [entry for entry in known if same_reference(entry[0], order.case_ref)]
    if not mine:
        return None
    reference, item_id = max(mine, key=lambda entry: bool(entry[1]))
    ledger.openings.begin(
        Opening(
            case_reference=reference,
            item_id=item_id,
            reason=reason,
            opened_by=order.made_by,
            since=order.now,
            run_id=order.run_id,
        )
    )
    return standing_opening(ledger, order.case_ref)


def standing_opening(ledger: Ledger, case_ref: str) -> Opening | None:
    """The opening of a case that has not ended."""
    found = [one for one in ledger.openings.standing() if same_reference(one.case_reference, case_ref)]
    return found[-1] if found else None


def end_opening(ledger: Ledger, order: OpenOrder) -> Opening:
    """End an opening by hand; the next apply enforces the case again. RequestRefused where none stands."""
    reason = said(order.reason, "--reason")
    opened = standing_opening(ledger, order.case_ref)
    if opened is None:
        code = ByHandCode.CASE_NOT_OPENED
        raise RequestRefused(f"Case {order.case_ref} is not opened by hand.", code=code)
    ledger.openings.end(opened.number, by=order.made_by, at=order.now, reason=reason)
    return next(one for one in ledger.openings.all() if one.number == opened.number)


async def read_case_rules(run: Run, case_ref: str) -> CaseRules:
    """The rules of a case by the ledger and by the stamps in the tenant."""
    applied = rules_in_ledger(run.ledger, case_ref)
    boxes = {one.mailbox for one in applied if one.kind is RuleKind.INBOX_RULE}
    observed = await observe(
        run.readers, mailboxes=boxes, applied=applied, folders=Folders(), options=run.options
    )
    transport = _transport_rules(run, case_ref, observed)
    inbox = [_inbox_rule(one, observed) for one in applied if one.kind is RuleKind.INBOX_RULE]
    parts = (transport, *inbox)
    return CaseRules(
        standing=tuple(one for part in parts for one in part.standing),
        gone=tuple(one for part in parts for one in part.gone),
        unseen=tuple(one for part in parts for one in part.unseen),
        unknown=tuple(dict.fromkeys(one for part in parts for one in part.unknown)),
    )


def rules_in_ledger(ledger: Ledger, case_ref: str) -> tuple[Applied, ...]:
    """What the ledger remembers of the case's rules, councillors' choices about it among them."""
    return tuple(one for one in ledger.rules.all() if same_reference(one.case_reference, case_ref))


def _transport_rules(run: Run, case_ref: str, observed: Observed) -> CaseRules:
    ledger, rules = run.ledger, observed.transport
    applied = [one for one in rules_in_ledger(ledger, case_ref) if one.kind is RuleKind.TRANSPORT_RULE]
    if isinstance(rules, Unknown):
        return CaseRules(unseen=tuple((one, rules.reason) for one in applied), unknown=(rules,))
    if not run.options.sees_transport_rules:
        return CaseRules(unseen=tuple((one, _NO_ROLE) for one in applied))
    owned, _ = owned_transport_rules(
        rules, ledger.rules.all(), instance_id=run.options.instance_id, claims=ledger.claims.standing()
    )
    known = {one.key: one for one in applied}
    mine = [one for one in owned.values() if same_reference(one.case_reference, case_ref)]
    here = {one.key for one in mine}
    return CaseRules(
        standing=tuple(
            (known.get(one.key) or _by_stamp(one.key, one.case_reference, one.rule), one.rule) for one in mine
        ),
        gone=tuple(one for one in applied if one.key not in here),
    )


def _by_stamp(key: str, case_ref: str, rule: ObservedRule) -> Applied:
    """A rule that the ledger does not know and whose stamp is ours."""
    return Applied(
        key=key,
        kind=RuleKind.TRANSPORT_RULE,
        guid_or_rule_id=identifier_of(rule),
        mailbox="",
        case_reference=case_ref,
        name=str(rule.properties.get("Name", "")),
        properties=rule.properties,
        chosen_by_holder=is_choice_key(key),
    )


def _inbox_rule(one: Applied, observed: Observed) -> CaseRules:
    rules = observed.inbox.get(one.mailbox, ())
    if isinstance(rules, Unknown):
        about = Unknown("a mailbox with a rule of this case", rules.reason)
        return CaseRules(unseen=((one, rules.reason),), unknown=(about,))
    found = next((rule for rule in rules if rule.rule_id == one.guid_or_rule_id), None)
    return CaseRules(gone=(one,)) if found is None else CaseRules(standing=((one, found),))


async def open_rules(run: Run, writing: Writing | None, rules: CaseRules) -> tuple[OpenedRule, ...]:
    """Remove what stands; disable a transport rule that cannot be removed. LeaseHeld as `apply_changes`."""
    teller = _Teller(run.ledger)
    told = [teller.told(one, RuleFate.STANDS, reason) for one, reason in rules.unseen]
    for gone in rules.gone:
        run.ledger.rules.forget(gone.key)
        told.append(teller.told(gone, RuleFate.GONE, "It was not in the tenant any more."))
    if not rules.standing:
        return tuple(told)
    if writing is None:
        return (*told, *(teller.told(one, RuleFate.STANDS, _NO_WRITER) for one, _ in rules.standing))
    changes = {id(change): (one, change) for one, change in _deletions(rules)}
    async with writing.open_writers() as writers:
        tools = tools_for(run, writing, writers, Folders())
        for outcome in await apply_changes([change for _, change in changes.values()], tools):
            one, _ = changes[id(outcome.change)]
            fate, reason = await _fate(outcome, run.readers, writers)
            told.append(teller.told(one, fate, reason))
    return tuple(told)


def untouched_rules(ledger: Ledger, case_ref: str) -> tuple[OpenedRule, ...]:
    """What the ledger knows of rules that a run could not even try to remove."""
    teller = _Teller(ledger)
    return tuple(teller.told(one, RuleFate.STANDS, _NOT_TRIED) for one in rules_in_ledger(ledger, case_ref))


def opening_entry(opening: Opening) -> OpeningEntry:
    """An opening as documents tell it."""
    return OpeningEntry(
        case_ref=opening.case_reference,
        reason=opening.reason,
        opened_by=opening.opened_by,
        since=opening.since,
        ended_by=opening.ended_by,
        ended_at=opening.ended_at,
        end_reason=opening.end_reason,
        stands=opening.stands,
    )


def _deletions(rules: CaseRules) -> Iterator[tuple[Applied, Change]]:
    for one, observed in rules.standing:
        yield one, deletion(one, observed, ChangeClass.PENDING, opens=True)


async def _fate(
    outcome: ChangeOutcome, readers: TenantReaders, writers: TenantWriters
) -> tuple[RuleFate, str]:
    if outcome.result is Result.APPLIED:
        return RuleFate.REMOVED, ""
    if outcome.result is Result.SKIPPED:
        return RuleFate.STANDS, outcome.reason
    observed = outcome.change.observed
    if isinstance(observed, ObservedTransportRule) and await _disabled(observed.guid, readers, writers):
        return RuleFate.DISABLED, f"It could not be removed: {outcome.reason}"
    return RuleFate.STANDS, outcome.reason


async def _disabled(guid: str, readers: TenantReaders, writers: TenantWriters) -> bool:
    """Whether a rule that could not be removed is switched off now, as it was read back."""
    try:
        await writers.transport_rules.disable(guid)
    except ServiceError:
        return False
    raw = await readers.transport_rules.list_rules()
    rules = () if isinstance(raw, Unknown) else raw
    return any(rule.get("Guid") == guid and rule.get("State") == "Disabled" for rule in rules)


class _Teller:
    """Tells of rules without telling which councillor chose what."""

    def __init__(self, ledger: Ledger) -> None:
        chosen = {one.mailbox for one in ledger.rules.all() if one.chosen_by_holder}
        self._holders = HolderMailboxes(ledger.mailboxes.numbers(chosen - {""}))

    def told(self, one: Applied, fate: RuleFate, reason: str) -> OpenedRule:
        chosen = one.chosen_by_holder
        return OpenedRule(
            name=_CHOICE if chosen else one.name,
            kind=one.kind.value,
            mailbox=self._holders.number(one.mailbox) if chosen else one.mailbox,
            outcome=fate,
            reason=self._holders.hide(reason),
            by_hand=opening_line(one),
        )
