"""Who changed items of a list, by the tenant's audit log (exchange.md 6): asked in one run, read in a later.

Not in GCC High, DoD or China (graph.md 11). What a record of a list item looks like is inferred: the item is
found by its own member or by the end of its address, and a record that names no item of the list is left out.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.policy.audited import AuditRecord
from m365_restrict.tenant.graph import GraphReader, JsonObject, Question, path_of
from m365_restrict.tenant.list_values import read_instant

SCOPE = "audit log"
"""The scope of every Unknown from here."""
PERMISSION = "AuditLogsQuery-SharePoint.Read.All"
"""What the reader application needs."""

_PERMISSIONS = frozenset({PERMISSION, "AuditLogsQuery.Read.All"})
_OPERATIONS = ("ListItemCreated", "ListItemUpdated")
_REFUSED = frozenset({401, 403})
_ITEM = re.compile(r"(?:/|[?&]ID=)(\d+)(?:_\.000)?$", re.IGNORECASE)
# UserType is a number in the record and a word beside it: system, application, service principal.
_NOT_PEOPLE = frozenset({"4", "5", "6", "system", "application", "serviceprincipal"})
_APP_ACCOUNTS = ("app@", "sharepoint\\system")


class QueryState(StrEnum):
    """How far a query has come."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class AuditLogReader:
    """Asks about changes of list items. A query is no change of the tenant: it is kept some days and read."""

    def __init__(self, graph: GraphReader) -> None:
        """`graph` is the reader application's."""
        self._graph = graph

    async def is_permitted(self) -> bool:
        """Whether the reader's own token holds a permission that reads the log of SharePoint."""
        return bool(await self._graph.roles() & _PERMISSIONS)

    async def ask(self, *, since: datetime, until: datetime) -> str | Unknown:
        """Ask for all changes of list items between two instants; the id of the query."""
        body = {
            "displayName": "m365-restrict: approvals",
            "filterStartDateTime": _instant(since),
            "filterEndDateTime": _instant(until),
            # By operation: of which record type a list item's records are is inferred.
            "operationFilters": list(_OPERATIONS),
        }
        try:
            made = await self._graph.ask(Question.AUDIT_LOG, body)
        except ServiceError as error:
            return _unknown(error)
        return str(made.get("id") or "") or Unknown(SCOPE, "Graph took the question and gave it no id")

    async def state(self, query_id: str) -> QueryState | Unknown:
        """How far a query has come; Unknown where Graph no longer tells."""
        try:
            found = await self._graph.get_json(_path(query_id))
        except ServiceError as error:
            return _unknown(error)
        match str(found.get("status") or "").lower():
            case "succeeded":
                return QueryState.READY
            case "failed" | "cancelled":
                return QueryState.FAILED
            case _:
                return QueryState.WAITING

    async def records(self, query_id: str, *, list_id: str) -> tuple[AuditRecord, ...] | Unknown:
        """The changes of the items of one list that a query found."""
        try:
            raw = [one async for one in self._graph.get_pages(f"{_path(query_id)}/records")]
        except ServiceError as error:
            return _unknown(error)
        found = (_record(one, _plain_id(list_id)) for one in raw)
        return tuple(one for one in found if one is not None)


def _path(query_id: str) -> str:
    return f"{Question.AUDIT_LOG.value}{path_of(query_id)}"


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


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _unknown(error: ServiceError) -> Unknown:
    if error.status in _REFUSED:
        return Unknown(SCOPE, f"the reader application was not granted {PERMISSION}")
    return Unknown(SCOPE, error.message)
