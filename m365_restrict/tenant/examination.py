"""What `doctor` alone reads of the tenant: auditing, recipients in numbers, groups."""

from dataclasses import dataclass

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.register.recipient import RecipientKind
from m365_restrict.tenant.exchange import ExchangeReader, ReadCmdlet
from m365_restrict.tenant.graph import GraphReader, path_of
from m365_restrict.tenant.recipients import recipient_of
from m365_restrict.tenant.roles import why_unread

_MOST_RECIPIENTS = "Unlimited"


@dataclass(frozen=True)
class DomainRecipients:
    """How many mailboxes a domain has here and how many on premises."""

    here: int = 0
    on_premises: int = 0


class ExaminationReader:
    """Reads. Nothing of it is kept but numbers."""

    def __init__(self, graph: GraphReader, exchange: ExchangeReader) -> None:
        """Both are the reader application's."""
        self._graph = graph
        self._exchange = exchange

    async def roles(self) -> frozenset[str]:
        """The application roles in the reader's own token for Graph; none where it cannot be read."""
        return await self._graph.roles()

    async def is_audited(self) -> bool | Unknown:
        """Whether the unified audit log takes in what administrators do (exchange.md 6)."""
        try:
            result = await self._exchange.invoke(ReadCmdlet.ADMIN_AUDIT_LOG_CONFIG)
        except ServiceError as error:
            return Unknown("the audit log", why_unread(ReadCmdlet.ADMIN_AUDIT_LOG_CONFIG, error))
        told = result.values[0].get("UnifiedAuditLogIngestionEnabled") if result.values else None
        if told is None:
            return Unknown("the audit log", "Exchange did not say whether it is on.")
        return str(told).lower() == "true"

    async def recipients_by_domain(self) -> dict[str, DomainRecipients] | Unknown:
        """Mailboxes by the domain of their main address, lower case (exchange.md 10)."""
        try:
            result = await self._exchange.invoke(ReadCmdlet.RECIPIENT, {"ResultSize": _MOST_RECIPIENTS})
        except ServiceError as error:
            return Unknown("recipients", why_unread(ReadCmdlet.RECIPIENT, error))
        if result.truncated:
            return Unknown("recipients", "Exchange said that there are more than it returned.")
        counts: dict[str, list[int]] = {}
        for raw in result.values:
            found = recipient_of("", raw)
            kind = getattr(found, "kind", None)
            domain = str(getattr(found, "address", "")).rpartition("@")[2]
            pair = counts.setdefault(domain, [0, 0])
            pair[0] += kind in {RecipientKind.USER_MAILBOX, RecipientKind.SHARED_MAILBOX}
            pair[1] += kind is RecipientKind.ON_PREMISES_MAILBOX
        return {domain: DomainRecipients(*pair) for domain, pair in counts.items()}

    async def direct_members(self, group: str) -> int | Unknown:
        """How many people are in a group itself: RBAC scopes count no others (exchange.md 10)."""
        escaped = group.lower().replace("'", "''")
        query = {"$filter": f"mail eq '{escaped}'", "$select": "id,mail"}
        try:
            found = [one async for one in self._graph.get_pages("/groups", query=query)]
            ids = [str(one["id"]) for one in found if str(one.get("mail") or "").lower() == group.lower()]
            if len(ids) != 1:
                return Unknown(group, "Graph knows no one group with this address.")
            path = path_of("groups", ids[0], "members")
            members = [one async for one in self._graph.get_pages(path, query={"$select": "id"})]
        except ServiceError as error:
            return Unknown(group, error.message)
        return sum(str(one.get("@odata.type") or "").lower().endswith(".user") for one in members)
