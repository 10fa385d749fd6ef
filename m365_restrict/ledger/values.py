"""Rule properties to JSON and back without loss: what JSON cannot say is tagged with what it was."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from m365_restrict.errors import LedgerError
from m365_restrict.rules.observed import Properties, PropertyValue

JsonValue: TypeAlias = str | int | bool | list[str] | dict[str, str]
JsonProperties: TypeAlias = dict[str, JsonValue]

_INSTANT = "$instant"


def encode_properties(properties: Properties) -> JsonProperties:
    """The JSON form of a rule's properties in normal form, names sorted."""
    return {name: _encode(properties[name]) for name in sorted(properties)}


def decode_properties(stored: Mapping[str, JsonValue]) -> Properties:
    """The properties that `encode_properties` was given. Raises `LedgerError` for an unknown form."""
    return {name: _decode(name, value) for name, value in stored.items()}


def _encode(value: PropertyValue) -> JsonValue:
    match value:
        case datetime():
            return {_INSTANT: value.isoformat()}
        case tuple():
            return list(value)
        case _:
            return value


def _decode(name: str, value: JsonValue) -> PropertyValue:
    match value:
        case {"$instant": str(written), **rest} if not rest:
            return datetime.fromisoformat(written)
        case list():
            return tuple(value)
        case str() | int():
            return value
        case _:
            message = f"The ledger keeps the rule property {name} in a form that this version does not know."
            raise LedgerError(message)
