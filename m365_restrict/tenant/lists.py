"""SharePoint lists, read whole or not at all (contracts.md 1; graph.md 3)."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from m365_restrict.errors import (
    ConfigurationError,
    ErrorCode,
    PermissionMissing,
    RestrictError,
    ServiceError,
    SourceIncomplete,
)
from m365_restrict.register.columns import PROVING_ROW_TITLE, ColumnKind, ListSchema
from m365_restrict.register.item import FieldValue, ItemVersion, ListItem, ListSnapshot, Person
from m365_restrict.register.item_history import HistoryMemory, NoHistories
from m365_restrict.tenant.graph import GraphReader, GraphWriter, JsonObject, path_of
from m365_restrict.tenant.list_values import (
    lookup_ids,
    read_fields,
    read_identity,
    read_instant,
    written_value,
)
from m365_restrict.tenant.list_versions import VersionedList, VersionReader, version_key
from m365_restrict.tenant.site_users import SiteUsers
from m365_restrict.tenant.together import meanwhile

_NOT_FOUND = 404
_REFUSED = frozenset({401, 403})
_PAGE = "200"
_ID = {"$select": "id"}


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """`zone` is the site's own time zone, which Graph does not tell (graph.md 3.6).

    `columns` maps our column names to the lists' where they differ (REGISTER__COLUMNS__<NAME>).
    """

    zone: ZoneInfo
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ListLocation:
    """A list by its ids, with the names that its columns have there."""

    title: str
    site_id: str
    list_id: str
    names: Mapping[str, str]
    choices: Mapping[str, tuple[str, ...]]

    @property
    def path(self) -> str:
        """The list's path below Graph's base URL."""
        return path_of("sites", self.site_id, "lists", self.list_id)


class ListReader:
    """Reads lists with version history."""

    def __init__(
        self, graph: GraphReader, options: ListOptions, histories: HistoryMemory | None = None
    ) -> None:
        """`graph` is the reader application's; `histories` are those of items that need not be read again."""
        self._graph = graph
        self._options = options
        self._versions = VersionReader(graph, histories or NoHistories())
        self._looking = asyncio.Lock()
        self._sites: dict[str, str] = {}
        self._places: dict[tuple[str, str], ListLocation] = {}
        self._users: dict[str, SiteUsers] = {}

    async def locate(self, site: str, title: str, schema: ListSchema) -> ListLocation:
        """Find a list and check its columns, once. ConfigurationError names the missing list or column."""
        if (site, title) not in self._places:
            self._places[site, title] = await self._locate(site, title, schema)
        return self._places[site, title]

    async def _locate(self, site: str, title: str, schema: ListSchema) -> ListLocation:
        try:
            site_id = await self._site_id(site)
            found = await self._graph.get_json(path_of("sites", site_id, "lists", title), query=_ID)
            list_path = path_of("sites", site_id, "lists", str(found["id"]))
            columns = [entry async for entry in self._graph.get_pages(f"{list_path}/columns")]
        except ServiceError as error:
            raise _list_error(error, site, title) from error
        raw = {str(entry.get("name")): entry for entry in columns}
        names = _column_names(title, schema, raw, self._options.columns)
        choices = {ours: _choices_of(raw[theirs]) for ours, theirs in names.items()}
        offered = {name: values for name, values in choices.items() if values}
        return ListLocation(title, site_id, str(found["id"]), names, offered)

    async def read_list(
        self, site: str, title: str, schema: ListSchema, *, with_versions: bool
    ) -> ListSnapshot:
        """Every item but the proving row, with its versions if asked.

        Raise SourceIncomplete where anything says that the read is not whole, PermissionMissing where the
        application was refused, ConfigurationError where the list or a needed column is not there.
        """
        place = await self.locate(site, title, schema)
        try:
            raw = await self._raw_items(place, schema)
            _require_proving_row(place, raw)
            rows = [item for item in raw.values() if _title_of(item, place) != PROVING_ROW_TITLE]
            versions = await self._all_versions(place, rows, schema) if with_versions else {}
            items = await self._build(place, schema, rows, versions)
        except ServiceError as error:
            raise _read_error(error, title) from error
        except (KeyError, ValueError) as error:
            raise SourceIncomplete(
                f"The list '{title}' holds an item that cannot be read: {error!r}"
            ) from error
        return ListSnapshot(title, items, _version_of(raw), place.choices)

    async def read_personal_fields(
        self, place: ListLocation, schema: ListSchema, item_id: str
    ) -> dict[str, str]:
        """Who one item is about, by our column names, for a letter or an export; empty columns are left out.

        No other read asks for these columns. SourceIncomplete where the item cannot be read.
        """
        names = _personal_names(place, schema)
        if not names:
            return {}
        path = f"{place.path}/items/{item_id}/fields"
        try:
            raw = await self._graph.get_json(path, query={"$select": ",".join(names.values())})
        except ServiceError as error:
            raise _read_error(error, place.title) from error
        return _filled(raw, names)

    async def read_personal_versions(
        self, place: ListLocation, schema: ListSchema, item_id: str
    ) -> dict[str, dict[str, str]]:
        """The same of each version by its number, for an export: a name that was corrected is held too."""
        names = _personal_names(place, schema)
        query = {"$expand": f"fields($select={','.join(names.values())})"}
        try:
            pages = self._graph.get_pages(f"{place.path}/items/{item_id}/versions", query=query)
            return {str(one["id"]): _filled(one.get("fields") or {}, names) async for one in pages}
        except ServiceError as error:
            raise _read_error(error, place.title) from error

    async def item_exists(self, place: ListLocation, item_id: str) -> bool:
        """Whether an item is still there. False only for a 404 by id while the list itself answers.

        An id that the proving row has taken, as in a list that was made anew, is no item either.
        """
        query = {"$expand": f"fields($select={place.names['Title']})"}
        try:
            found = await self._graph.get_json(f"{place.path}/items/{item_id}", query=query)
        except ServiceError as error:
            if error.status != _NOT_FOUND:
                raise _read_error(error, place.title) from error
        else:
            return _title_of(found, place) != PROVING_ROW_TITLE
        try:
            # A list that is gone answers 404 for its items too: that says nothing about the item.
            await self._graph.get_json(place.path, query=_ID)
        except ServiceError as error:
            raise _read_error(error, place.title) from error
        return False

    async def _site_id(self, site: str) -> str:
        async with self._looking:  # Lists are read beside each other, and most are on one site.
            if site not in self._sites:
                path = path_of("sites", *site.strip("/").split("/"))
                found = await self._graph.get_json(path, query=_ID)
                self._sites[site] = str(found["id"])
        return self._sites[site]

    async def _raw_items(self, place: ListLocation, schema: ListSchema) -> dict[str, JsonObject]:
        """Items by id; one that moves between pages while they are read comes twice and counts once."""
        query = {"$expand": f"fields($select={','.join(_selected(place, schema))})", "$top": _PAGE}
        pages = self._graph.get_pages(f"{place.path}/items", query=query)
        return {str(item["id"]): item async for item in pages}

    async def _all_versions(
        self, place: ListLocation, rows: list[JsonObject], schema: ListSchema
    ) -> Mapping[str, list[JsonObject]]:
        versioned = VersionedList(
            title=place.title,
            list_id=place.list_id,
            path=place.path,
            selected=_selected(place, schema),
            personal=frozenset(place.names[name] for name in schema.personal if name in place.names),
            addresses=frozenset(
                place.names[column.name]
                for column in schema.columns
                if column.addresses and column.name in place.names
            ),
        )
        return await self._versions.read(versioned, rows)

    async def _build(
        self,
        place: ListLocation,
        schema: ListSchema,
        rows: list[JsonObject],
        versions: Mapping[str, list[JsonObject]],
    ) -> tuple[ListItem, ...]:
        every = rows + [version for history in versions.values() for version in history]
        ids = [lookup_ids(entry.get("fields") or {}, schema, place.names) for entry in every]
        users = self._users.setdefault(place.site_id, SiteUsers(self._graph, place.site_id))
        people = await users.resolve(set[str]().union(*ids))
        ordered = sorted(rows, key=lambda row: version_key(str(row["id"])))
        return await meanwhile(
            lambda: tuple(
                self._item(place, schema, row, versions.get(str(row["id"]), []), people) for row in ordered
            )
        )

    def _item(
        self,
        place: ListLocation,
        schema: ListSchema,
        row: JsonObject,
        history: list[JsonObject],
        people: Mapping[str, Person],
    ) -> ListItem:
        def fields_of(entry: JsonObject) -> dict[str, FieldValue]:
            return read_fields(
                entry.get("fields") or {}, schema, place.names, people=people, zone=self._options.zone
            )

        return ListItem(
            item_id=str(row["id"]),
            etag=_etag_of(row),
            created_by=read_identity(row.get("createdBy")),
            fields=fields_of(row),
            versions=tuple(
                ItemVersion(
                    number=str(entry["id"]),
                    saved_at=read_instant(entry["lastModifiedDateTime"]),
                    saver=read_identity(entry.get("lastModifiedBy")),
                    fields=fields_of(entry),
                )
                for entry in history
            ),
        )


class ListWriter:
    """Changes fields of items; makes and deletes nothing."""

    def __init__(self, graph: GraphWriter, options: ListOptions) -> None:
        """`graph` is the writer application's."""
        self._graph = graph
        self._options = options

    async def patch_fields(
        self, place: ListLocation, item_id: str, fields: Mapping[str, FieldValue | None], etag: str
    ) -> None:
        """Write only these fields, and only if the item is still at `etag`.

        Raise ServiceError; status 412 means that somebody saved the item meanwhile: read it again.
        """
        body = {place.names[name]: written_value(value) for name, value in fields.items()}
        await self._graph.patch(f"{place.path}/items/{item_id}/fields", body, etag=etag)


def _column_names(
    title: str, schema: ListSchema, raw: Mapping[str, JsonObject], remap: Mapping[str, str]
) -> dict[str, str]:
    """Our names to the list's. A remapped name wins; a list that has the usual name needs no remap."""
    names: dict[str, str] = {}
    missing: list[str] = []
    for column in schema.columns:
        wanted = remap.get(column.name, column.name)
        found = next((name for name in (wanted, column.name) if name in raw), None)
        if found is not None:
            names[column.name] = found
        elif column.name in schema.essential:
            missing.append(wanted)
    if missing:
        raise ConfigurationError(
            f"The list '{title}' has no column {', '.join(missing)}.",
            code=ErrorCode.COLUMN_MISSING,
            advice=f"Add the column with that internal name to the list '{title}', or map it with "
            f"M365_RESTRICT_REGISTER__COLUMNS__{missing[0].upper()}.",
        )
    return names


def _selected(place: ListLocation, schema: ListSchema) -> list[str]:
    """Fields to ask for: a person column by its lookup id, people by name (graph.md 3.4)."""
    selected = []
    for column in schema.columns:
        name = place.names.get(column.name)
        if name is not None and not column.personal:
            selected.append(f"{name}LookupId" if column.kind is ColumnKind.PERSON else name)
    return selected


def _personal_names(place: ListLocation, schema: ListSchema) -> dict[str, str]:
    return {ours: place.names[ours] for ours in sorted(schema.personal) if ours in place.names}


def _filled(raw: JsonObject, names: Mapping[str, str]) -> dict[str, str]:
    found = {ours: str(raw.get(theirs) or "").strip() for ours, theirs in names.items()}
    return {ours: value for ours, value in found.items() if value}


def _choices_of(column: JsonObject) -> tuple[str, ...]:
    choice = column.get("choice")
    found = choice.get("choices") if isinstance(choice, Mapping) else None
    return tuple(str(entry) for entry in found) if isinstance(found, list) else ()


def _title_of(item: JsonObject, place: ListLocation) -> str:
    return str((item.get("fields") or {}).get(place.names["Title"]) or "").strip()


def _require_proving_row(place: ListLocation, raw: Mapping[str, JsonObject]) -> None:
    if not any(_title_of(item, place) == PROVING_ROW_TITLE for item in raw.values()):
        raise SourceIncomplete(
            f"The list '{place.title}' was read without its proving row, so the read is not whole "
            f"({len(raw)} items came).",
            advice=f"See that the list '{place.title}' holds an item titled '{PROVING_ROW_TITLE}', that the "
            "reader application may read all items, and that content approval is off (graph.md 3.8, 11).",
        )


def _version_of(raw: Mapping[str, JsonObject]) -> str:
    """A digest that changes when any item is added, saved or removed."""
    lines = sorted(f"{item_id} {_etag_of(item)}" for item_id, item in raw.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _etag_of(item: JsonObject) -> str:
    return str(item.get("eTag") or item.get("@odata.etag") or "")


def _list_error(error: ServiceError, site: str, title: str) -> RestrictError:
    if error.status == _NOT_FOUND:
        return ConfigurationError(
            f"There is no list '{title}' on the site '{site}'.", code=ErrorCode.LIST_NOT_FOUND
        )
    return _read_error(error, title)


def _read_error(error: ServiceError, title: str) -> RestrictError:
    if error.status in _REFUSED:
        return PermissionMissing(
            f"The reader application may not read the list '{title}': {error.message}",
            advice="Grant the reader application read access to the site or list (Sites.Selected).",
        )
    return SourceIncomplete(f"The list '{title}' could not be read whole: {error.message}")
