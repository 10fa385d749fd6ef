"""Whether a single contact's mailbox is read: counts and an instant, never content (F24; graph.md 1.2, 8.1).

Mail.ReadBasic is enough: it shows no text. Of messages `receivedDateTime` alone is asked for.
"""

from dataclasses import dataclass
from datetime import datetime

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.graph import GraphReader, JsonObject, path_of
from m365_restrict.tenant.list_values import read_instant
from m365_restrict.tenant.shared_wait import Part, SharedWait

SCOPE = "single contact"
"""The scope of every Unknown from here: the mailbox is told beside it."""
PERMISSION = "Mail.ReadBasic"

NOT_GRANTED = Unknown(SCOPE, f"the reader application was not granted {PERMISSION} for it")

_LATE = Unknown(SCOPE, "Graph did not answer in the time that a run gives it")
_REFUSED = frozenset({401, 403})
_ABSENT = 404
_INBOX, _JUNK = "inbox", "junkemail"
_COUNT = {"$select": "unreadItemCount"}
# Graph takes an order only where the filter names its property first.
_OLDEST = {
    "$filter": "receivedDateTime ge 1990-01-01T00:00:00Z and isRead eq false",
    "$orderby": "receivedDateTime asc",
    "$select": "receivedDateTime",
    "$top": "1",
}


@dataclass(frozen=True, kw_only=True)
class ContactState:
    """What is unread in Inbox and Junk Email. `oldest_unread_at` is in either, None where nothing is."""

    unread: int
    unread_in_junk: int
    oldest_unread_at: datetime | None


class ContactMailboxReader:
    """Reads counts of folders and the age of their oldest unread message."""

    def __init__(self, graph: GraphReader, wait: SharedWait) -> None:
        """`graph` is the reader application's; `wait` is shared by all that a run reads beside rules."""
        self._graph = graph
        self._wait = wait

    async def state(self, mailbox: str) -> ContactState | Unknown:
        """How a mailbox is read; Unknown where that was not granted, failed or was not there in time."""
        try:
            return await self._wait.answer(Part.CONTACTS, lambda: self._state(mailbox), late=_LATE)
        except ServiceError as error:
            if error.status in _REFUSED:
                return NOT_GRANTED
            if error.status == _ABSENT:
                return Unknown(SCOPE, "it is no mailbox in the cloud, or one of its folders is gone")
            # The service's own message is left out: it may name the mailbox.
            return Unknown(SCOPE, f"Graph answered with HTTP {error.status or 'nothing'}")

    async def _state(self, mailbox: str) -> ContactState:
        unread = {folder: await self._unread(mailbox, folder) for folder in (_INBOX, _JUNK)}
        ages = [await self._oldest(mailbox, folder) for folder, count in unread.items() if count]
        known = [at for at in ages if at is not None]
        return ContactState(
            unread=unread[_INBOX],
            unread_in_junk=unread[_JUNK],
            oldest_unread_at=min(known) if known else None,
        )

    async def _unread(self, mailbox: str, folder: str) -> int:
        found = await self._graph.get_json(path_of("users", mailbox, "mailFolders", folder), query=_COUNT)
        count = found.get("unreadItemCount")
        if not isinstance(count, int):
            raise ServiceError("Graph answered about a folder without the number of its unread messages.")
        return count

    async def _oldest(self, mailbox: str, folder: str) -> datetime | None:
        path = path_of("users", mailbox, "mailFolders", folder, "messages")
        page = await self._graph.get_json(path, query=_OLDEST)
        return _received(page)


def _received(page: JsonObject) -> datetime | None:
    match page.get("value"):
        case [{"receivedDateTime": str(text)}, *_]:
            try:
                return read_instant(text)
            except ValueError:
                return None
        case _:
            return None
