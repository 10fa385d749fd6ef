"""Audit-log queries: made, polled, then read (exchange.md 6).

A query is `notStarted` when it is made, `running` at the first look and `succeeded` at the next: how long
it really takes is unknown. Records are an empty page until then.
"""

from collections.abc import Mapping
from typing import Any

from m365_restrict.sandbox.audit_log import AuditLog, RecordType
from m365_restrict.sandbox.clock import format_instant, parse_instant
from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.paging import page

_QUERIES = "audit_queries"
_NEXT = {"notStarted": "running", "running": "succeeded", "succeeded": "succeeded"}
_LISTS = (
    "recordTypeFilters", "operationFilters", "userPrincipalNameFilters", "objectIdFilters",
    "ipAddressFilters", "administrativeUnitIdFilters", "serviceFilters",
)  # fmt: skip
_EVERYTHING = "AuditLogsQuery.Read.All"
_ROLE_OF = {
    RecordType.EXCHANGE_ADMIN: "AuditLogsQuery-Exchange.Read.All",
    RecordType.EXCHANGE_ITEM: "AuditLogsQuery-Exchange.Read.All",
    RecordType.LIST_ITEM: "AuditLogsQuery-SharePoint.Read.All",
}


def create_query(call: GraphCall) -> GraphAnswer:
    """POST /security/auditLog/queries."""
    filters = {name: call.fields.get(name) or [] for name in _LISTS}
    if not all(isinstance(values, list) for values in filters.values()):
        raise GraphFailure(400, "BadRequest", "A filter of an audit query is a list.")
    number = call.tenant.store.next_number(_QUERIES)
    made = {
        "id": object_id_for(f"audit-query:{number}"),
        "displayName": call.fields.get("displayName"),
        "filterStartDateTime": _instant(call.fields.get("filterStartDateTime")),
        "filterEndDateTime": _instant(call.fields.get("filterEndDateTime")),
        **filters,
        "keywordFilter": call.fields.get("keywordFilter") or "",
        "status": "notStarted",
    }
    call.tenant.store.put(_QUERIES, str(made["id"]), made)
    return GraphAnswer(made, status=201, target=str(made["id"]))


def list_queries(call: GraphCall) -> GraphAnswer:
    """GET /security/auditLog/queries."""
    made = [query for _, query in call.tenant.store.all(_QUERIES)]
    return GraphAnswer(page(call, made, lambda query: select(query, call.query)))


def get_query(call: GraphCall) -> GraphAnswer:
    """GET one query; each look brings it a step further."""
    query = _find(call)
    moved = {**query, "status": _NEXT[query["status"]]}
    call.tenant.store.put(_QUERIES, query["id"], moved)
    return GraphAnswer(select(moved, call.query), target=query["id"])


def list_records(call: GraphCall) -> GraphAnswer:
    """GET the records of a query that has succeeded."""
    query = _find(call)
    log = AuditLog(call.tenant.store, call.tenant.clock)
    found = [one for one in log.readable() if _readable_by(call, one) and _matches(query, one)]
    if query["status"] != "succeeded":
        found = []
    return GraphAnswer(page(call, found, lambda record: select(record, call.query)), target=query["id"])


def _find(call: GraphCall) -> dict[str, Any]:
    query = call.tenant.store.get(_QUERIES, call.params["query"])
    if query is None:
        raise GraphFailure(404, "NotFound", "The query was not found.", target=call.params["query"])
    return query


def _readable_by(call: GraphCall, record: Mapping[str, Any]) -> bool:
    needed = _ROLE_OF[RecordType(record["auditLogRecordType"])]
    return bool(call.principal.roles & {needed, _EVERYTHING})


def _matches(query: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    at = record["createdDateTime"]
    if query["filterStartDateTime"] and at < query["filterStartDateTime"]:
        return False
    if query["filterEndDateTime"] and at > query["filterEndDateTime"]:
        return False
    return all(
        not wanted or str(record[member]).lower() in {str(one).lower() for one in wanted}
        for wanted, member in (
            (query["recordTypeFilters"], "auditLogRecordType"),
            (query["operationFilters"], "operation"),
            (query["userPrincipalNameFilters"], "userPrincipalName"),
            (query["objectIdFilters"], "objectId"),
        )
    )


def _instant(given: object) -> str | None:
    if not given:
        return None
    try:
        return format_instant(parse_instant(str(given)))
    except ValueError as error:
        raise GraphFailure(400, "BadRequest", f"{given!r} is not an instant.") from error
