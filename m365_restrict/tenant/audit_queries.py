"""Questions to the tenant's audit log: asked, then polled, then read (exchange.md 6).

Not in GCC High, DoD or China (graph.md 11). A query is no change of the tenant: it is kept some days.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.graph import GraphReader, JsonObject, Question, path_of

SCOPE = "audit log"
"""The scope of every Unknown from here."""

_EVERYTHING = "AuditLogsQuery.Read.All"
_REFUSED = frozenset({401, 403})


class QueryState(StrEnum):
    """How far a query has come."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class AuditQueries:
    """Asks the audit log about operations. `permission` is what the reader application needs for them."""

    def __init__(self, graph: GraphReader, *, permission: str) -> None:
        """`graph` is the reader application's."""
        self._graph = graph
        self._permission = permission

    async def is_permitted(self) -> bool:
        """Whether the reader's own token holds the permission."""
        return bool(await self._graph.roles() & {self._permission, _EVERYTHING})

    async def state(self, query_id: str) -> QueryState | Unknown:
        """How far a query has come; Unknown where Graph no longer tells."""
        try:
            found = await self._graph.get_json(_path(query_id))
        except ServiceError as error:
            return self._unknown(error)
        match str(found.get("status") or "").lower():
            case "succeeded":
                return QueryState.READY
            case "failed" | "cancelled":
                return QueryState.FAILED
            case _:
                return QueryState.WAITING

    async def _ask(
        self, name: str, operations: Sequence[str], *, since: datetime, until: datetime
    ) -> str | Unknown:
        """Ask for operations between two instants; the id of the query."""
        body = {
            "displayName": f"m365-restrict: {name}",
            "filterStartDateTime": _instant(since),
            "filterEndDateTime": _instant(until),
            # By operation alone: of which record type some records are is inferred.
            "operationFilters": list(operations),
        }
        try:
            made = await self._graph.ask(Question.AUDIT_LOG, body)
        except ServiceError as error:
            return self._unknown(error)
        return str(made.get("id") or "") or Unknown(SCOPE, "Graph took the question and gave it no id")

    async def _raw_records(self, query_id: str) -> list[JsonObject] | Unknown:
        try:
            return [one async for one in self._graph.get_pages(f"{_path(query_id)}/records")]
        except ServiceError as error:
            return self._unknown(error)

    def _unknown(self, error: ServiceError) -> Unknown:
        if error.status in _REFUSED:
            return Unknown(SCOPE, f"the reader application was not granted {self._permission}")
        return Unknown(SCOPE, error.in_short)


def _path(query_id: str) -> str:
    return f"{Question.AUDIT_LOG.value}{path_of(query_id)}"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
