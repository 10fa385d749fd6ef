"""All that is held about one person, as one value (policy.md 5, Data protection; 4, two separate lists).

Unlike every other document this one holds personal data: that is what it is for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from m365_restrict.report.documents import Head


class PersonVerb(StrEnum):
    """The one verb of this document."""

    PERSON_EXPORT = "person-export"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


class Others(StrEnum):
    """Why a value may be about somebody else, so that a person must read it before it is handed over."""

    NOBODY = ""
    NAMED = "It names another person"
    ADDRESS = "It holds somebody else's address"
    SHARED = "The address is, or may be, used by others too"
    FREE_TEXT = "It is free text and may name others"


@dataclass(frozen=True, kw_only=True)
class HeldField:
    """One column with its value as text; `label` is what the form shows."""

    column: str
    label: str
    value: str
    others: Others = Others.NOBODY


@dataclass(frozen=True, kw_only=True)
class HeldChange:
    """One column that a version changed; "" where it was or became empty."""

    column: str
    label: str
    before: str
    after: str
    others: Others = Others.NOBODY


@dataclass(frozen=True, kw_only=True)
class HeldVersion:
    """Who saved what and when. `saved_by` names a member of staff, or an application."""

    number: str
    saved_at: datetime
    saved_by: str
    changes: tuple[HeldChange, ...]
    others: Others


@dataclass(frozen=True, kw_only=True)
class HeldItem:
    """One item of a list with its versions, oldest first."""

    item_id: str
    list: str
    fields: tuple[HeldField, ...]
    versions: tuple[HeldVersion, ...]


@dataclass(frozen=True, kw_only=True)
class HeldApproval:
    """How a saved version was judged as an approval, and when. `item` is the case's, or `review:<id>`."""

    item: str
    version: str
    verdict: str
    saved_at: datetime
    saved_by: str
    seen_on: date
    others: Others = Others.NAMED


@dataclass(frozen=True, kw_only=True)
class HeldRule:
    """A rule that acts on the person's mail. `source` is `ledger` (ours) or `tenant` (found there now)."""

    name: str
    kind: str
    mailbox: str
    source: str
    case_ref: str


@dataclass(frozen=True, kw_only=True)
class HeldRun:
    """A run whose record mentions the case."""

    run_id: str
    verb: str
    started_at: datetime
    status: str


@dataclass(frozen=True, kw_only=True)
class HeldCase:
    """One case: its item (None once deleted), its reviews, and what the ledger remembers of it."""

    case_ref: str
    item: HeldItem | None
    reviews: tuple[HeldItem, ...] = ()
    approvals: tuple[HeldApproval, ...] = ()
    rules: tuple[HeldRule, ...] = ()
    runs: tuple[HeldRun, ...] = ()
    ended_on: date | None = None
    closed_on: date | None = None
    deleted_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class RelatedCase:
    """A case that is not exported, because it may be about somebody else."""

    case_ref: str
    why: str


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Something that is not in the export, and why."""

    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class ToRedact:
    """A place that must be read before the export leaves the council."""

    where: str
    why: str


@dataclass(frozen=True, kw_only=True)
class PersonDocument:
    """All that is held about one person. `asked` is "case" or "address".

    `other_rules` are rules of others in the tenant that name an address of the person. `messages` is the
    number of messages that each address wrote in the last 90 days, where the message trace may be read.
    """

    head: Head
    asked: str = ""
    cases: tuple[HeldCase, ...] = ()
    related: tuple[RelatedCase, ...] = ()
    other_rules: tuple[HeldRule, ...] = ()
    messages: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    redact: tuple[ToRedact, ...] = ()
    verb: PersonVerb = field(default=PersonVerb.PERSON_EXPORT, init=False)

    @property
    def counts(self) -> Mapping[str, int]:
        """How much of each kind there is, for the covering letter."""
        items = [case.item for case in self.cases if case.item]
        reviews = [review for case in self.cases for review in case.reviews]
        return {
            "cases": len(self.cases),
            "versions": sum(len(one.versions) for one in (*items, *reviews)),
            "reviews": len(reviews),
            "approvals": sum(len(case.approvals) for case in self.cases),
            "rules": sum(len(case.rules) for case in self.cases) + len(self.other_rules),
            "runs": len({run.run_id for case in self.cases for run in case.runs}),
            "places_to_redact": len(self.redact),
        }
