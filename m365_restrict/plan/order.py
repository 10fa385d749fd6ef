"""The order of our transport rules among themselves, and the order in which changes are written."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from m365_restrict.plan.change import Action, Change, LineEntry, RuleKind, RuleOrder
from m365_restrict.plan.handover import Waiting, stepping_stone
from m365_restrict.plan.place import Place

ORDER_FIELD = "order"
_PHASE = {Action.CREATE: 0, Action.UPDATE: 1, Action.DELETE: 2}


def out_of_order(line: Sequence[LineEntry], orders: Mapping[str, RuleOrder]) -> tuple[str, ...]:
    """Keys of the fewest rules of ours that must move so that ours stand in their order.

    Absolute priority means nothing: a foreign rule that is put in between is no difference.
    """
    ranked = [entry.key for entry in line if entry.key in orders]
    tails: list[RuleOrder] = []
    lengths: list[int] = []
    for key in ranked:
        place = bisect_left(tails, orders[key])
        tails[place : place + 1] = [orders[key]]
        lengths.append(place + 1)
    staying: set[str] = set()
    wanted = len(tails)
    least: RuleOrder | None = None
    for key, length in zip(reversed(ranked), reversed(lengths), strict=True):
        if length == wanted and (least is None or orders[key] < least):
            staying.add(key)
            least = orders[key]
            wanted -= 1
    return tuple(key for key in ranked if key not in staying)


def priority_for(
    order: RuleOrder, line: Sequence[LineEntry], orders: Mapping[str, RuleOrder], place: Place
) -> int:
    """Where a rule of ours goes into `line`, which does not hold it yet: 0 to len(line).

    Below all of ours that come before it and, for `LAST`, below every foreign rule; but never below
    one of ours that comes after it.
    """
    lowest = 0
    for index, entry in enumerate(line):
        foreign_before = place is Place.LAST and not entry.key
        ours_before = entry.key in orders and orders[entry.key] < order
        if foreign_before or ours_before:
            lowest = index + 1
    later = [index for index, entry in enumerate(line) if entry.key in orders and orders[entry.key] > order]
    return min([lowest, *later])


def placed(
    changes: Sequence[Change],
    line: Sequence[LineEntry],
    orders: Mapping[str, RuleOrder],
    place: Place,
) -> tuple[Change, ...]:
    """Give creates and moves their priority, as it will be when their turn comes."""
    standing = list(line)
    # A rule that still stands in the wrong place tells nothing about where others belong.
    moving = frozenset(_moving(changes))
    settled = {key: order for key, order in orders.items() if key not in moving}
    result: list[Change] = []
    for change in changes:
        order = orders.get(change.key)
        if change.kind is not RuleKind.TRANSPORT_RULE or change.held_by:
            result.append(change)
            continue
        moves = order is not None and (change.action is Action.CREATE or _is_move(change))
        if moves or change.action is Action.DELETE:
            standing = [entry for entry in standing if entry.key != change.key]
        if order is None or not moves:
            result.append(change)
            continue
        priority = priority_for(order, standing, settled, place)
        standing.insert(priority, LineEntry("", change.key))
        settled[change.key] = order
        result.append(replace(change, priority=priority))
    return tuple(result)


def _moving(changes: Iterable[Change]) -> Iterable[str]:
    return (change.key for change in changes if _is_move(change))


def _is_move(change: Change) -> bool:
    return any(entry.field == ORDER_FIELD for entry in change.fields)


def in_writing_order(changes: Iterable[Change], orders: Mapping[str, RuleOrder]) -> tuple[Change, ...]:
    """Creates, then updates, then deletes, so that there is no gap; named-mailbox rules first.

    A change that frees a name stands before the change that needs it, and one that takes a sender over
    before the one that gives it up. Where that goes round in a circle, a rule is written in two steps.
    Held changes come last.
    """
    in_order = sorted(changes, key=lambda change: _writing_key(change, orders))
    ordered = [change for change in in_order if not change.held_by]
    waiting = Waiting(ordered)
    result: list[Change] = []
    while ordered:
        ready = next((place for place, one in enumerate(ordered) if not waiting.holds_up(one)), None)
        stone = stepping_stone(ordered) if ready is None else None
        if stone is not None:
            change, step, rest = stone
            ordered[ordered.index(change)] = rest
            waiting = Waiting(ordered)
            result.append(step)
            continue
        result.append(ordered.pop(ready or 0))
        waiting.is_written(result[-1])
    return (*result, *(change for change in in_order if change.held_by))


def _writing_key(change: Change, orders: Mapping[str, RuleOrder]) -> tuple[int, RuleOrder, str, str]:
    order = orders.get(change.key, (len(_PHASE), change.case_reference, 0))
    return (_PHASE[change.action], order, change.kind.value, change.key)
