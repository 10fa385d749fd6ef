"""HTTP connections with explicit trust, and what a service asks of those that try again."""

import os
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from m365_restrict.logs.marks import current_marks

_CONNECT_SECONDS = 30.0
_PROXIES = frozenset({"http", "https", "all"})
_TRUST_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""What httpx reads in place of its own list of authorities."""


def build_http_client(
    *, ca_file: Path | None, timeout_seconds: float, counted: bool = False
) -> httpx.AsyncClient:
    """A pooled client that trusts `ca_file` alone where given, else the system's certificates.

    HTTP/1.1: one connection for each of four requests in flight is enough. With `counted` its requests are
    counted as the run's own.
    """
    trust = trust_of(ca_file)
    return _LettingGo(
        verify=trust,
        # Proxies, which the environment may name, are httpx's own transport's affair.
        transport=None if _PROXIES & getproxies().keys() else _wire(trust),
        timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_SECONDS),
        follow_redirects=False,
        event_hooks={
            "request": [_close_what_is_cancelled, *([_count_request] if counted else ())],
            "response": [_count_answer] if counted else [],
        },
    )


class _LettingGo(httpx.AsyncClient):
    """A client whose answers go when nobody holds them any more, with their bodies."""

    async def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        **options: Any,  # noqa: ANN401 - httpx's own, whose types it does not export
    ) -> httpx.Response:
        """As httpx. An answer that was read and its stream refer to each other: that ring is opened.

        Else megabytes stand until Python looks for rings, which a whole run may not see.
        """
        response = await super().send(request, stream=stream, **options)
        if not stream:
            response.stream = httpx.ByteStream(response.content)
        return response


async def _count_request(_request: httpx.Request) -> None:
    current_marks().traffic.sent()


async def _count_answer(response: httpx.Response) -> None:
    current_marks().traffic.answered(response.status_code)


async def _close_what_is_cancelled(request: httpx.Request) -> None:
    """Close the connection of a request that is cancelled in the middle of its TLS handshake.

    httpcore closes it after an error alone, and nobody else knows of it: it would stand until it is garbage.
    A run cancels requests where the first of several fails, and where a signal stops it.
    """
    opened: list[Any] = []  # What httpcore calls a network stream: closed here, and nothing else.

    async def _follow(event: str, info: Mapping[str, Any]) -> None:
        match event.partition(".")[2]:
            case "connect_tcp.complete":
                opened[:] = [info["return_value"]]
            case "start_tls.complete":
                opened.clear()
            case "start_tls.failed":
                for stream in opened:
                    await stream.aclose()

    request.extensions = {**request.extensions, "trace": _follow}


def _wire(trust: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    from m365_restrict.tenant.wire import WireTransport  # noqa: PLC0415 (slow: only where it is used)

    return WireTransport(trust)


def trust_of(ca_file: Path | None) -> ssl.SSLContext:
    """What httpx takes as `verify`: one object for all who trust the same, as long as that is unchanged.

    To read the certificates of the system costs 20 ms, and a council's run opens several clients.
    """
    if ca_file is not None:
        return _trust_in(str(ca_file), _state_of(ca_file))
    named = (os.environ.get(name) for name in _TRUST_VARIABLES)
    return _trust_in(None, tuple((one, _state_of(Path(one))) for one in named if one and Path(one).exists()))


def _state_of(path: Path) -> tuple[object, ...]:
    """What is another number as soon as the file is another."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


@lru_cache(maxsize=8)
def _trust_in(ca_file: str | None, _state: tuple[object, ...]) -> ssl.SSLContext:
    if ca_file is None:
        return httpx.create_ssl_context()
    return ssl.create_default_context(cafile=ca_file)


def retry_after_seconds(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, or None if it names none that can be read.

    A date counts from real time.
    """
    if not value:
        return None
    if re.fullmatch(r"[0-9]+", value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def shown_path(url: str) -> str:
    """A URL's path with mailboxes left out: no address goes into a message or a log."""
    segments = urlsplit(url).path.split("/")
    return "/".join("…" if "@" in segment or "%40" in segment else segment for segment in segments)
