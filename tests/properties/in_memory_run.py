"""The main path over a sandbox without HTTP: its register, directory and rules, and a real ledger."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.runs import RunStart
from m365_restrict.plan.limits import ServiceLimits
from m365_restrict.reconcile import reconcile
from m365_restrict.register.columns import PROVING_ROW_TITLE
from m365_restrict.register.item import (
    FieldValue,
    Identity,
    ItemVersion,
    ListItem,
    ListSnapshot,
    Person,
    SaverKind,
)
from m365_restrict.register.recipient import Recipient, RecipientKind, Resolved, Unresolved
from m365_restrict.register.schema import Column, ColumnKind, ListSchema
from m365_restrict.report.json_text import to_mapping
from m365_restrict.report.verb import Verb
from m365_restrict.sandbox.exchange.service import Caller
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.steps.run_document import document_of
from m365_restrict.tenant.directory import Expansion, Member
from settings.load import load_settings
from settings.run_options import run_options

_KINDS = {"user": RecipientKind.USER_MAILBOX, "shared": RecipientKind.SHARED_MAILBOX}
_NUMBERS = itertools.count()
_WRITER = Caller(name="m365-restrict", object_id="", app_id="", cmdlets=None)
_ERROR = 400


class _Lists:
    """The lists, each read whole."""

    def __init__(self, tenant: Any) -> None:
        self._tenant = tenant

    async def read_list(
        self, _site: str, title: str, schema: ListSchema, *, with_versions: bool
    ) -> ListSnapshot:
        assert with_versions
        document = self._tenant.lists.find(title)
        items = [self._tenant.lists.item(document, key) for key in self._tenant.lists.item_ids(document)]
        whole = [one for one in items if one["versions"][-1]["fields"]["Title"] != PROVING_ROW_TITLE]
        version = str(sum(len(one["versions"]) for one in items))
        return ListSnapshot(title, tuple(_item(one, schema) for one in whole), version)

    async def locate(self, _site: str, title: str, schema: ListSchema) -> Any:
        return SimpleNamespace(title=title, names={name: name for name in schema.names}, choices={})

    async def patch_fields(
        self, place: Any, item_id: str, fields: Mapping[str, FieldValue | None], _etag: str
    ) -> None:
        document = self._tenant.lists.find(place.title)
        written = {name: one.isoformat() if isinstance(one, date) else one for name, one in fields.items()}
        saver = self._tenant.saver("app:m365-restrict")
        assert self._tenant.lists.edit(document, item_id, saver, written)


def _item(raw: Mapping[str, Any], schema: ListSchema) -> ListItem:
    versions = tuple(
        ItemVersion(one["number"], datetime.fromisoformat(one["at"]), _saver(one["by"]), _fields(one, schema))
        for one in raw["versions"]
    )
    return ListItem(
        item_id=str(raw["id"]),
        etag="",
        created_by=_saver(raw["created_by"]),
        fields=versions[-1].fields,
        versions=versions,
        created_at=versions[0].saved_at,
    )


def _saver(by: Mapping[str, Any]) -> Identity:
    if by["kind"] == "user":
        return Identity(SaverKind.USER, by["id"], by["upn"])
    return Identity(SaverKind.APPLICATION, by["id"], display_name=by["name"])


def _fields(version: Mapping[str, Any], schema: ListSchema) -> dict[str, FieldValue]:
    raw = version["fields"]
    return {
        one.name: _value(one, raw[one.name])
        for one in schema.columns
        if not one.personal and raw.get(one.name) not in (None, "", [])
    }


def _value(column: Column, raw: Any) -> FieldValue:
    match column.kind:
        case ColumnKind.DATE:
            return date.fromisoformat(raw)
        case ColumnKind.PERSON:
            return Person(raw, raw)
        case ColumnKind.PERSONS:
            return tuple(Person(one, one) for one in raw)
        case ColumnKind.CHOICES:
            return tuple(raw)
        case _:
            value: FieldValue = raw
            return value


class _Directory:
    """Who is who."""

    def __init__(self, tenant: Any) -> None:
        self._directory = tenant.directory

    async def resolve(self, addresses: Iterable[str]) -> Mapping[str, Resolved]:
        return {one.strip().lower(): self._resolved(one.strip().lower()) for one in addresses}

    resolve_targets = resolve

    async def senders(self, _addresses: Iterable[str]) -> Mapping[str, Resolved]:
        return {}

    async def members(self, group: str) -> frozenset[Member]:
        return frozenset(map(self._member, self._directory.members(group)))

    async def expand(self, entries: Iterable[str]) -> Expansion:
        names = [one.strip().lower() for one in entries]
        known = frozenset(self._member(one) for one in names if self._directory.find(one))
        gone = tuple(Unresolved(one, "not found") for one in names if not self._directory.find(one))
        return Expansion(known, gone)

    async def accepted_domains(self) -> frozenset[str]:
        return frozenset({"ash.example"})

    async def limits(self) -> ServiceLimits:
        return ServiceLimits()

    def _member(self, address: str) -> Member:
        return Member(self._directory.find(address)["id"], address, address)

    def _resolved(self, address: str) -> Resolved:
        if self._directory.is_group(address):
            return _recipient(address, RecipientKind.GROUP, address)
        found = self._directory.find(address)
        if found is None:
            return Unresolved(address, "not found")
        return _recipient(address, _KINDS[found["mailbox"]], found["id"])


def _recipient(address: str, kind: RecipientKind, object_id: str) -> Recipient:
    return Recipient(asked=address, address=address, kind=kind, object_id=object_id)


class _TransportRules:
    """Exchange, read and written without HTTP."""

    def __init__(self, tenant: Any) -> None:
        self._exchange = tenant.exchange

    async def list_rules(self) -> tuple[Any, ...]:
        return tuple(self._invoke("Get-TransportRule"))

    async def find_rule(self, guid: str) -> Any:
        return next((rule for rule in await self.list_rules() if rule["Guid"] == guid), None)

    async def create(self, parameters: Mapping[str, object]) -> str:
        return str(self._invoke("New-TransportRule", **parameters)[0]["Guid"])

    async def update(self, guid: str, parameters: Mapping[str, object]) -> None:
        self._invoke("Set-TransportRule", Identity=guid, **parameters)

    async def enable(self, guid: str, mode: str) -> None:
        self._invoke("Enable-TransportRule", Identity=guid, Mode=mode)

    async def disable(self, guid: str) -> None:
        self._invoke("Disable-TransportRule", Identity=guid, Confirm=False)

    async def remove(self, guid: str) -> None:
        self._invoke("Remove-TransportRule", Identity=guid, Confirm=False)

    def _invoke(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self._exchange.invoke(cmdlet, parameters, _WRITER)
        assert answer.status < _ERROR, (cmdlet, parameters, answer.body)
        return json.loads(answer.body)["value"] if answer.body else []


class _InboxRules:
    """The mailboxes."""

    def __init__(self, tenant: Any) -> None:
        self._tenant = tenant

    async def list_rules(self, mailbox: str, **_known: frozenset[str]) -> tuple[Any, ...]:
        return tuple(self._stored(mailbox))

    async def folder_id(self, mailbox: str, folder: str) -> str | None:
        stored = self._tenant.store.get("folders", self._user(mailbox)) or {"folders": []}
        found = (
            one["id"] for one in stored["folders"] if one["wellKnown"] == folder.lower().replace(" ", "")
        )
        return next(found, None)

    async def create(self, mailbox: str, body: Mapping[str, object]) -> str:
        made = f"rule-{next(_NUMBERS)}"
        fresh = {"id": made, "hasError": False, "isReadOnly": False, **body}
        self._put(mailbox, [*self._stored(mailbox), fresh])
        return made

    async def update(self, mailbox: str, rule_id: str, body: Mapping[str, object]) -> None:
        rules = self._stored(mailbox)
        self._put(mailbox, [{**one, **body} if one["id"] == rule_id else one for one in rules])

    async def delete(self, mailbox: str, rule_id: str) -> None:
        self._put(mailbox, [one for one in self._stored(mailbox) if one["id"] != rule_id])

    def _user(self, mailbox: str) -> str:
        return str(self._tenant.directory.find(mailbox)["id"])

    def _stored(self, mailbox: str) -> list[dict[str, Any]]:
        found = self._tenant.store.get("inbox_rules", self._user(mailbox)) or {}
        rules: list[dict[str, Any]] = found.get("rules", [])
        return rules

    def _put(self, mailbox: str, rules: list[dict[str, Any]]) -> None:
        self._tenant.store.put("inbox_rules", self._user(mailbox), {"rules": rules})


def transport_rules(tenant: Any) -> Any:
    """Every transport rule as Exchange shows it."""
    return asyncio.run(_TransportRules(tenant).list_rules())


def apply_in_memory(tenant: Any, env: Mapping[str, str]) -> dict[str, Any]:
    """`apply`, and the document that it leaves."""
    settings = load_settings(env, None)
    lists, transport, inbox = _Lists(tenant), _TransportRules(tenant), _InboxRules(tenant)
    rules = {"transport_rules": transport, "inbox_rules": inbox}
    readers = SimpleNamespace(lists=lists, directory=_Directory(tenant), **rules)
    name, now = f"run-{next(_NUMBERS)}", tenant.clock.now()

    @asynccontextmanager
    async def open_writers() -> AsyncIterator[Any]:
        yield SimpleNamespace(lists=lists, mail=None, **rules)

    with (
        open_ledger(settings.ledger.url) as ledger,
        ledger.lease(Holder(holder=name, host="here", pid=1), seconds=60, clock=tenant.clock.now) as lease,
    ):
        ledger.runs.begin(RunStart(run_id=name, verb="apply", started_at=now, host="here", pid=1))
        run = Run(
            verb=Verb.APPLY,
            run_id=name,
            now=now,
            options=run_options(settings),
            readers=cast("Any", readers),
            ledger=ledger,
            progress=lambda _: None,
            writing=Writing(open_writers=open_writers, approve=lambda _: True, lease=lease),
        )
        return to_mapping(document_of(run, asyncio.run(reconcile(run)), now))
