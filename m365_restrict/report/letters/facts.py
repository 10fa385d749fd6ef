"""What a letter says, complete, or what is missing before it can be said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from m365_restrict.codes import CatalogueCode
from m365_restrict.policy.profile import Challenge, Ombudsman
from m365_restrict.register.case import Case, CouncillorRoute, Measure, Scope
from m365_restrict.register.read_review import Review
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.report.letters.council import Council
from m365_restrict.report.letters.kinds import LetterKind
from m365_restrict.report.letters.language import Wording


@dataclass(frozen=True, kw_only=True)
class ReviewSource:
    """A review as the register holds it. `considerations` is what the officer typed."""

    kind: ReviewKind | None
    outcome: Outcome | None
    decided_on: date | None
    new_ends_on: date | None
    considerations: str


@dataclass(frozen=True, kw_only=True)
class CaseSource:
    """What the register holds of one case.

    `person` has the personal columns that are filled in. `signed_by` is the officer who approved or
    reviewed, `signatory_title` that officer's job title where it is not the usual one.
    `dated_on` is the day of the letter, `decided_on` that of the approval, `ended_on` the first day without
    the restriction. `reviews` are all reviews of the case.
    """

    case: Case
    dated_on: date
    person: Mapping[str, str] = field(default_factory=dict)
    signed_by: str = ""
    signatory_title: str = ""
    ward_councillors: tuple[str, ...] = ()
    review: ReviewSource | None = None
    reviews: tuple[Review, ...] = ()
    decided_on: date | None = None
    ended_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ReviewFacts:
    """A decided review. `ends_on` is the last day in force by its outcome, or None where it ended."""

    is_challenge: bool
    outcome: Outcome
    decided_on: date
    considerations: Wording
    ends_on: date | None


@dataclass(frozen=True, kw_only=True)
class LetterFacts:
    """Everything that one letter says. Only `letter_facts` makes it, so that nothing in it is missing.

    Days are the council's calendar days. `route` and `challenge_route` are empty where neither the case
    nor the policy replaces the letter's own sentences.
    """

    kind: LetterKind
    case_reference: str
    person_name: str
    person_address: tuple[str, ...]
    dated_on: date
    signed_by: str
    signatory_title: Wording
    council: Council
    policy_name: Wording
    policy_url: str
    ombudsman: Ombudsman
    challenge: Challenge
    challenge_working_days: int | None
    challenge_route: Wording
    service_route: Wording
    complaint_route: Wording
    writes_welsh: bool
    measure: Measure
    scope: Scope
    senders: tuple[str, ...]
    scope_mailboxes: tuple[str, ...]
    single_contact: str
    allowed_recipients: tuple[str, ...]
    route: Wording
    channels: tuple[str, ...]
    no_channel_reason: Wording
    grounds: tuple[Wording, ...]
    warned_on: date | None
    councillor_route: CouncillorRoute | None
    ward_councillors: tuple[str, ...]
    effective_from: date | None
    ends_on: date | None
    next_review_on: date | None
    review: ReviewFacts | None
    ended_on: date | None


@dataclass(frozen=True)
class MissingFact:
    """What a letter lacks and where to put it: `column PersonName (Name)`, `setting M365_RESTRICT_…`."""

    what: str
    where: str


@dataclass(frozen=True, kw_only=True)
class LetterRefused:
    """A letter that is not written. `message` names everything that is missing and where to put it."""

    code: CatalogueCode
    message: str
    missing: tuple[MissingFact, ...] = ()


def refused(code: CatalogueCode, missing: tuple[MissingFact, ...] = ()) -> LetterRefused:
    """A refusal in plain words."""
    listed = "; ".join(f"{one.what} ({one.where})" for one in missing)
    middle = f" Missing: {listed}." if listed else ""
    return LetterRefused(code=code, message=f"{code.meaning}{middle} {code.advice}", missing=missing)
