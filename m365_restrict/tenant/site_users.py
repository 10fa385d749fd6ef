"""Who a lookup id of a person column is: the site's hidden user list (graph.md 3.4)."""

from collections.abc import Iterable, Mapping

from m365_restrict.errors import PermissionMissing, ServiceError
from m365_restrict.register.item import Person
from m365_restrict.tenant.graph import GraphReader, path_of
from m365_restrict.tenant.together import all_of

_LIST = "User Information List"
_QUERY = {"$expand": "fields($select=EMail,UserName,Title,Name)"}
_REMOVED_FROM_SITE = 404
_REFUSED = 403


class SiteUsers:
    """Resolves lookup ids of one site, each once."""

    def __init__(self, graph: GraphReader, site_id: str) -> None:
        """`graph` is the reader application's."""
        self._graph = graph
        self._site_id = site_id
        self._known: dict[str, Person] = {}

    async def resolve(self, lookup_ids: Iterable[str]) -> Mapping[str, Person]:
        """Persons by lookup id. One that the site does not know is left out.

        Any other failure raises, ServiceError or PermissionMissing: a person who could not be read is not
        nobody, or a delegate's choice would end and a case lose the people whom its approval is of.
        """
        wanted = sorted(set(lookup_ids) - set(self._known))
        found = await all_of(self._read(lookup_id) for lookup_id in wanted)
        self._known.update({person.lookup_id: person for person in found if person is not None})
        return self._known

    async def _read(self, lookup_id: str) -> Person | None:
        path = path_of("sites", self._site_id, "lists", _LIST, "items", lookup_id)
        try:
            raw = await self._graph.get_json(path, query=_QUERY)
        except ServiceError as error:
            if error.status == _REMOVED_FROM_SITE:
                return None
            if error.status == _REFUSED:
                # A grant on one list does not cover the site's own list of people (graph.md 3.4).
                raise PermissionMissing(
                    "The reader application may not read who the people in the lists' person columns are: "
                    f"{error.message}",
                    advice="Grant the reader application read access to the whole site (Sites.Selected); a "
                    "grant on single lists is not enough.",
                ) from error
            raise
        fields = raw.get("fields") or {}
        return Person(lookup_id, address=_address_of(fields), display_name=str(fields.get("Title") or ""))


def _address_of(fields: Mapping[str, object]) -> str:
    """The sign-in name if the site has it: the profile's mail can be stale (graph.md 3.4)."""
    claims = str(fields.get("Name") or "").rpartition("|")[2]
    candidates = (str(fields.get("UserName") or ""), str(fields.get("EMail") or ""), claims)
    return next((text.strip().lower() for text in candidates if "@" in text), "")
