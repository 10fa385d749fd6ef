"""The protected values of one saved version, in a neutral form that can be compared, hashed and kept."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from m365_restrict.register.address import BadAddress, read_address
from m365_restrict.register.columns import ADDRESS_LINE_COLUMNS, PROTECTED_COLUMNS
from m365_restrict.register.item import Fields, FieldValue, Person

#: A text, or a list of texts in the order in which they were written; "" and () are empty.
ProtectedValue: TypeAlias = str | tuple[str, ...]
ProtectedValues: TypeAlias = Mapping[str, ProtectedValue]


def protected_values(fields: Fields) -> ProtectedValues:
    """The protected columns of one version: addresses normalised, what cannot be read as it was written."""
    return {name: _value(name, fields.get(name, "")) for name in PROTECTED_COLUMNS}


def values_to_json(values: ProtectedValues) -> str:
    """Canonical JSON, as it is pinned in the ledger."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def values_from_json(text: str) -> ProtectedValues:
    """What `values_to_json` wrote."""
    loaded: dict[str, str | list[str]] = json.loads(text)
    return {name: value if isinstance(value, str) else tuple(value) for name, value in loaded.items()}


def hash_of(values: ProtectedValues) -> str:
    """SHA-256 in hex. Equal for equal decisions: the order and repetition of lines do not count."""
    unordered = {
        name: value if isinstance(value, str) else tuple(sorted(set(value))) for name, value in values.items()
    }
    return hashlib.sha256(values_to_json(unordered).encode()).hexdigest()


def as_lines(value: ProtectedValue) -> tuple[str, ...]:
    """A neutral value as lines; none where it is empty."""
    if isinstance(value, str):
        return (value,) if value else ()
    return value


def as_text(value: FieldValue) -> str:
    """A field as text, trimmed: days as YYYY-MM-DD, people as addresses, lists one entry a line."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Person):
        return _who(value)
    if isinstance(value, tuple):
        return "\n".join(_who(entry) for entry in value)
    return str(value).strip()


def _value(name: str, value: FieldValue) -> ProtectedValue:
    if name in ADDRESS_LINE_COLUMNS:
        return tuple(_address(line) for line in as_text(value).splitlines() if line.strip())
    if name == "SpocMailbox":
        return _address(as_text(value))
    if name == "WardCouncillors":
        people = value if isinstance(value, tuple) else ()
        return tuple(sorted({_who(person) for person in people}))
    return as_text(value)


def _address(line: str) -> str:
    read = read_address(line)
    return read.line if isinstance(read, BadAddress) else read


def _who(person: Person | str) -> str:
    """A councillor's address; the site's number for them where the site does not know it."""
    return person if isinstance(person, str) else person.address or f"#{person.lookup_id}"
