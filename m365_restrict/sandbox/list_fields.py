"""Field values: how the seed and SharePoint's web form write them, and how Graph shows and takes them.

Stored values are those of the seed: text, truth values, `YYYY-MM-DD`, sign-in names, and lists of these.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from m365_restrict.sandbox.clock import format_instant
from m365_restrict.sandbox.directory import SandboxDirectory
from m365_restrict.sandbox.list_columns import Column, ColumnKind
from m365_restrict.sandbox.store import Json, Store

_FIRST_LOOKUP_ID = 11


class BadField(Exception):
    """A value that a column cannot hold; the message names the column, the value and the reason."""


class SitePeople:
    """The site's User Information List: everyone in the directory but contacts, with a lookup id each."""

    def __init__(self, store: Store, directory: SandboxDirectory) -> None:
        """Read both at every call; the table is built again when the users change."""
        self._store = store
        self._directory = directory
        self._revision = -1
        self._ids: dict[str, int] = {}
        self._upns: dict[int, str] = {}

    def lookup_id(self, upn: str) -> int | None:
        """The lookup id of a sign-in name."""
        self._refresh()
        return self._ids.get(upn.lower())

    def upn(self, lookup_id: int) -> str | None:
        """The sign-in name behind a lookup id."""
        self._refresh()
        return self._upns.get(lookup_id)

    def everyone(self) -> list[int]:
        """All lookup ids, ascending."""
        self._refresh()
        return sorted(self._upns)

    def account(self, upn: str) -> dict[str, Any] | None:
        """The directory's document for a sign-in name."""
        return self._directory.find(upn)

    def _refresh(self) -> None:
        revision = self._store.revision("users")
        if revision == self._revision:
            return
        users = [user for _, user in self._store.all("users") if user["mailbox"] != "contact"]
        self._upns = {place: user["upn"] for place, user in enumerate(users, start=_FIRST_LOOKUP_ID)}
        self._ids = {upn.lower(): lookup for lookup, upn in self._upns.items()}
        self._revision = revision


def store_value(column: Column, value: Json, people: SitePeople) -> Json:
    """Check a value as a seed or the web form writes it; None when it is empty."""
    if value is None or value in ("", []):
        return None
    stored: Json
    match column.kind:
        case ColumnKind.TEXT | ColumnKind.NOTE | ColumnKind.CHOICE:
            stored = _text(column, value)
        case ColumnKind.CHOICES:
            stored = _texts(column, value)
        case ColumnKind.DATE:
            stored = _day(column, value)
        case ColumnKind.PERSON:
            stored = _person(column, value, people)
        case ColumnKind.PEOPLE:
            stored = [_person(column, upn, people) for upn in _texts(column, value)]
        case ColumnKind.YES_NO:
            stored = _checked(column, value, bool, "true or false")
        case ColumnKind.NUMBER:
            stored = _checked(column, value, (int, float), "a number")
        case _:
            assert_never(column.kind)
    return stored


def show_fields(
    stored: Mapping[str, Any], columns: Mapping[str, Column], people: SitePeople, zone: ZoneInfo
) -> dict[str, Any]:
    """All fields as Graph returns them; person columns also by name, for `$select` (graph.md 3.4, 3.6)."""
    shown: dict[str, Any] = {}
    for name, value in stored.items():
        column = columns.get(name)
        if column is None or value is None:
            continue
        match column.kind:
            case ColumnKind.DATE:
                shown[name] = format_instant(datetime.combine(date.fromisoformat(value), time(), tzinfo=zone))
            case ColumnKind.PERSON:
                entry = _lookup(value, people)
                shown[f"{name}LookupId"] = str(entry["LookupId"])
                shown[name] = entry["LookupValue"]
            case ColumnKind.PEOPLE:
                shown[name] = [_lookup(upn, people) for upn in value]
            case _:
                shown[name] = value
    return shown


def read_graph_fields(
    body: Mapping[str, Any], columns: Mapping[str, Column], people: SitePeople, zone: ZoneInfo
) -> dict[str, Any]:
    """The stored values that a Graph write names; `BadField` for a name that the list lacks."""
    fields: dict[str, Any] = {}
    for name, value in body.items():
        if "@odata." in name:
            continue
        person = columns.get(name.removesuffix("LookupId")) if name.endswith("LookupId") else None
        if person is not None and person.kind in {ColumnKind.PERSON, ColumnKind.PEOPLE}:
            fields[person.name] = store_value(person, _from_lookups(person, value, people), people)
            continue
        column = columns.get(name)
        if column is None:
            raise BadField(f"Field '{name}' is not recognized")
        day = _day_written(column, value, zone) if column.kind is ColumnKind.DATE and value else value
        fields[name] = store_value(column, day, people)
    return fields


def _text(column: Column, value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadField(f"{column.name} holds text, not {value!r}")
    return str(value)


def _texts(column: Column, value: Json) -> list[str]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, Sequence):
        raise BadField(f"{column.name} holds a list of texts, not {value!r}")
    return [_text(column, entry) for entry in values]


def _checked(column: Column, value: Json, kind: type | tuple[type, ...], wanted: str) -> Json:
    if not isinstance(value, kind):
        raise BadField(f"{column.name} holds {wanted}, not {value!r}")
    return value


def _day(column: Column, value: Json) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise BadField(f"{column.name} holds a day such as 2027-03-28, not {value!r}") from error


def _day_written(column: Column, value: Json, zone: ZoneInfo) -> str:
    # A value without a zone is read as UTC, and the column keeps the local day (graph.md 3.6).
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadField(f"{column.name} holds a date, not {value!r}") from error
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return aware.astimezone(zone).date().isoformat()


def _person(column: Column, value: Json, people: SitePeople) -> str:
    account = people.account(value) if isinstance(value, str) else None
    if account is None or people.lookup_id(account["upn"]) is None:
        raise BadField(f"{column.name} names {value!r}, who is not one of the users")
    return str(account["upn"])


def _from_lookups(column: Column, value: Json, people: SitePeople) -> Json:
    if value in (None, "", []):
        return None
    several = value if isinstance(value, list) else [value]
    upns = []
    for entry in several:
        upn = people.upn(int(entry)) if str(entry).isdigit() else None
        if upn is None:
            raise BadField(f"{column.name}LookupId holds {entry!r}, which is nobody on this site")
        upns.append(upn)
    return upns if column.kind is ColumnKind.PEOPLE else upns[0]


def _lookup(upn: str, people: SitePeople) -> dict[str, Any]:
    account = people.account(upn) or {"display_name": upn, "mail": upn}
    return {
        "LookupId": people.lookup_id(upn) or 0,
        "LookupValue": account["display_name"],
        "Email": account["mail"] or "",
    }
