"""Who changed items of a list, by the tenant's audit log (exchange.md 6): asked in one run, read in a later.

Not in GCC High, DoD or China (graph.md 11). What a record of a list item looks like is inferred: the item is
found by its own member or by the end of its address, and a record that names no item of the list is left out.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from m365_restrict.outcome import Unknown
from m365_restrict.policy.audited import AuditRecord
from m365_restrict.tenant.audit_queries import AuditQueries, QueryState
from m365_restrict.tenant.graph import GraphReader, JsonObject
from m365_restrict.tenant.list_values import read_instant

__all__ = ["PERMISSION", "AuditLogReader", "QueryState"]

PERMISSION = "AuditLogsQuery-SharePoint.Read.All"
"""What the reader application needs."""

_OPERATIONS = ("ListItemCreated", "ListItemUpdated")
_ITEM = re.compile(r"(?:/|[?&]ID=)(\d+)(?:_\.000)?$", re.IGNORECASE)
# UserType is a number in the record and a word beside it: system, application, service principal.
_NOT_PEOPLE = frozenset({"4", "5", "6", "system", "application", "serviceprincipal"})
_APP_ACCOUNTS = ("app@", "sharepoint\\system")


class AuditLogReader(AuditQueries):
    """Asks about changes of list items."""

    def __init__(self, graph: GraphReader) -> None:
        """`graph` is the reader application's."""
        super().__init__(graph, permission=PERMISSION)

    async def ask(self, *, since: datetime, until: datetime) -> str | Unknown:
        """Ask for all changes of list items between two instants; the id of the query."""
        return await self._ask("approvals", _OPERATIONS, since=since, until=until)

    async def records(self, query_id: str, *, list_id: str) -> tuple[AuditRecord, ...] | Unknown:
        """The changes of the items of one list that a query found."""
        raw = await self._raw_records(query_id)
        if isinstance(raw, Unknown):
            return raw
        found = (_record(one, _plain_id(list_id)) for one in raw)
        return tuple(one for one in found if one is not None)


def _record(raw: JsonObject, list_id: str) -> AuditRecord | None:
    """One record, or None where it is not of an item of the list or cannot be read."""
    data = raw.get("auditData")
    if not isinstance(data, Mapping) or _plain_id(data.get("ListId")) != list_id:
        return None
    named = str(data.get("ListItemId") or "")
    in_address = _ITEM.search(str(data.get("ObjectId") or raw.get("objectId") or ""))
    item_id = named or (in_address[1] if in_address else "")
    actor = str(data.get("UserId") or raw.get("userId") or "").strip().lower()
    try:
        at = read_instant(raw.get("createdDateTime") or data.get("CreationTime"))
    except ValueError:
        return None
    if not item_id or not actor:
        return None
    return AuditRecord(
        item_id=item_id,
        at=at,
        actor=actor,
        object_id=str(data.get("TokenObjectId") or "").lower(),
        by_application=_is_application(actor, {str(data.get("UserType")), str(raw.get("userType"))}),
    )


def _is_application(actor: str, kinds: set[str]) -> bool:
    return (
        "@" not in actor
        or actor.startswith(_APP_ACCOUNTS)
        or not _NOT_PEOPLE.isdisjoint(kind.lower() for kind in kinds)
    )


def _plain_id(value: object) -> str:
    return str(value or "").strip("{}").lower()
