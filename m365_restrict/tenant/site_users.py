"""Who a lookup id of a person column is: the site's hidden user list (graph.md 3.4)."""

from collections.abc import Iterable, Mapping

from m365_restrict.errors import ServiceError
from m365_restrict.register.item import Person
from m365_restrict.tenant.graph import GraphReader, path_of
from m365_restrict.tenant.together import all_of

_LIST = "User Information List"
_QUERY = {"$expand": "fields($select=EMail,UserName,Title,Name)"}
# 404: the account was removed from the site. 403: a grant on one list does not cover this one.
_NOT_KNOWN = frozenset({403, 404})


class SiteUsers:
    """Resolves lookup ids of one site, each once."""

    def __init__(self, graph: GraphReader, site_id: str) -> None:
        """`graph` is the reader application's."""
        self._graph = graph
        self._site_id = site_id
        self._known: dict[str, Person] = {}

    async def resolve(self, lookup_ids: Iterable[str]) -> Mapping[str, Person]:
        """Persons by lookup id. One that the site does not know is left out; other failures raise."""
        wanted = sorted(set(lookup_ids) - set(self._known))
        found = await all_of(self._read(lookup_id) for lookup_id in wanted)
        self._known.update({person.lookup_id: person for person in found if person is not None})
        return self._known

    async def _read(self, lookup_id: str) -> Person | None:
        path = path_of("sites", self._site_id, "lists", _LIST, "items", lookup_id)
        try:
            raw = await self._graph.get_json(path, query=_QUERY)
        except ServiceError as error:
            if error.status in _NOT_KNOWN:
                return None
            raise
        fields = raw.get("fields") or {}
        return Person(lookup_id, address=_address_of(fields), display_name=str(fields.get("Title") or ""))


def _address_of(fields: Mapping[str, object]) -> str:
    """The sign-in name if the site has it: the profile's mail can be stale (graph.md 3.4)."""
    claims = str(fields.get("Name") or "").rpartition("|")[2]
    candidates = (str(fields.get("UserName") or ""), str(fields.get("EMail") or ""), claims)
    return next((text.strip().lower() for text in candidates if "@" in text), "")
