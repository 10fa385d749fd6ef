"""Faults that a test asks for: which requests they hit, how often, and what happens instead."""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from m365_restrict.sandbox.store import Json


class FaultKind(StrEnum):
    """What a fault does. The other kinds of contracts.md 2 are refused until they are built."""

    STATUS = "status"
    EMPTY_PAGE = "empty_page"


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
    """One injected fault. `retry_after` is in seconds; `times` is how many requests it hits."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    match: FaultMatch = Field(default_factory=FaultMatch)
    do: Literal[FaultKind.STATUS, FaultKind.EMPTY_PAGE]
    status: int = Field(default=503, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    ms: int = Field(default=0, ge=0)
    times: int = Field(default=1, ge=1)


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
