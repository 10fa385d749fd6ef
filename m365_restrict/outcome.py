"""Failure to read is a value: `Unknown` stands where an observation would have stood."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unknown:
    """Something that could not be read. It is never taken for absence (design.md 2.4)."""

    scope: str
    reason: str
