"""Transport rules as Tenant Configuration Management shows them: the supported second view (graph.md 6.2).

A snapshot is a job: asked for, polled, read, and taken away again, because only twelve may stand. Not in US
Government or China clouds. It changes no setting of the tenant.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.graph import GraphReader, JsonObject, Question, path_of
from m365_restrict.tenant.shared_wait import LATE, Part, SharedWait

SCOPE = "configuration snapshot"
"""The scope of every Unknown from here."""
PERMISSION = "ConfigurationMonitoring.ReadWrite.All"
"""What the reader application needs: asking for a snapshot counts as writing one."""
SERVICE_APP_ID = "03b07b79-c5bc-4b5e-9bfa-13acf4a99998"
"""Microsoft's own principal, which needs Security Reader to see transport rules."""

_LATE = Unknown(SCOPE, LATE)
_TYPE = "microsoft.exchange.transportrule"
_BASE = "/admin/configurationManagement"
_JOBS = f"{_BASE}/configurationSnapshotJobs"
_FIELDS = {"$select": "id,status,resourceLocation,errorDetails"}
# Without it a job that came half way is shown as `unknownFutureValue`.
_PREFER = {"Prefer": "include-unknown-enum-members"}
_RUNNING = frozenset({"notstarted", "running"})
_REFUSED = frozenset({401, 403})
_SNAPSHOT = re.compile(r"/configurationSnapshots(?:\('|/)([0-9A-Za-z-]+)(?:'\))?/?$", re.IGNORECASE)


@dataclass(frozen=True)
class SnapshotRule:
    """One transport rule of a snapshot, with the properties as they were shown: there is no Guid."""

    name: str
    properties: Mapping[str, object]


@dataclass(frozen=True)
class Snapshot:
    """The transport rules of the tenant, or None while the job still runs."""

    rules: tuple[SnapshotRule, ...] | None


class ConfigurationSnapshotReader:
    """Asks for snapshots, within a run's time."""

    def __init__(self, graph: GraphReader, wait: SharedWait) -> None:
        """`graph` is the reader application's; `wait` is shared by all that a run reads beside rules."""
        self._graph = graph
        self._wait = wait

    async def is_permitted(self) -> bool:
        """Whether the reader's own token may ask for a snapshot."""
        return PERMISSION in await self._graph.roles()

    async def ask(self) -> str | Unknown:
        """Ask for a snapshot; the id of its job."""
        return await self._wait.answer(Part.SECOND_VIEW, self._ask, late=_LATE)

    async def read(self, job_id: str) -> Snapshot | Unknown:
        """The snapshot once it is there; one without rules if it is not there in time."""
        return await self._wait.answer(Part.SECOND_VIEW, lambda: self._read(job_id), late=Snapshot(None))

    async def withdraw(self, job_id: str) -> Unknown | None:
        """Take the job away; Unknown where it may still stand. It may take all that a run has left."""
        return await self._wait.answer(None, lambda: self._withdraw(job_id), late=_LATE)

    async def _ask(self) -> str | Unknown:
        body = {"displayName": "m365 restrict second view", "resources": [_TYPE]}
        try:
            job = await self._graph.ask(Question.CONFIGURATION, body)
        except ServiceError as error:
            return _unknown(error)
        return str(job.get("id") or "") or Unknown(SCOPE, "Graph took the job and gave it no id")

    async def _read(self, job_id: str) -> Snapshot | Unknown:
        try:
            job = await self._wait.ended(
                Part.SECOND_VIEW, lambda: self._job(job_id), has_ended=lambda found: not _runs(found)
            )
            if _runs(job):
                return Snapshot(None)
            if _word(job) != "succeeded":
                return Unknown(SCOPE, _why(job))
            found = _SNAPSHOT.search(str(job.get("resourceLocation") or ""))
            if found is None:
                return Unknown(SCOPE, "Graph did not say where the snapshot is")
            held = await self._graph.get_json(f"{_BASE}/configurationSnapshots('{found[1]}')")
        except ServiceError as error:
            return _unknown(error)
        return Snapshot(tuple(_rules(held)))

    async def _job(self, job_id: str) -> JsonObject:
        return await self._graph.get_json(f"{_JOBS}{path_of(job_id)}", query=_FIELDS, headers=_PREFER)

    async def _withdraw(self, job_id: str) -> Unknown | None:
        try:
            await self._graph.withdraw(Question.CONFIGURATION, job_id)
        except ServiceError as error:
            return _unknown(error)
        return None


def _rules(held: JsonObject) -> Iterator[SnapshotRule]:
    resources = held.get("resources")
    for one in resources if isinstance(resources, list) else []:
        properties = one.get("properties") if isinstance(one, Mapping) else None
        if isinstance(properties, Mapping) and str(one.get("resourceType")).lower() == _TYPE:
            shown = {str(key): value for key, value in properties.items() if "@" not in str(key)}
            yield SnapshotRule(str(shown.get("Name") or ""), shown)


def _runs(job: JsonObject) -> bool:
    return _word(job) in _RUNNING


def _word(job: JsonObject) -> str:
    return str(job.get("status") or "").lower()


def _why(job: JsonObject) -> str:
    details = job.get("errorDetails")
    told = [str(one) for one in details] if isinstance(details, list) else []
    return "; ".join(told) or f"the job ended as {job.get('status')}"


def _unknown(error: ServiceError) -> Unknown:
    if error.status in _REFUSED:
        return Unknown(SCOPE, f"the reader application was not granted {PERMISSION}")
    return Unknown(SCOPE, error.in_short)
