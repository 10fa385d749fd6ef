"""Monitors of the tenant's configuration, their results and the drifts they find (graph.md 6.2).

A monitor runs at 00, 06, 12 and 18 hours GMT. The sandbox has no night watch: a run that fell due since the
last look is made up at the next look at drifts or results, with the tenant as it is then.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from m365_restrict.sandbox.clock import format_instant, parse_instant
from m365_restrict.sandbox.configuration import TRANSPORT_RULE, drifted, rule_resource
from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.filters import read_filter
from m365_restrict.sandbox.graph.paging import page

_MONITORS, _RESULTS, _DRIFTS = "monitors", "monitor_results", "drifts"
_MOST_MONITORS = 30
_HOURS = 6
_WRITABLE = frozenset({"displayName", "description", "baseline"})


def create_monitor(call: GraphCall) -> GraphAnswer:
    """POST: displayName and a baseline with at least one resource of at least one property."""
    _check(call.fields, ("displayName", "baseline"))
    if len(call.tenant.store.keys(_MONITORS)) >= _MOST_MONITORS:
        raise _refused(f"There are already {_MOST_MONITORS} monitors.")
    now = format_instant(call.tenant.clock.now())
    number = call.tenant.store.next_number(_MONITORS)
    monitor = {
        "id": object_id_for(f"monitor:{number}"),
        "displayName": call.fields["displayName"],
        "description": call.fields.get("description", ""),
        "tenantId": call.tenant.document["id"],
        "status": "active",
        "monitorRunFrequencyInHours": _HOURS,
        "mode": "monitorOnly",
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "baseline": call.fields["baseline"],
        "ran": now,
    }
    call.tenant.store.put(_MONITORS, str(monitor["id"]), monitor)
    return GraphAnswer(_shown(monitor), status=201, target=str(monitor["displayName"]))


def list_monitors(call: GraphCall) -> GraphAnswer:
    """GET the monitors."""
    monitors = [_shown(monitor) for _, monitor in call.tenant.store.all(_MONITORS)]
    return GraphAnswer(page(call, monitors, lambda monitor: select(monitor, call.query)))


def get_monitor(call: GraphCall) -> GraphAnswer:
    """GET one monitor."""
    monitor = _find(call)
    return GraphAnswer(select(_shown(monitor), call.query), target=monitor["displayName"])


def update_monitor(call: GraphCall) -> GraphAnswer:
    """PATCH name, description or baseline; a new baseline deletes earlier results and drifts."""
    monitor = _find(call)
    _check(call.fields, tuple(name for name in ("displayName", "baseline") if name in call.fields))
    if "baseline" in call.fields:
        _forget(call, monitor["id"])
    changes = {name: value for name, value in call.fields.items() if name in _WRITABLE}
    monitor |= {**changes, "lastModifiedDateTime": format_instant(call.tenant.clock.now())}
    call.tenant.store.put(_MONITORS, monitor["id"], monitor)
    return GraphAnswer(_shown(monitor), target=monitor["displayName"])


def delete_monitor(call: GraphCall) -> GraphAnswer:
    """DELETE one monitor, with what it found."""
    monitor = _find(call)
    _forget(call, monitor["id"])
    call.tenant.store.delete(_MONITORS, monitor["id"])
    return GraphAnswer(None, status=204, target=monitor["displayName"])


def list_results(call: GraphCall) -> GraphAnswer:
    """GET what the runs found."""
    return _listed(call, _RESULTS)


def list_drifts(call: GraphCall) -> GraphAnswer:
    """GET the drifts; `driftedProperties` and the like as the query selects them."""
    return _listed(call, _DRIFTS)


def _listed(call: GraphCall, kind: str) -> GraphAnswer:
    for _, monitor in call.tenant.store.all(_MONITORS):
        _catch_up(call, monitor)
    found = [entry for _, entry in call.tenant.store.all(kind)]
    if expression := call.query.get("$filter"):
        test = read_filter(expression)
        found = [entry for entry in found if test(entry)]
    return GraphAnswer(page(call, found, lambda entry: select(entry, call.query)))


def _catch_up(call: GraphCall, monitor: dict[str, Any]) -> None:
    now = call.tenant.clock.now()
    due = now.replace(hour=now.hour - now.hour % _HOURS, minute=0, second=0, microsecond=0)
    if due <= parse_instant(monitor["ran"]):
        return
    rules = {rule["Name"].casefold(): rule_resource(rule) for rule in call.tenant.exchange.rules()}
    count = sum(_judge(call, monitor, wanted, rules, due) for wanted in monitor["baseline"]["resources"])
    result = {
        "id": object_id_for(f"result:{monitor['id']}:{format_instant(due)}"),
        "monitorId": monitor["id"],
        "tenantId": monitor["tenantId"],
        "runInitiationDateTime": format_instant(due),
        "runCompletionDateTime": format_instant(due + timedelta(minutes=2)),
        "runStatus": "successful",
        "driftsCount": count,
        "errorDetails": [],
    }
    call.tenant.store.put(_RESULTS, str(result["id"]), result)
    call.tenant.store.put(_MONITORS, monitor["id"], {**monitor, "ran": format_instant(now)})


def _judge(
    call: GraphCall, monitor: Mapping[str, Any], wanted: Mapping[str, Any],
    rules: Mapping[str, Mapping[str, Any]], at: datetime,
) -> int:  # fmt: skip
    """Keep, begin or end the drift of one resource; returns how many are active."""
    name = str(wanted.get("properties", {}).get("Name", ""))
    identifier = object_id_for(f"drift:{monitor['id']}:{name}")
    known = call.tenant.store.get(_DRIFTS, identifier)
    differences = drifted(wanted.get("properties", {}), rules)
    if not differences:
        if known is not None and known["status"] == "active":
            call.tenant.store.put(_DRIFTS, identifier, {**known, "status": "fixed"})
        return 0
    drift = {
        "id": identifier,
        "monitorId": monitor["id"],
        "tenantId": monitor["tenantId"],
        "resourceType": TRANSPORT_RULE,
        "baselineResourceDisplayName": wanted.get("displayName", ""),
        "firstReportedDateTime": known["firstReportedDateTime"] if known else format_instant(at),
        "status": "active",
        "resourceInstanceIdentifier": {"Name": name},
        "driftedProperties": differences,
    }
    call.tenant.store.put(_DRIFTS, identifier, drift)
    return 1


def _forget(call: GraphCall, monitor_id: str) -> None:
    for kind in (_RESULTS, _DRIFTS):
        for key, entry in call.tenant.store.all(kind):
            if entry["monitorId"] == monitor_id:
                call.tenant.store.delete(kind, key)


def _check(fields: Mapping[str, Any], required: tuple[str, ...]) -> None:
    missing = [name for name in required if not fields.get(name)]
    if missing:
        raise _refused(f"The monitor lacks the required {', '.join(missing)}.")
    if "baseline" not in required:
        return
    resources = fields["baseline"].get("resources") if isinstance(fields["baseline"], dict) else None
    if not isinstance(resources, list) or not resources:
        raise _refused("The baseline has no resources.")
    for resource in resources:
        if not isinstance(resource, dict) or not resource.get("properties"):
            raise _refused("A resource of the baseline has no properties.")
        if str(resource.get("resourceType", "")).lower() != TRANSPORT_RULE:
            raise _refused(f"The resource type {resource.get('resourceType')!r} is not supported here.")


def _shown(monitor: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in monitor.items() if name != "ran"}


def _find(call: GraphCall) -> dict[str, Any]:
    found = call.tenant.store.get(_MONITORS, call.params["monitor"].lower())
    if found is None:
        raise GraphFailure(404, "NotFound", "The resource was not found.", target=call.params["monitor"])
    return found


def _refused(message: str) -> GraphFailure:
    return GraphFailure(400, "BadRequest", message)
