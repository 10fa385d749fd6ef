"""The three-way difference of last applied, observed and desired (design.md 2.5 and 7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import (
    Applied,
    Change,
    ChangeClass,
    Difference,
    FieldChange,
    Finding,
    LineEntry,
    ObservedRule,
    RuleKind,
    Severity,
)
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.compare import name_in, update
from m365_restrict.plan.opening import only_opens
from m365_restrict.plan.order import ORDER_FIELD, out_of_order
from m365_restrict.plan.out_of_reach import (
    by_name,
    common_to_all,
    novelties,
    stopped_above,
    told_of,
    with_addresses,
)
from m365_restrict.plan.own_name import under_its_own_name
from m365_restrict.plan.ownership import (
    OwnedTransport,
    keys_by_token,
    owned_inbox_rules,
    owned_transport_rules,
)
from m365_restrict.plan.settle import Gathered, Trio, settle, settle_choice
from m365_restrict.plan.staying import edited_while_it_stays
from m365_restrict.plan.wanted import (
    DifferenceInput,
    Wanted,
    WantedRules,
    mailboxes_to_read,
    restored_rules,
    wanted_rules,
)
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.observed import ObservedInboxRule, ObservedTransportRule, Properties


def difference(given: DifferenceInput) -> Difference:
    """What would have to change for the tenant to agree with the register. Changes nothing itself.

    What could not be read is listed in `unknown`, and no change touches it.
    """
    return _difference(given, wanted_rules(given.desired, given.zone))


def restoring(given: DifferenceInput) -> Difference:
    """The same towards the last applied form of each rule that is still wanted (`plan/healing.py`)."""
    restored = restored_rules(given.desired, given.applied, given.zone)
    return _difference(given, restored, wanted_rules(given.desired, given.zone))


def _difference(
    given: DifferenceInput, wanted: WantedRules, register: WantedRules | None = None
) -> Difference:
    """`register` is what the register wants where that is not `wanted`."""
    gathered = Gathered()
    line = _compare_transport(given, wanted, gathered, register or wanted)
    mailboxes = {*mailboxes_to_read(given.desired, given.applied), *given.observed.inbox}
    inboxes = _Inboxes.of(given, wanted)
    for mailbox in sorted(mailboxes):
        _compare_mailbox(mailbox, given, wanted, inboxes, gathered)
    return Difference(
        changes=tuple(gathered.changes),
        findings=tuple(gathered.findings),
        unknown=tuple(gathered.unknown),
        takeovers=tuple(gathered.takeovers),
        forgotten=tuple(gathered.forgotten),
        holder_ended=tuple(gathered.holder_ended),
        line=line,
        orders=wanted.orders,
    )


def _compare_transport(
    given: DifferenceInput, wanted: WantedRules, gathered: Gathered, register: WantedRules
) -> tuple[LineEntry, ...]:
    rules = given.observed.transport
    if isinstance(rules, Unknown):
        gathered.unknown.append(rules)
        return ()
    owned, odd = owned_transport_rules(
        rules, given.applied, instance_id=given.instance_id, claims=given.claims
    )
    gathered.findings += odd
    applied = {entry.key: entry for entry in given.applied if entry.kind is RuleKind.TRANSPORT_RULE}
    wanted_here = {entry.key: entry for entry in wanted.of_kind(RuleKind.TRANSPORT_RULE)}
    both = (wanted,) if register is wanted else (wanted, register)
    needed = [one for each in both for one in each.of_kind(RuleKind.TRANSPORT_RULE)]
    moving = given.live_case_refs & _only_opening(needed, owned)
    common = common_to_all(rules)
    gathered.findings += novelties(common) if owned else ()
    for key in sorted({*wanted_here, *owned, *applied}):
        trio = _resolved(_transport_trio(key, wanted_here, owned, applied), gathered)
        gathered.findings += told_of(trio, common)
        settle(trio, given, wanted, gathered, opens=trio.case_reference in moving and not trio.chosen)
        gathered.findings += edited_while_it_stays(trio, given, gathered.changes)
    line = _line(rules, owned)
    _move(wanted_here, owned, applied, line, gathered)
    _refuse_taken_names(rules, owned, gathered)
    return line


def _transport_trio(
    key: str,
    wanted: Mapping[str, Wanted],
    owned: Mapping[str, OwnedTransport],
    applied: Mapping[str, Applied],
) -> Trio:
    mine = owned.get(key)
    known = wanted.get(key) or applied.get(key)
    return Trio(
        key=key,
        kind=RuleKind.TRANSPORT_RULE,
        case_reference=known.case_reference if known else mine.case_reference if mine else "",
        mailbox=known.mailbox if known else "",
        wanted=wanted.get(key),
        observed=mine.rule if mine else None,
        applied=applied.get(key),
    )


def _resolved(trio: Trio, gathered: Gathered) -> Trio:
    """The trio with addresses for recipients that the service shows by name; that it does so is said."""
    resolved, fields = with_addresses(trio)
    if fields:
        gathered.findings.append(by_name(trio, fields))
    return resolved


def _only_opening(wanted: Iterable[Wanted], owned: Mapping[str, OwnedTransport]) -> frozenset[str]:
    """The cases of which each wanted rule is within one that stands: then the whole move only opens."""
    standing: dict[str, list[Properties]] = {}
    for mine in owned.values():
        if not is_choice_key(mine.key):
            standing.setdefault(mine.case_reference, []).append(mine.rule.properties)
    needed: dict[str, list[Properties]] = {}
    for entry in wanted:
        if not entry.chosen_by_holder and not entry.withheld:
            needed.setdefault(entry.case_reference, []).append(entry.properties)
    return frozenset(
        case
        for case, forms in needed.items()
        if all(any(only_opens(rule, form) for rule in standing.get(case, ())) for form in forms)
    )


def _line(
    rules: Sequence[ObservedTransportRule], owned: Mapping[str, OwnedTransport]
) -> tuple[LineEntry, ...]:
    keys = {entry.rule.guid: entry.key for entry in owned.values()}
    ordered = sorted(rules, key=lambda rule: rule.priority)
    return tuple(LineEntry(rule.guid, keys.get(rule.guid, "")) for rule in ordered)


def _move(
    wanted: Mapping[str, Wanted],
    owned: Mapping[str, OwnedTransport],
    applied: Mapping[str, Applied],
    line: Sequence[LineEntry],
    gathered: Gathered,
) -> None:
    """Add the moves that bring our rules back into their relative order (peers.md 5.8)."""
    orders = {
        key: entry.order for key, entry in wanted.items() if entry.order is not None and not entry.withheld
    }
    standing = [entry.key for entry in line if entry.key in orders]
    places = {key: number for number, key in enumerate(standing, 1)}
    ranks = {key: number for number, key in enumerate(sorted(standing, key=lambda key: orders[key]), 1)}
    at_change = {entry.key: index for index, entry in reversed([*enumerate(gathered.changes)])}
    for key in out_of_order(line, orders):
        moved = FieldChange(ORDER_FIELD, places[key], ranks[key])
        at = at_change.get(key)
        if at is not None:
            change = gathered.changes[at]
            gathered.changes[at] = replace(
                change, fields=(*change.fields, moved), opens=False, opening=_opening_of(change)
            )
            continue
        reason = ChangeClass.DRIFTED if key in applied else ChangeClass.BOTH
        change = update(wanted[key], owned[key].rule, reason, frozenset(), opens=False)
        gathered.changes.append(replace(change, fields=(moved,), opens=False, opening=None))


def _opening_of(change: Change) -> Change | None:
    """The part of a change that opens, once a move has been added to it."""
    return change if change.opens else change.opening


def _refuse_taken_names(
    rules: Sequence[ObservedTransportRule],
    owned: Mapping[str, OwnedTransport],
    gathered: Gathered,
) -> None:
    """A name that a foreign rule holds cannot be had; the foreign rule is not ours to move."""
    ours = {entry.rule.guid for entry in owned.values()}
    taken = {rule.name.casefold(): rule for rule in rules if rule.guid not in ours}
    kept: list[Change] = []
    for change in gathered.changes:
        wanted_name = str((change.target or {}).get("Name", "")).casefold()
        holder = taken.get(wanted_name) if change.kind is RuleKind.TRANSPORT_RULE else None
        if holder is None:
            kept.append(change)
            continue
        gathered.findings.append(_name_taken(change, holder))
        kept += under_its_own_name(change)
    gathered.changes[:] = kept


def _name_taken(change: Change, holder: ObservedTransportRule) -> Finding:
    return Finding(
        code=FindingCode.NAME_TAKEN,
        change_class=ChangeClass.FOREIGN_EFFECT,
        severity=Severity.HIGH,
        message=f"A rule that is not ours is already called “{holder.name}”, so ours cannot be written.",
        case_reference=change.case_reference,
        rule=holder.name,
        key=change.key,
        chosen_by_holder=change.chosen_by_holder,
        changed_by=holder.changed_by,
        changed_at=holder.changed_at,
    )


@dataclass(frozen=True)
class _Inboxes:
    """What is wanted and what was applied in each mailbox, by key, and the known keys by token."""

    wanted: Mapping[str, Mapping[str, Wanted]]
    applied: Mapping[str, Mapping[str, Applied]]
    known: Mapping[str, str]

    @classmethod
    def of(cls, given: DifferenceInput, wanted: WantedRules) -> "_Inboxes":
        here: dict[str, dict[str, Wanted]] = {}
        for entry in wanted.of_kind(RuleKind.INBOX_RULE):
            here.setdefault(entry.mailbox, {})[entry.key] = entry
        applied: dict[str, dict[str, Applied]] = {}
        for known in given.applied:
            if known.kind is RuleKind.INBOX_RULE:
                applied.setdefault(known.mailbox, {})[known.key] = known
        # Healing wants fewer rules than the register does, but a token is explained by all of them.
        keys = (rule.key for rule in (*given.desired.inbox, *given.desired.withheld.inbox))
        return cls(here, applied, keys_by_token(keys, given.instance_id))


def _compare_mailbox(
    mailbox: str, given: DifferenceInput, wanted: WantedRules, inboxes: _Inboxes, gathered: Gathered
) -> None:
    rules = given.observed.inbox.get(mailbox)
    if rules is None or isinstance(rules, Unknown):
        gathered.unknown.append(rules or Unknown("inbox rules of a mailbox", "they were not read"))
        return
    applied, here = inboxes.applied.get(mailbox, {}), inboxes.wanted.get(mailbox, {})
    owned, odd = owned_inbox_rules(rules, applied.values(), inboxes.known, instance_id=given.instance_id)
    gathered.findings += odd
    for key in sorted({*here, *owned, *applied}):
        known = here.get(key) or applied.get(key)
        trio = Trio(
            key=key,
            kind=RuleKind.INBOX_RULE,
            case_reference=known.case_reference if known else "",
            mailbox=mailbox,
            wanted=here.get(key),
            observed=owned[key].rule if key in owned else None,
            applied=applied.get(key),
        )
        _settle_inbox(_resolved(trio, gathered), given, wanted, gathered)


def _settle_inbox(trio: Trio, given: DifferenceInput, wanted: WantedRules, gathered: Gathered) -> None:
    rule = trio.observed
    if isinstance(rule, ObservedInboxRule):
        if rule.stopped_above and rule.enabled and trio.wanted is not None:
            gathered.findings.append(stopped_above(trio))
        if rule.read_only or rule.has_error:
            gathered.findings.append(_in_error(trio, rule))
        if rule.read_only:
            return
    if trio.chosen:
        settle_choice(trio, given, gathered)
    else:
        settle(trio, given, wanted, gathered, opens=False)
        gathered.findings += edited_while_it_stays(trio, given, gathered.changes)


def _in_error(trio: Trio, rule: ObservedRule) -> Finding:
    return Finding(
        code=FindingCode.RULE_IN_ERROR,
        change_class=ChangeClass.DRIFTED if not trio.chosen else ChangeClass.HOLDERS_CHOICE,
        severity=Severity.MEDIUM,
        message="The service says that an inbox rule of ours is in error or cannot be changed.",
        case_reference=trio.case_reference,
        mailbox=trio.mailbox,
        rule=name_in(rule.properties),
        key=trio.key,
        kind=RuleKind.INBOX_RULE,
        chosen_by_holder=trio.chosen,
    )
