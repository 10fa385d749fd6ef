"""Who is behind an address, who is in a group, what the tenant allows (graph.md 2; exchange.md 9, 10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.plan.limits import ServiceLimits
from m365_restrict.register.address import normalise
from m365_restrict.register.recipient import Resolved, Unresolved
from m365_restrict.tenant.exchange import ExchangeReader, ReadCmdlet
from m365_restrict.tenant.graph import GraphReader, JsonObject, path_of
from m365_restrict.tenant.recipients import ExchangeRecipients, GraphRecipients
from m365_restrict.tenant.senders import SenderReader
from m365_restrict.tenant.together import all_of
from m365_restrict.tenant.transport_limits import read_limits

_NOT_FOUND = 404
_USER_FIELDS = {"$select": "id,userPrincipalName,mail,accountEnabled"}
_MEMBERS_QUERY = {**_USER_FIELDS, "$count": "true", "$top": "999"}
# The cast to users is an advanced query: it needs $count and this header (graph.md 2).
_EVENTUAL = {"ConsistencyLevel": "eventual"}


@dataclass(frozen=True)
class Member:
    """A person. `address` is the mail address, else the sign-in name; both lower case."""

    object_id: str
    address: str
    sign_in_name: str = ""
    account_enabled: bool = True


@dataclass(frozen=True)
class Expansion:
    """People behind a list of sign-in names and groups, and the entries that are neither."""

    members: frozenset[Member]
    unresolved: tuple[Unresolved, ...] = ()

    @property
    def object_ids(self) -> frozenset[str]:
        """Entra object ids, by which approvers are known (contracts.md 1)."""
        return frozenset(member.object_id for member in self.members)


class DirectoryReader:
    """Asks Exchange about recipients where the application has a role there, else Graph alone."""

    def __init__(self, graph: GraphReader, exchange: ExchangeReader) -> None:
        """Both are the reader application's."""
        self._graph = graph
        self._exchange = exchange
        by_graph = GraphRecipients(graph)
        self._recipients = ExchangeRecipients(exchange, by_graph) if exchange.enabled else by_graph
        self._senders = SenderReader(exchange)

    async def resolve(self, addresses: Iterable[str]) -> Mapping[str, Resolved]:
        """What each address is, by the lower-case address asked.

        A failed question is an `Unresolved` with `absent` false and never an exception, so that one bad
        answer costs one case.
        """
        return await self._recipients.resolve_all(_asked(addresses))

    async def resolve_targets(self, addresses: Iterable[str]) -> Mapping[str, Resolved]:
        """As `resolve`, with what matters of a mailbox that mail is to be sent to.

        That is forwarding, moderation, outside senders and the account (exchange.md 10). Graph alone cannot
        tell and takes the harmless answer.
        """
        wanted = _asked(addresses)
        found = await all_of(self._recipients.resolve_target(address) for address in wanted)
        return dict(zip(wanted, found, strict=True))

    async def senders(self, addresses: Iterable[str]) -> Mapping[str, Resolved]:
        """Those of these outside addresses that the council's directory knows, or that cannot be told."""
        return await self._senders.find(addresses)

    async def members(self, group: str) -> frozenset[Member] | Unknown:
        """All people in a group, nested ones too, or Unknown: no group, not readable, or not all readable."""
        try:
            group_id = await self._group_id(group)
            if group_id is None:
                return Unknown(
                    group, "Graph knows no group with this address; it does not show dynamic ones."
                )
            path = path_of("groups", group_id, "transitiveMembers", "microsoft.graph.user")
            pages = self._graph.get_pages(path, query=_MEMBERS_QUERY, headers=_EVENTUAL)
            people = frozenset([_member(raw) async for raw in pages])
        except ServiceError as error:
            return Unknown(group, error.message)
        if any(not person.address for person in people):
            return Unknown(group, "its members came without addresses: grant the reader User.Read.All.")
        return people

    async def expand(self, entries: Iterable[str]) -> Expansion | Unknown:
        """Sign-in names and group addresses to people. Unknown if one of them could not be asked about."""
        found = await all_of(self._one_or_members(entry) for entry in dict.fromkeys(map(normalise, entries)))
        unknown = next((entry for entry in found if isinstance(entry, Unknown)), None)
        if unknown is not None:
            return unknown
        people = [entry for entry in found if isinstance(entry, frozenset)]
        return Expansion(
            frozenset[Member]().union(*people),
            tuple(entry for entry in found if isinstance(entry, Unresolved)),
        )

    async def accepted_domains(self) -> frozenset[str] | Unknown:
        """Domains that the tenant receives mail for (without an Exchange role: verified ones), lower case."""
        if not self._exchange.enabled:
            return await self._verified_domains()
        try:
            result = await self._exchange.invoke(ReadCmdlet.ACCEPTED_DOMAIN)
        except ServiceError as error:
            return Unknown("accepted domains", error.message)
        if result.truncated or not result.values:
            return Unknown("accepted domains", "Exchange did not return them all.")
        return frozenset(str(domain.get("DomainName") or "").lower() for domain in result.values) - {""}

    async def _verified_domains(self) -> frozenset[str] | Unknown:
        """By Graph's `/domains`, which needs Domain.Read.All."""
        try:
            found = [one async for one in self._graph.get_pages("/domains")]
        except ServiceError as error:
            return Unknown("domains", error.message)
        names = frozenset(str(one["id"]).lower() for one in found if one.get("isVerified") and one.get("id"))
        return names or Unknown("domains", "Graph returned none that is verified.")

    async def limits(self) -> ServiceLimits:
        """The tenant's own limits on transport rules, or the documented ones (exchange.md 9).

        Not every role that reads rules may read these, so that is no reason to stop.
        """
        try:
            result = await self._exchange.invoke(ReadCmdlet.TRANSPORT_CONFIG)
        except ServiceError:
            return ServiceLimits()
        return read_limits(result.values[0]) if result.values else ServiceLimits()

    async def _one_or_members(self, entry: str) -> frozenset[Member] | Unresolved | Unknown:
        try:
            raw = await self._graph.get_json(path_of("users", entry), query=_USER_FIELDS)
        except ServiceError as error:
            if error.status != _NOT_FOUND:
                return Unknown(entry, error.message)
        else:
            return frozenset({_member(raw)})
        try:
            known = await self._group_id(entry)
        except ServiceError as error:
            return Unknown(entry, error.message)
        if known is None:
            return Unresolved(entry, "the directory knows no account and no group with this name")
        return await self.members(entry)

    async def _group_id(self, address: str) -> str | None:
        escaped = normalise(address).replace("'", "''")
        query = {"$filter": f"mail eq '{escaped}'", "$select": "id,mail"}
        found = [entry async for entry in self._graph.get_pages("/groups", query=query)]
        # A filter that is silently ignored must not make any group the right one (graph.md 0.10).
        ids = [str(entry["id"]) for entry in found if normalise(str(entry.get("mail"))) == normalise(address)]
        return ids[0] if len(ids) == 1 else None


def _asked(addresses: Iterable[str]) -> list[str]:
    """The addresses in lower case, each once."""
    return [address for address in dict.fromkeys(map(normalise, addresses)) if address]


def _member(raw: JsonObject) -> Member:
    sign_in_name = normalise(str(raw.get("userPrincipalName") or ""))
    return Member(
        object_id=str(raw["id"]),
        address=normalise(str(raw.get("mail") or "")) or sign_in_name,
        sign_in_name=sign_in_name,
        account_enabled=raw.get("accountEnabled") is not False,
    )
