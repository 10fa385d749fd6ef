"""Answers that do not arrive as they should: broken connections, bodies cut short, answers that are late."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from m365_restrict.sandbox.faults import Asked, FaultKind, Faults

_FIRST_REFUSAL = 400
_BLANK = bytes(64)
_BUSY = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again."


async def answered(
    request: Request, asked: Asked, faults: Faults, answer: Callable[[], Awaitable[Response]]
) -> Response:
    """The answer, or what a fault makes of it.

    `reset_after_commit` and `truncate` hit requests alone that were carried out, `truncate` those alone
    whose answer has a body.
    """
    if faults.take(FaultKind.RESET_BEFORE, asked) is not None:
        return _broken(request)
    response = await answer()
    late = faults.take(FaultKind.DELAY, asked)
    if late is not None:
        await asyncio.sleep(late.ms / 1000)
    if response.status_code >= _FIRST_REFUSAL:
        return response
    if faults.take(FaultKind.RESET_AFTER_COMMIT, asked) is not None:
        return _broken(request)
    if len(response.body) > 1 and faults.take(FaultKind.TRUNCATE, asked) is not None:
        return _CutShort(response)
    return response


def without_json(faults: Faults, asked: Asked) -> Response | None:
    """The refusals that are no JSON: NUL bytes, or one plain sentence (exchange.md 1.7)."""
    if faults.take(FaultKind.NUL_403, asked) is not None:
        return nul_bytes()
    busy = faults.take(FaultKind.PLAIN_THROTTLE, asked)
    if busy is not None:
        return Response(_BUSY, busy.code, busy.headers, media_type="text/plain")
    return None


def nul_bytes() -> Response:
    """What a caller gets for a cmdlet that is not there for them (exchange.md 1.7, 1.8)."""
    return Response(_BLANK, 403, media_type="text/plain")


class _CutShort(Response):
    """An answer that names its whole length, sends half of it, and ends the connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__(bytes(whole.body), whole.status_code)
        self.raw_headers = whole.raw_headers

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(receive).close()
        await receive()


def _broken(request: Request) -> Response:
    """Close the connection without a byte. ASGI has no word for that, so it is asked of the server itself."""
    _transport(request.receive).abort()
    return Response(status_code=503)


def _transport(receive: Receive) -> asyncio.Transport:
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("this server does not let a connection be broken")
    found: asyncio.Transport = transport
    return found
