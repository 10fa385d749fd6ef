"""The Exchange admin endpoint as HTTP serves it; what a cmdlet does is in `exchange` (exchange.md 1)."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_restrict.sandbox.exchange.envelope import CmdletAnswer
from m365_restrict.sandbox.exchange.service import Caller
from m365_restrict.sandbox.exchange_calls import Command, ExchangeCalls, Sent, error_document, read_command
from m365_restrict.sandbox.faults import Asked, FaultKind
from m365_restrict.sandbox.identity import EXCHANGE, TokenRefused, TokenRevoked
from m365_restrict.sandbox.lost_answers import answered, nul_bytes, without_json
from m365_restrict.sandbox.request_log import LoggedRequest
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.store import Json

_FIRST_REFUSAL = 400
_AT_ONCE = 4


class ExchangeEndpoint:
    """Answers InvokeCommand, batches of it, and the question which cmdlets a caller has."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services
        self._calls = ExchangeCalls(services)

    def routes(self) -> list[Route]:
        """`beta` is the service's own path segment; `v1.0` answers 405 (exchange.md 1.1)."""
        return [
            Route("/adminapi/beta/{tenant}/InvokeCommand", self.invoke, methods=["POST"]),
            Route("/adminapi/beta/{tenant}/$batch", self.batch, methods=["POST"]),
            Route("/adminapi/v1.0/{tenant}/EXOModuleFile", self.module_file, methods=["GET"]),
            Route("/adminapi/v1.0/{tenant}/InvokeCommand", self.not_here, methods=["POST", "GET"]),
        ]

    async def not_here(self, _request: Request) -> Response:
        """The answer of the documented but absent address."""
        return Response(status_code=405)

    async def invoke(self, request: Request) -> Response:
        """Serve one cmdlet. Whoever leaves before the whole command was sent has asked for none."""
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        with self._services.log.recording(request.method, request.url.path) as entry:
            await asyncio.sleep(self._services.latency_seconds)
            command = read_command(_json(body))
            asked = _asked(request, command)
            answer = await answered(
                request, asked, self._services.faults, lambda: self._answer(request, asked, command, entry)
            )
            entry.status = answer.status_code
        return answer

    async def batch(self, request: Request) -> Response:
        """Serve several: the batch itself answers 200, whatever became of its commands (exchange.md 1.2)."""
        with self._services.log.recording(request.method, request.url.path, carrier=True) as entry:
            await asyncio.sleep(self._services.latency_seconds)
            body = _json(await request.body())
            asked = _asked(request, None)
            answer = await answered(
                request, asked, self._services.faults, lambda: self._batch(request, asked, body, entry)
            )
            entry.status = answer.status_code
        return answer

    async def module_file(self, request: Request) -> Response:
        """Which cmdlets this caller may run, as one text with commas (exchange.md 1.2)."""
        with self._services.log.recording(request.method, request.url.path) as entry:
            try:
                caller = self._caller(request, entry)
            except TokenRefused as error:
                return _unauthorized(error)
            entry.status = 200
            return JSONResponse({"value": [{"exportedCmdlets": ",".join(sorted(caller.cmdlets or ()))}]})

    async def _answer(
        self, request: Request, asked: Asked, command: Command | None, entry: LoggedRequest
    ) -> Response:
        if command is not None:
            entry.cmdlet, entry.target = command.name, command.target
        try:
            caller = self._caller(request, entry)
        except TokenRefused as error:
            return _unauthorized(error)
        if (plain := without_json(self._services.faults, asked)) is not None:
            return plain
        if command is not None and not caller.may_run(command.name):
            return nul_bytes()
        sent = Sent(_url(request), request.query_params.get("$skiptoken", ""), dict(request.headers))
        answer = self._calls.carry_out(command, caller, asked, sent, refused_by=FaultKind.STATUS)
        entry.target = answer.target or entry.target
        return Response(answer.body, answer.status, dict(answer.headers))

    async def _batch(self, request: Request, asked: Asked, body: Json, entry: LoggedRequest) -> Response:
        try:
            caller = self._caller(request, entry)
        except TokenRefused as error:
            return _unauthorized(error)
        if (plain := without_json(self._services.faults, asked)) is not None:
            return plain
        fault = self._services.faults.take(FaultKind.STATUS, asked)
        if fault is not None:
            return JSONResponse(error_document("Injected", "Injected."), fault.code, fault.headers)
        listed = body.get("requests") if isinstance(body, dict) else None
        if not isinstance(listed, list) or not all(isinstance(one, dict) and "id" in one for one in listed):
            return JSONResponse(error_document("BadRequest", "The body is not a batch of requests."), 400)
        carrier, places = str(uuid.uuid4()), asyncio.Semaphore(_AT_ONCE)

        async def one(inner: Mapping[str, Any]) -> dict[str, Any]:
            async with places:
                return await self._inner(request, inner, caller, carrier)

        return JSONResponse({"responses": await asyncio.gather(*(one(inner) for inner in listed))})

    async def _inner(
        self, request: Request, inner: Mapping[str, Any], caller: Caller, carrier: str
    ) -> dict[str, Any]:
        command = read_command(inner.get("body"))
        path = request.url.path.replace("$batch", "InvokeCommand")
        with self._services.log.recording("POST", path) as entry:
            entry.batch, entry.app_id = carrier, caller.app_id
            await asyncio.sleep(self._services.latency_seconds)
            if command is not None:
                entry.cmdlet, entry.target = command.name, command.target
            asked = Asked("POST", path, "", entry.cmdlet)
            if command is not None and not caller.may_run(command.name):
                entry.status = 403
                return {"id": inner["id"], "status": 403}
            headers = {name.lower(): str(value) for name, value in (inner.get("headers") or {}).items()}
            sent = Sent(_url(request).replace("$batch", "InvokeCommand"), "", headers)
            answer = self._calls.carry_out(command, caller, asked, sent, refused_by=FaultKind.BATCH_INNER)
            entry.status, entry.target = answer.status, answer.target or entry.target
        return _shown(inner["id"], answer)

    def _caller(self, request: Request, entry: LoggedRequest) -> Caller:
        services = self._services
        document = services.tenant.document
        application, roles = services.authority.judge(
            request.headers.get("authorization"), resource=EXCHANGE, tenant=document["id"]
        )
        asked = request.path_params["tenant"].lower()
        if asked not in (document["id"], document["initial_domain"], *document["accepted_domains"]):
            raise TokenRefused("The token is for another tenant than the request.")
        if "Exchange.ManageAsApp" not in roles:
            raise TokenRefused("The token lacks the role Exchange.ManageAsApp.")
        entry.app_id = application.client_id
        return Caller(
            name=application.display_name,
            object_id=application.object_id,
            app_id=application.client_id,
            cmdlets=application.cmdlets,
        )


def _shown(identifier: object, answer: CmdletAnswer) -> dict[str, Any]:
    """One answer of a batch: empty where the cmdlet has no output, an error without a target (1.2)."""
    shown: dict[str, Any] = {"id": identifier, "status": answer.status, "headers": dict(answer.headers)}
    body = json.loads(answer.body)
    if answer.status >= _FIRST_REFUSAL:
        for detail in body["error"].get("details", []):
            detail["target"] = None
    elif not body["value"]:
        return {**shown, "status": 200, "headers": {}}
    return {**shown, "body": body}


def _asked(request: Request, command: Command | None) -> Asked:
    name = command.name if command else None
    return Asked(request.method, request.url.path, request.url.query, name)


def _json(body: bytes) -> Json:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _url(request: Request) -> str:
    return str(request.url.replace(query="")).rstrip("?")


def _unauthorized(error: TokenRefused) -> Response:
    plain = f'Bearer error="invalid_token", error_description="{error}"'
    challenge = error.challenge if isinstance(error, TokenRevoked) else plain
    document = error_document("Unauthorized", str(error))
    return JSONResponse(document, 401, {"WWW-Authenticate": challenge})
