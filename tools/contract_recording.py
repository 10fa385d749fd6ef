"""Every request of Graph that a sandbox is sent, with its answer; those inside a batch each by itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Json: TypeAlias = Any

_ROOT = "/v1.0/"
_BATCH = "$batch"


@dataclass(frozen=True)
class Exchanged:
    """A request and its answer. `path` is what follows `/v1.0/`, decoded; a body that is no JSON is bytes.

    `body` and `answer` are None where nothing was sent.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Json
    status: int
    answer: Json

    def __str__(self) -> str:
        return f"{self.method} /{self.path} -> {self.status}"


class Recording:
    """Wraps the application of a sandbox and keeps what passes; `exchanged` grows while it runs."""

    def __init__(self) -> None:
        """Begin empty."""
        self.exchanged: list[Exchanged] = []

    def around(self, application: ASGIApp) -> ASGIApp:
        """The application with this recording around it."""

        async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not scope["path"].startswith(_ROOT):
                await application(scope, receive, send)
                return
            listener = _Listener(receive, send)
            await application(scope, listener.receive, listener.send)
            self.keep(listener.exchanged(scope))

        return recorded

    def keep(self, one: Exchanged) -> None:
        """Add a request with its answer; a batch is kept as itself and as each request in it."""
        self.exchanged.append(one)
        if one.path.lower() == _BATCH and isinstance(one.answer, Mapping):
            self.exchanged += _inner(one)


class _Listener:
    """Hears one request and its answer pass by."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._sent, self._answered = b"", b""
        self._status = 0
        self._answer_type = ""

    async def receive(self) -> Message:
        message = await self._receive()
        self._sent += message.get("body", b"")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        self._answered += message.get("body", b"")
        await self._send(message)

    def exchanged(self, scope: Scope) -> Exchanged:
        return Exchanged(
            method=scope["method"],
            path=scope["path"].removeprefix(_ROOT).strip("/"),
            query=tuple(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
            body=_read(self._sent),
            status=self._status,
            answer=_read(self._answered),
        )


def _inner(batch: Exchanged) -> list[Exchanged]:
    """The requests of a batch that were answered, in the order of their answers (graph.md 4)."""
    asked = {str(one["id"]).lower(): one for one in (batch.body or {}).get("requests", [])}
    found = []
    for answer in batch.answer.get("responses", []):
        request = asked[str(answer["id"]).lower()]
        path, _, query = request["url"].partition("?")
        found.append(
            Exchanged(
                method=request["method"].upper(),
                path=path.strip("/"),
                query=tuple(parse_qsl(query, keep_blank_values=True)),
                body=request.get("body"),
                status=answer["status"],
                answer=answer.get("body"),
            )
        )
    return found


def _read(raw: bytes) -> Json:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def shape(one: Exchanged) -> str:
    """What two exchanges of one address have in common for a model: members, kinds of value, single words."""
    return json.dumps([one.method, one.status, _kinds(one.body), _kinds(one.answer)])


def _kinds(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _kinds(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return sorted({json.dumps(_kinds(entry)) for entry in value})
    # A single word may be one of an enumeration.
    return value if isinstance(value, str) and value.isalpha() else type(value).__name__
