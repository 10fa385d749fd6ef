"""The version history of an item as it was read before: an item that has not changed is not asked again.

A save changes the eTag and the fields that an item shows (graph.md 3.9), so one that shows what it showed
then is taken to have the versions that it had then. That is inferred: what an item with a pending edit shows
is unknown (graph.md 3.8), so REGISTER__REMEMBER_HISTORIES can have every history read anew. Some versions
may have been pruned or deleted since (graph.md 3.7): what was once read stays proven, as pinned evidence is.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

JsonObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class KnownHistory:
    """An item's versions, oldest first, as the service told them. `seen` is a digest of what it showed."""

    seen: str
    versions: Sequence[JsonObject]


class HistoryMemory(Protocol):
    """Remembers histories by list and item."""

    def recall(self, list_id: str) -> Mapping[str, KnownHistory]:
        """What is remembered of a list, by item id."""

    def keep(self, list_id: str, read: Mapping[str, KnownHistory], *, present: Collection[str]) -> None:
        """Remember these in place of what was known of them, and forget items that are not `present`."""


class NoHistories:
    """Remembers nothing: every history is read from the service."""

    def recall(self, _list_id: str) -> Mapping[str, KnownHistory]:
        """Nothing."""
        return {}

    def keep(self, _list_id: str, _read: Mapping[str, KnownHistory], *, present: Collection[str]) -> None:
        """Keep nothing."""
