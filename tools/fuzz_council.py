"""The council that fuzzed messages reach: a sandbox under rules that the program itself compiled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fuzz_messages import RESTRICTED

from m365_restrict.mailflow.delivery import MailFlow
from m365_restrict.mailflow.stored_rule import read_rules
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
from m365_restrict.register.recipient import Recipient, RecipientKind, Resolved, Unresolved
from m365_restrict.rules.compilation import CompileOptions, Directory
from m365_restrict.rules.compile import compile_rules
from m365_restrict.rules.parameters import new_parameters
from m365_restrict.rules.patterns import PatternAnchors
from m365_restrict.rules.properties import transport_properties
from m365_restrict.rules.transport_rule import RuleMode, SenderMatch, TransportRule
from m365_restrict.sandbox.delivery import StoredMailboxes
from m365_restrict.sandbox.exchange.service import Caller
from m365_restrict.sandbox.planting import plant
from m365_restrict.sandbox.seed import read_seed
from m365_restrict.sandbox.store import Store
from m365_restrict.sandbox.tenant import SandboxTenant

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 23)
DOMAIN = "ash.example"
SHARED = ("contact", "planning", "monitoring")
PEOPLE = ("officer", "director", "clerk", "cllr.a", "cllr.b")
GROUPS = {"councillors": ("cllr.a", "cllr.b"), "team": ("clerk", "planning")}

_MEASURES = {
    "refused@post.example": Measure.REFUSE,
    "copied@post.example": Measure.COPY,
    "planning.only@post.example": Measure.FILE,
}
_ADMINISTRATOR = Caller(name="E Admin", object_id="", app_id="", cmdlets=None)


class Answers(Mapping[str, Resolved]):
    """What the directory says of any address: the council's own are known, no other exists."""

    def __getitem__(self, address: str) -> Resolved:
        """The recipient, or that there is none."""
        local, _, domain = address.partition("@")
        if domain == DOMAIN and local in (*SHARED, *PEOPLE, *GROUPS):
            return recipient(local)
        return Unresolved(address, "it does not exist", absent=True)

    def __iter__(self) -> Iterator[str]:
        """The known addresses."""
        return (f"{name}@{DOMAIN}" for name in (*SHARED, *PEOPLE, *GROUPS))

    def __len__(self) -> int:
        """How many are known."""
        return len((*SHARED, *PEOPLE, *GROUPS))


def recipient(name: str) -> Recipient:
    """One of the council's own mailboxes or groups."""
    kind = RecipientKind.GROUP if name in GROUPS else RecipientKind.USER_MAILBOX
    kind = RecipientKind.SHARED_MAILBOX if name in SHARED else kind
    return Recipient(asked=f"{name}@{DOMAIN}", address=f"{name}@{DOMAIN}", kind=kind, object_id=name)


DIRECTORY = Directory(
    recipients=Answers(),
    councillors_group=recipient("councillors"),
    councillor_members=frozenset(f"{name}@{DOMAIN}" for name in GROUPS["councillors"]),
    protected=(recipient("monitoring"),),
)


def options(match: SenderMatch, anchors: PatternAnchors = PatternAnchors.CARET) -> CompileOptions:
    """How rules are compiled in one of the ways in which a sender can be named."""
    return CompileOptions(
        instance_id="ash-1", mode=RuleMode.ENFORCE, zone=LONDON, sender_match=match, pattern_anchors=anchors
    )


@dataclass(frozen=True, kw_only=True)
class FuzzCouncil:
    """A tenant, its rules read once, and whom each rule is meant for by the rule's name."""

    tenant: SandboxTenant
    flow: MailFlow
    senders_of: Mapping[str, frozenset[str]]


def found_council(folder: Path, match: SenderMatch) -> FuzzCouncil:
    """Plant the council in a folder and put its cases in force."""
    tenant = SandboxTenant.over(Store(folder / f"{match.value}.db"))
    plant(tenant, read_seed(_seed()), setup_client_id="setup")
    desired = compile_rules(list(_cases()), [], DIRECTORY, options(match))
    if desired.problems:
        raise AssertionError(desired.problems)
    for rule in desired.transport:
        made = {**new_parameters(transport_properties(rule)), "Enabled": True}
        answer = tenant.exchange.invoke("New-TransportRule", made, _ADMINISTRATOR)
        if answer.status != 200:  # noqa: PLR2004
            raise AssertionError(answer.body)
    return FuzzCouncil(
        tenant=tenant,
        flow=MailFlow(
            directory=tenant.directory,
            transport_rules=read_rules(tenant.exchange.rules_in_force(), tenant.directory),
            mailboxes=StoredMailboxes(tenant.store, tenant.directory),
            now=NOW,
        ),
        senders_of={rule.name: _meant(rule) for rule in desired.transport},
    )


def _meant(rule: TransportRule) -> frozenset[str]:
    return frozenset(dict(_by_reference())[rule.case_reference])


def _by_reference() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "RC-1", tuple(one for one in RESTRICTED if one not in _MEASURES)
    yield from ((f"RC-{number}", (address,)) for number, address in enumerate(_MEASURES, 2))


def _cases() -> Iterator[Case]:
    for reference, addresses in _by_reference():
        measure = _MEASURES.get(addresses[0], Measure.REDIRECT)
        named = measure is Measure.FILE
        yield Case(
            item_id=reference,
            reference=reference,
            protected=ProtectedFields(
                item_type=ItemType.PERSON,
                addresses=tuple(sorted(addresses)),
                stage=Stage.NONE,
                measure=measure,
                scope=Scope.NAMED if named else Scope.WHOLE_COUNCIL,
                scope_mailboxes=(f"planning@{DOMAIN}",) if named else (),
                spoc_mailbox=f"contact@{DOMAIN}" if measure.needs_single_contact else "",
                allowed_recipients=(),
                councillor_route=None,
                ward_councillors=(),
                effective_from=date(2026, 9, 1),
                ends_on=date(2027, 3, 28),
            ),
            other=OpenFields(status=Status.APPROVED),
        )


def _seed() -> dict[str, Any]:
    return {
        "now": NOW.isoformat(),
        "tenant": {"accepted_domains": [DOMAIN]},
        "users": [
            *({"upn": f"{name}@{DOMAIN}", "mailbox": "shared"} for name in SHARED),
            *({"upn": f"{name}@{DOMAIN}"} for name in PEOPLE),
        ],
        "groups": [
            {"address": f"{name}@{DOMAIN}", "members": [f"{one}@{DOMAIN}" for one in members]}
            for name, members in GROUPS.items()
        ],
    }
