"""Graph as HTTP serves it: log, latency, faults, token, permission, handler, answer."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.faults import Asked, Fault, FaultKind
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, Principal, error_body
from m365_restrict.sandbox.graph.paging import emptied
from m365_restrict.sandbox.graph.routing import check_permission, find_route
from m365_restrict.sandbox.identity import GRAPH, TokenRefused
from m365_restrict.sandbox.request_log import LoggedRequest
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.store import Json

_STATUS_CODES = {
    429: "ApplicationThrottled",
    500: "generalException",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "gatewayTimeout",
}


_CHALLENGE = 'Bearer realm="", error="invalid_token"'


class GraphEndpoint:
    """Answers everything below `/v1.0`."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services

    async def serve(self, request: Request) -> Response:
        """Serve one request."""
        path = "/v1.0/" + request.path_params["path"].lstrip("/")
        with self._services.log.recording(request.method, path) as entry:
            await asyncio.sleep(self._services.latency_seconds)
            body = await request.body()
            answer = self._answer(request, path, body, entry)
            entry.status = answer.status_code
        return answer

    def _answer(self, request: Request, path: str, body: bytes, entry: LoggedRequest) -> Response:
        services = self._services
        asked = Asked(request.method, path, request.url.query)
        query = dict(request.query_params)
        try:
            principal = self._principal(request, entry)
            fault = services.faults.take(FaultKind.STATUS, asked)
            if fault is not None:
                raise _injected(fault)
            answer = handle(
                GraphCall(
                    tenant=services.tenant,
                    method=request.method,
                    url=_url(request),
                    params={},
                    query=query,
                    headers=dict(request.headers),
                    body=None if _is_document(path) else _json(body),
                    principal=principal,
                    raw=body,
                ),
                path.removeprefix("/v1.0/"),
            )
        except GraphFailure as error:
            entry.target = error.target
            return _failure(request, services.tenant.clock, error)
        entry.target = answer.target
        shown = answer.body
        is_page = shown is not None and request.method == "GET" and isinstance(shown.get("value"), list)
        if shown is not None and is_page and services.faults.take(FaultKind.EMPTY_PAGE, asked) is not None:
            shown = emptied(shown, _url(request), query)
        return _respond(request, answer.status, shown)

    def _principal(self, request: Request, entry: LoggedRequest) -> Principal:
        services = self._services
        authorization = request.headers.get("authorization")
        try:
            application, roles = services.authority.judge(
                authorization, resource=GRAPH, tenant=services.tenant.document["id"]
            )
        except TokenRefused as error:
            raise GraphFailure(
                401, "InvalidAuthenticationToken", str(error), headers={"WWW-Authenticate": _CHALLENGE}
            ) from error
        entry.app_id = application.client_id
        return Principal(application.client_id, application.display_name, roles)


def handle(call: GraphCall, path: str) -> GraphAnswer:
    """Answer a call of a path below `/v1.0`; a `GraphFailure` when Graph would refuse."""
    route, params = find_route(call.method, path)
    check_permission(route, call.principal)
    return route.handler(replace(call, params=params))


def _injected(fault: Fault) -> GraphFailure:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    code = _STATUS_CODES.get(fault.status, "UnknownError")
    return GraphFailure(fault.status, code, "Injected.", headers=headers)


def _is_document(path: str) -> bool:
    return path.lower().endswith(":/content")


def _json(body: bytes) -> Json:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise GraphFailure(400, "BadRequest", "Unable to read JSON request payload.") from error


def _url(request: Request) -> str:
    return str(request.url.replace(query="")).rstrip("?")


def _respond(
    request: Request, status: int, body: Json, headers: Mapping[str, str] | None = None, request_id: str = ""
) -> Response:
    identifier = request_id or str(uuid.uuid4())
    shared = {
        "request-id": identifier,
        "client-request-id": request.headers.get("client-request-id", identifier),
        **(headers or {}),
    }
    if body is None:
        return Response(status_code=status, headers=shared)
    media_type = "application/json;odata.metadata=minimal;IEEE754Compatible=false"
    return Response(json.dumps(body, ensure_ascii=False), status, shared, media_type)


def _failure(request: Request, clock: SandboxClock, error: GraphFailure) -> Response:
    request_id = str(uuid.uuid4())
    body = error_body(error.code, error.message, clock=clock, request_id=request_id)
    return _respond(request, error.status, body, error.headers, request_id)
