"""The certificate of a deleted case: every place that held it, and what remains there until when.

It names the case by its reference alone, so it may be kept when all else is gone (policy.md 5, Evidence).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_RECYCLE_BIN_DAYS = 93
_TRACE_DAYS = 90
_AUDIT_DAYS = 180


class PlaceState(StrEnum):
    """What became of the case in one place."""

    DELETED = "deleted"
    NOTHING_FOUND = "nothing found"
    REMAINS = "remains"
    NOT_THIS_TOOL = "not this tool's to delete"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place. `until` is the last day on which something remains, None where somebody else decides."""

    place: str
    state: PlaceState
    what: str
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class DeletionFacts:
    """What the run did. `reviews_kept` are ids of review items that could not be deleted."""

    case_ref: str
    deleted_on: date
    run_id: str
    closed_on: date
    last_activity_on: date
    reviews_deleted: int
    reviews_kept: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DeletionCertificate:
    """A deleted case. `proven_on` is the day on which nothing in the mail system named it any more."""

    case_ref: str
    deleted_on: date
    run_id: str
    proven_on: date
    last_activity_on: date
    places: tuple[Place, ...]


def certificate_for(facts: DeletionFacts) -> DeletionCertificate:
    """The certificate of one deletion."""
    return DeletionCertificate(
        case_ref=facts.case_ref,
        deleted_on=facts.deleted_on,
        run_id=facts.run_id,
        proven_on=facts.closed_on,
        last_activity_on=facts.last_activity_on,
        places=(*_lists(facts), *_ledger(), *_mail(facts)),
    )


def _lists(facts: DeletionFacts) -> Iterator[Place]:
    bin_ends = facts.deleted_on + timedelta(days=_RECYCLE_BIN_DAYS)
    yield Place(
        place="Restricted contacts",
        state=PlaceState.DELETED,
        what="The item with all its versions. SharePoint keeps it in the site's recycle bin until then.",
        until=bin_ends,
    )
    yield Place(
        place="Restriction reviews",
        state=PlaceState.DELETED if facts.reviews_deleted else PlaceState.NOTHING_FOUND,
        what=f"{facts.reviews_deleted} items with all their versions; the recycle bin as above.",
        until=bin_ends if facts.reviews_deleted else None,
    )
    if facts.reviews_kept:
        yield Place(
            place="Restriction reviews",
            state=PlaceState.REMAINS,
            what=f"Items {', '.join(facts.reviews_kept)} could not be deleted. Delete them by hand.",
        )
    yield Place(
        place="Councillor mail choices",
        state=PlaceState.NOT_THIS_TOOL,
        what="A councillor's own choice about a sender is that councillor's; it ends by its own date.",
    )


def _ledger() -> Iterator[Place]:
    yield Place(
        place="This tool's ledger",
        state=PlaceState.DELETED,
        what="Every address of the case, in approvals, in the plans of past runs and in what runs saw of it.",
    )
    yield Place(
        place="This tool's ledger",
        state=PlaceState.REMAINS,
        what="The case reference, days, digests of the approved values and object ids of council staff: "
        "they prove what was decided and that it is gone.",
    )
    yield Place(
        place="Backups of the ledger, and reports and exports that people have saved",
        state=PlaceState.NOT_THIS_TOOL,
        what="As long as the council keeps them.",
    )


def _mail(facts: DeletionFacts) -> Iterator[Place]:
    yield Place(
        place="Transport rules, this tool's inbox rules and block lists",
        state=PlaceState.NOTHING_FOUND,
        what=f"Looked through on {facts.closed_on.isoformat()}: nothing names an address of the case.",
    )
    yield Place(
        place="Exchange message trace",
        state=PlaceState.REMAINS,
        what="Senders, recipients and subjects of messages, without their text.",
        until=facts.deleted_on + timedelta(days=_TRACE_DAYS),
    )
    yield Place(
        place="Microsoft 365 audit log",
        state=PlaceState.REMAINS,
        what="Who changed which item and rule, until then or as long as the council's licence keeps it.",
        until=facts.deleted_on + timedelta(days=_AUDIT_DAYS),
    )
    yield Place(
        place="Mailboxes, letters and decision documents",
        state=PlaceState.NOT_THIS_TOOL,
        what="Kept under the council's retention schedule for correspondence.",
    )
