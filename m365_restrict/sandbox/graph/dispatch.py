"""From a call to its answer: the faults that concern its content, permission, handler (contracts.md 2)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from m365_restrict.sandbox.faults import Asked, Fault, FaultKind
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure
from m365_restrict.sandbox.graph.paging import emptied
from m365_restrict.sandbox.graph.routing import check_permission, find_route
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.store import Json
from m365_restrict.sandbox.tenant import SandboxTenant

_STATUS_CODES = {
    401: "InvalidAuthenticationToken",
    403: "accessDenied",
    404: "itemNotFound",
    409: "nameAlreadyExists",
    410: "resyncChangesApplyDifferences",
    412: "resourceModified",
    429: "ApplicationThrottled",
    500: "generalException",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "gatewayTimeout",
}
_SENDERS = "fromAddresses"


def handle(call: GraphCall, path: str) -> GraphAnswer:
    """Answer a call of a path below `/v1.0`; a `GraphFailure` when Graph would refuse."""
    route, params = find_route(call.method, path)
    check_permission(route, call.principal)
    return route.handler(replace(call, params=params))


@dataclass(frozen=True)
class _Outcome:
    """An answer or a refusal, comparable."""

    answer: GraphAnswer | None = None
    refusal: tuple[int, str, str, str] | None = None


class Dispatch:
    """Carries calls out, with the faults that wait for them."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services

    def carry_out(self, call: GraphCall, asked: Asked, *, refused_by: FaultKind) -> GraphAnswer:
        """The answer of one call; `refused_by` is the kind of fault that refuses it instead."""
        self.refuse(asked, kind=refused_by)
        path = asked.path.removeprefix("/v1.0/")
        if call.method == "GET":
            return self._page(call, asked, self._read(call, asked, path))
        self._services.past.remember()
        return handle(self._with_a_loss(call, asked), path)

    def refuse(self, asked: Asked, *, kind: FaultKind = FaultKind.STATUS) -> None:
        """Raise the refusal that a fault of this kind wants for the request."""
        fault = self._services.faults.take(kind, asked)
        if fault is not None:
            raise _injected(fault)

    def _read(self, call: GraphCall, asked: Asked, path: str) -> GraphAnswer:
        faults = self._services.faults
        if faults.waits(FaultKind.STALE_READ, asked) is None:
            return handle(call, path)

        def read(tenant: SandboxTenant) -> _Outcome:
            return _outcome(replace(call, tenant=tenant), path)

        outcome = read(call.tenant)
        before = self._services.past.stale(outcome, read)
        if before is not None:
            faults.take(FaultKind.STALE_READ, asked)
            outcome = before
        if outcome.refusal is not None:
            status, code, message, target = outcome.refusal
            raise GraphFailure(status, code, message, target=target)
        return outcome.answer or GraphAnswer(None)

    def _page(self, call: GraphCall, asked: Asked, answer: GraphAnswer) -> GraphAnswer:
        body = answer.body
        if body is None or not isinstance(body.get("value"), list):
            return answer
        if self._services.faults.take(FaultKind.EMPTY_PAGE, asked) is None:
            return answer
        return replace(answer, body=emptied(body, call.url, call.query))

    def _with_a_loss(self, call: GraphCall, asked: Asked) -> GraphCall:
        """Without the member that `drop_parameter` takes away; one that is not there waits for the next."""
        faults = self._services.faults
        fault = faults.waits(FaultKind.DROP_PARAMETER, asked)
        if fault is None:
            return call
        kept = _without(call.body, (fault.parameter or _SENDERS).lower())
        if kept == call.body:
            return call
        faults.take(FaultKind.DROP_PARAMETER, asked)
        return replace(call, body=kept)


def _outcome(call: GraphCall, path: str) -> _Outcome:
    try:
        return _Outcome(answer=handle(call, path))
    except GraphFailure as error:
        return _Outcome(refusal=(error.status, error.code, error.message, error.target))


def _injected(fault: Fault) -> GraphFailure:
    code = _STATUS_CODES.get(fault.code, "UnknownError")
    return GraphFailure(fault.code, code, "Injected.", headers=fault.headers)


def _without(body: Json, name: str) -> Json:
    if isinstance(body, Mapping):
        return {key: _without(value, name) for key, value in body.items() if key.lower() != name}
    return body
