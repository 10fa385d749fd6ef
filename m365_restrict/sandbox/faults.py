"""Faults that a test asks for: which requests they hit, how often, and what happens instead."""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from m365_restrict.sandbox.store import Json

_UNAVAILABLE = 503


class FaultKind(StrEnum):
    """What a fault does instead of, or beside, what was asked (contracts.md 2), with its meaning."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> "FaultKind":
        """A kind by its name."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    STATUS = ("status", "Answers `status`; nothing is carried out.")
    RESET_BEFORE = ("reset_before", "The connection breaks and nothing was carried out.")
    RESET_AFTER_COMMIT = (
        "reset_after_commit",
        "The request is carried out and the connection breaks before the answer.",
    )
    TRUNCATE = (
        "truncate",
        "The request is carried out and the connection breaks halfway through the answer's body.",
    )
    DELAY = (
        "delay",
        "The request is carried out at once and answered `ms` milliseconds later (exchange.md 1.9).",
    )
    STALE_READ = ("stale_read", "A read shows what was there before the last write that changes its answer.")
    EMPTY_PAGE = (
        "empty_page",
        "A page comes back empty with a link to the same entries (graph.md 0.5, 3.2).",
    )
    BATCH_INNER = (
        "batch_inner",
        "A request inside a `$batch` answers `status`; the batch itself answers 200 (graph.md 4).",
    )
    NUL_403 = ("nul_403", "403 with a run of NUL bytes instead of JSON (exchange.md 1.7).")
    PLAIN_THROTTLE = (
        "plain_throttle",
        "429, or `status`, with the plain sentence of Exchange instead of JSON (exchange.md 1.7).",
    )
    DROP_PARAMETER = (
        "drop_parameter",
        "A write is carried out without one of its parameters (exchange.md 1.3, 1.8).",
    )


_STATUS_OF = {FaultKind.PLAIN_THROTTLE: 429, FaultKind.NUL_403: 403}


class FaultMatch(BaseModel):
    """Which requests a fault hits. What is not given matches everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    method: str | None = None
    path_regex: str | None = None
    cmdlet: str | None = None

    @field_validator("path_regex")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"it is not a regular expression: {error}") from error
        return value

    def hits(self, asked: "Asked") -> bool:
        """Whether a request is meant: the expression may match its path, or its path with its query."""
        if self.method is not None and self.method.upper() != asked.method:
            return False
        if self.cmdlet is not None and self.cmdlet.lower() != (asked.cmdlet or "").lower():
            return False
        if self.path_regex is None:
            return True
        return any(re.search(self.path_regex, text) for text in (asked.path, f"{asked.path}?{asked.query}"))


class Fault(BaseModel):
    """One injected fault. `retry_after` is in seconds; `times` is how many requests it hits.

    `status` is 503 unless given, 429 for a plain throttle. `parameter` is what `drop_parameter` leaves out:
    the sender condition unless given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    match: FaultMatch = Field(default_factory=FaultMatch)
    do: FaultKind
    status: int | None = Field(default=None, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    ms: int = Field(default=0, ge=0)
    times: int = Field(default=1, ge=1)
    parameter: str | None = None

    @property
    def code(self) -> int:
        """The HTTP status that the fault answers."""
        return self.status or _STATUS_OF.get(self.do, _UNAVAILABLE)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with the status."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class BadFault(Exception):
    """A fault that cannot be injected; the message says which and why."""


@dataclass(frozen=True)
class Asked:
    """What a fault can match of a request."""

    method: str
    path: str
    query: str = ""
    cmdlet: str | None = None


_FAULTS = TypeAdapter(list[Fault])


def read_faults(document: Json) -> list[Fault]:
    """Read the body of `POST /sandbox/faults`, or raise `BadFault`."""
    try:
        return _FAULTS.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the list of faults"
        raise BadFault(f"The fault at {where} cannot be injected: {first['msg']}.") from error


class Faults:
    """The faults still waiting for their requests."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._waiting: list[list[Any]] = []

    def add(self, faults: Sequence[Fault]) -> None:
        """Let these wait too, after those already waiting."""
        with self._lock:
            self._waiting.extend([fault, fault.times] for fault in faults)

    def clear(self) -> None:
        """Forget all that wait."""
        with self._lock:
            self._waiting.clear()

    def waits(self, kind: FaultKind, asked: Asked) -> Fault | None:
        """The first waiting fault of this kind that hits the request, not used up; or None."""
        with self._lock:
            hits = (entry[0] for entry in self._waiting if entry[0].do is kind and entry[0].match.hits(asked))
            return next(hits, None)

    def take(self, kind: FaultKind, asked: Asked) -> Fault | None:
        """The first waiting fault of this kind that hits the request, used up by one; or None."""
        with self._lock:
            for entry in self._waiting:
                fault: Fault = entry[0]
                if fault.do is kind and fault.match.hits(asked):
                    entry[1] -= 1
                    if entry[1] == 0:
                        self._waiting.remove(entry)
                    return fault
        return None
