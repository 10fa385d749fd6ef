"""SharePoint lists with version history, as the seed, the control API and Graph all write them.

An item is stored with the whole state of every kept version, so pruning one never changes another.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from m365_restrict.sandbox.audit_log import Actor, AuditLog, RecordType
from m365_restrict.sandbox.clock import SandboxClock, format_instant
from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.list_columns import (
    LIST_COLUMNS,
    NEW_TITLE,
    Column,
    column_defaults,
    definition,
    read_definition,
)
from m365_restrict.sandbox.list_fields import BadField, SitePeople, store_value
from m365_restrict.sandbox.store import Store

_APPROVED = 0


class SandboxLists:
    """Lists and their items. A saver is an identity document: `{"kind", "upn" | "id", "name"}`."""

    def __init__(self, store: Store, clock: SandboxClock, people: SitePeople) -> None:
        """Hold the store; everything is read at call time."""
        self._store = store
        self._clock = clock
        self.people = people
        self._audit = AuditLog(store, clock)

    def create(self, title: str, *, read_security: str, content_approval: bool, omit: list[str]) -> None:
        """Make one of the known lists, without the columns in `omit`."""
        self._store.put(
            "lists",
            title,
            {
                "id": object_id_for(f"list:{title}"),
                "title": title,
                "read_security": read_security,
                "content_approval": content_approval,
                "columns": [name for name in LIST_COLUMNS[title] if name not in omit],
                "omitted": omit,
                "created": format_instant(self._clock.now()),
            },
        )

    def make(self, title: str, site_id: str, definitions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Make a list as Graph does: a Title that must be filled in, and these columns (graph.md 3.9)."""
        made = {
            "id": object_id_for(f"list:{title}"),
            "title": title,
            "site": site_id,
            "read_security": "all",
            "content_approval": False,
            "columns": ["Title", *(name for name in definitions if name != "Title")],
            "definitions": {"Title": NEW_TITLE, **definitions},
            "omitted": [],
            "created": format_instant(self._clock.now()),
        }
        self._store.put("lists", title, made)
        return made

    def define(self, document: Mapping[str, Any], name: str, definition: Mapping[str, Any]) -> None:
        """Add a column, or give a column another definition."""
        columns = document["columns"] if name in document["columns"] else [*document["columns"], name]
        changed = {
            **document,
            "columns": columns,
            "definitions": {**document.get("definitions", {}), name: dict(definition)},
            "omitted": [one for one in document["omitted"] if one != name],
        }
        self._store.put("lists", document["title"], changed)

    def definitions(self, document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The columns that a list has as Graph defines them, by internal name."""
        given = document.get("definitions", {})
        known = LIST_COLUMNS.get(document["title"], {})
        return {
            name: column_defaults(given[name]) if name in given else definition(known[name])
            for name in document["columns"]
        }

    def titles(self) -> list[str]:
        """The lists that exist."""
        return self._store.keys("lists")

    def find(self, name: str) -> dict[str, Any] | None:
        """A list by id or title, ignoring case."""
        for title, document in self._store.all("lists"):
            if name.lower() in (title.lower(), document["id"]):
                return document
        return None

    def columns(self, document: Mapping[str, Any]) -> dict[str, Column]:
        """The columns that a list has, by internal name."""
        given = document.get("definitions", {})
        known = LIST_COLUMNS.get(document["title"], {})
        return {
            name: read_definition(given[name]) if name in given else known[name]
            for name in document["columns"]
        }

    def check_fields(self, document: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        """Values as written by hand, checked; columns that the list omits are left out (contracts.md 2)."""
        columns = self.columns(document)
        checked: dict[str, Any] = {}
        for name, value in fields.items():
            if name == "_ModerationStatus":
                checked[name] = value
            elif name in columns:
                checked[name] = store_value(columns[name], value, self.people)
            elif name not in document["omitted"]:
                raise BadField(f"{document['title']!r} has no column {name!r}")
        return checked

    def add(
        self, document: Mapping[str, Any], saver: Mapping[str, Any], fields: Mapping[str, Any], *,
        at: datetime | None = None, creator: Mapping[str, Any] | None = None,
    ) -> str:  # fmt: skip
        """A new item with its first version; returns its id."""
        item_id = str(self._store.next_number(f"items:{document['id']}"))
        made = {
            "id": item_id,
            "guid": object_id_for(f"{document['id']}:{item_id}"),
            "created_by": dict(creator or saver),
            "created_at": format_instant(at or self._clock.now()),
            "saves": 0,
            "versions": [],
        }
        self._save(document, made, saver, {}, fields, at)
        return item_id

    def edit(
        self, document: Mapping[str, Any], item_id: str, saver: Mapping[str, Any],
        fields: Mapping[str, Any], *, at: datetime | None = None,
    ) -> bool:  # fmt: skip
        """A new version carrying what changed; False when there is no such item.

        The saver's key `really` is who did it, where the item is made to name somebody else (graph.md 11).
        """
        with self._store.batch():
            item = self.item(document, item_id)
            if item is None:
                return False
            self._save(document, item, saver, item["versions"][-1]["fields"], fields, at)
        return True

    def rewrite(
        self, document: Mapping[str, Any], item_id: str, actor: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> bool:
        """Change an item without a new version, as a system update does (graph.md 11)."""
        with self._store.batch():
            item = self.item(document, item_id)
            if item is None:
                return False
            last = item["versions"][-1]
            state = {**last["fields"], **fields}
            last["fields"] = {name: value for name, value in state.items() if value is not None}
            item["change"] = self._store.next_number(f"changes:{document['id']}")
            self._store.put(_kind(document), item_id, item)
            self._record(document, item_id, "ListItemUpdated", actor, None)
        return True

    def delete(self, document: Mapping[str, Any], item_id: str) -> bool:
        """Remove an item with its history; False when there is no such item."""
        kind = _kind(document)
        exists = self._store.get(kind, item_id) is not None
        self._store.delete(kind, item_id)
        if exists:
            change = self._store.next_number(f"changes:{document['id']}")
            self._store.put(f"deleted:{document['id']}", item_id, {"change": change})
        return exists

    def deleted(self, document: Mapping[str, Any]) -> dict[str, int]:
        """The ids of items that are gone, with the number of the change that removed them."""
        return {item_id: gone["change"] for item_id, gone in self._store.all(f"deleted:{document['id']}")}

    def latest_change(self, document: Mapping[str, Any]) -> int:
        """The number of the last change to any item of a list; 0 before the first."""
        changes: list[int] = [item.get("change", 0) for _, item in self._store.all(_kind(document))]
        return max([0, *changes, *self.deleted(document).values()])

    def item(self, document: Mapping[str, Any], item_id: str) -> dict[str, Any] | None:
        """One stored item with its kept versions, oldest first."""
        return self._store.get(_kind(document), item_id)

    def item_ids(self, document: Mapping[str, Any]) -> list[str]:
        """The ids of all items, ascending."""
        return self._store.keys(_kind(document))

    def is_visible(self, document: Mapping[str, Any], item: dict[str, Any], client_id: str) -> bool:
        """Whether an application without a managing permission sees an item (graph.md 3.8, 11)."""
        creator = item["created_by"]
        if document["read_security"] == "own" and creator.get("id") != client_id:
            return False
        if not document["content_approval"]:
            return True
        return _is_approved(item["versions"][-1]) or self.as_seen(document, item) is not item

    def as_seen(self, document: Mapping[str, Any], item: dict[str, Any]) -> dict[str, Any]:
        """An item as it is without a managing permission.

        What an approved item with a pending edit looks like is unknown (graph.md 3.8): gone, or as it was
        approved last. Its versions may tell of the edit all the same (`tells_pending_versions`); its tag
        is then the approved one's.
        """
        versions = item["versions"]
        if not document["content_approval"] or _is_approved(versions[-1]):
            return item
        approved = [place for place, version in enumerate(versions, start=1) if _is_approved(version)]
        if self._pending_edit() == "hidden" or not approved:
            return item
        seen = {**item, "versions": versions[: approved[-1]]}
        last = int(seen["versions"][-1]["number"].partition(".")[0])
        return {**seen, "saves": last} if self.tells_pending_versions() else seen

    def tells_pending_versions(self) -> bool:
        """Whether the history of an item holds an edit that the item does not show yet (graph.md 3.8)."""
        return self._pending_edit() == "in_versions"

    def _pending_edit(self) -> str:
        tenant = self._store.get("tenant", "tenant") or {}
        return str(tenant.get("behaviour", {}).get("pending_edit", "hidden"))

    def _save(
        self, document: Mapping[str, Any], item: dict[str, Any], saver: Mapping[str, Any],
        before: Mapping[str, Any], fields: Mapping[str, Any], at: datetime | None,
    ) -> None:  # fmt: skip
        item["saves"] += 1
        item["change"] = self._store.next_number(f"changes:{document['id']}")
        # A change waits for content approval again, unless it is the approval.
        before = {name: value for name, value in before.items() if name != "_ModerationStatus"}
        state = {name: value for name, value in {**before, **fields}.items() if value is not None}
        item["versions"].append(
            {
                "number": f"{item['saves']}.0",
                "at": format_instant(at or self._clock.now()),
                "by": {name: value for name, value in saver.items() if name != "really"},
                "fields": state,
            }
        )
        tenant = self._store.get("tenant", "tenant") or {}
        limit = int(tenant.get("behaviour", {}).get("version_limit", 500))
        item["versions"] = item["versions"][-max(limit, 1) :]
        self._store.put(_kind(document), item["id"], item)
        operation = "ListItemUpdated" if item["saves"] > 1 else "ListItemCreated"
        self._record(document, item["id"], operation, saver.get("really", saver), at)

    def _record(
        self, document: Mapping[str, Any], item_id: str, operation: str, actor: Mapping[str, Any],
        at: datetime | None,
    ) -> None:  # fmt: skip
        application = actor["kind"] != "user"
        self._audit.record(
            RecordType.LIST_ITEM,
            operation,
            Actor(actor["name"] if application else actor["upn"], "", actor["id"] if application else ""),
            f"Lists/{document['title']}/{item_id}_.000",
            details={"ListId": document["id"], "ListItemId": item_id, "ListTitle": document["title"]},
            at=at,
        )


def _is_approved(version: Mapping[str, Any]) -> bool:
    approved: bool = version["fields"].get("_ModerationStatus") == _APPROVED
    return approved


def etag(item: Mapping[str, Any]) -> str:
    """The item's entity tag: it changes with every version (graph.md 3.9)."""
    return f'"{item["guid"]},{item["saves"]}"'


def _kind(document: Mapping[str, Any]) -> str:
    return f"items:{document['id']}"
