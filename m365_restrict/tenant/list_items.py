"""New items, and the deletion of old ones: the only two things done to a list beside changing fields."""

from collections.abc import Mapping

from m365_restrict.errors import ServiceError
from m365_restrict.register.item import FieldValue
from m365_restrict.tenant.graph import GraphWriter
from m365_restrict.tenant.list_values import written_value
from m365_restrict.tenant.lists import ListLocation


class ListItemWriter:
    """Opens reviews, and deletes cases whose time has come. It makes and deletes no list."""

    def __init__(self, graph: GraphWriter) -> None:
        """`graph` is the writer application's."""
        self._graph = graph

    async def add(self, place: ListLocation, fields: Mapping[str, FieldValue]) -> str:
        """Make one item; its id. ServiceError; after one the item may exist all the same (graph.md 0.7)."""
        body = {
            place.names[name]: written_value(value) for name, value in fields.items() if name in place.names
        }
        made = await self._graph.post(f"{place.path}/items", {"fields": body})
        if not made.get("id"):
            raise ServiceError(f"The list '{place.title}' took a new item but did not say which.")
        return str(made["id"])

    async def delete(self, place: ListLocation, item_id: str, etag: str) -> None:
        """Delete one item if it is still at `etag`; ServiceError, status 412 if somebody saved it meanwhile.

        SharePoint keeps it in the recycle bin for 93 days. An item that is gone already is a success.
        """
        await self._graph.delete(f"{place.path}/items/{item_id}", etag=etag)
