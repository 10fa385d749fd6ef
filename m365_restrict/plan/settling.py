"""A rule is removed only when its successor has settled (design.md 2.8).

Exchange may take an hour to obey a write, and obeys each in its own time (exchange.md 3 and 8). So
while a sender moves from one rule of a case to another, the first keeps it until the second has been
written for RULES__SETTLE_MINUTES. That is no change of the present plan. Nothing here keeps a person
restricted whom the register has opened: only what both rules say stays.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from m365_restrict.plan.change import (
    Action,
    Applied,
    Change,
    ChangeClass,
    Difference,
    RuleKind,
    RuleOrder,
    Settling,
)
from m365_restrict.plan.compare import class_of, creation, fields_between, opening_part, update
from m365_restrict.plan.effects import effect_of
from m365_restrict.plan.free_names import FreeNames
from m365_restrict.plan.lingering import (
    SCOPES,
    Reach,
    as_it_was,
    bears_its_digest,
    reach_over,
    restamped,
    standing_in,
    standing_in_for_inbox,
)
from m365_restrict.plan.opening import only_opens, opened
from m365_restrict.plan.order import ORDER_FIELD
from m365_restrict.plan.settle import reaches
from m365_restrict.plan.standing import standing_rules
from m365_restrict.plan.wanted import DifferenceInput, Wanted, wanted_rules
from m365_restrict.rules.case_rules import ORDER_NAMED
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.properties import INBOX_SENDERS, SENDER_CONDITIONS, senders_of, sorted_values
from m365_restrict.rules.split import fixed_size, size_of

_LARGEST_RULE = 7_680
"""Estimated characters up to which a rule may hold senders for another (the service's limit is 8192)."""


def keep_until_settled(
    difference: Difference, given: DifferenceInput, *, now: datetime, wait: timedelta, heals: bool = False
) -> Difference:
    """The difference without removals that are too early, which are listed in `settling` instead.

    `heals`: what stays is to be as it was applied, and takes no newer values over from its successor.
    """
    if not wait:
        return difference
    settling = _Settling(difference, given, now, wait, heals=heals)
    changes = [change for one in difference.changes for change in settling.judge(one)]
    gone = [one for one in given.applied if one.key in difference.forgotten]
    again = [change for one in gone for change in settling.bring_back(one)]
    there = {change.key for change in again}
    return replace(
        difference,
        changes=(*changes, *again),
        forgotten=tuple(key for key in difference.forgotten if key not in there),
        settling=tuple(settling.found),
        orders={**difference.orders, **settling.orders},
    )


@dataclass(frozen=True)
class _Move:
    """A sender on its way to another rule: as that rule names it, and when that rule will have settled.

    `reach` is how many of the recipients the other rule covers.
    """

    successor: Wanted
    name: str
    until: datetime
    reach: Reach


class _Settling:
    """Judges one change after the other and gathers what has to stay."""

    def __init__(
        self, difference: Difference, given: DifferenceInput, now: datetime, wait: timedelta, *, heals: bool
    ) -> None:
        self._given, self._now, self._wait, self._heals = given, now, wait, heals
        wanted = wanted_rules(given.desired, given.zone).rules
        self._standing = standing_rules(difference, given, wanted)
        self._applied = {one.key: one.properties for one in given.applied}
        self._names = FreeNames(given)
        self._families: dict[tuple[str, str], list[Wanted]] = {}
        for one in wanted.values():
            if one.case_reference and not one.withheld:
                self._families.setdefault(_family(one), []).append(one)
        self.found: list[Settling] = []
        self.orders: dict[str, RuleOrder] = {}

    def judge(self, change: Change) -> Iterator[Change]:
        """The change as it may be made now, if any."""
        family = self._families.get(_family(change), ())
        others = [one for one in family if one.key != change.key]
        if change.observed is None or not others:
            yield change
        elif change.action is Action.UPDATE and change.kind is RuleKind.TRANSPORT_RULE:
            yield from self._narrowed_later(change, change.observed.properties, others)
        elif change.action is Action.DELETE:
            yield from self._removed_later(change, change.observed.properties, others)
        else:
            yield change

    def _narrowed_later(self, change: Change, observed: Properties, others: list[Wanted]) -> Iterator[Change]:
        """An update that still holds the senders which another rule does not yet hold for certain."""
        target, left = change.target or {}, self._applied.get(change.key, observed)
        moves = self._moves(left, target, others)
        if not moves:
            yield change
            return
        form = self._holding(left, target, moves)
        self._note(change, moves)
        order = tuple(entry for entry in change.fields if entry.field == ORDER_FIELD)
        if form == observed and not order:
            return
        opens = not order and only_opens(observed, form)
        whole = replace(
            change,
            target=form,
            fields=(*fields_between(observed, form), *order),
            opens=opens,
            change_class=self._class_of(change, form),
        )
        yield replace(whole, effect=_effect(whole), opening=None if opens else self._opening(whole))

    def _holding(
        self, left: Properties, target: Properties, moves: Mapping[str, tuple[_Move, ...]]
    ) -> Properties:
        """The target with the senders that it is still to hold."""
        form = _with_senders(target, *(move.name for waiting in moves.values() for move in waiting[:1]))
        if _size(form) <= _LARGEST_RULE:
            return form
        # The rules settle one after the other, from the last on: this one keeps whom it has.
        behind = self._given.desired.sender_behind
        here = {behind(one) for one in senders_of(left)}
        kept = tuple(one for one in senders_of(form) if behind(one) in here)
        less = _with_senders(target, *kept, instead=True)
        if _size(less) <= _LARGEST_RULE:
            return less
        return opened(left, less, frozenset(senders_of(left)) & frozenset(kept)) or less

    def _removed_later(self, change: Change, observed: Properties, others: list[Wanted]) -> Iterator[Change]:
        """A rule that stays, as far as its successors say the same."""
        moves, form = self._meanwhile(change, self._applied.get(change.key, observed), others)
        if form is None:
            yield replace(change, opens=True, opening=None) if self._lets_go(change, others) else change
            return
        self._note(change, moves)
        if form == observed:
            return
        yield self._as_update(change, form, frozenset(moves))

    def bring_back(self, gone: Applied) -> Iterator[Change]:
        """A rule that was to stay and that somebody has removed."""
        others = [one for one in self._families.get(_family(gone), ()) if one.key != gone.key]
        if gone.chosen_by_holder and gone.kind is RuleKind.INBOX_RULE:
            return  # A councillor's own rule is theirs to remove.
        moves, form = self._meanwhile(gone, gone.properties, others)
        if form is None:
            return
        self._note(gone, moves)
        if gone.kind is RuleKind.TRANSPORT_RULE:
            successors = [move.successor.order for each in moves.values() for move in each]
            among_mailboxes = (ORDER_NAMED, gone.case_reference, 0)
            self.orders[gone.key] = next((one for one in successors if one is not None), among_mailboxes)
        yield creation(self._wanted(gone, form), ChangeClass.MISSING, opens=False)

    def _meanwhile(
        self, rule: Change | Applied, left: Properties, others: Iterable[Wanted]
    ) -> tuple[Mapping[str, tuple[_Move, ...]], Properties | None]:
        """Whom a rule that nobody wants is to hold for others, and in which form; None where it may go."""
        successors = [one for one in others if self._may_succeed(one, rule)]
        scope = {name: value for name, value in left.items() if name in SCOPES}
        moves = self._moves(left, scope, successors)
        return moves, self._stand_in(rule, left, moves) if moves else None

    def _may_succeed(self, wanted: Wanted, change: Change | Applied) -> bool:
        """Whether the wanted rule covers the mailbox of an inbox rule that goes."""
        if change.kind is RuleKind.TRANSPORT_RULE:
            return True
        return wanted.kind is RuleKind.TRANSPORT_RULE and self._reaches(wanted, change.mailbox)

    def _lets_go(self, change: Change, others: Iterable[Wanted]) -> bool:
        """Whether the register opens the mailbox of an inbox rule: nothing of the case reaches it now."""
        return change.kind is RuleKind.INBOX_RULE and not any(
            self._reaches(one, change.mailbox) for one in others
        )

    def _reaches(self, wanted: Wanted, mailbox: str) -> bool:
        return reaches(wanted, mailbox, self._given.group_members)

    def _stand_in(
        self, change: Change | Applied, left: Properties, moves: Mapping[str, tuple[_Move, ...]]
    ) -> Properties | None:
        """What the rule is to be until then, made from what it was when we `left` it, never from an edit."""
        senders = frozenset(moves)
        waiting = (move.successor for each in moves.values() for move in each)
        successors = list({one.key: one for one in waiting}.values())
        if change.kind is RuleKind.INBOX_RULE:
            return {**left, INBOX_SENDERS: tuple(one for one in senders_of(left) if one in senders)}
        for successor in successors:
            if successor.kind is RuleKind.TRANSPORT_RULE:
                if self._heals:
                    return as_it_was(left, successor, senders)
                named = {**left, "Name": self._names.free(str(left.get("Name", "")))}
                return standing_in(named, successor, change.key, senders)
        if change.key not in self._applied and not bears_its_digest(left):
            return None  # What it was is known to nobody: it goes.
        rules = [rule for rule in self._given.desired.inbox if rule.key in {one.key for one in successors}]
        last = max(rule.ends_on for rule in rules)
        ends = datetime.combine(last + timedelta(days=1), time.min, tzinfo=self._given.zone)
        mailboxes = tuple(rule.mailbox for rule in rules)
        return standing_in_for_inbox(left, mailboxes, senders, ends=ends.astimezone(UTC))

    def _moves(
        self, left: Properties, target: Properties, others: Iterable[Wanted]
    ) -> Mapping[str, tuple[_Move, ...]]:
        """The senders in `left` and not in `target` that other rules have not taken over for certain."""
        behind = self._given.desired.sender_behind
        kept = {behind(one) for one in senders_of(target)}
        named: dict[str, list[_Move]] = {}
        for other in others:
            reach = reach_over(target, other.properties)
            for name in senders_of(other.properties) if reach is not Reach.NONE else ():
                move = _Move(other, name, self._until(other, name), reach)
                named.setdefault(behind(name), []).append(move)
        unsettled = {
            sender: self._unsettled(named.get(behind(sender), ()))
            for sender in senders_of(left)
            if behind(sender) not in kept
        }
        return {sender: moves for sender, moves in unsettled.items() if moves}

    def _unsettled(self, moves: Sequence[_Move]) -> tuple[_Move, ...]:
        """Those to wait for: one rule that covers everybody, else every rule that covers some."""
        whole = sorted((move for move in moves if move.reach is Reach.ALL), key=lambda move: move.until)
        needed = whole[:1] or moves
        return tuple(move for move in needed if move.until > self._now)

    def _until(self, successor: Wanted, sender: str) -> datetime:
        """When the successor will have held the sender for long enough; not written yet means from now on."""
        rule = self._standing.get(successor.key)
        since = rule.since(sender, successor.properties) if rule else None
        return (since or self._now) + self._wait

    def _note(self, change: Change | Applied, moves: Mapping[str, tuple[_Move, ...]]) -> None:
        standing = change.observed_name if isinstance(change, Change) else ""
        self.found.append(
            Settling(
                name=standing or change.name,
                case_reference=change.case_reference,
                until=max(move.until for each in moves.values() for move in each),
            )
        )

    def _as_update(self, change: Change, form: Properties, senders: frozenset[str]) -> Change:
        if change.observed is None:
            raise AssertionError("only a rule that stands can stay")
        why = self._class_of(change, form)
        return update(self._wanted(change, form), change.observed, why, senders, opens=False)

    def _class_of(self, change: Change, form: Properties) -> ChangeClass:
        """Why the rule differs from the form that it has meanwhile."""
        observed = change.observed.properties if change.observed else None
        return class_of(form, observed, self._applied.get(change.key)) or change.change_class

    def _opening(self, change: Change) -> Change | None:
        if change.observed is None or change.target is None:
            return None
        wanted = self._wanted(change, change.target)
        return opening_part(
            wanted, change.observed, change.change_class, frozenset(senders_of(change.target))
        )

    def _wanted(self, change: Change | Applied, form: Properties) -> Wanted:
        return Wanted(
            key=change.key,
            kind=change.kind,
            case_reference=change.case_reference,
            mailbox=change.mailbox,
            properties=form,
            chosen_by_holder=change.chosen_by_holder,
            saved=change.saved,
            zone=self._given.zone,
            item_id=change.item_id,
        )


def _family(rule: Wanted | Change | Applied) -> tuple[str, str]:
    """Rules that may take each other's place: those of one case, or of one councillor's choice about it."""
    return rule.case_reference, rule.mailbox if rule.chosen_by_holder else ""


def _with_senders(target: Properties, *senders: str, instead: bool = False) -> Properties:
    """The same rule for these senders too, or for them alone."""
    name = next(one for one in SENDER_CONDITIONS if one in target)
    named = () if instead else senders_of(target)
    return restamped({**target, name: sorted_values((*named, *senders))})


def _size(form: Properties) -> int:
    texts = [value for value in form.values() if isinstance(value, str)]
    return fixed_size(*texts) + sum(size_of(value) for value in form.values() if isinstance(value, tuple))


def _effect(change: Change) -> str:
    return effect_of(
        change.action,
        change.kind,
        case_reference=change.case_reference,
        chosen_by_holder=change.chosen_by_holder,
        target=change.target,
    )
