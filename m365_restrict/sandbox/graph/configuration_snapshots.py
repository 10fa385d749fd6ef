"""Snapshots of the tenant's configuration: a job, polled, that leaves a snapshot (graph.md 6.2).

A job is `notStarted` when it is made, `running` at the first look, and has ended at the next. Microsoft's own
principal needs rights of its own: `behaviour.configuration_reader` false makes jobs end as
`partiallySuccessful`, with nothing in them.
"""

import re
from collections.abc import Mapping
from typing import Any

from m365_restrict.sandbox.clock import format_instant
from m365_restrict.sandbox.configuration import TRANSPORT_RULE, rule_resource
from m365_restrict.sandbox.directory import object_id_for
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, select
from m365_restrict.sandbox.graph.paging import page

_JOBS, _SNAPSHOTS = "snapshot_jobs", "snapshots"
_MOST_JOBS = 12
_NEVER = "0001-01-01T00:00:00Z"
_NAME = re.compile(r"[A-Za-z0-9 ]+")
# Documented as returned only with $select.
_ON_REQUEST = ("resourceLocation", "errorDetails", "resources", "createdBy")


def create_snapshot(call: GraphCall) -> GraphAnswer:
    """POST .../configurationSnapshots/createSnapshot."""
    name, resources = call.fields.get("displayName"), call.fields.get("resources")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _refused("displayName may contain only letters, digits and spaces.")
    if not isinstance(resources, list) or not resources:
        raise _refused("resources names at least one type of resource.")
    unknown = [one for one in resources if str(one).lower() != TRANSPORT_RULE]
    if unknown:
        raise _refused(f"The resource type {unknown[0]!r} is not supported here.")
    if len(call.tenant.store.keys(_JOBS)) >= _MOST_JOBS:
        raise _refused(f"There are already {_MOST_JOBS} snapshot jobs; delete one first.")
    number = call.tenant.store.next_number(_JOBS)
    job = {
        "id": object_id_for(f"snapshot-job:{number}"),
        "displayName": name,
        "description": call.fields.get("description", ""),
        "tenantId": call.tenant.document["id"],
        "status": "notStarted",
        "resources": [str(one) for one in resources],
        "createdDateTime": format_instant(call.tenant.clock.now()),
        "completedDateTime": _NEVER,
        "createdBy": {"application": {"id": call.principal.client_id}},
        "resourceLocation": "",
        "errorDetails": [],
    }
    call.tenant.store.put(_JOBS, str(job["id"]), job)
    return GraphAnswer(job, target=name)


def list_jobs(call: GraphCall) -> GraphAnswer:
    """GET the jobs."""
    jobs = [job for _, job in call.tenant.store.all(_JOBS)]
    return GraphAnswer(page(call, jobs, lambda job: _shown(call, job)))


def get_job(call: GraphCall) -> GraphAnswer:
    """GET one job; each look brings it a step further."""
    job = _find(call, _JOBS, call.params["job"])
    if job["status"] == "notStarted":
        job["status"] = "running"
    elif job["status"] == "running":
        job.update(_ended(call, job))
    call.tenant.store.put(_JOBS, job["id"], job)
    return GraphAnswer(_shown(call, job), target=job["displayName"])


def delete_job(call: GraphCall) -> GraphAnswer:
    """DELETE one job."""
    job = _find(call, _JOBS, call.params["job"])
    call.tenant.store.delete(_JOBS, job["id"])
    return GraphAnswer(None, status=204, target=job["displayName"])


def get_snapshot(call: GraphCall) -> GraphAnswer:
    """GET a snapshot at the job's resourceLocation."""
    snapshot = _find(call, _SNAPSHOTS, call.params["snapshot"])
    return GraphAnswer(select(snapshot, call.query), target=snapshot["displayName"])


def _ended(call: GraphCall, job: Mapping[str, Any]) -> dict[str, Any]:
    readable = call.tenant.document["behaviour"].get("configuration_reader", True)
    rules = call.tenant.exchange.rules() if readable else []
    identifier = object_id_for(f"snapshot:{job['id']}")
    snapshot = {
        "id": identifier,
        "displayName": job["displayName"],
        "description": job["description"],
        "parameters": [],
        "resources": [rule_resource(rule) for rule in rules],
    }
    call.tenant.store.put(_SNAPSHOTS, identifier, snapshot)
    root = call.url.partition("/configurationSnapshotJobs")[0]
    return {
        "status": "succeeded" if readable else "partiallySuccessful",
        "errorDetails": [] if readable else [f"{TRANSPORT_RULE}: the principal may not read this resource."],
        "completedDateTime": format_instant(call.tenant.clock.now()),
        "resourceLocation": f"{root}/configurationSnapshots('{identifier}')",
    }


def _shown(call: GraphCall, job: Mapping[str, Any]) -> dict[str, Any]:
    known = "include-unknown-enum-members" in call.headers.get("prefer", "").lower()
    # Without the preference a newer member of an enumeration is shown as unknown (graph.md 6.2).
    status = job["status"] if known or job["status"] != "partiallySuccessful" else "unknownFutureValue"
    whole = {**job, "status": status}
    if call.query.get("$select"):
        return select(whole, call.query)
    return {name: value for name, value in whole.items() if name not in _ON_REQUEST}


def _find(call: GraphCall, kind: str, identifier: str) -> dict[str, Any]:
    found = call.tenant.store.get(kind, identifier.lower())
    if found is None:
        raise GraphFailure(404, "NotFound", "The resource was not found.", target=identifier)
    return found


def _refused(message: str) -> GraphFailure:
    return GraphFailure(400, "BadRequest", message)
