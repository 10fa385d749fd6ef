"""Making the lists, once, with an application of its own (graph.md 3.1, 3.9).

Normal runs hold neither this type nor its credential: what may make a list may also make a
version, and versions are what proves an approval.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from m365_restrict.errors import (
    ConfigurationError,
    ErrorCode,
    PermissionMissing,
    RestrictError,
    ServiceError,
)
from m365_restrict.tenant.credentials import CredentialOptions, SetupCredential
from m365_restrict.tenant.graph import GraphOptions, GraphReader, GraphWriter, JsonObject, path_of
from m365_restrict.tenant.in_flight import InFlight

_NOT_FOUND = 404
_REFUSED = frozenset({401, 403})
_ID = {"$select": "id"}
# Only what is compared, and `hidden`, without which hidden columns are left out.
_COLUMNS = {
    "$select": "id,name,displayName,description,required,hidden,text,choice,dateTime,personOrGroup,boolean"
}
_TITLES = {"$expand": "fields($select=Title)", "$top": "200"}


@dataclass(frozen=True, kw_only=True)
class SetupOptions:
    """Where Graph is and how the setup application signs in."""

    graph: GraphOptions
    setup: CredentialOptions
    ca_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class FoundList:
    """A list as it stands: its id, its columns as Graph defines them by internal name, all Titles."""

    list_id: str
    columns: Mapping[str, JsonObject]
    titles: frozenset[str]


class ListSetup:
    """Looks at lists and makes them. Every method raises PermissionMissing, or ServiceError, on failure."""

    def __init__(self, reader: GraphReader, writer: GraphWriter) -> None:
        """Both with the setup application's credential; use `open_setup`."""
        self._reader = reader
        self._writer = writer
        self._sites: dict[str, str] = {}

    async def find(self, site: str, title: str) -> FoundList | None:
        """The list with that title, or None. ConfigurationError where the site itself is not there.

        Titles are read because of the proving row and are not kept by the caller: a filter could
        answer with nothing where there is something, and then a second row would be made (graph.md 0.10).
        """
        site_id = await self._site_id(site)
        try:
            found = await self._reader.get_json(path_of("sites", site_id, "lists", title), query=_ID)
        except ServiceError as error:
            if error.status == _NOT_FOUND:
                return None
            raise _explained(error, f"see the lists of the site '{site}'") from error
        path = path_of("sites", site_id, "lists", str(found["id"]))
        try:
            columns = [entry async for entry in self._reader.get_pages(f"{path}/columns", query=_COLUMNS)]
            items = [entry async for entry in self._reader.get_pages(f"{path}/items", query=_TITLES)]
        except ServiceError as error:
            raise _explained(error, f"read the list '{title}'") from error
        return FoundList(
            list_id=str(found["id"]),
            columns={str(entry.get("name")): entry for entry in columns},
            titles=frozenset(str((item.get("fields") or {}).get("Title") or "").strip() for item in items),
        )

    async def create_list(self, site: str, title: str, columns: tuple[Mapping[str, object], ...]) -> None:
        """Make a list with its columns in one request; after a failure look again before asking again."""
        path = path_of("sites", await self._site_id(site), "lists")
        body = {
            "displayName": title,
            "list": {"template": "genericList"},
            "columns": [dict(column) for column in columns],
        }
        await self._post(path, body, f"make the list '{title}'")

    async def add_column(
        self, site: str, title: str, found: FoundList, definition: Mapping[str, object]
    ) -> None:
        """Add one column."""
        path = path_of("sites", await self._site_id(site), "lists", found.list_id, "columns")
        await self._post(path, definition, f"add a column to the list '{title}'")

    async def change_column(
        self, site: str, title: str, column: JsonObject, found: FoundList, changes: Mapping[str, object]
    ) -> None:
        """Change the members of a column that `changes` names, each whole."""
        site_id = await self._site_id(site)
        path = path_of("sites", site_id, "lists", found.list_id, "columns", str(column["id"]))
        try:
            await self._writer.patch(path, changes)
        except ServiceError as error:
            raise _explained(error, f"change a column of the list '{title}'") from error

    async def add_item(self, site: str, title: str, found: FoundList, fields: Mapping[str, object]) -> None:
        """Add one item."""
        path = path_of("sites", await self._site_id(site), "lists", found.list_id, "items")
        await self._post(path, {"fields": dict(fields)}, f"add an item to the list '{title}'")

    async def _post(self, path: str, body: Mapping[str, object], doing: str) -> None:
        try:
            await self._writer.post(path, body)
        except ServiceError as error:
            raise _explained(error, doing) from error

    async def _site_id(self, site: str) -> str:
        if site not in self._sites:
            try:
                found = await self._reader.get_json(path_of("sites", *site.strip("/").split("/")), query=_ID)
            except ServiceError as error:
                if error.status == _NOT_FOUND:
                    raise ConfigurationError(
                        f"There is no site '{site}'.",
                        code=ErrorCode.LIST_NOT_FOUND,
                        advice="Make the site in SharePoint first, or correct M365_RESTRICT_REGISTER__SITE "
                        "or M365_RESTRICT_CHOICES__SITE.",
                    ) from error
                raise _explained(error, f"see the site '{site}'") from error
            self._sites[site] = str(found["id"])
        return self._sites[site]


@asynccontextmanager
async def open_setup(options: SetupOptions) -> AsyncIterator[ListSetup]:
    """Open the setup application's connection; no request is made yet."""
    in_flight = InFlight(options.graph.max_in_flight)
    async with AsyncExitStack() as stack:
        credential = SetupCredential(options.setup)
        stack.push_async_callback(credential.close)
        reader = GraphReader(options.graph, credential, ca_file=options.ca_file, in_flight=in_flight)
        stack.push_async_callback(reader.close)
        writer = GraphWriter(options.graph, credential, ca_file=options.ca_file, in_flight=in_flight)
        stack.push_async_callback(writer.close)
        yield ListSetup(reader, writer)


def _explained(error: ServiceError, doing: str) -> RestrictError:
    if error.status in _REFUSED:
        return PermissionMissing(
            f"The setup application may not {doing}: {error.message}",
            advice="Grant the setup application Sites.Manage.All, or a managing role on this one site, "
            "for as long as the lists are being made (deploy/sharepoint/README.md).",
        )
    return error
