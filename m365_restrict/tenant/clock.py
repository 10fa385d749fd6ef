"""What time it is for decisions: the computer's clock, or a sandbox's that stands still (contracts.md 2)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import httpx

from m365_restrict.errors import ServiceError
from m365_restrict.tenant.connection import trust_of

_SECONDS = 10.0


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
    """A sandbox's time, asked for at every call. Settings allow it on loopback only."""

    def __init__(self, url: str, *, ca_file: Path | None) -> None:
        """`url` is the sandbox's `/sandbox/clock`."""
        self._url = url
        self._ca_file = ca_file

    def now(self) -> datetime:
        """The moment, in UTC and aware; ServiceError if the sandbox does not tell."""
        try:
            answer = httpx.get(self._url, verify=trust_of(self._ca_file), timeout=_SECONDS, trust_env=False)
            moment = datetime.fromisoformat(answer.raise_for_status().json()["now"])
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise ServiceError(f"The sandbox clock at {self._url}: {error!r}") from error
        return moment.astimezone(UTC)
