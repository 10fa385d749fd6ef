"""What one rule must give up before another may have it, or only after another has it: names and senders.

No two transport rules may have the same name (exchange.md 7.1 row 18), and a sender that moves from one
rule to another must never stand in neither (design.md 2.8).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from m365_restrict.plan.change import Action, Change, FieldChange, RuleKind
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.properties import SENDER_CONDITIONS, senders_of
from m365_restrict.rules.stamp import with_digest

_OTHERWISE = frozenset({*SENDER_CONDITIONS, "Name", "Comments"})
_PASSING_NAME = "The rule gets a passing name, so that another rule of ours can have the one that it bears."
_BOTH_FOR_NOW = "The rule keeps its senders beside its new ones until another rule of ours has them."


class Waiting:
    """Changes that are still to be written, by what others wait for: a name given up, a sender gained."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._clearing: dict[tuple[str, ...], list[Change]] = {}
        for change in changes:
            for awaited in _cleared_by(change):
                self._clearing.setdefault(awaited, []).append(change)

    def holds_up(self, change: Change) -> bool:
        """Whether another of them must be written before this change."""
        return any(
            other is not change
            for awaited in _awaited_by(change)
            for other in self._clearing.get(awaited, ())
        )

    def is_written(self, change: Change) -> None:
        """Leave a change out from now on."""
        for awaited in _cleared_by(change):
            self._clearing[awaited] = [one for one in self._clearing[awaited] if one is not change]


def _cleared_by(change: Change) -> Iterator[tuple[str, ...]]:
    """The name that a change gives up and the senders that it gains. A held one does neither."""
    if change.held_by:
        return
    before = _name_before(change)
    if before is not None and before != _name_after(change):
        yield (before,)
    for sender in _gained(change):
        yield (change.kind.value, change.mailbox, sender)


def _awaited_by(change: Change) -> Iterator[tuple[str, ...]]:
    """The name that a change takes and the senders that it loses."""
    name = _name_after(change)
    if name is not None:
        yield (name,)
    for sender in () if change.held_by else _lost(change):
        yield (change.kind.value, change.mailbox, sender)


def holder_of_name(change: Change, others: Sequence[Change]) -> Change | None:
    """The waiting change whose rule must first give up the name that this one takes."""
    taken = _name_after(change)
    for other in others:
        gives_up = _name_before(other) == taken and _name_after(other) != taken
        if taken is not None and other is not change and not other.held_by and gives_up:
            return other
    return None


def stepping_stone(ordered: Sequence[Change]) -> tuple[Change, Change, Change] | None:
    """A way out where all changes wait for each other: (the change, a step before it, what is left of it).

    None where there is no harmless step; then the order has a short gap.
    """
    for change in ordered:
        holder = holder_of_name(change, ordered)
        if holder is not None:
            return _stepped(holder, _with_passing_name(holder), "Name", _PASSING_NAME)
    for change in ordered:
        both = _with_both_senders(change)
        if both is not None and _loses_what_another_gains(change, ordered):
            (condition,) = (name for name in SENDER_CONDITIONS if name in both)
            return _stepped(change, both, condition, _BOTH_FOR_NOW)
    return None


def _stepped(change: Change, form: Properties, field: str, effect: str) -> tuple[Change, Change, Change]:
    rule = change.observed
    if not isinstance(rule, ObservedTransportRule):
        raise ValueError("only a rule that stands can be written in two steps")
    name = str(form["Name"])
    step = replace(
        change,
        action=Action.UPDATE,
        name=name,
        fields=(FieldChange(field, rule.properties.get(field), form[field]),),
        effect=effect,
        target=form,
        opening=None,
    )
    return change, step, replace(change, observed=replace(rule, name=name, properties=form))


def _with_passing_name(change: Change) -> Properties:
    digest = hashlib.sha256(change.key.encode()).hexdigest()[:8]
    return _restamped({**_standing(change), "Name": f"{change.case_reference} passing {digest}"})


def _with_both_senders(change: Change) -> Properties | None:
    """The rule with its old and new senders; None where it gains none, or changes in another way too."""
    before, after = _standing(change), change.target or {}
    gains = _gained(change) and change.action is Action.UPDATE
    same = all(before.get(name) == after.get(name) for name in {*before, *after} - _OTHERWISE)
    condition = next((name for name in SENDER_CONDITIONS if name in before and name in after), None)
    if not (gains and same and condition):
        return None
    return _restamped({**before, condition: tuple(sorted({*senders_of(before), *senders_of(after)}))})


def _restamped(form: Properties) -> Properties:
    return {**form, "Comments": with_digest(str(form.get("Comments", "")), form)}


def _loses_what_another_gains(change: Change, others: Sequence[Change]) -> bool:
    lost = set() if change.held_by else _lost(change)
    return bool(lost) and any(
        other is not change
        and not other.held_by
        and (other.kind, other.mailbox) == (change.kind, change.mailbox)
        and not lost.isdisjoint(_gained(other))
        for other in others
    )


def _lost(change: Change) -> set[str]:
    return {*senders_of(_standing(change))} - {*senders_of(change.target or {})}


def _gained(change: Change) -> set[str]:
    return {*senders_of(change.target or {})} - {*senders_of(_standing(change))}


def _standing(change: Change) -> Properties:
    return change.observed.properties if change.observed else {}


def _name_after(change: Change) -> str | None:
    if change.kind is not RuleKind.TRANSPORT_RULE or change.target is None or change.held_by:
        return None
    return str(change.target.get("Name", "")).casefold()


def _name_before(change: Change) -> str | None:
    if change.kind is not RuleKind.TRANSPORT_RULE or change.observed is None:
        return None
    return str(change.observed.properties.get("Name", "")).casefold()
