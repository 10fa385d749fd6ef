"""Microsoft Graph: the SDK for authentication and retry; bodies as raw JSON; our own paging.

The SDK's typed models cost seconds a page, its page iterator stops at an empty page, and it replays a
POST after a 504 (graph.md 0.5, 0.7, 9; testing.md, Speed of the SDK). None of the three is used.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

import httpx

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.connection import build_http_client, retry_after_seconds, shown_path
from m365_restrict.tenant.credentials import (
    Credential,
    ReaderCredential,
    SetupCredential,
    WriterCredential,
)
from m365_restrict.tenant.in_flight import InFlight
from m365_restrict.tenant.patience import Patience, TryAgain

if TYPE_CHECKING:
    from m365_restrict.tenant.graph_sdk import GraphSdk

JsonObject: TypeAlias = dict[str, Any]

# An escape that is, or is half of, a surrogate pair.
_PAIRED = re.compile(rb"\\u[dD][89a-fA-F]")
_NOT_FOUND = 404
_THROTTLED = 429
_NOT_NOW = frozenset({503, 504})
_TRANSIENT = frozenset({500, 502})


@dataclass(frozen=True, kw_only=True)
class GraphOptions:
    """Where Graph is and how hard it may be asked.

    `base_url` includes the version and no trailing slash. `max_in_flight` counts requests of this program,
    because Outlook allows four at a time (graph.md 5). `retries` bounds further attempts where Graph is down
    and does not say until when; `deadline_seconds` bounds one request with all its attempts and waits.
    """

    base_url: str
    scope: str
    max_in_flight: int = 4
    retries: int = 4
    deadline_seconds: float = 300.0
    timeout_seconds: float = 100.0


class Question(Enum):
    """What a reader may POST: questions whose answer is read later. None of them changes the tenant."""

    AUDIT_LOG = "/security/auditLog/queries"
    CONFIGURATION = "/admin/configurationManagement/configurationSnapshots/createSnapshot"


# Where the job is that a question has made: the only thing that a reader may take away, and its own.
_JOBS = {Question.CONFIGURATION: "/admin/configurationManagement/configurationSnapshotJobs"}


def path_of(*segments: str) -> str:
    """A path from segments that are escaped each: addresses, list titles and ids may hold any character."""
    return "/" + "/".join(quote(segment, safe="@:,()'=") for segment in segments)


class _GraphConnection:
    """One application's connection to Graph."""

    def __init__(
        self,
        options: GraphOptions,
        credential: Credential,
        *,
        ca_file: Path | None,
        in_flight: InFlight,
    ) -> None:
        self._options = options
        self._credential = credential
        self._in_flight = in_flight
        self._http = build_http_client(ca_file=ca_file, timeout_seconds=options.timeout_seconds, counted=True)
        self._sdk: GraphSdk | None = None

    async def close(self) -> None:
        await self._http.aclose()

    async def roles(self) -> frozenset[str]:
        """The application roles in the token that this connection sends."""
        from m365_restrict.tenant.access import roles_of  # noqa: PLC0415 (slow: only where it is used)

        token = await self._credential.get_token(self._options.scope, enable_cae=True)
        return roles_of(token.token)

    def url_for(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """The whole URL. `$` stays readable in options, as in Graph's own next links."""
        text = urlencode(query, quote_via=quote, safe="$(),'=;/") if query else ""
        return f"{self._options.base_url}{path}{'?' + text if text else ''}"

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | bytes | None = None,
    ) -> bytes:
        """Send one request, again where that may be done; ServiceError for what is not a success."""
        if urlsplit(url)[:2] != urlsplit(self._options.base_url)[:2]:
            # A token is never sent anywhere else, whatever a next link says.
            raise ServiceError(f"Graph answered with a next page on another host ({urlsplit(url).netloc}).")
        patience = Patience(
            deadline_seconds=self._options.deadline_seconds,
            attempts=self._options.retries + 1,
            in_flight=self._in_flight,
        )
        return await patience.try_until_done(lambda: self._send_once(method, url, headers or {}, body))

    async def _send_once(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, object] | bytes | None
    ) -> bytes:
        async with self._in_flight:
            try:
                return await self._loaded_sdk().send(method, url, headers=headers, body=body)
            except ServiceError as error:
                if not _may_try_again(method, error):
                    raise
                busy, down = error.status == _THROTTLED, error.status in _NOT_NOW
                raise TryAgain(error, _retry_after(error), busy=busy, broken=not busy and not down) from error

    def _loaded_sdk(self) -> "GraphSdk":
        if self._sdk is None:
            from m365_restrict.tenant.graph_sdk import GraphSdk  # noqa: PLC0415 (slow: only where it is used)

            self._sdk = GraphSdk(
                self._credential,
                self._http,
                base_url=self._options.base_url,
                scope=self._options.scope,
            )
        return self._sdk


class GraphReader:
    """Reads. It has no method that writes, and takes no credential that could."""

    def __init__(
        self,
        options: GraphOptions,
        credential: ReaderCredential | SetupCredential,
        *,
        ca_file: Path | None,
        in_flight: InFlight,
    ) -> None:
        """`in_flight` is shared by everything that this run opens."""
        self._connection = _GraphConnection(options, credential, ca_file=ca_file, in_flight=in_flight)

    async def close(self) -> None:
        """Close pooled connections."""
        await self._connection.close()

    async def get_json(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        """GET one object; ServiceError with Graph's status and code."""
        return await self._get(self._connection.url_for(path, query), headers)

    async def roles(self) -> frozenset[str]:
        """The application roles in the reader's own token; none where it cannot be read."""
        return await self._connection.roles()

    async def ask(self, question: Question, body: Mapping[str, object]) -> JsonObject:
        """POST a question; ServiceError. One that was asked twice is answered twice, and harms nobody."""
        url = self._connection.url_for(question.value)
        return _parse(await self._connection.send("POST", url, body=body), url)

    async def withdraw(self, question: Question, job_id: str) -> None:
        """DELETE the job that a question of ours has made; one that is already gone is a success."""
        url = self._connection.url_for(f"{_JOBS[question]}{path_of(job_id)}")
        try:
            await self._connection.send("DELETE", url)
        except ServiceError as error:
            if error.status != _NOT_FOUND:
                raise

    async def get_pages(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        before_each: Callable[[], Awaitable[None]] | None = None,
    ) -> AsyncIterator[JsonObject]:
        """Yield every element of every page. An empty page with a next link continues (graph.md 3.2).

        `before_each` is awaited before each page, for services that count requests. ServiceError if a
        page lacks its `value` or a next link comes twice, so that the caller either has all or knows
        that it has not.
        """
        url = self._connection.url_for(path, query)
        seen = {url}
        while url:
            if before_each is not None:
                await before_each()
            page = await self._get(url, headers)
            if not isinstance(page.get("value"), list):
                raise ServiceError(f"Graph answered GET {shown_path(url)} without a list of values.")
            for element in page["value"]:
                yield element
            url = str(page.get("@odata.nextLink") or "")
            if url in seen:
                raise ServiceError(f"Graph answered GET {shown_path(url)} with the same next page twice.")
            seen.add(url)

    async def _get(self, url: str, headers: Mapping[str, str] | None) -> JsonObject:
        return _parse(await self._connection.send("GET", url, headers=headers), url)


class GraphWriter:
    """Writes. It reads nothing, so that what a run believes always comes from the reader."""

    def __init__(
        self,
        options: GraphOptions,
        credential: WriterCredential | SetupCredential,
        *,
        ca_file: Path | None,
        in_flight: InFlight,
    ) -> None:
        """`in_flight` is shared by everything that this run opens."""
        self._connection = _GraphConnection(options, credential, ca_file=ca_file, in_flight=in_flight)

    async def close(self) -> None:
        """Close pooled connections."""
        await self._connection.close()

    async def post(self, path: str, body: Mapping[str, object]) -> JsonObject:
        """POST once. Only a 429 is tried again: after another failure the object may exist (graph.md 0.7)."""
        return _parse(await self._post(path, body), path)

    async def post_for_nothing(self, path: str, body: Mapping[str, object]) -> None:
        """POST once, as `post`, where the answer is empty: an accepted mail has no id (graph.md 7)."""
        await self._post(path, body)

    async def _post(self, path: str, body: Mapping[str, object]) -> bytes:
        return await self._connection.send("POST", self._connection.url_for(path), body=body)

    async def put_content(self, path: str, content: bytes, *, content_type: str) -> JsonObject:
        """PUT the bytes of a document; doing it twice leaves the same document (graph.md 7)."""
        url = self._connection.url_for(path)
        raw = await self._connection.send("PUT", url, headers={"Content-Type": content_type}, body=content)
        return _parse(raw, url)

    async def patch(self, path: str, body: Mapping[str, object], *, etag: str = "") -> None:
        """PATCH; with `etag`, only if nobody changed the object since (412 otherwise, graph.md 3.9)."""
        headers = {"If-Match": etag} if etag else {}
        await self._connection.send("PATCH", self._connection.url_for(path), headers=headers, body=body)

    async def delete(self, path: str, *, etag: str = "") -> None:
        """DELETE; an object that is already gone is a success. With `etag`, only if nobody changed it."""
        headers = {"If-Match": etag} if etag else {}
        try:
            await self._connection.send("DELETE", self._connection.url_for(path), headers=headers)
        except ServiceError as error:
            if error.status != _NOT_FOUND:
                raise


def _may_try_again(method: str, error: ServiceError) -> bool:
    """What was throttled did not begin. What may have been done is not done again, but for a read.

    The exceptions are 503 and 504 to a change or removal, which doing twice leaves as doing once.
    """
    if error.status == _THROTTLED:
        return True
    match method:
        case "GET":
            lost = isinstance(error.__cause__, httpx.TransportError)
            return lost or error.status in _NOT_NOW | _TRANSIENT
        case "POST":
            return False
        case _:
            return error.status in _NOT_NOW


def _retry_after(error: ServiceError) -> float | None:
    """What Graph asks for; Outlook does not always say (graph.md 5)."""
    headers = getattr(error.__cause__, "response_headers", None)
    return retry_after_seconds(headers.get("retry-after") if headers else None)


def _parse(raw: bytes, url: str) -> JsonObject:
    try:
        parsed = json.loads(raw)
        if _PAIRED.search(raw):
            # Half of a pair can stand in JSON and in nothing that is written from it.
            parsed = json.loads(json.dumps(parsed, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise ServiceError(f"Graph's answer about {shown_path(url)} is not JSON.") from error
    if not isinstance(parsed, dict):
        raise ServiceError(f"Graph's answer about {shown_path(url)} is not an object.")
    return parsed
