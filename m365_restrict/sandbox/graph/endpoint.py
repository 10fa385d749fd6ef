"""Graph as HTTP serves it: log, latency, faults, token, permission, handler, answer."""

import asyncio
import json
import uuid

from starlette.requests import Request
from starlette.responses import Response

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.faults import Asked, FaultKind
from m365_restrict.sandbox.graph.answer import GraphAnswer, GraphCall, GraphFailure, Principal, error_body
from m365_restrict.sandbox.graph.paging import emptied
from m365_restrict.sandbox.graph.routing import check_permission, find_route
from m365_restrict.sandbox.identity import GRAPH, TokenRefused
from m365_restrict.sandbox.request_log import LoggedRequest
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.store import Json
from m365_restrict.sandbox.tenant import SandboxTenant

_STATUS_CODES = {
    429: "ApplicationThrottled",
    500: "generalException",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "gatewayTimeout",
}


class GraphEndpoint:
    """Answers everything below `/v1.0`."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services

    async def __call__(self, request: Request) -> Response:
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
        fault = services.faults.take(FaultKind.STATUS, asked)
        if fault is not None:
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            code = _STATUS_CODES.get(fault.status, "UnknownError")
            injected = GraphFailure(fault.status, code, "Injected.")
            return _failure(request, services.tenant.clock, injected, headers)
        try:
            principal = self._principal(request, entry)
            call = (request.method, path.removeprefix("/v1.0/"), _json(body), principal)
            answer = handle(services.tenant, call, request=request)
        except GraphFailure as error:
            entry.target = error.target
            return _failure(request, services.tenant.clock, error, {})
        entry.target = answer.target
        shown = answer.body
        is_page = shown is not None and request.method == "GET" and isinstance(shown.get("value"), list)
        if shown is not None and is_page and services.faults.take(FaultKind.EMPTY_PAGE, asked) is not None:
            shown = emptied(shown, _url(request), dict(request.query_params))
        return _respond(request, answer.status, shown)

    def _principal(self, request: Request, entry: LoggedRequest) -> Principal:
        services = self._services
        authorization = request.headers.get("authorization")
        try:
            application, roles = services.authority.judge(
                authorization, resource=GRAPH, tenant=services.tenant.document["id"]
            )
        except TokenRefused as error:
            raise GraphFailure(401, "InvalidAuthenticationToken", str(error)) from error
        entry.app_id = application.client_id
        return Principal(application.client_id, application.display_name, roles)


def handle(tenant: SandboxTenant, call: tuple[str, str, Json, Principal], *, request: Request) -> GraphAnswer:
    """Answer method, path below `/v1.0`, body and caller; a `GraphFailure` when Graph would refuse."""
    method, path, body, principal = call
    route, params = find_route(method, path)
    check_permission(route, principal)
    return route.handler(
        GraphCall(
            tenant=tenant,
            method=method,
            url=_url(request),
            params=params,
            query=dict(request.query_params),
            headers=dict(request.headers),
            body=body,
            principal=principal,
        )
    )


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
    request: Request, status: int, body: Json, headers: dict[str, str] | None = None, request_id: str = ""
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


def _failure(request: Request, clock: SandboxClock, error: GraphFailure, headers: dict[str, str]) -> Response:
    request_id = str(uuid.uuid4())
    body = error_body(error.code, error.message, clock=clock, request_id=request_id)
    if error.status == 401:  # noqa: PLR2004 - the one status that demands this header
        headers = {**headers, "WWW-Authenticate": 'Bearer realm="", error="invalid_token"'}
    return _respond(request, error.status, body, headers, request_id)
