"""Splitting senders so that each rule stays under the service's size limit (exchange.md 3)."""

from collections.abc import Iterable, Sequence

# The service does not say how it counts; a one-condition rule measures 382 (exchange.md 9).
_EMPTY_RULE = 400
_PER_VALUE = 4


def size_of(values: Iterable[str]) -> int:
    """Estimated bytes that a list of values takes in a stored rule: its limit is told in bytes too."""
    return sum(len(value.encode()) + _PER_VALUE for value in values)


def fixed_size(*values: str) -> int:
    """Estimated bytes of a rule without its senders."""
    return _EMPTY_RULE + size_of(values)


def split_senders(senders: Sequence[str], *, budget: int, most: int) -> tuple[tuple[str, ...], ...]:
    """Cut `senders` into parts of at most `budget` estimated bytes and `most` values each.

    Raises ValueError where a single sender does not fit.
    """
    parts: list[list[str]] = []
    room = 0
    for sender in senders:
        need = size_of((sender,))
        if need > budget:
            raise ValueError("a sender does not fit into one rule")
        if not parts or need > room or len(parts[-1]) >= most:
            parts.append([])
            room = budget
        parts[-1].append(sender)
        room -= need
    return tuple(tuple(part) for part in parts)
