"""One address to what it is: by Exchange's Get-Recipient and Get-Mailbox, or by Graph alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from m365_restrict.errors import ServiceError
from m365_restrict.register.recipient import Recipient, RecipientKind, Resolved, Unresolved
from m365_restrict.tenant.exchange import ExchangeReader, JsonObject, ReadCmdlet
from m365_restrict.tenant.graph import GraphReader, path_of
from m365_restrict.tenant.recipient_filter import filtered_or_nothing, matched, parts_of
from m365_restrict.tenant.together import all_of

_NOT_FOUND = 404
_FEW = 8
"""So many addresses are asked about one by one: that takes no longer, for several questions go at once."""
_USER_FIELDS = "id,userPrincipalName,mail,displayName,accountEnabled,userType"
_NOT_KNOWN = "the directory knows no recipient with this address"

_KINDS = {
    "usermailbox": RecipientKind.USER_MAILBOX,
    "linkedmailbox": RecipientKind.USER_MAILBOX,
    "sharedmailbox": RecipientKind.SHARED_MAILBOX,
    # Rooms and equipment have disabled accounts and mailboxes here, as shared mailboxes do.
    "roommailbox": RecipientKind.SHARED_MAILBOX,
    "equipmentmailbox": RecipientKind.SHARED_MAILBOX,
    "schedulingmailbox": RecipientKind.SHARED_MAILBOX,
    "teammailbox": RecipientKind.SHARED_MAILBOX,
    "mailuser": RecipientKind.ON_PREMISES_MAILBOX,
    "guestmailuser": RecipientKind.GUEST,
    "mailcontact": RecipientKind.CONTACT,
    "mailforestcontact": RecipientKind.CONTACT,
    "user": RecipientKind.NO_MAILBOX,
}
# mailboxSettings/userPurpose (graph.md 2).
_PURPOSES = {
    "user": RecipientKind.USER_MAILBOX,
    "linked": RecipientKind.USER_MAILBOX,
    "shared": RecipientKind.SHARED_MAILBOX,
    "room": RecipientKind.SHARED_MAILBOX,
    "equipment": RecipientKind.SHARED_MAILBOX,
}


class GraphRecipients:
    """What Graph can tell without any Exchange role: accounts, their mailboxes and groups; no contacts."""

    def __init__(self, graph: GraphReader) -> None:
        """`graph` is the reader application's."""
        self._graph = graph

    async def resolve(self, address: str) -> Resolved:
        """The account or group behind an address or sign-in name; a failed question is `absent` false."""
        try:
            return await self.account(address) or await self._group(address)
        except ServiceError as error:
            return Unresolved(address, error.message.rstrip("."), absent=False)

    async def resolve_all(self, addresses: Sequence[str]) -> Mapping[str, Resolved]:
        """Each of these, as `resolve`."""
        return dict(zip(addresses, await all_of(self.resolve(one) for one in addresses), strict=True))

    async def resolve_target(self, address: str) -> Resolved:
        """As `resolve`: Graph does not show how a mailbox receives."""
        return await self.resolve(address)

    async def account(self, address: str) -> Recipient | None:
        """The account with that sign-in name or mail address, or None; ServiceError if it cannot be told."""
        raw = await self._user(address)
        if raw is None:
            return None
        return Recipient(
            asked=address,
            address=str(raw.get("mail") or raw.get("userPrincipalName") or address).lower(),
            kind=await self._kind(raw),
            object_id=str(raw["id"]),
            display_name=str(raw.get("displayName") or ""),
            account_enabled=raw.get("accountEnabled") is not False,
        )

    async def _user(self, address: str) -> JsonObject | None:
        try:
            return await self._graph.get_json(path_of("users", address), query={"$select": _USER_FIELDS})
        except ServiceError as error:
            if error.status != _NOT_FOUND:
                raise
        return await self._single("/users", "mail", address, _USER_FIELDS)

    async def _kind(self, raw: JsonObject) -> RecipientKind:
        if str(raw.get("userType") or "").lower() == "guest":
            return RecipientKind.GUEST
        try:
            path = path_of("users", str(raw["id"]), "mailboxSettings", "userPurpose")
            answer = await self._graph.get_json(path)
        except ServiceError as error:
            if error.status != _NOT_FOUND:
                raise
            # On-premises, unlicensed and none look the same from here (graph.md 2, error shapes).
            return RecipientKind.NO_MAILBOX
        return _PURPOSES.get(str(answer.get("value") or "").lower(), RecipientKind.USER_MAILBOX)

    async def _group(self, address: str) -> Resolved:
        raw = await self._single("/groups", "mail", address, "id,mail,displayName")
        if raw is None:
            return Unresolved(address, _NOT_KNOWN)
        return Recipient(
            asked=address,
            address=str(raw.get("mail") or address).lower(),
            kind=RecipientKind.GROUP,
            object_id=str(raw["id"]),
            display_name=str(raw.get("displayName") or ""),
        )

    async def _single(self, path: str, name: str, value: str, select: str) -> JsonObject | None:
        """The one object whose property has that value; an ignored filter finds nothing (graph.md 0.10)."""
        escaped = value.replace("'", "''")
        query = {"$filter": f"{name} eq '{escaped}'", "$select": select}
        pages = self._graph.get_pages(path, query=query)
        found = [entry async for entry in pages if str(entry.get(name) or "").lower() == value]
        return found[0] if len(found) == 1 else None


class ExchangeRecipients:
    """What Exchange knows and transport rules act on. Accounts without a mailbox come from Graph."""

    def __init__(self, exchange: ExchangeReader, accounts: GraphRecipients) -> None:
        """Both are the reader application's."""
        self._exchange = exchange
        self._accounts = accounts

    async def resolve(self, address: str) -> Resolved:
        """The recipient with that address; a failed or ambiguous answer is `absent` false."""
        try:
            result = await self._exchange.invoke(ReadCmdlet.RECIPIENT, {"Identity": address})
        except ServiceError as error:
            if is_not_found(error):
                return await self._without_mailbox(address)
            return Unresolved(address, error.message.rstrip("."), absent=False)
        if not result.values:
            return await self._without_mailbox(address)
        if len(result.values) > 1:
            return Unresolved(address, "several recipients answer to this address", absent=False)
        return recipient_of(address, result.values[0])

    async def resolve_all(self, addresses: Sequence[str]) -> Mapping[str, Resolved]:
        """Each of these, as `resolve`. Many are first asked for together.

        What such a question does not answer with one recipient is asked for by itself.
        """
        parts = parts_of(addresses) if len(addresses) > _FEW else []
        answers = await all_of(filtered_or_nothing(self._exchange, part) for part in parts)
        found = {
            address: recipient_of(address, having[0])
            for part, entries in zip(parts, answers, strict=True)
            for address, having in matched(part, entries)
            if len(having) == 1
        }
        rest = [address for address in addresses if address not in found]
        alone = await all_of(self.resolve(address) for address in rest)
        return found | dict(zip(rest, alone, strict=True))

    async def resolve_target(self, address: str) -> Resolved:
        """As `resolve`, with how a mailbox receives (exchange.md 10)."""
        found = await self.resolve(address)
        if isinstance(found, Unresolved) or not found.kind.is_mailbox:
            return found
        try:
            result = await self._exchange.invoke(ReadCmdlet.MAILBOX, {"Identity": found.address})
        except ServiceError as error:
            return Unresolved(address, error.message.rstrip("."), absent=False)
        if len(result.values) != 1:
            return Unresolved(address, "Exchange did not describe its mailbox", absent=False)
        return _with_mailbox(found, result.values[0])

    async def _without_mailbox(self, address: str) -> Resolved:
        try:
            account = await self._accounts.account(address)
        except ServiceError as error:
            return Unresolved(address, error.message.rstrip("."), absent=False)
        if account is None:
            return Unresolved(address, _NOT_KNOWN)
        # Exchange knows every mailbox, so an account that it does not know has none that mail could reach.
        kind = RecipientKind.GUEST if account.kind is RecipientKind.GUEST else RecipientKind.NO_MAILBOX
        return replace(account, kind=kind)


def is_not_found(error: ServiceError) -> bool:
    """Whether Exchange says that the object does not exist: 404, or 500 with that error (exchange.md 1.7)."""
    return error.status == _NOT_FOUND or error.service_code == "ManagementObjectNotFoundException"


def recipient_of(asked: str, raw: JsonObject) -> Resolved:
    """One object of Get-Recipient, asked for by `asked`."""
    details = str(raw.get("RecipientTypeDetails") or "").lower()
    kind = RecipientKind.GROUP if "group" in details else _KINDS.get(details)
    if kind is None:
        return Unresolved(asked, f"it is of a kind that mail rules cannot name ({details or 'not said'})")
    external = str(raw.get("ExternalEmailAddress") or "").rpartition(":")[2]
    return Recipient(
        asked=asked,
        address=str(raw.get("PrimarySmtpAddress") or external or asked).lower(),
        kind=kind,
        object_id=str(raw.get("ExternalDirectoryObjectId") or raw.get("Guid") or ""),
        display_name=str(raw.get("DisplayName") or ""),
    )


def _with_mailbox(found: Recipient, raw: JsonObject) -> Recipient:
    restricted = any(
        raw.get(name) for name in ("AcceptMessagesOnlyFrom", "AcceptMessagesOnlyFromSendersOrMembers")
    )
    return replace(
        found,
        account_enabled=not raw.get("AccountDisabled"),
        accepts_outside_senders=not raw.get("RequireSenderAuthenticationEnabled") and not restricted,
        forwards=bool(raw.get("ForwardingSmtpAddress") or raw.get("ForwardingAddress")),
        moderated=bool(raw.get("ModerationEnabled") or raw.get("ModeratedBy")),
    )
