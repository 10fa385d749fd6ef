"""A small invented council: cases, choices and a directory for the tests of rules and plans."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.plan.change import Applied, Observed, RuleKind
from m365_restrict.plan.wanted import DifferenceInput
from m365_restrict.register.case import (
    Case,
    ItemType,
    Measure,
    OpenFields,
    ProtectedFields,
    Scope,
    Stage,
    Status,
)
from m365_restrict.register.choice import Choice, Handling
from m365_restrict.register.recipient import Recipient, RecipientKind, Resolved
from m365_restrict.rules.compilation import CompileOptions, Desired, Directory
from m365_restrict.rules.compile import compile_rules
from m365_restrict.rules.normalise import observe_inbox_rule, observe_transport_rule
from m365_restrict.rules.observed import ObservedInboxRule, ObservedTransportRule, Properties
from m365_restrict.rules.parameters import message_rule_body
from m365_restrict.rules.properties import inbox_properties, transport_properties
from m365_restrict.rules.transport_rule import RuleMode, TransportRule

SPOC, OFFICER, PLANNING = "contact@ash.example", "officer@ash.example", "planning@ash.example"
COUNCILLOR, PROTECTED, TEAM = "cllr.b@ash.example", "monitoring@ash.example", "team@ash.example"
FOLDERS = {"junkemail": "AAMkJunk=", "Set aside": "AAMkAside="}


@dataclass
class Tenant:
    """What the tenant holds, in the services' own JSON."""

    transport: list[dict[str, Any]]
    inbox: dict[str, list[dict[str, Any]]]

    def rule(self, name: str) -> dict[str, Any]:
        return next(raw for raw in self.transport if raw["Name"] == name)

    def observed(self) -> Observed:
        transport = tuple(observe_transport_rule(raw) for raw in self.transport)
        return Observed(transport, {box: self._inbox(box) for box in self.inbox})

    def _inbox(self, mailbox: str) -> tuple[ObservedInboxRule, ...]:
        names = {identifier: name for name, identifier in FOLDERS.items()}
        rules = (
            observe_inbox_rule(raw, mailbox=mailbox, instance_id="ash-1", folders=names)
            for raw in self.inbox[mailbox]
        )
        return tuple(rule for rule in rules if rule)


class Council:
    """Builds values with everything good by default."""

    def __init__(self) -> None:
        self.options = CompileOptions(
            instance_id="ash-1", mode=RuleMode.ENFORCE, zone=ZoneInfo("Europe/London")
        )
        self.group: Resolved = self.recipient("councillors@ash.example", RecipientKind.GROUP)
        self.members = frozenset({COUNCILLOR})
        self.protected: tuple[Resolved, ...] = (self.recipient(PROTECTED),)
        self.senders: dict[str, Resolved] = {}
        self.standing_senders: dict[str, tuple[str, ...]] = {}
        self.people: dict[str, Resolved] = {
            one.asked: one
            for one in (
                self.recipient(SPOC, RecipientKind.SHARED_MAILBOX, account_enabled=False),
                self.recipient(OFFICER),
                self.recipient(PLANNING),
                self.recipient(COUNCILLOR),
                self.recipient(PROTECTED),
                self.recipient(TEAM, RecipientKind.GROUP),
            )
        }

    @staticmethod
    def recipient(address: str, kind: RecipientKind = RecipientKind.USER_MAILBOX, **more: Any) -> Recipient:
        return Recipient(**{"asked": address, "address": address, "kind": kind, "object_id": address} | more)

    def know(self, entry: Resolved) -> None:
        self.people[entry.asked] = entry

    @property
    def directory(self) -> Directory:
        return Directory(
            recipients=self.people,
            councillors_group=self.group,
            councillor_members=self.members,
            protected=self.protected,
            senders=self.senders,
            standing_senders=self.standing_senders,
        )

    @staticmethod
    def case(reference: str = "RC-2026-001", measure: Measure = Measure.REDIRECT, **more: Any) -> Case:
        """A case in force; a keyword is a protected field, or `route_text`."""
        route = more.pop("route_text", "")
        scope = Scope.NAMED if more.get("scope_mailboxes") else Scope.WHOLE_COUNCIL
        fields: dict[str, Any] = {
            "item_type": ItemType.PERSON,
            "addresses": (f"{reference.lower()}@mail.example",),
            "stage": Stage.NONE,
            "measure": measure,
            "scope": scope,
            "scope_mailboxes": (),
            "spoc_mailbox": SPOC,
            "allowed_recipients": (),
            "councillor_route": None,
            "ward_councillors": (),
            "effective_from": date(2026, 9, 1),
            "ends_on": date(2027, 3, 7),
        } | more
        return Case(
            item_id=reference,
            reference=reference,
            protected=ProtectedFields(**fields),
            other=OpenFields(status=Status.APPROVED, route_text=route),
        )

    @staticmethod
    def choice(handling: Handling = Handling.FOLDER, **more: Any) -> Choice:
        fields: dict[str, Any] = {
            "item_id": "1",
            "holder": COUNCILLOR,
            "sender": "someone@mail.example",
            "case_reference": "",
            "handling": handling,
            "folder_name": "Set aside",
            "ends_on": date(2027, 1, 31),
            "saved": "first",
        }
        return Choice(**fields | more)

    def compile(self, cases: Sequence[Case], choices: Sequence[Choice] = ()) -> Desired:
        return compile_rules(cases, choices, self.directory, self.options)

    def one(self, case: Case) -> Properties:
        """The properties of the only transport rule of a case."""
        (rule,) = self.compile([case]).transport
        return transport_properties(rule)

    def tenant(self, desired: Desired) -> Tenant:
        """The tenant after `desired` was applied."""
        return Tenant(
            [stored(transport_properties(rule), number) for number, rule in enumerate(desired.transport)],
            self._inboxes(desired),
        )

    @staticmethod
    def _inboxes(desired: Desired) -> dict[str, list[dict[str, Any]]]:
        boxes: dict[str, list[dict[str, Any]]] = {}
        for number, rule in enumerate(desired.inbox):
            body = message_rule_body(inbox_properties(rule), folders=FOLDERS, sequence=1)
            raw = body | {"id": f"rule-{number}", "hasError": False, "isReadOnly": False}
            boxes.setdefault(rule.mailbox, []).append(raw)
        return boxes

    @staticmethod
    def applied(desired: Desired, tenant: Tenant) -> list[Applied]:
        """What the ledger remembers after `desired` was applied to `tenant`."""
        observed = tenant.observed()
        assert isinstance(observed.transport, tuple)
        by_name = {rule.name: rule for rule in observed.transport}
        entries = [_remembered(by_name[rule.name], rule) for rule in desired.transport]
        for wanted in desired.inbox:
            rules = observed.inbox[wanted.mailbox]
            assert isinstance(rules, tuple)
            found = next(rule for rule in rules if rule.token == wanted.token)
            entries.append(
                Applied(
                    key=wanted.key,
                    kind=RuleKind.INBOX_RULE,
                    guid_or_rule_id=found.rule_id,
                    mailbox=wanted.mailbox,
                    case_reference=wanted.case_reference,
                    name=found.display_name,
                    properties=found.properties,
                    chosen_by_holder=wanted.chosen_by_holder,
                    saved=wanted.saved,
                    item_id=wanted.item_id,
                )
            )
        return entries

    def compare(
        self, desired: Desired, tenant: Tenant, applied: Iterable[Applied], **more: Any
    ) -> DifferenceInput:
        """The input of a difference; every desired case is live unless told otherwise."""
        rules = [*desired.transport, *desired.withheld.transport]
        live = {rule.case_reference for rule in (*rules, *desired.inbox)} - {""}
        fields: dict[str, Any] = {
            "desired": desired,
            "observed": tenant.observed(),
            "applied": tuple(applied),
            "instance_id": "ash-1",
            "live_case_refs": frozenset(live),
            "opened_case_refs": frozenset(),
        }
        return DifferenceInput(**fields | more)


def _remembered(rule: ObservedTransportRule, wanted: TransportRule) -> Applied:
    return Applied(
        key=wanted.key,
        kind=RuleKind.TRANSPORT_RULE,
        guid_or_rule_id=rule.guid,
        mailbox=wanted.holder,
        case_reference=wanted.case_reference,
        name=rule.name,
        properties=rule.properties,
        chosen_by_holder=bool(wanted.holder),
        item_id=wanted.item_id,
    )


def stored(properties: Properties | Mapping[str, object], number: int) -> dict[str, Any]:
    """A rule as Get-TransportRule shows it: other order, capitals, defaults and side-cars."""
    raw: dict[str, Any] = {
        "Guid": f"guid-{properties['Name']}",
        "Priority": number,
        "Priority@data.type": "System.Int32",
        "Description": "If the message: …",
        "SenderAddressLocation": "Header",
        "RuleErrorAction": "Ignore",
        "SubjectContainsWords": None,
        "DeleteMessage": False,
        "LastModifiedBy": "A Administrator",
        "WhenChanged": "2026-11-20T10:00:00.1234567+00:00",
    }
    for name, value in properties.items():
        if isinstance(value, tuple):
            raw[name] = [text.upper() if "@" in text else text for text in reversed(value)]
        else:
            raw[name] = f"{value:%Y-%m-%dT%H:%M:%S}.0000000Z" if isinstance(value, datetime) else value
    return raw


@pytest.fixture
def council() -> Council:
    """A council of one councillor, one protected mailbox, a few officers and a single contact."""
    return Council()
