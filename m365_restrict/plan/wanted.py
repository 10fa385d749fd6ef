"""What is wanted of each rule, by key: the desired side of a difference, for a run or for healing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from m365_restrict.plan.change import Applied, Observed, RuleKind, RuleOrder
from m365_restrict.plan.claims import Claims
from m365_restrict.plan.opening import opened
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.compilation import Desired
from m365_restrict.rules.inbox_rule import InboxRule
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.properties import inbox_properties, senders_of, transport_properties
from m365_restrict.rules.transport_rule import TransportRule


@dataclass(frozen=True, kw_only=True)
class DifferenceInput:
    """Everything that a difference is made of.

    `live_case_refs` are accepted and in force; `opened_case_refs` are those that the register
    records as open (status, or past their end); `kept_case_refs` are those whose item has vanished
    without proof, or could not be read: their rules stay. Any other case has no live decision.
    `choices_known` is false where the list of choices or the councillors' group could not be read.
    `zone` is the council's time zone, in which end dates are told. `claims` is what people have said
    about whose a rule is. `begun` are keys of rules that a run was writing when it was killed.
    `group_members` are the primary addresses in groups that rules name, where they were read.
    """

    desired: Desired
    observed: Observed
    applied: Sequence[Applied]
    instance_id: str
    live_case_refs: frozenset[str]
    opened_case_refs: frozenset[str]
    kept_case_refs: frozenset[str] = frozenset()
    choices_known: bool = True
    zone: tzinfo = UTC
    claims: Claims = field(default_factory=Claims)
    begun: frozenset[str] = frozenset()
    group_members: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The form that one rule must have. A withheld one is opened only, never created or tightened.

    `zone` is where its end date is told to people. `item_id` is the list item of the case, or "".
    """

    key: str
    kind: RuleKind
    case_reference: str
    mailbox: str
    properties: Properties
    chosen_by_holder: bool
    saved: str = ""
    withheld: bool = False
    order: RuleOrder | None = None
    zone: tzinfo = UTC
    item_id: str = ""


@dataclass(frozen=True)
class WantedRules:
    """All wanted rules by key, and the senders that each case still names.

    `stated` are the rules that cases without a live decision would have (`Desired.stated`).
    """

    rules: Mapping[str, Wanted]
    senders: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stated: tuple[Wanted, ...] = ()

    def of_kind(self, kind: RuleKind) -> tuple[Wanted, ...]:
        """The wanted rules of one service."""
        return tuple(entry for entry in self.rules.values() if entry.kind is kind)

    def senders_in(self, case_reference: str) -> frozenset[str]:
        """The senders that any wanted rule of the case names."""
        return self.senders.get(case_reference, frozenset())

    @property
    def orders(self) -> Mapping[str, RuleOrder]:
        """The order of our transport rules among themselves."""
        return {key: entry.order for key, entry in self.rules.items() if entry.order is not None}


def wanted_rules(desired: Desired, zone: tzinfo = UTC) -> WantedRules:
    """What the register wants; end dates are told in `zone`."""
    ready = [*map(_of_transport, desired.transport), *map(_of_inbox, desired.inbox)]
    withheld = [
        *map(_of_transport, desired.withheld.transport),
        *map(_of_inbox, desired.withheld.inbox),
    ]
    entries = [*ready, *(replace(entry, withheld=True) for entry in withheld)]
    stated = [*map(_of_transport, desired.stated.transport), *map(_of_inbox, desired.stated.inbox)]
    wanted = _by_key(replace(entry, zone=zone) for entry in entries)
    return replace(wanted, stated=tuple(replace(entry, zone=zone, withheld=True) for entry in stated))


def restored_rules(desired: Desired, applied: Iterable[Applied], zone: tzinfo = UTC) -> WantedRules:
    """What healing wants: the last applied form of rules still wanted, with the register's openings."""
    now = wanted_rules(desired, zone)
    restored: list[Wanted] = []
    for entry in applied:
        wanted = now.rules.get(entry.key)
        if wanted is None or wanted.kind is not entry.kind:
            continue
        senders = now.senders_in(wanted.case_reference) or frozenset(senders_of(wanted.properties))
        form = opened(entry.properties, wanted.properties, senders)
        if form is not None:
            restored.append(replace(wanted, properties=form, saved=entry.saved, withheld=False))
    return WantedRules({entry.key: entry for entry in restored}, now.senders)


def moved_cases(desired: Desired, applied: Sequence[Applied]) -> frozenset[str]:
    """Cases of which the register wants other rules than were last applied: healing leaves that to apply.

    So it does with a rule that nobody wants any more, also once its successor has settled.
    """
    before = {entry.key: entry.properties for entry in applied}
    now = wanted_rules(desired).rules
    changed = {entry.case_reference for key, entry in now.items() if before.get(key) != entry.properties}
    return frozenset(changed | {entry.case_reference for entry in applied if entry.key not in now})


def mailboxes_to_read(desired: Desired, applied: Iterable[Applied]) -> tuple[str, ...]:
    """The mailboxes whose inbox rules a run must look at."""
    wanted = wanted_rules(desired).of_kind(RuleKind.INBOX_RULE)
    remembered = (entry.mailbox for entry in applied if entry.kind is RuleKind.INBOX_RULE)
    return tuple(sorted({entry.mailbox for entry in wanted} | set(remembered)))


def _by_key(entries: Iterable[Wanted]) -> WantedRules:
    rules = {entry.key: entry for entry in entries}
    senders: dict[str, set[str]] = {}
    for entry in rules.values():
        senders.setdefault(entry.case_reference, set()).update(senders_of(entry.properties))
    return WantedRules(rules, {case: frozenset(values) for case, values in senders.items() if case})


def _of_transport(rule: TransportRule) -> Wanted:
    return Wanted(
        key=rule.key,
        kind=RuleKind.TRANSPORT_RULE,
        case_reference=rule.case_reference,
        mailbox=rule.holder,
        properties=transport_properties(rule),
        chosen_by_holder=is_choice_key(rule.key),
        order=rule.order,
        item_id=rule.item_id,
    )


def _of_inbox(rule: InboxRule) -> Wanted:
    return Wanted(
        key=rule.key,
        kind=RuleKind.INBOX_RULE,
        case_reference=rule.case_reference,
        mailbox=rule.mailbox,
        properties=inbox_properties(rule),
        chosen_by_holder=rule.chosen_by_holder,
        saved=rule.saved,
        item_id=rule.item_id,
    )
