"""What stops or junks mail beside our rules: block lists that others may have filled (exchange.md 5)."""

from collections.abc import Iterable
from dataclasses import dataclass

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.exchange import CmdletResult, ExchangeReader, JsonObject, ReadCmdlet
from m365_restrict.tenant.together import all_of

_TENANT_LIST = "the tenant's block list"
_SPAM_POLICIES = "the anti-spam policies"
_SHARED = "the shared mailboxes"


@dataclass(frozen=True)
class BlockedEntry:
    """One entry: an address or a domain in lower case, and the place where it stands, for people."""

    value: str
    place: str


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

    async def read(self) -> BlockLists:
        """Everything there is. A list that cannot be read is Unknown, never empty."""
        parts = await all_of((self._tenant_list(), self._policies(), self._junk_lists()))
        return BlockLists(
            entries=tuple(entry for part in parts for entry in part.entries),
            unknown=tuple(one for part in parts for one in part.unknown),
        )

    async def _tenant_list(self) -> BlockLists:
        rows = await self._rows(
            ReadCmdlet.TENANT_BLOCK_LIST, _TENANT_LIST, {"ListType": "Sender", "Block": True}
        )
        if isinstance(rows, Unknown):
            return BlockLists(unknown=(rows,))
        blocked = [str(row.get("Value") or "") for row in rows if row.get("Action", "Block") == "Block"]
        return BlockLists(entries=_entries(blocked, "the Tenant Allow/Block List"))

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
            )
        ]
        return BlockLists(entries=tuple(found))

    async def _junk_lists(self) -> BlockLists:
        mailboxes = await self._rows(
            ReadCmdlet.MAILBOX, _SHARED, {"RecipientTypeDetails": "SharedMailbox", "ResultSize": "Unlimited"}
        )
        if isinstance(mailboxes, Unknown):
            return BlockLists(unknown=(mailboxes,))
        addresses = sorted({str(row.get("PrimarySmtpAddress") or "").lower() for row in mailboxes} - {""})
        parts = await all_of(self._junk_list(address) for address in addresses)
        return BlockLists(
            entries=tuple(entry for part in parts for entry in part.entries),
            unknown=tuple(one for part in parts for one in part.unknown),
        )

    async def _junk_list(self, mailbox: str) -> BlockLists:
        place = f"the blocked senders of the shared mailbox {mailbox}"
        rows = await self._rows(ReadCmdlet.JUNK_CONFIGURATION, place, {"Identity": mailbox})
        if isinstance(rows, Unknown):
            return BlockLists(unknown=(rows,))
        return BlockLists(
            entries=_entries(
                [text for row in rows for text in _texts(row, "BlockedSendersAndDomains")], place
            )
        )

    async def _rows(
        self, cmdlet: ReadCmdlet, scope: str, parameters: dict[str, object]
    ) -> tuple[JsonObject, ...] | Unknown:
        try:
            result: CmdletResult = await self._exchange.invoke(cmdlet, parameters)
        except ServiceError as error:
            return Unknown(scope, error.message)
        if result.truncated:
            return Unknown(scope, "Exchange said that there is more than it returned.")
        return result.values


def _entries(values: Iterable[str], place: str) -> tuple[BlockedEntry, ...]:
    return tuple(BlockedEntry(value.strip().lower(), place) for value in values if value.strip())


def _texts(row: JsonObject, name: str) -> list[str]:
    """A list of strings; Exchange shows some senders as objects with a member `Sender`."""
    value = row.get(name)
    if not isinstance(value, list):
        return []
    return [
        str(one.get("Sender") or one.get("Domain") or "") if isinstance(one, dict) else str(one)
        for one in value
    ]
