"""Who changed mail-flow rules and inbox rules, by the tenant's audit log (exchange.md 6).

Only records of rules that are asked about leave this module; of an owner who changed a rule of their own
choice they say no more than that. What the object of an inbox rule's record is called is inferred, so every
name and id in it is held against the rule's.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.plan.attribution import ChangeRecord, SoughtRule, is_sought
from m365_restrict.plan.beside import ActorKind
from m365_restrict.plan.change import RuleKind
from m365_restrict.tenant.audit_queries import SCOPE, AuditQueries, QueryState
from m365_restrict.tenant.graph import GraphReader, JsonObject, path_of
from m365_restrict.tenant.list_values import read_instant
from m365_restrict.tenant.shared_wait import LATE, Part, SharedWait

PERMISSION = "AuditLogsQuery-Exchange.Read.All"
"""What the reader application needs."""
NOT_YET = Unknown(SCOPE, LATE)
"""What is known where the answer was not there in time: a later run may read it."""

_VERBS = ("New", "Set", "Remove", "Enable", "Disable")
_TRANSPORT = tuple(f"{verb}-TransportRule" for verb in _VERBS)
_INBOX = (*(f"{verb}-InboxRule" for verb in _VERBS), "UpdateInboxRules")
_STATE = frozenset({"state", "enabled"})
# UserType is a number in the record and a word beside it; that 9 is a partner's technician is inferred.
_SERVICES = frozenset({"3", "4", "7", "8", "dcadmin", "system", "custompolicy", "systempolicy"})
_APPLICATIONS = frozenset({"5", "6", "application", "serviceprincipal"})
_PARTNERS = frozenset({"9", "partnertechnician"})
_ADMINISTRATORS = frozenset({"2", "admin"})
_SYSTEM = "nt authority\\"
_OWNER = {"$select": "id,userPrincipalName,mail"}
_PLACE = re.compile(r"[\\/]")
# "192.0.2.1:4711", "[2001:db8::1]:4711" and "192.0.2.1-4711" (exchange.md 6).
_ADDRESS = re.compile(r"\[([0-9a-f:.]+)\](?:[:-]\d+)?|([\d.]+)(?:[:-]\d+)?|([0-9a-f:]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class RulesSought:
    """The rules asked about, and the ids of this tool's own applications, lower case."""

    rules: tuple[SoughtRule, ...]
    own_applications: frozenset[str] = frozenset()


class RuleAuditReader(AuditQueries):
    """Asks about changes of rules, within a run's time; what is not there by then is `NOT_YET`."""

    def __init__(self, graph: GraphReader, wait: SharedWait) -> None:
        """`graph` is the reader application's; `wait` is shared by all that a run reads beside rules."""
        super().__init__(graph, permission=PERMISSION)
        self._wait = wait

    async def ask(self, kinds: Collection[RuleKind], *, since: datetime, until: datetime) -> str | Unknown:
        """Ask for all changes of rules of these kinds between two instants; the id of the query."""
        wanted = ((RuleKind.TRANSPORT_RULE, _TRANSPORT), (RuleKind.INBOX_RULE, _INBOX))
        operations = [name for kind, names in wanted if kind in kinds for name in names]
        return await self._wait.answer(
            Part.CHANGES,
            lambda: self._ask("changes of rules", operations, since=since, until=until),
            late=NOT_YET,
        )

    async def state_in_time(self, query_id: str) -> QueryState | Unknown:
        """How far a query has come once it has ended; WAITING where it has not in time."""
        return await self._wait.answer(
            Part.CHANGES,
            lambda: self._wait.ended(
                Part.CHANGES,
                lambda: self.state(query_id),
                has_ended=lambda state: state is not QueryState.WAITING,
            ),
            late=QueryState.WAITING,
        )

    async def records(self, query_id: str, sought: RulesSought) -> tuple[ChangeRecord, ...] | Unknown:
        """The changes of the rules sought that a query found, oldest first.

        A choice whose owner cannot be told from others is left out: nobody is accused of it.
        """
        return await self._wait.answer(Part.CHANGES, lambda: self._records(query_id, sought), late=NOT_YET)

    async def _records(self, query_id: str, sought: RulesSought) -> tuple[ChangeRecord, ...] | Unknown:
        raw = await self._raw_records(query_id)
        if isinstance(raw, Unknown):
            return raw
        owners = await self._owners(sorted({one.mailbox for one in sought.rules if one.mailbox}))
        rules = [replace(one, owner=owners.get(one.mailbox, frozenset())) for one in sought.rules]
        told = replace(sought, rules=tuple(one for one in rules if one.owner or not one.is_choice))
        return tuple(sorted(_records(raw, told), key=lambda one: one.at))

    async def _owners(self, mailboxes: Sequence[str]) -> dict[str, frozenset[str]]:
        """Sign-in name, address and object id of the owner of each mailbox that the directory tells."""
        found: dict[str, frozenset[str]] = {}
        for mailbox in mailboxes:
            try:
                user = await self._graph.get_json(f"/users{path_of(mailbox)}", query=_OWNER)
            except ServiceError:
                continue
            names = {mailbox, *(_text(user.get(name)) for name in ("id", "userPrincipalName", "mail"))}
            found[mailbox] = frozenset(names - {""})
        return found


def _records(raw: list[JsonObject], sought: RulesSought) -> Iterator[ChangeRecord]:
    for one in raw:
        data = one.get("auditData") if isinstance(one, Mapping) else None
        record = _record(one, data, sought) if isinstance(data, Mapping) else None
        if record is not None:
            yield record


def _record(raw: JsonObject, data: Mapping[str, object], sought: RulesSought) -> ChangeRecord | None:
    """One record, or None where it is not of a rule sought, did not succeed, or cannot be read."""
    operation = _text(data.get("Operation") or raw.get("operation"))
    parameters = {**_pairs(data.get("Parameters")), **_pairs(data.get("OperationProperties"))}
    try:
        at = read_instant(raw.get("createdDateTime") or data.get("CreationTime"))
    except ValueError:
        return None
    if _text(data.get("ResultStatus")) in {"false", "failed"}:
        return None
    bare = ChangeRecord(
        kind=RuleKind.INBOX_RULE if "inbox" in operation else RuleKind.TRANSPORT_RULE,
        operation=f"{operation} {parameters.get('ruleoperation', '')}".strip(),
        at=at,
        names=frozenset(_names(raw, data, parameters)),
        mailbox=_text(data.get("MailboxOwnerUPN")),
        parameters=frozenset(_touched(operation, parameters)),
    )
    rule = next((one for one in sought.rules if is_sought(bare, [one])), None)
    return None if rule is None else _with_actor(bare, raw, data, rule, sought.own_applications)


def _with_actor(
    bare: ChangeRecord,
    raw: JsonObject,
    data: Mapping[str, object],
    rule: SoughtRule,
    own: frozenset[str],
) -> ChangeRecord:
    account = str(data.get("UserId") or raw.get("userId") or "").strip()
    known_by = {account.lower(), _text(data.get("TokenObjectId"))} - {""}
    kinds = {_text(data.get("UserType")), _text(raw.get("userType"))}
    if rule.is_choice and not known_by.isdisjoint(rule.owner):
        return replace(bare, by_holder=True)
    kind = _kind(account.lower(), kinds, data, own)
    return replace(
        bare,
        actor_kind=kind,
        actor=account,
        from_where=_address(data.get("ClientIP") or raw.get("clientIp")),
        is_administrator=kind is not ActorKind.PERSON or not kinds.isdisjoint(_ADMINISTRATORS),
    )


def _kind(account: str, kinds: set[str], data: Mapping[str, object], own: frozenset[str]) -> ActorKind:
    """What kind of account it is. ExternalAccess is true of Microsoft's own staff and of partners alike."""
    access = data.get("AppAccessContext")
    client = _text(access.get("ClientAppId")) if isinstance(access, Mapping) else ""
    known = {account, client, *(_text(data.get(name)) for name in ("AppId", "ClientAppId", "UserKey"))}
    home, token = _text(data.get("OrganizationId")), _text(data.get("TokenTenantId"))
    is_foreign = bool(home and token and home != token)
    if any(one and one in text for text in known for one in own):
        return ActorKind.THIS_TOOL
    if is_foreign or not kinds.isdisjoint(_PARTNERS):
        return ActorKind.PARTNER
    if account.startswith(_SYSTEM) or not kinds.isdisjoint(_SERVICES):
        return ActorKind.SERVICE
    if _text(data.get("ExternalAccess")) == "true":
        return ActorKind.PARTNER
    return ActorKind.PERSON if kinds.isdisjoint(_APPLICATIONS) else ActorKind.APPLICATION


def _names(raw: JsonObject, data: Mapping[str, object], parameters: Mapping[str, str]) -> Iterator[str]:
    """Everything that may be the rule's name or id; the object of an inbox rule may begin with its place."""
    objects = (_text(data.get("ObjectId")), _text(raw.get("objectId")))
    resolved = _text(data.get("ModifiedObjectResolvedName"))
    for text in (*objects, resolved, *(parameters.get(name, "") for name in _NAMING)):
        yield from {text, *_PLACE.split(text)} - {""}


_NAMING = ("name", "identity", "rulename", "ruleid")


def _touched(operation: str, parameters: Mapping[str, str]) -> Iterator[str]:
    yield from parameters
    if operation.startswith(("enable-", "disable-")):
        yield from _STATE
    if "priority" in parameters:
        yield "order"


def _pairs(value: object) -> dict[str, str]:
    """Names and values of a list of pairs, lower case."""
    pairs = value if isinstance(value, list) else []
    return {_text(one.get("Name")): _text(one.get("Value")) for one in pairs if isinstance(one, Mapping)}


def _address(value: object) -> str:
    """The network address without its port, "" where it is none."""
    found = _ADDRESS.fullmatch(_text(value))
    return next((part for part in found.groups() if part), "") if found else ""


def _text(value: object) -> str:
    return "" if value is None else str(value).strip().lower()
