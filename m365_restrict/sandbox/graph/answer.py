"""One call of Graph and its answer."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.store import Json
from m365_restrict.sandbox.tenant import SandboxTenant


@dataclass(frozen=True)
class Principal:
    """Who calls: an application with its roles, or a mailbox owner (`mailbox`: their object id).

    `scope` names the mailboxes and groups to which Exchange limits the application; None for all.
    """

    client_id: str
    display_name: str
    roles: frozenset[str]
    mailbox: str = ""
    scope: tuple[str, ...] | None = None


@dataclass(frozen=True)
class GraphCall:
    """A call as the handlers see it. `url` is the address without its query; header names are lower case.

    `raw` is what was sent where it is no JSON: the bytes of a document.
    """

    tenant: SandboxTenant
    method: str
    url: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json
    principal: Principal
    raw: bytes = b""

    @property
    def fields(self) -> dict[str, Any]:
        """The body as an object; a failure when it is not one."""
        if not isinstance(self.body, dict):
            raise GraphFailure(400, "BadRequest", "Unable to read JSON request payload.")
        return self.body


@dataclass(frozen=True)
class GraphAnswer:
    """What a handler answers. `target` is for the request log."""

    body: Mapping[str, Any] | None
    status: int = 200
    target: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class GraphFailure(Exception):
    """An error answer with Graph's own code."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what the error body says."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.headers = headers or {}


def error_body(code: str, message: str, *, clock: SandboxClock, request_id: str = "") -> dict[str, Any]:
    """The error envelope with its request ids (graph.md 9, Errors)."""
    identifier = request_id or str(uuid.uuid4())
    inner = {
        "date": clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": identifier,
        "client-request-id": identifier,
    }
    return {"error": {"code": code, "message": message, "innerError": inner}}


def select(document: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Only what `$select` names; everything without it. Annotations stay."""
    wanted = {name.strip().lower() for name in query.get("$select", "").split(",") if name.strip()}
    if not wanted:
        return dict(document)
    return {key: value for key, value in document.items() if key.lower() in wanted or key.startswith("@")}
