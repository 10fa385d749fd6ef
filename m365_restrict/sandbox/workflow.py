"""A Teams workflow that takes web requests: what is posted to its address stands in a channel (graph.md 7).

`POST /sandbox/workflow` takes a card, and faults as Graph and Exchange do; `GET` lists what came. The query
of an address, where a real one has its key, tells several workflows apart.
"""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_restrict.sandbox.clock import format_instant
from m365_restrict.sandbox.faults import Asked, FaultKind
from m365_restrict.sandbox.lost_answers import answered
from m365_restrict.sandbox.services import Services
from m365_restrict.sandbox.store import Json

CARDS = "cards"
_PATH = "/sandbox/workflow"
_LARGEST = 28_000
"""Bytes, as the connectors before took them; of workflows no limit is on record (graph.md 7)."""
_ADAPTIVE = "application/vnd.microsoft.card.adaptive"


class WorkflowEndpoint:
    """Answers at `/sandbox/workflow`. No token: the listeners are on loopback only."""

    def __init__(self, services: Services) -> None:
        """Hold what all endpoints share."""
        self._services = services

    def routes(self) -> list[Route]:
        """Where this is served."""
        return [Route(_PATH, self.post, methods=["POST"]), Route(_PATH, self.cards, methods=["GET"])]

    async def post(self, request: Request) -> Response:
        """202 with nothing in it: the card was taken, and will stand in the channel."""
        asked = Asked(request.method, _PATH, request.url.query)
        body = await request.body()
        return await answered(request, asked, self._services.faults, lambda: self._take(asked, body))

    async def cards(self, _request: Request) -> Response:
        """Every card that was taken, oldest first."""
        return JSONResponse({"cards": [card for _, card in self._services.tenant.store.all(CARDS)]})

    async def _take(self, asked: Asked, body: bytes) -> Response:
        fault = self._services.faults.take(FaultKind.STATUS, asked)
        if fault is not None:
            return Response(status_code=fault.code, headers=fault.headers)
        if len(body) > _LARGEST:
            return Response(status_code=413)
        card = _card(body)
        if card is None:
            return JSONResponse({"error": {"code": "TriggerInputSchemaMismatch"}}, 400)
        tenant = self._services.tenant
        kept = {"at": format_instant(tenant.clock.now()), "query": asked.query, "card": card}
        tenant.store.put(CARDS, str(tenant.store.next_number(CARDS)), kept)
        return Response(status_code=202)


def _card(body: bytes) -> Json:
    """The Adaptive Card in a message; None for whatever else was posted, such as the older message cards."""
    try:
        message = json.loads(body)
        (attachment,) = message["attachments"]
        card = attachment["content"]
        is_card = attachment["contentType"] == _ADAPTIVE and card["type"] == "AdaptiveCard"
    except (ValueError, KeyError, TypeError):
        return None
    return card if is_card and message.get("type") == "message" else None
