"""Graph as HTTP serves it: log, latency, token, batches; what a call does is in `dispatch`."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.faults import Asked, FaultKind
from m365_restrict.sandbox.graph.answer import GraphCall, GraphFailure, Principal, error_body
from m365_restrict.sandbox.graph.batch import Inner, InnerAnswer, read_batch, run_batch
from m365_restrict.sandbox.graph.dispatch import Dispatch
from m365_restrict.sandbox.identity import GRAPH, TokenRefused, TokenRevoked
from m365_restrict.sandbox.lost_answers import answered, without_json
from m365_restrict.sandbox.request_log import LoggedRequest
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.store import Json

_CHALLENGE = 'Bearer realm="", error="invalid_token"'
_BATCH = "/v1.0/$batch"
_WITHOUT_DOLLAR = frozenset({"expand", "filter", "select", "top"})
_JSON = "application/json;odata.metadata=minimal;IEEE754Compatible=false"


class GraphEndpoint:
    """Answers everything below `/v1.0`."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services
        self._dispatch = Dispatch(services)

    async def serve(self, request: Request) -> Response:
        """Serve one request."""
        path = "/v1.0/" + request.path_params["path"].lstrip("/")
        carrier = path.lower() == _BATCH and request.method == "POST"
        with self._services.log.recording(request.method, path, carrier=carrier) as entry:
            await asyncio.sleep(self._services.latency_seconds)
            body = await request.body()
            asked = Asked(request.method, path, request.url.query)
            serve = self._batch if carrier else self._answer
            answer = await answered(
                request, asked, self._services.faults, lambda: serve(request, asked, body, entry)
            )
            entry.status = answer.status_code
        return answer

    async def _answer(self, request: Request, asked: Asked, body: bytes, entry: LoggedRequest) -> Response:
        try:
            principal = self._principal(request, entry)
            if (plain := without_json(self._services.faults, asked)) is not None:
                return plain
            call = GraphCall(
                tenant=self._services.tenant,
                method=request.method,
                url=_url(request),
                params={},
                query=_options(asked.path, request.query_params),
                headers=dict(request.headers),
                body=None if _is_document(asked.path) else _json(body),
                principal=principal,
                raw=body,
            )
            answer = self._dispatch.carry_out(call, asked, refused_by=FaultKind.STATUS)
        except GraphFailure as error:
            entry.target = error.target
            return _failure(request, self._services.tenant.clock, error)
        entry.target = answer.target
        return _respond(request, answer.status, answer.body, answer.headers)

    async def _batch(self, request: Request, asked: Asked, body: bytes, entry: LoggedRequest) -> Response:
        """The batch itself answers 200, whatever became of its requests (graph.md 4)."""
        carrier = str(uuid.uuid4())
        try:
            principal = self._principal(request, entry)
            if (plain := without_json(self._services.faults, asked)) is not None:
                return plain
            self._dispatch.refuse(asked)
            requests = read_batch(_json(body))
        except GraphFailure as error:
            return _failure(request, self._services.tenant.clock, error)
        root = str(request.base_url).rstrip("/")
        answers = await run_batch(
            requests, lambda inner: self._inner(inner, principal, root=root, carrier=carrier)
        )
        return _respond(request, 200, {"responses": answers}, request_id=carrier)

    async def _inner(self, inner: Inner, principal: Principal, *, root: str, carrier: str) -> InnerAnswer:
        with self._services.log.recording(inner.method, inner.path) as entry:
            entry.batch, entry.app_id = carrier, principal.client_id
            await asyncio.sleep(self._services.latency_seconds)
            call = GraphCall(
                tenant=self._services.tenant,
                method=inner.method,
                url=f"{root}{inner.path}",
                params={},
                query=dict(parse_qsl(inner.query, keep_blank_values=True)),
                headers=inner.headers,
                body=inner.body,
                principal=principal,
            )
            asked = Asked(inner.method, inner.path, inner.query)
            try:
                answer = self._dispatch.carry_out(call, asked, refused_by=FaultKind.BATCH_INNER)
            except GraphFailure as error:
                entry.status, entry.target = error.status, error.target
                body = error_body(error.code, error.message, clock=self._services.tenant.clock)
                return InnerAnswer(error.status, {**error.headers, "Content-Type": "application/json"}, body)
            entry.status, entry.target = answer.status, answer.target
        headers = {} if answer.body is None else {"Content-Type": _JSON}
        return InnerAnswer(answer.status, {**answer.headers, **headers}, answer.body)

    def _principal(self, request: Request, entry: LoggedRequest) -> Principal:
        services = self._services
        authorization = request.headers.get("authorization")
        try:
            application, roles = services.authority.judge(
                authorization, resource=GRAPH, tenant=services.tenant.document["id"]
            )
        except TokenRefused as error:
            challenge = error.challenge if isinstance(error, TokenRevoked) else _CHALLENGE
            raise GraphFailure(
                401, "InvalidAuthenticationToken", str(error), headers={"WWW-Authenticate": challenge}
            ) from error
        entry.app_id = application.client_id
        return Principal(
            application.client_id,
            application.display_name,
            roles | application.scoped_roles,
            scope=application.mailboxes,
        )


def _is_document(path: str) -> bool:
    return path.lower().endswith(":/content")


def _options(path: str, given: Mapping[str, str]) -> dict[str, str]:
    """The query options. In v1.0 `$` is optional "for only a subset of APIs" (learn: Graph query parameters).

    Which subset is not told; python O365 leaves it out for SharePoint's lists.
    """
    if not path.lower().startswith("/v1.0/sites/"):
        return dict(given)
    return {f"${name}" if name in _WITHOUT_DOLLAR else name: value for name, value in given.items()}


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
    return Response(json.dumps(body, ensure_ascii=False), status, shared, _JSON)


def _failure(request: Request, clock: SandboxClock, error: GraphFailure) -> Response:
    request_id = str(uuid.uuid4())
    body = error_body(error.code, error.message, clock=clock, request_id=request_id)
    return _respond(request, error.status, body, error.headers, request_id)
