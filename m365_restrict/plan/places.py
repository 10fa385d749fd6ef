"""Where a rule goes when not everything is made that was planned before it (exchange.md 2.5).

A planned priority counts on every change before it. Exchange refuses one beyond the end of the list, and
one that is too low puts a rule of ours above rules of others that must run first.
"""

from collections.abc import Mapping, Sequence

from m365_restrict.plan.change import Action, Change, LineEntry, RuleKind


class Places:
    """The list of transport rules as it was planned to become, beside the list as it becomes."""

    def __init__(self, planned: Sequence[Change], line: Sequence[LineEntry]) -> None:
        """Begin with the rules as they stand; `planned` are the changes by which priorities were counted."""
        self._coming = [change for change in planned if change.kind is RuleKind.TRANSPORT_RULE]
        self._planned = [entry.key or entry.guid for entry in line]
        self._actual = list(self._planned)

    def turn_of(self, change: Change) -> int | None:
        """The priority to send now: below everything that was planned to stand above.

        Planned changes that are passed over on the way count as not made.
        """
        if all(one is not change for one in self._coming):
            return change.priority
        while self._coming[0] is not change:
            _carry_out(self._coming.pop(0), self._planned)
        if change.priority is None:
            return None
        others = [key for key in self._planned if key != change.key]
        above = set(others[: change.priority])
        standing = [key for key in self._actual if key != change.key]
        return max((index + 1 for index, key in enumerate(standing) if key in above), default=0)

    def note(self, change: Change, *, made: bool) -> None:
        """Say whether the rule of a change whose turn it was now stands, moved or went as planned."""
        priority = self.turn_of(change)
        if self._coming and self._coming[0] is change:
            _carry_out(self._coming.pop(0), self._planned)
        if made:
            _put(change, priority, self._actual)


def left_out_before(
    changes: Sequence[Change], planned: Sequence[Change], line: Sequence[LineEntry]
) -> Mapping[str, int]:
    """By the key of each placed change, how many places higher it goes where only `changes` go ahead."""
    places, higher = Places(planned, line), {}
    for change in changes:
        priority = places.turn_of(change)
        if priority is not None and change.priority is not None:
            higher[change.key] = change.priority - priority
        places.note(change, made=True)
    return higher


def _carry_out(change: Change, line: list[str]) -> None:
    _put(change, change.priority, line)


def _put(change: Change, priority: int | None, line: list[str]) -> None:
    """Take a rule that moves or goes out of its place, and put one that comes into its new one."""
    if (change.action is Action.DELETE or priority is not None) and change.key in line:
        line.remove(change.key)
    if priority is not None:
        line.insert(priority, change.key)
