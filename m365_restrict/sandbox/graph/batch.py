"""`POST /v1.0/$batch`: up to twenty requests in one (graph.md 4).

Four inner requests run at once. The answers come in another order than the requests: documented is "any".
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from m365_restrict.sandbox.graph.answer import GraphFailure
from m365_restrict.sandbox.store import Json

_MOST = 20
_AT_ONCE = 4
_FIRST_REFUSAL = 400
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


@dataclass(frozen=True)
class Inner:
    """One request of a batch. `path` begins with `/v1.0/` and is decoded; header names are lower case."""

    id: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Json
    depends_on: tuple[str, ...]


@dataclass(frozen=True)
class InnerAnswer:
    """What one inner request was answered."""

    status: int
    headers: Mapping[str, str]
    body: Json


def read_batch(document: Json) -> list[Inner]:
    """The requests of a batch, or the 400 that refuses it as a whole."""
    listed = document.get("requests") if isinstance(document, Mapping) else None
    if not isinstance(listed, list) or not listed or not all(isinstance(entry, dict) for entry in listed):
        raise _refused("Invalid batch payload format.")
    if len(listed) > _MOST:
        raise _refused(f"Number of batch request steps exceeds the maximum value of {_MOST}.")
    found: list[Inner] = []
    for entry in listed:
        found.append(_read_inner(entry, earlier={inner.id.lower() for inner in found}))
    return found


async def run_batch(
    requests: list[Inner], serve: Callable[[Inner], Awaitable[InnerAnswer]]
) -> list[dict[str, Any]]:
    """Serve each request once those it depends on have succeeded; 424 when one of them failed."""
    places = asyncio.Semaphore(_AT_ONCE)
    running: dict[str, asyncio.Task[InnerAnswer]] = {}

    async def one(inner: Inner) -> InnerAnswer:
        for needed in inner.depends_on:
            if (await running[needed.lower()]).status >= _FIRST_REFUSAL:
                return _failed_dependency()
        async with places:
            return await serve(inner)

    for inner in requests:
        running[inner.id.lower()] = asyncio.create_task(one(inner))
    answers = [(inner.id, await running[inner.id.lower()]) for inner in requests]
    return [_shown(inner_id, answer) for inner_id, answer in reversed(answers)]


def _read_inner(entry: Mapping[str, Any], *, earlier: set[str]) -> Inner:
    identifier, method, url = entry.get("id"), entry.get("method"), entry.get("url")
    if not isinstance(identifier, str) or not isinstance(method, str) or not isinstance(url, str):
        raise _refused("Invalid batch payload format.")
    if identifier.lower() in earlier:
        raise _refused(f"Request id '{identifier}' is not unique.")
    if method.upper() not in _METHODS or urlsplit(url).netloc:
        raise _refused(f"Invalid batch payload format in request '{identifier}'.")
    headers = {name.lower(): str(value) for name, value in (entry.get("headers") or {}).items()}
    if entry.get("body") is not None and "content-type" not in headers:
        raise _refused(f"Write request id : {identifier} does not contain Content-Type header or body.")
    needs = tuple(str(name) for name in entry.get("dependsOn") or ())
    if any(name.lower() not in earlier for name in needs):
        raise _refused(f"Request id '{identifier}' depends on a request that does not come before it.")
    path, _, query = url.partition("?")
    whole = "/v1.0/" + unquote(path).lstrip("/")
    return Inner(identifier, method.upper(), whole, query, headers, entry.get("body"), needs)


def _failed_dependency() -> InnerAnswer:
    text = "The method could not be performed because a request that it depends on failed."
    return InnerAnswer(424, {}, {"error": {"code": "FailedDependency", "message": text}})


def _shown(identifier: str, answer: InnerAnswer) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": identifier, "status": answer.status, "headers": dict(answer.headers)}
    return shown if answer.body is None else {**shown, "body": answer.body}


def _refused(message: str) -> GraphFailure:
    return GraphFailure(400, "BadRequest", message)
