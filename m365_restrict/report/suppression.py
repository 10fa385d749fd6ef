"""Small numbers withheld from what is published, so that neither a cell nor the total gives them away.

Fewer than five people are withheld (policy.md 5). The total would undo that where one cell alone is withheld,
or where the sum of those withheld leaves each of them one value; then it is withheld too. What is told is
safe also against somebody who knows this rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SMALLEST_SHOWN = 5
_LARGEST_HIDDEN = SMALLEST_SHOWN - 1


@dataclass(frozen=True, kw_only=True)
class Told:
    """The counts by name, and their total; None is withheld."""

    counts: Mapping[str, int | None]
    total: int | None


def suppressed(counts: Mapping[str, int]) -> Told:
    """What may be published of these counts. Nought is told: it is about nobody."""
    hidden = [count for count in counts.values() if 0 < count < SMALLEST_SHOWN]
    told = {name: None if 0 < count < SMALLEST_SHOWN else count for name, count in counts.items()}
    return Told(counts=told, total=None if _gives_away(hidden) else sum(counts.values()))


def _gives_away(hidden: list[int]) -> bool:
    """Whether the sum of the hidden counts, each from 1 to 4, would leave any of them a single value."""
    if not hidden:
        return False
    number, together = len(hidden), sum(hidden)
    return number == 1 or together in {number, number * _LARGEST_HIDDEN}
