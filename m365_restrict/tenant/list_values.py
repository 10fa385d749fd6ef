"""Between Graph's JSON for list items and the neutral values of `register.item` (graph.md 3.4-3.6)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from m365_restrict.register.address import without_names
from m365_restrict.register.columns import Column, ColumnKind, ListSchema
from m365_restrict.register.item import FieldValue, Identity, Person, SaverKind

_MULTIPLE = frozenset({ColumnKind.CHOICES, ColumnKind.PERSONS})
_PEOPLE = frozenset({ColumnKind.PERSON, ColumnKind.PERSONS})


def read_fields(
    raw: Mapping[str, object],
    schema: ListSchema,
    names: Mapping[str, str],
    *,
    people: Mapping[str, Person],
    zone: ZoneInfo,
) -> dict[str, FieldValue]:
    """One item's or version's fields by our names. Empty and absent are the same: not in the mapping.

    `names` maps our column names to the list's; `people` maps lookup ids to persons. A value of a shape
    that the column does not have becomes text, so that it is reported rather than lost.
    """
    values: dict[str, FieldValue] = {}
    for column in schema.columns:
        name = names.get(column.name)
        if name is None:
            continue
        if column.kind in _PEOPLE:
            value = _people_value(column, raw, name, people)
        else:
            value = _plain_value(column, raw.get(name), zone)
        if value not in (None, "", ()):
            values[column.name] = value
    return values


def lookup_ids(raw: Mapping[str, object], schema: ListSchema, names: Mapping[str, str]) -> set[str]:
    """The lookup ids of all people that the fields name."""
    found: set[str] = set()
    for column in schema.columns:
        if column.kind in _PEOPLE and column.name in names:
            found |= {person.lookup_id for person in _raw_people(raw, names[column.name])}
    return found - {""}


def read_identity(raw: object) -> Identity:
    """An identity set: an application is never taken for a person, even beside one (graph.md 3.4)."""
    if not isinstance(raw, Mapping):
        return Identity(SaverKind.UNKNOWN)
    for member, kind in (("application", SaverKind.APPLICATION), ("user", SaverKind.USER)):
        found = raw.get(member)
        if isinstance(found, Mapping):
            return Identity(
                kind,
                object_id=_text(found.get("id")),
                address=_text(found.get("email") or found.get("userPrincipalName")).lower(),
                display_name=_text(found.get("displayName")),
            )
    return Identity(SaverKind.UNKNOWN)


def read_instant(raw: object) -> datetime:
    """An instant such as 2026-09-03T15:00:00Z, aware; ValueError for anything else."""
    moment = datetime.fromisoformat(_text(raw))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def without_fields(entry: Mapping[str, Any], names: AbstractSet[str]) -> dict[str, Any]:
    """A version without these fields, where a service sends more than it was asked for."""
    fields = entry.get("fields") or {}
    return {**entry, "fields": {name: value for name, value in fields.items() if name not in names}}


def written_value(value: FieldValue | None) -> object:
    """What is sent for a value. None empties the column.

    A day is sent as noon in UTC: whether SharePoint heeds the Z or takes the text for UTC, the site's zone
    makes the same day of it, winter and summer (graph.md 3.6).
    """
    if isinstance(value, date):
        return f"{value.isoformat()}T12:00:00Z"
    if isinstance(value, Person):
        return value.lookup_id
    if isinstance(value, tuple):
        return [entry.lookup_id if isinstance(entry, Person) else entry for entry in value]
    return value


def _plain_value(column: Column, raw: object, zone: ZoneInfo) -> FieldValue | None:
    if raw is None:
        return None
    if column.kind is ColumnKind.YES_NO and isinstance(raw, bool):
        return raw
    if column.kind is ColumnKind.DATE and isinstance(raw, str):
        return _local_day(_text(raw), zone)
    if column.kind in _MULTIPLE:
        entries = raw if isinstance(raw, list) else [raw]
        return tuple(text for text in (_text(entry) for entry in entries) if text)
    return without_names(_text(raw)) if column.addresses else _text(raw)


def _local_day(text: str, zone: ZoneInfo) -> date | str:
    """The local day of an instant; text that is neither day nor instant stays as it is."""
    try:
        if len(text) == len("2026-01-01"):
            return date.fromisoformat(text)
        return read_instant(text).astimezone(zone).date()
    except (ValueError, OverflowError):  # The latter on the first and the last day that there is.
        return text


def _people_value(
    column: Column, raw: Mapping[str, object], name: str, people: Mapping[str, Person]
) -> FieldValue | None:
    found = tuple(people.get(person.lookup_id, person) for person in _raw_people(raw, name))
    if column.kind is ColumnKind.PERSONS:
        return found
    return found[0] if found else None


def _raw_people(raw: Mapping[str, object], name: str) -> list[Person]:
    """People as the fields name them: objects under the column's name, or ids under `<name>LookupId`."""
    value = raw.get(name)
    if isinstance(value, list | Mapping):
        return [_raw_person(entry) for entry in (value if isinstance(value, list) else [value])]
    ids = raw.get(f"{name}LookupId")
    entries = ids if isinstance(ids, list) else [ids]
    found = [Person(_text(entry)) for entry in entries if entry not in (None, "")]
    return found or ([Person("", display_name=_text(value))] if isinstance(value, str) and value else [])


def _raw_person(entry: object) -> Person:
    if not isinstance(entry, Mapping):
        return Person(_text(entry))
    return Person(
        _text(entry.get("LookupId")),
        address=_text(entry.get("Email")).lower(),
        display_name=_text(entry.get("LookupValue")),
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        # A lookup id or a number typed into a text column comes as 3.0 (graph.md 3.5).
        return str(int(value))
    text = str(value)
    # Half of a surrogate pair can stand in JSON and in nothing that is written from it.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
