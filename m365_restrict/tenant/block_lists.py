"""What stops or junks mail beside our rules: block lists that others may have filled (exchange.md 5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.rules.normalise import read_instant
from m365_restrict.tenant.exchange import CmdletResult, ExchangeReader, JsonObject, ReadCmdlet
from m365_restrict.tenant.roles import why_unread
from m365_restrict.tenant.together import all_of

_TENANT_LIST = "the tenant's block list"
_SPAM_POLICIES = "the anti-spam policies"
_SHARED = "the shared mailboxes"


class BlockSource(Enum):
    """Which kind of list an entry stands in."""

    TENANT_LIST = "the Tenant Allow/Block List"
    SPAM_POLICY = "an anti-spam policy"
    MAILBOX = "a mailbox's blocked senders"


@dataclass(frozen=True)
class BlockedEntry:
    """One entry: an address or a domain in lower case, and the place where it stands, for people.

    `changed_at` is when it was last changed and `ends_at` when it ends, None where the service tells
    neither: anti-spam policies tell the former of all their entries together, mailboxes tell nothing.
    """

    value: str
    place: str
    source: BlockSource = BlockSource.TENANT_LIST
    changed_by: str = ""
    changed_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BlockLists:
    """All entries that could be read, and what could not be read."""

    entries: tuple[BlockedEntry, ...] = ()
    unknown: tuple[Unknown, ...] = ()


class BlockListReader:
    """Reads the tenant's block list, the anti-spam policies and the shared mailboxes' blocked senders.

    Other people's mailboxes are not looked into: what they block is their own affair.
    """

    def __init__(self, exchange: ExchangeReader) -> None:
        """`exchange` is the reader application's."""
        self._exchange = exchange

    async def read(self, *, further: Iterable[str] = (), never: Iterable[str] = ()) -> BlockLists:
        """Everything there is. A list that cannot be read is Unknown, never empty.

        `further` are mailboxes to look into beside the shared ones; `never` are those that are left alone
        whatever they are.
        """
        left_alone = frozenset(never)
        parts = await all_of((self._tenant_list(), self._policies(), self._junk_lists(further, left_alone)))
        return BlockLists(
            entries=tuple(entry for part in parts for entry in part.entries),
            unknown=tuple(one for part in parts for one in part.unknown),
        )

    async def read_organisation(self, mailboxes: Unknown) -> BlockLists:
        """The same without any mailbox, which are unknown for the given reason."""
        parts = await all_of((self._tenant_list(), self._policies()))
        return BlockLists(
            entries=tuple(entry for part in parts for entry in part.entries),
            unknown=(*(one for part in parts for one in part.unknown), mailboxes),
        )

    async def _tenant_list(self) -> BlockLists:
        rows = await self._rows(
            ReadCmdlet.TENANT_BLOCK_LIST, _TENANT_LIST, {"ListType": "Sender", "Block": True}
        )
        if isinstance(rows, Unknown):
            return BlockLists(unknown=(rows,))
        return BlockLists(
            entries=tuple(
                BlockedEntry(
                    value=str(row["Value"]).strip().lower(),
                    place=BlockSource.TENANT_LIST.value,
                    changed_by=str(row.get("ModifiedBy") or row.get("LastModifiedBy") or ""),
                    changed_at=read_instant(row.get("LastModifiedDateTime")),
                    ends_at=read_instant(row.get("ExpirationDate")),
                )
                for row in rows
                if row.get("Action", "Block") == "Block" and str(row.get("Value") or "").strip()
            )
        )

    async def _policies(self) -> BlockLists:
        rows = await self._rows(ReadCmdlet.CONTENT_FILTER, _SPAM_POLICIES, {})
        if isinstance(rows, Unknown):
            return BlockLists(unknown=(rows,))
        found = [
            entry
            for row in rows
            for entry in _entries(
                [*_texts(row, "BlockedSenders"), *_texts(row, "BlockedSenderDomains")],
                f"the anti-spam policy “{row.get('Name') or row.get('Identity')}”",
                BlockSource.SPAM_POLICY,
                read_instant(row.get("WhenChanged")),
            )
        ]
        return BlockLists(entries=tuple(found))

    async def _junk_lists(self, further: Iterable[str], never: frozenset[str]) -> BlockLists:
        """Shared mailboxes and those that are named; of a person's own mailbox nothing is ever asked."""
        mailboxes = await self._rows(
            ReadCmdlet.MAILBOX, _SHARED, {"RecipientTypeDetails": "SharedMailbox", "ResultSize": "Unlimited"}
        )
        if isinstance(mailboxes, Unknown):
            return BlockLists(unknown=(mailboxes,))
        shared = {str(row.get("PrimarySmtpAddress") or "").lower() for row in mailboxes} - {""}
        named = {address.strip().lower() for address in further} - shared
        parts = await all_of(
            (
                *(self._junk_list(one, f"the shared mailbox {one}") for one in sorted(shared - never)),
                *(self._junk_list(one, f"the mailbox {one}") for one in sorted(named - never)),
            )
        )
        return BlockLists(
            entries=tuple(entry for part in parts for entry in part.entries),
            unknown=tuple(one for part in parts for one in part.unknown),
        )

    async def _junk_list(self, mailbox: str, called: str) -> BlockLists:
        place = f"the blocked senders of {called}"
        rows = await self._rows(ReadCmdlet.JUNK_CONFIGURATION, place, {"Identity": mailbox})
        if isinstance(rows, Unknown):
            return BlockLists(unknown=(rows,))
        return BlockLists(
            entries=_entries(
                [text for row in rows for text in _texts(row, "BlockedSendersAndDomains")],
                place,
                BlockSource.MAILBOX,
            )
        )

    async def _rows(
        self, cmdlet: ReadCmdlet, scope: str, parameters: dict[str, object]
    ) -> tuple[JsonObject, ...] | Unknown:
        try:
            result: CmdletResult = await self._exchange.invoke(cmdlet, parameters)
        except ServiceError as error:
            return Unknown(scope, why_unread(cmdlet, error))
        if result.truncated:
            return Unknown(scope, "Exchange said that there is more than it returned.")
        return result.values


def _entries(
    values: Iterable[str], place: str, source: BlockSource, changed_at: datetime | None = None
) -> tuple[BlockedEntry, ...]:
    texts = (value.strip().lower() for value in values)
    return tuple(BlockedEntry(text, place, source, changed_at=changed_at) for text in texts if text)


def _texts(row: JsonObject, name: str) -> list[str]:
    """A list of strings; Exchange shows some senders as objects with a member `Sender`."""
    value = row.get(name)
    if not isinstance(value, list):
        return []
    return [
        str(one.get("Sender") or one.get("Domain") or "") if isinstance(one, dict) else str(one)
        for one in value
    ]
