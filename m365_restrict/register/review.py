"""Reviews of a case: what was looked at, decided and, where extended, until when."""

from enum import StrEnum


class ReviewKind(StrEnum):
    """Why a case was looked at again (contracts.md 1, Restriction reviews)."""

    SCHEDULED = "Scheduled review"
    REPRESENTATION = "Representation"
    APPEAL = "Appeal"
    REQUEST_TO_LIFT = "Request to lift"
    ANNUAL_LOG = "Annual log review"
    SIGN_OFF = "Report sign-off"
    EXPORT = "Export for the person"


class Outcome(StrEnum):
    """What a review decided."""

    PENDING = "Pending"
    EXTEND = "Extend"
    AMEND = "Amend"
    LIFT = "Lift"
    KEEP = "Keep"
    UPHELD = "Upheld"
    DISMISSED = "Dismissed"
