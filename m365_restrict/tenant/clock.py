"""What time it is for decisions: the computer's clock, or a sandbox's that stands still (contracts.md 2)."""

import json
import ssl
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from m365_restrict.errors import ServiceError

_SECONDS = 10.0
_OK = 200


class Clock(Protocol):
    """Where a run's one moment comes from."""

    def now(self) -> datetime:
        """The moment, in UTC and aware."""
        ...


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        """The moment, in UTC and aware."""
        return datetime.now(UTC)


class SandboxClock:
    """A sandbox's time, asked for at every call. Settings allow it on loopback only.

    Asked with what Python brings along: verbs that ask no service load no HTTP client.
    """

    def __init__(self, url: str, *, ca_file: Path | None) -> None:
        """`url` is the sandbox's `/sandbox/clock`."""
        self._url = url
        self._ca_file = ca_file

    def now(self) -> datetime:
        """The moment, in UTC and aware; ServiceError if the sandbox does not tell."""
        try:
            moment = datetime.fromisoformat(json.loads(self._answer())["now"])
        except (OSError, HTTPException, KeyError, TypeError, ValueError) as error:
            raise ServiceError(f"The sandbox clock at {self._url}: {error!r}") from error
        return moment.astimezone(UTC)

    def _answer(self) -> bytes:
        parts = urlsplit(self._url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
        if parts.scheme == "https":
            trust = ssl.create_default_context(cafile=self._ca_file)
            connection = HTTPSConnection(parts.hostname or "", parts.port, timeout=_SECONDS, context=trust)
        try:
            connection.request("GET", parts.path)
            response = connection.getresponse()
            if response.status != _OK:
                raise HTTPException(f"answered {response.status}")
            return response.read()
        finally:
            connection.close()
