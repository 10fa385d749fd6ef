"""Requests on the wire: aiohttp beneath httpx, whose own connections cost several times the CPU time.

One process reads many councils, and what it spends on a request is spent some hundred times for each of
them. aiohttp is loaded already (azure-identity signs in with it) and its parser is compiled; what is above,
msgraph-sdk's request adapter and httpx's clients with their hooks and errors, is as it was.
"""

import asyncio
import io
import ssl
from typing import Any

import aiohttp
import httpx
from yarl import URL

_LONGEST_HEADER = 65_536
_OWN = (b"content-length", b"host", b"transfer-encoding")
"""Header fields that say how a request is sent, which is aiohttp's to say."""
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_IDLE_SECONDS = 5.0
"""As long as httpx keeps a connection that nobody uses; services close theirs later."""
_LARGE = 2**20
"""Bytes of a body beyond which aiohttp wants a file, so that the loop is not held up."""


class WireTransport(httpx.AsyncBaseTransport):
    """Sends what httpx has made of a request, once, and reads the whole answer.

    Every failure is one of httpx's own errors. Redirects, cookies, compression and proxies are httpx's
    affair: `connection` leaves requests that pass a proxy to httpx's own transport.
    """

    def __init__(self, trust: ssl.SSLContext) -> None:
        """`trust` says which servers are believed. Nothing is opened before the first request."""
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer with its body. Raises httpx.TransportError, and CancelledError as it came."""
        body = await request.aread()
        try:
            async with self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=_headers(request),
                data=io.BytesIO(body) if len(body) > _LARGE else body or None,
                allow_redirects=False,
                timeout=_patience(request),
            ) as answer:
                content = await answer.read()
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _as_httpx(error, request) from error
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=httpx.ByteStream(content),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": (answer.reason or "").encode()},
        )

    async def aclose(self) -> None:
        """Close pooled connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._trust, keepalive_timeout=_IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_NOT_ADDED,
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
            )
            # It would send a lost GET, PUT or DELETE again by itself, uncounted and whatever its caller says.
            self._session._retry_connection = False
        return self._session


def _headers(request: httpx.Request) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.headers.raw
        if name.lower() not in _OWN
    ]


def _patience(request: httpx.Request) -> aiohttp.ClientTimeout:
    """Seconds for a connection with its handshake, and between two pieces of an answer."""
    told: dict[str, Any] = request.extensions.get("timeout", {})
    return aiohttp.ClientTimeout(
        total=None, connect=None, sock_connect=told.get("connect"), sock_read=told.get("read")
    )


def _as_httpx(error: Exception, request: httpx.Request) -> httpx.TransportError:
    """The error that httpx's own transport would raise, with the words of what was behind it."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            kind: type[httpx.TransportError] = httpx.ConnectTimeout
        case asyncio.TimeoutError():
            kind = httpx.ReadTimeout
        case aiohttp.ClientConnectorError() | aiohttp.ClientConnectorCertificateError():
            kind = httpx.ConnectError
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            kind = httpx.UnsupportedProtocol
        case OSError():
            kind = httpx.ReadError
        case aiohttp.ClientError():
            kind = httpx.RemoteProtocolError
        case _:
            kind = httpx.LocalProtocolError
    behind = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    return kind(str(behind), request=request)
