"""What was asked of Graph and Exchange since somebody last looked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass
class LoggedRequest:
    """One request. `target` is the rule, item or mailbox that it names; `at` is real time."""

    method: str
    path: str
    cmdlet: str | None = None
    target: str = ""
    status: int = 0
    at: str = ""
    batch: str | None = None
    app_id: str | None = None


class RequestLog:
    """Collects requests in the order in which they ended, and how many were in flight at once."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = threading.Lock()
        self._requests: list[LoggedRequest] = []
        self._in_flight = 0
        self._most = 0
        self._beginning = 0

    @contextmanager
    def recording(self, method: str, path: str, *, carrier: bool = False) -> Iterator[LoggedRequest]:
        """Count a request as in flight while it is served, and keep it when it has been.

        A batch is a `carrier`: what is in flight are the requests inside it.
        """
        entry = LoggedRequest(method, path, at=_real_time())
        counted = 0 if carrier else 1
        with self._lock:
            beginning = self._beginning
            self._in_flight += counted
            self._most = max(self._most, self._in_flight)
        try:
            yield entry
        finally:
            with self._lock:
                if beginning == self._beginning:
                    self._in_flight -= counted
                    self._requests.append(entry)

    def start_over(self) -> None:
        """Forget everything, also what is still being served: a killed client may have left it behind."""
        with self._lock:
            self._beginning += 1
            self._requests, self._in_flight, self._most = [], 0, 0

    def take(self) -> dict[str, Any]:
        """The answer of `GET /sandbox/requests`; the next call begins anew."""
        with self._lock:
            taken = {"requests": [asdict(entry) for entry in self._requests], "max_in_flight": self._most}
            self._requests = []
            self._most = self._in_flight
        return taken


def _real_time() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
