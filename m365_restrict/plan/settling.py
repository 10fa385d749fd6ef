"""A rule is removed only when its successor has settled (design.md 2.8).

Exchange may take an hour to obey a write, and obeys each in its own time (exchange.md 3 and 8). So
while a sender moves from one rule of a case to another, the first keeps it until the second has been
written for RULES__SETTLE_MINUTES. That is no change of the present plan. Nothing here keeps a person
restricted whom the register has opened: only what both rules say stays.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change, Difference, RuleKind, Settling
from m365_restrict.plan.compare import fields_between, opening_part, update
from m365_restrict.plan.effects import effect_of
from m365_restrict.plan.lingering import (
    SCOPES,
    Reach,
    reach_over,
    restamped,
    standing_in,
    standing_in_for_inbox,
)
from m365_restrict.plan.opening import only_opens
from m365_restrict.plan.order import ORDER_FIELD
from m365_restrict.plan.settle import reaches
from m365_restrict.plan.standing import standing_rules
from m365_restrict.plan.wanted import DifferenceInput, Wanted, wanted_rules
from m365_restrict.rules.naming import LONGEST_NAME
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.properties import INBOX_SENDERS, SENDER_CONDITIONS, senders_of, sorted_values
from m365_restrict.rules.split import fixed_size, size_of

_PART = re.compile(r" \(\d+\)$")
_LARGEST_RULE = 7_680
"""Estimated characters up to which a rule may hold senders for another (the service's limit is 8192)."""


def keep_until_settled(
    difference: Difference, given: DifferenceInput, *, now: datetime, wait: timedelta
) -> Difference:
    """The difference without removals that are too early, which are listed in `settling` instead."""
    if not wait:
        return difference
    settling = _Settling(difference, given, now, wait)
    changes = tuple(change for one in difference.changes for change in settling.judge(one))
    return replace(difference, changes=changes, settling=tuple(settling.found))


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
        self, difference: Difference, given: DifferenceInput, now: datetime, wait: timedelta
    ) -> None:
        self._given, self._now, self._wait = given, now, wait
        self._standing = standing_rules(difference, given)
        self._names = _Names(given)
        self._families: dict[tuple[str, str], list[Wanted]] = {}
        for one in wanted_rules(given.desired, given.zone).rules.values():
            if one.case_reference and not one.withheld:
                self._families.setdefault(_family(one), []).append(one)
        self.found: list[Settling] = []

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
        target = change.target or {}
        moves = self._moves(observed, target, others)
        if not moves:
            yield change
            return
        form = _holding(target, {move.name for waiting in moves.values() for move in waiting[:1]})
        if _size(form) > _LARGEST_RULE:
            # The rules settle one after the other, from the last on: this one waits as it is.
            self._note(change, moves)
            yield from (change.opening,) if change.opening else ()
            return
        self._note(change, moves)
        order = tuple(entry for entry in change.fields if entry.field == ORDER_FIELD)
        if form == observed and not order:
            return
        opens = not order and only_opens(observed, form)
        whole = replace(change, target=form, fields=(*fields_between(observed, form), *order), opens=opens)
        yield replace(whole, effect=_effect(whole), opening=None if opens else self._opening(whole))

    def _removed_later(self, change: Change, observed: Properties, others: list[Wanted]) -> Iterator[Change]:
        """A rule that stays, as far as its successors say the same."""
        successors = [one for one in others if self._may_succeed(one, change)]
        scope = {name: value for name, value in observed.items() if name in SCOPES}
        moves = self._moves(observed, scope, successors)
        form = self._stand_in(change, observed, moves) if moves else None
        if form is None:
            yield replace(change, opens=True, opening=None) if self._lets_go(change, others) else change
            return
        self._note(change, moves)
        if form == observed:
            return
        yield self._as_update(change, form, frozenset(moves))

    def _may_succeed(self, wanted: Wanted, change: Change) -> bool:
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
        self, change: Change, observed: Properties, moves: Mapping[str, tuple[_Move, ...]]
    ) -> Properties | None:
        senders = frozenset(moves)
        waiting = (move.successor for each in moves.values() for move in each)
        successors = list({one.key: one for one in waiting}.values())
        if change.kind is RuleKind.INBOX_RULE:
            return {**observed, INBOX_SENDERS: tuple(one for one in senders_of(observed) if one in senders)}
        for successor in successors:
            if successor.kind is RuleKind.TRANSPORT_RULE:
                named = {**observed, "Name": self._names.free(str(observed.get("Name", "")))}
                return standing_in(named, successor, change.key, senders)
        rules = [rule for rule in self._given.desired.inbox if rule.key in {one.key for one in successors}]
        last = max(rule.ends_on for rule in rules)
        ends = datetime.combine(last + timedelta(days=1), time.min, tzinfo=self._given.zone)
        mailboxes = tuple(rule.mailbox for rule in rules)
        return standing_in_for_inbox(observed, mailboxes, senders, ends=ends.astimezone(UTC))

    def _moves(
        self, observed: Properties, target: Properties, others: Iterable[Wanted]
    ) -> Mapping[str, tuple[_Move, ...]]:
        """The senders in `observed` and not in `target` that other rules have not taken over for certain."""
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
            for sender in senders_of(observed)
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
        if rule is None or not rule.holds(sender, successor.properties) or rule.since is None:
            return self._now + self._wait
        return rule.since + self._wait

    def _note(self, change: Change, moves: Mapping[str, tuple[_Move, ...]]) -> None:
        self.found.append(
            Settling(
                name=change.observed_name or change.name,
                case_reference=change.case_reference,
                until=max(move.until for each in moves.values() for move in each),
            )
        )

    def _as_update(self, change: Change, form: Properties, senders: frozenset[str]) -> Change:
        if change.observed is None:
            raise AssertionError("only a rule that stands can stay")
        return update(self._wanted(change, form), change.observed, change.change_class, senders, opens=False)

    def _opening(self, change: Change) -> Change | None:
        if change.observed is None or change.target is None:
            return None
        wanted = self._wanted(change, change.target)
        return opening_part(
            wanted, change.observed, change.change_class, frozenset(senders_of(change.target))
        )

    def _wanted(self, change: Change, form: Properties) -> Wanted:
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


class _Names:
    """Rule names of the organisation. No two rules may have the same (exchange.md 7.1 row 18)."""

    def __init__(self, given: DifferenceInput) -> None:
        rules = given.desired.transport
        observed = given.observed.transport
        self._wanted = {rule.name.casefold() for rule in rules}
        self._taken = self._wanted | {
            rule.name.casefold() for rule in (() if isinstance(observed, Unknown) else observed)
        }

    def free(self, name: str) -> str:
        """The name itself, or where a wanted rule needs it, the next one that nobody bears."""
        if name.casefold() not in self._wanted:
            return name
        stem = _PART.sub("", name)
        numbered = (f"{stem[: LONGEST_NAME - len(end)]}{end}" for end in map(" ({})".format, count(2)))
        found = next(one for one in numbered if one.casefold() not in self._taken)
        self._taken.add(found.casefold())
        return found


def _family(rule: Wanted | Change) -> tuple[str, str]:
    """Rules that may take each other's place: those of one case, or of one councillor's choice about it."""
    return rule.case_reference, rule.mailbox if rule.chosen_by_holder else ""


def _holding(target: Properties, more: set[str]) -> Properties:
    name = next(one for one in SENDER_CONDITIONS if one in target)
    return restamped({**target, name: sorted_values((*senders_of(target), *more))})


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
