"""What New-, Set- and Get-TransportRule know: every property, its kind and its default (exchange.md 1.6, 2).

The facts themselves stand in `parameters.json`; this module only reads them.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class Kind(StrEnum):
    """How a value is written in a request and what is stored for it."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    ENUMERATION = "enumeration"
    ENUMERATIONS = "enumerations"
    WORDS = "words"
    PATTERNS = "patterns"
    STRINGS = "strings"
    TABLES = "tables"
    SENDERS = "senders"
    """Mailboxes, mail users, contacts, Microsoft 365 groups, perhaps outside addresses (exchange.md 2.3)."""
    PEOPLE = "people"
    """Recipients that are not groups (exchange.md 2.4, 10)."""
    GROUPS = "groups"
    ANYONE = "anyone"
    COPIES = "copies"
    """Anyone but distribution groups (exchange.md 2.5)."""
    MODERATORS = "moderators"
    RECIPIENT = "recipient"
    SIZE = "size"
    SCL = "scl"
    STATUS_CODE = "status_code"
    INSTANT = "instant"


class Part(StrEnum):
    """Which part of a rule a property belongs to."""

    SETTING = "setting"
    CONDITION = "condition"
    EXCEPTION = "exception"
    ACTION = "action"
    DERIVED = "derived"


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property of a rule. `longest` counts characters; `values` are an enumeration's, as spelt."""

    name: str
    part: Part
    kind: Kind
    new: bool
    set: bool
    read: bool
    default: Any
    values: tuple[str, ...]
    type_name: str
    longest: int | None
    phrase: str


_TWIN = "ExceptIf"


@cache
def properties() -> Mapping[str, Property]:
    """All properties by name, in the order in which a rule shows them."""
    document = json.loads((files(__package__) / "parameters.json").read_text(encoding="utf-8"))
    rows = document["properties"]
    plain = [_property(row, document["enumerations"], row["name"], Part(row["part"])) for row in rows]
    twins = [
        _property(row, document["enumerations"], _TWIN + row["name"], Part.EXCEPTION)
        for row in rows
        if row.get("twin")
    ]
    return {entry.name: entry for entry in (*plain, *twins)}


@cache
def names_without_case() -> Mapping[str, str]:
    """The canonical name of a property by its lower-case spelling: PowerShell ignores case."""
    return {name.lower(): name for name in properties()}


def readable_after_set() -> tuple[str, ...]:
    """The parameters of Set-TransportRule whose value Get-TransportRule shows again."""
    return tuple(entry.name for entry in properties().values() if entry.set and entry.read)


def defaults() -> dict[str, Any]:
    """A rule on which nothing is set: every readable property with its default (exchange.md 7.1 row 11)."""
    return {entry.name: copy.deepcopy(entry.default) for entry in properties().values() if entry.read}


def is_set(value: object) -> bool:
    """Whether a stored value makes its condition, exception or action exist."""
    return value is not None and value is not False and value not in ("", [])


def _property(row: Mapping[str, Any], enumerations: Mapping[str, Any], name: str, part: Part) -> Property:
    kind = Kind(row["kind"])
    return Property(
        name=name,
        part=part,
        kind=kind,
        new=row.get("new", True),
        set=row.get("set", True),
        read=row.get("read", True),
        default=row.get("default", False if kind is Kind.BOOLEAN else None),
        values=tuple(enumerations[_type_name(row)]) if kind in _ENUMERATED else (),
        type_name=_type_name(row),
        longest=row.get("longest"),
        phrase=row.get("phrase", ""),
    )


_ENUMERATED = frozenset({Kind.ENUMERATION, Kind.ENUMERATIONS})


def _type_name(row: Mapping[str, Any]) -> str:
    return str(row.get("values", row["name"]))
