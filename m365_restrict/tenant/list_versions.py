"""Version histories of list items: of those alone that changed since they were last read (graph.md 3.7)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from m365_restrict.errors import ServiceError, SourceIncomplete
from m365_restrict.register.address import without_names
from m365_restrict.register.item_history import HistoryMemory, KnownHistory
from m365_restrict.tenant.graph import GraphReader, JsonObject
from m365_restrict.tenant.list_values import without_fields
from m365_restrict.tenant.together import all_of

_BAD_REQUEST = 400
# All that is read of an item; the rest, such as its address, may change without a save.
_READ = frozenset(
    {"id", "eTag", "createdBy", "createdDateTime", "lastModifiedBy", "lastModifiedDateTime", "fields"}
)
_NAMES = frozenset({"displayName", "LookupValue"})


@dataclass(frozen=True, kw_only=True)
class VersionedList:
    """A list whose histories are read: the columns `selected`, and never those that are `personal`.

    `addresses` are the columns in which somebody may have put a name beside an address.
    """

    title: str
    list_id: str
    path: str
    selected: Sequence[str]
    personal: frozenset[str]
    addresses: frozenset[str] = frozenset()


class VersionReader:
    """Reads histories and remembers them."""

    def __init__(self, graph: GraphReader, histories: HistoryMemory) -> None:
        """`graph` is the reader application's."""
        self._graph = graph
        self._histories = histories

    async def read(self, place: VersionedList, rows: Sequence[JsonObject]) -> Mapping[str, list[JsonObject]]:
        """The versions of each of these items by its id, oldest first. ServiceError or SourceIncomplete.

        An item that shows what it showed when its history was read is not asked about again. Of such a
        history it is not known what the people who saved it are called.
        """
        shown = {str(row["id"]): _shown(row, place) for row in rows}
        known = self._histories.recall(place.list_id)
        same = {key: known[key] for key, now in shown.items() if key in known and known[key].seen == now}
        changed = [item_id for item_id in shown if item_id not in same]
        found = await all_of(self._versions(place, item_id) for item_id in changed)
        read = dict(zip(changed, found, strict=True))
        kept = {
            key: KnownHistory(shown[key], [_remembered(one, place) for one in versions])
            for key, versions in read.items()
        }
        self._histories.keep(place.list_id, kept, present=shown.keys())
        return {key: read[key] if key in read else list(same[key].versions) for key in shown}

    async def _versions(self, place: VersionedList, item_id: str) -> list[JsonObject]:
        """Oldest first by number: times of versions are not to be trusted (graph.md 3.7)."""
        path = f"{place.path}/items/{item_id}/versions"
        try:
            found = await self._pages(path, f"fields($select={','.join(place.selected)})")
        except ServiceError as error:
            if error.status != _BAD_REQUEST:
                raise
            # Choosing columns is documented for items, not for versions (graph.md 3.2, 3.7).
            found = await self._pages(path, "fields")
        if not found:
            raise SourceIncomplete(f"Item {item_id} of the list '{place.title}' has no version history.")
        impersonal = [without_fields(entry, place.personal) for entry in found]
        return sorted(impersonal, key=lambda entry: version_key(str(entry["id"])))

    async def _pages(self, path: str, expand: str) -> list[JsonObject]:
        return [entry async for entry in self._graph.get_pages(path, query={"$expand": expand})]


def version_key(number: str) -> tuple[int, ...]:
    """How version numbers sort: "10.0" after "9.0"."""
    return tuple(int(part) for part in number.split("."))


def _remembered(version: JsonObject, place: VersionedList) -> JsonObject:
    """A version as the ledger may hold it: people by their ids, addresses without names beside them."""
    fields = {
        name: without_names(value) if name in place.addresses and isinstance(value, str) else value
        for name, value in (version.get("fields") or {}).items()
    }
    found: JsonObject = _nameless({**version, "fields": fields})
    return found


def _nameless(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same without names of people: the ledger knows them by their ids alone (docs/evidence.md)."""
    if isinstance(value, Mapping):
        return {key: _nameless(one) for key, one in value.items() if key not in _NAMES}
    return [_nameless(one) for one in value] if isinstance(value, list) else value


def _shown(item: JsonObject, place: VersionedList) -> str:
    """A digest of all that is read of an item, and of the columns that were asked for."""
    read = {name: value for name, value in item.items() if name in _READ}
    text = json.dumps([list(place.selected), read], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
