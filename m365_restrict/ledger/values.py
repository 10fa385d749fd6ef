"""Rule properties to JSON and back without loss: what JSON cannot say is tagged with what it was."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from m365_restrict.errors import LedgerError
from m365_restrict.rules.observed import Properties, PropertyValue, Spelling, Spellings
from m365_restrict.rules.properties import senders_of

JsonValue: TypeAlias = str | int | bool | list[str] | dict[str, str]
JsonProperties: TypeAlias = dict[str, JsonValue]

_INSTANT = "$instant"
# No property of a rule has such a name: in an answer it would be a mark of the protocol.
_SIDE_CAR = "@"
_NAMES, _ADDRESSES = f"{_SIDE_CAR}names", f"{_SIDE_CAR}addresses"
_MAIN_ADDRESSES = f"{_SIDE_CAR}main_addresses"
_HELD_SINCE = f"{_SIDE_CAR}held_since"


def encode_properties(properties: Properties) -> JsonProperties:
    """The JSON form of a rule's properties in normal form, names sorted."""
    return {name: _encode(properties[name]) for name in sorted(properties)}


def decode_properties(stored: Mapping[str, JsonValue]) -> Properties:
    """The properties that `encode_properties` was given. Raises `LedgerError` for an unknown form."""
    return {name: _decode(name, value) for name, value in stored.items() if _SIDE_CAR not in name}


def encode_spellings(spellings: Spellings) -> JsonProperties:
    """What stands beside the properties: by which names Graph shows some of their recipients."""
    stored: JsonProperties = {}
    for field, one in sorted(spellings.items()):
        stored |= {f"{field}{_NAMES}": list(one.names), f"{field}{_ADDRESSES}": list(one.addresses)}
    return stored


def decode_spellings(stored: Mapping[str, JsonValue]) -> Spellings:
    """The spellings that `encode_spellings` was given."""
    lists = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    fields = [name.removesuffix(_NAMES) for name in lists if name.endswith(_NAMES)]
    return {
        field: Spelling(names=lists[f"{field}{_NAMES}"], addresses=lists.get(f"{field}{_ADDRESSES}", ()))
        for field in fields
    }


def encode_main_addresses(mains: Mapping[str, str]) -> JsonProperties:
    """What stands beside the properties: for which addresses of the case some of their senders stand."""
    return {_MAIN_ADDRESSES: dict(sorted(mains.items()))} if mains else {}


def decode_main_addresses(stored: Mapping[str, JsonValue]) -> dict[str, str]:
    """The main addresses that `encode_main_addresses` was given; none in older rows."""
    mains = stored.get(_MAIN_ADDRESSES)
    return dict(mains) if isinstance(mains, dict) else {}


def with_main_addresses(stored: JsonProperties, mains: Mapping[str, str]) -> JsonProperties:
    """A stored form with these main addresses in place of those that were noted before."""
    kept = {name: value for name, value in stored.items() if name != _MAIN_ADDRESSES}
    return kept | encode_main_addresses(mains)


def encode_held_since(
    properties: Properties, held: Mapping[str, datetime], *, written_at: datetime
) -> JsonProperties:
    """What stands beside the properties: since when the rule has held each sender, in their order there.

    Nothing where that is `written_at` for all of them, as in rows that are older than this.
    """
    moments = [held.get(one, written_at).astimezone(UTC) for one in senders_of(properties)]
    if all(one == written_at for one in moments):
        return {}
    return {_HELD_SINCE: [one.isoformat() for one in moments]}


def decode_held_since(stored: Mapping[str, JsonValue]) -> dict[str, datetime]:
    """By sender, what `encode_held_since` was given; none where that is when the row was written."""
    moments = stored.get(_HELD_SINCE)
    senders = senders_of(decode_properties(stored))
    if not isinstance(moments, list) or len(moments) != len(senders):
        return {}
    return {one: datetime.fromisoformat(at) for one, at in zip(senders, moments, strict=True)}


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
