"""The Exchange admin endpoint as HTTP serves it; what a cmdlet does is in `exchange` (exchange.md 1)."""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_restrict.sandbox.exchange.service import Caller
from m365_restrict.sandbox.faults import Asked, FaultKind
from m365_restrict.sandbox.identity import EXCHANGE, TokenRefused
from m365_restrict.sandbox.request_log import LoggedRequest
from m365_restrict.sandbox.services import Services

_BLANK = b"\x00" * 64


class ExchangeEndpoint:
    """Answers InvokeCommand."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services

    def routes(self) -> list[Route]:
        """`beta` is the service's own path segment; `v1.0` answers 405 (exchange.md 1.1)."""
        return [
            Route("/adminapi/beta/{tenant}/InvokeCommand", self.invoke, methods=["POST"]),
            Route("/adminapi/v1.0/{tenant}/InvokeCommand", self.not_here, methods=["POST", "GET"]),
        ]

    async def not_here(self, _request: Request) -> Response:
        """The answer of the documented but absent address."""
        return Response(status_code=405)

    async def invoke(self, request: Request) -> Response:
        """Serve one cmdlet."""
        with self._services.log.recording(request.method, request.url.path) as entry:
            await asyncio.sleep(self._services.latency_seconds)
            body = await request.body()
            answer = self._answer(request, body, entry)
            entry.status = answer.status_code
        return answer

    def _answer(self, request: Request, body: bytes, entry: LoggedRequest) -> Response:
        services = self._services
        command = _command(body)
        if command is not None:
            entry.cmdlet = command[0]
            entry.target = str(command[1].get("Identity") or command[1].get("Name") or "")
        try:
            caller = self._caller(request, entry)
        except TokenRefused as error:
            challenge = {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{error}"'}
            return JSONResponse(_error("Unauthorized", str(error)), 401, challenge)
        asked = Asked(request.method, request.url.path, request.url.query, entry.cmdlet)
        fault = services.faults.take(FaultKind.STATUS, asked)
        if fault is not None:
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return JSONResponse(_error("Injected", "Injected."), fault.status, headers)
        if command is None:
            return JSONResponse(_error("BadRequest", "The request body is not a CmdletInput."), 400)
        if command[0].lower() not in {name.lower() for name in caller.cmdlets or ()}:
            # A cmdlet that the caller may not run is not there: a run of NUL bytes (exchange.md 1.7, 1.8).
            return Response(_BLANK, 403, media_type="text/plain")
        answer = services.tenant.exchange.invoke(command[0], command[1], caller)
        entry.target = answer.target or entry.target
        return Response(answer.body, answer.status, dict(answer.headers))

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


def _command(body: bytes) -> tuple[str, dict[str, Any]] | None:
    try:
        cmdlet = json.loads(body)["CmdletInput"]
        name, parameters = cmdlet["CmdletName"], cmdlet.get("Parameters", {})
    except (ValueError, KeyError, TypeError):
        return None
    return (name, parameters) if isinstance(name, str) and isinstance(parameters, dict) else None


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "details": []}}
