"""A restriction decision as the register holds it, with every field typed."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum

from m365_restrict.register.item import Person


class Measure(StrEnum):
    """What happens to the person's mail (contracts.md 1)."""

    REDIRECT = "Redirect to single contact"
    COPY = "Copy to single contact"
    ALLOWED_ONLY = "Allowed recipients only"
    FILE = "File without reply"
    REFUSE = "Refuse with notice"
    JUNK = "Junk in named mailboxes"
    REQUESTED = "Single contact requested"
    NO_EMAIL = "No e-mail measure"

    @property
    def needs_single_contact(self) -> bool:
        """Whether `SpocMailbox` is required."""
        return self in {Measure.REDIRECT, Measure.COPY, Measure.ALLOWED_ONLY, Measure.FILE}

    @property
    def acts_on_mail(self) -> bool:
        """Whether any rule follows from it."""
        return self not in {Measure.REQUESTED, Measure.NO_EMAIL}


class Status(StrEnum):
    """Where a case is in its life."""

    DRAFT = "Draft"
    PROPOSED = "Proposed"
    APPROVED = "Approved"
    UNDER_REVIEW = "Under review"
    SUSPENDED = "Suspended"
    LIFTED = "Lifted"
    CLOSED = "Closed"
    REJECTED = "Rejected"
    WITHDRAWN = "Withdrawn"

    @property
    def is_live(self) -> bool:
        """Whether a case in this status may have rules."""
        return self in {Status.APPROVED, Status.UNDER_REVIEW}

    @property
    def opens(self) -> bool:
        """Whether this status is a recorded decision to open: it takes effect whoever saved it."""
        return self in {
            Status.SUSPENDED,
            Status.LIFTED,
            Status.CLOSED,
            Status.REJECTED,
            Status.WITHDRAWN,
        }


class Scope(StrEnum):
    """Whose incoming mail a case covers."""

    WHOLE_COUNCIL = "Whole council"
    NAMED = "Named mailboxes or services"


class ItemType(StrEnum):
    """What the item is about. Property items have no mail effect."""

    PERSON = "Person"
    ORGANISATION = "Organisation"
    PROPERTY = "Property"


class CouncillorRoute(StrEnum):
    """How the person's contact with councillors stands. It captures nothing by itself."""

    NOT_AFFECTED = "Not affected"
    ALTERNATIVE = "Alternative arranged"
    OPTED_IN = "Councillor opted in"


class Stage(StrEnum):
    """The stage of a staged policy."""

    ONE = "1"
    TWO = "2"
    NONE = "None"


class AddressShared(StrEnum):
    """Whether others use the same address."""

    YES = "Yes"
    NO = "No"
    UNKNOWN = "Unknown"


class AdjustmentNeedsEmail(StrEnum):
    """Whether a reasonable adjustment depends on e-mail."""

    YES = "Yes"
    NO = "No"
    NOT_ASKED = "Not asked"


class Language(StrEnum):
    """The language in which the person wants to be written to."""

    ENGLISH = "English"
    WELSH = "Welsh"
    BOTH = "Both"
    UNKNOWN = "Unknown"


class Channel(StrEnum):
    """A way of contact that stays open."""

    POST = "Post"
    TELEPHONE = "Telephone"
    FACE_TO_FACE = "Face to face"
    EMAIL_SPOC = "E-mail SPOC"
    ADVOCATE = "Advocate"
    WEB_FORM = "Web form"


@dataclass(frozen=True, kw_only=True)
class ProtectedFields:
    """The values that an approval is of (contracts.md 1, protected fields).

    Addresses are normalised, sorted and unique, so that equal decisions compare equal.
    """

    item_type: ItemType
    addresses: tuple[str, ...]
    stage: Stage
    measure: Measure
    scope: Scope
    scope_mailboxes: tuple[str, ...]
    spoc_mailbox: str
    allowed_recipients: tuple[str, ...]
    councillor_route: CouncillorRoute | None
    ward_councillors: tuple[str, ...]
    effective_from: date | None
    ends_on: date | None


@dataclass(frozen=True, kw_only=True)
class OpenFields:
    """Everything else on the item that the checks read, from its current version."""

    status: Status
    advocate_addresses: tuple[str, ...] = ()
    address_shared: AddressShared = AddressShared.UNKNOWN
    scope_reason: str = ""
    channels_open: tuple[Channel, ...] = ()
    no_channel_reason: str = ""
    language: Language = Language.UNKNOWN
    route_text: str = ""
    grounds: tuple[str, ...] = ()
    decision_doc_id: str = ""
    case_owner: Person | None = None
    requesting_service: str = ""
    stage1_skipped_reason: str = ""
    warning_given_on: date | None = None
    warning_waived_reason: str = ""
    lesser_measures_considered: str = ""
    equality_considered_on: date | None = None
    adjustment_needs_email: AdjustmentNeedsEmail | None = None
    support_services_contacted: str = ""
    notice_sent_on: date | None = None
    notice_method: str = ""
    notice_doc_id: str = ""
    next_review_on: date | None = None
    police_or_legal_referral: bool = False
    legal_hold: bool = False


@dataclass(frozen=True, kw_only=True)
class Case:
    """One decision in its effective form: approved values with later openings applied."""

    item_id: str
    reference: str
    protected: ProtectedFields
    other: OpenFields


class CaseState(Enum):
    """Where an accepted case stands today."""

    SCHEDULED = "scheduled"
    IN_FORCE = "in_force"
    ENDED = "ended"
    OPENED_BY_HAND = "opened_by_hand"
    """In force by the register; somebody has opened it, and no run enforces it until the register follows."""


def state_on(protected: ProtectedFields, today: date) -> CaseState:
    """In force from the start of `effective_from` to the end of `ends_on`, both local days."""
    if protected.ends_on is None or today > protected.ends_on:
        return CaseState.ENDED
    if protected.effective_from is None or today < protected.effective_from:
        return CaseState.SCHEDULED
    return CaseState.IN_FORCE
