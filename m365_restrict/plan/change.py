"""What a run would change, what was last applied, and what the tenant holds: the values of a difference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from m365_restrict.codes import CatalogueCode
from m365_restrict.outcome import Unknown
from m365_restrict.plan.basis import Basis
from m365_restrict.rules.observed import (
    ObservedInboxRule,
    ObservedTransportRule,
    Properties,
    PropertyValue,
    Spellings,
)

RuleOrder: TypeAlias = tuple[int, str, int]
ObservedRule: TypeAlias = ObservedTransportRule | ObservedInboxRule


class ChangeClass(StrEnum):
    """Why the tenant and the register differ (design.md 7)."""

    PENDING = "pending"
    DRIFTED = "drifted"
    BOTH = "both"
    MISSING = "missing"
    ORPHAN = "orphan"
    FOREIGN_EFFECT = "foreign_effect"
    HOLDERS_CHOICE = "holders_choice"
    UNKNOWN = "unknown"
    REGISTER = "register"


class Action(StrEnum):
    """What is done to one rule."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class RuleKind(StrEnum):
    """Which service holds the rule."""

    TRANSPORT_RULE = "transport_rule"
    INBOX_RULE = "inbox_rule"


class Severity(StrEnum):
    """How soon somebody must look."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class FieldChange:
    """One property that differs. None stands for a property that is not set."""

    field: str
    observed: PropertyValue | None
    desired: PropertyValue | None


@dataclass(frozen=True, kw_only=True)
class Waived:
    """That a difference was accepted as it is: who answers for it, why, and to the end of which day."""

    number: int
    owner: str
    reason: str
    until: date


@dataclass(frozen=True, kw_only=True)
class Change:
    """One write that would make the tenant agree with the register.

    `target` is the normal form that the rule must have afterwards, None for a delete:
    writes are made from it and read-backs are compared with it. `case_reference` is ""
    for a councillor's choice about a sender. `mailbox` is the real address and never
    leaves the process: documents replace it. `opens` is true where the change only lets
    mail through and the register records it, so nothing may hold it back. `priority` is
    the place for a create or a move, None where the place stays. `saved` is the digest of
    the choice behind it. `held_by` is the code of the guard that holds it back, or "".
    `opening` is that part of the change which may go ahead even so, None where there is none.
    `item_id` is the list item of the case, or "". `waived` says that the difference was accepted: it is
    not written.
    """

    action: Action
    kind: RuleKind
    key: str
    name: str
    case_reference: str
    mailbox: str
    chosen_by_holder: bool
    change_class: ChangeClass
    fields: tuple[FieldChange, ...]
    effect: str
    opens: bool
    target: Properties | None = None
    observed: ObservedRule | None = None
    priority: int | None = None
    saved: str = ""
    held_by: str = ""
    opening: "Change | None" = None
    item_id: str = ""
    waived: Waived | None = None

    @property
    def observed_name(self) -> str:
        """The name that the rule bears in the tenant now, or ""."""
        match self.observed:
            case ObservedTransportRule(name=name):
                return name
            case ObservedInboxRule(display_name=name):
                return name
            case None:
                return ""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What the ledger remembers of one rule of ours: the form in which it was last read back.

    `key` and `kind` identify it; `guid_or_rule_id` is the service's own identifier.
    `saved` is the digest of the councillor's choice; "" for the council's rules.
    `holder_ended` is true once the councillor removed or changed the rule of that `saved`.
    `item_id` is the list item of the case, by which a renamed case is known again; "" where there is no
    case, and for rules that were applied before item ids were kept. `written_at` is when the service got
    this form, None where nobody knows; it makes no difference between two entries. `spellings` tell by which
    names Graph showed recipients whose addresses stand in `properties`. `main_addresses` tell for which
    addresses of the case, as the directory last said, senders in `properties` stand. `held_since` are the
    moments of `plan/held_since.py` by sender; one who is not in it has been held since `written_at`.
    """

    key: str
    kind: RuleKind
    guid_or_rule_id: str
    mailbox: str
    case_reference: str
    name: str
    properties: Properties
    chosen_by_holder: bool = False
    saved: str = ""
    holder_ended: bool = False
    item_id: str = ""
    written_at: datetime | None = field(default=None, compare=False)
    spellings: Spellings = field(default_factory=dict)
    main_addresses: Mapping[str, str] = field(default_factory=dict, compare=False)
    held_since: Mapping[str, datetime] = field(default_factory=dict, compare=False)

    def since(self, sender: str) -> datetime | None:
        """Since when the rule has held a sender, as `properties` name him. None where nobody knows."""
        return self.held_since.get(sender, self.written_at)


@dataclass(frozen=True)
class Observed:
    """What the tenant holds now. A mailbox that is not a key was not looked at, and stays untouched."""

    transport: tuple[ObservedTransportRule, ...] | Unknown
    inbox: Mapping[str, tuple[ObservedInboxRule, ...] | Unknown]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A difference that somebody should know of, whether or not a change follows from it.

    `rule` is a rule name and `mailbox` a real address; documents replace the mailbox. `identity` is what
    it is known by from run to run where that is not made of its code and its rule. `waived` says that it
    was accepted as it is. `began_at` is since when it stands, where somebody recorded that; `latest_on` is
    the local day of the last thing that it tells of, where it tells of many: what is added later is news.
    """

    code: CatalogueCode
    change_class: ChangeClass
    severity: Severity
    message: str
    case_reference: str = ""
    mailbox: str = ""
    rule: str = ""
    key: str = ""
    kind: RuleKind = RuleKind.TRANSPORT_RULE
    chosen_by_holder: bool = False
    fields: tuple[FieldChange, ...] = ()
    changed_by: str = ""
    changed_at: datetime | None = None
    identity: str = ""
    waived: Waived | None = None
    began_at: datetime | None = None
    latest_on: date | None = None

    @property
    def known_by(self) -> str:
        """What identifies it from run to run."""
        found = f"{self.code.value}|{self.kind.value}|{self.key or self.rule}|{self.case_reference}"
        return self.identity or found


def code_and_case(known_by: str) -> tuple[str, str]:
    """The code and the case reference, "" for none, of a finding by `Finding.known_by`."""
    code, _, rest = known_by.partition("|")
    return code, rest.rpartition("|")[2]


@dataclass(frozen=True)
class LineEntry:
    """One place in the organisation's list of transport rules. `key` is "" for a rule that is not ours."""

    guid: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Settling:
    """A rule that is no longer needed and stays, wholly or in part, until its successor has settled.

    `until` is when it may go at the earliest. It is no difference between the register and the tenant.
    """

    name: str
    case_reference: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The whole result of comparing desired, observed and last applied.

    `takeovers` are rules as desired that the ledger does not know so: record, do not write.
    `forgotten` are ledger keys whose rule is gone and no longer wanted. `holder_ended` are
    ledger keys of choices whose holder changed or removed the rule. `line` is the transport
    rules as they stand, `orders` the order of ours among themselves.
    `settling` are rules that are removed later, so that no moment is without a rule. `waived` are changes
    that are not made, because somebody accepted what stands.
    """

    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    unknown: tuple[Unknown, ...]
    takeovers: tuple[Applied, ...] = ()
    forgotten: tuple[str, ...] = ()
    holder_ended: tuple[str, ...] = ()
    line: tuple[LineEntry, ...] = ()
    orders: Mapping[str, RuleOrder] = field(default_factory=dict)
    settling: tuple[Settling, ...] = ()
    waived: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GuardVerdict:
    """A guard that fired. `override` names the setting or step that lets the run go on, or "" for none.

    `count` is how many cases it has counted, None where it counts none.
    """

    code: CatalogueCode
    message: str
    override: str
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run would do, in the order in which it would be done."""

    plan_id: str
    basis: Basis
    changes: tuple[Change, ...]
    guards: tuple[GuardVerdict, ...]
    difference: Difference

    @property
    def allowed(self) -> tuple[Change, ...]:
        """The changes that no guard holds back."""
        return tuple(change for change in self.changes if not change.held_by)
