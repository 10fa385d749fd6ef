"""The three lists: there, with their columns, readable whole, with versions to spare (graph.md 3.7, 11)."""

from collections.abc import AsyncIterator, Iterator

from m365_restrict.doctor.check import Check, bad, good, unread, warning
from m365_restrict.doctor.codes import CheckCode
from m365_restrict.doctor.history_checks import ComparedHistories
from m365_restrict.errors import ConfigurationError, PermissionMissing, RestrictError, SourceIncomplete
from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS, REVIEWS
from m365_restrict.register.item import ListSnapshot
from m365_restrict.register.schema import ListSchema
from m365_restrict.report.text import counted
from m365_restrict.steps.options import ListPlaces
from m365_restrict.tenant.lists import ListReader

USUAL_VERSION_LIMIT = 500
"""What SharePoint keeps unless somebody set it lower; Graph does not tell (graph.md 11)."""
_NEAR = 400
_FIRST = "1.0"


class ListChecks:
    """Reads each list once; the register stays at hand for the checks of single contacts."""

    def __init__(self, lists: ListReader, places: ListPlaces, histories: ComparedHistories) -> None:
        """`lists` is the run's reader, which compares the version histories that it reads in `histories`."""
        self._lists = lists
        self._histories = histories
        self._places = places
        self.register: ListSnapshot | None = None

    async def run(self) -> AsyncIterator[Check]:
        """All checks of all lists."""
        places = self._places
        for site, title, schema in (
            (places.register_site, places.register, RESTRICTED_CONTACTS),
            (places.register_site, places.reviews, REVIEWS),
            (places.choices_site, places.choices, CHOICES),
        ):
            async for check in self._one(site, title, schema):
                yield check

    async def _one(self, site: str, title: str, schema: ListSchema) -> AsyncIterator[Check]:
        is_register = schema is RESTRICTED_CONTACTS
        try:
            place = await self._lists.locate(site, title, schema)
            found = await self._lists.read_list(site, title, schema, with_versions=True)
        except (ConfigurationError, PermissionMissing, SourceIncomplete) as error:
            yield bad(CheckCode.LIST, title, error.message, error.advice)
            return
        except RestrictError as error:
            yield unread(CheckCode.LIST, title, error.message, error.advice)
            return
        many = counted(len(found.items), "item")
        missing = [name for name in schema.names if name not in place.names]
        if missing:
            yield warning(CheckCode.LIST, title, f"It lacks the columns {', '.join(missing)}.")
        else:
            yield good(CheckCode.LIST, title, f"It has all its columns and {many}.")
        yield self._histories.check(place.list_id, title)
        if is_register:
            self.register = found
            for check in version_checks(found):
                yield check


def version_checks(register: ListSnapshot) -> Iterator[Check]:
    """How many versions items have; an item whose first one is gone has been pruned already."""
    counts = [len(item.versions) for item in register.items]
    pruned = [item.item_id for item in register.items if item.versions and item.versions[0].number != _FIRST]
    most = max(counts, default=0)
    code, about = CheckCode.VERSION_HEADROOM, register.title
    if pruned:
        yield warning(
            code,
            about,
            f"Early versions of item {', '.join(pruned[:5])} are gone; approvals among them are kept only "
            "where a run saw them before.",
        )
    near = [item.item_id for item in register.items if len(item.versions) >= _NEAR]
    if near:
        yield warning(
            code,
            about,
            f"Item {', '.join(near[:5])} has {most} versions; SharePoint usually keeps "
            f"{USUAL_VERSION_LIMIT}.",
        )
    if not pruned and not near:
        yield good(code, about, f"No item has more than {most} versions.")
