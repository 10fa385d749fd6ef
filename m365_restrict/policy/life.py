"""What a case needs from people as time passes: the values. `policy.life_tasks` finds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from m365_restrict.codes import CatalogueCode
from m365_restrict.policy.judgement import AcceptedCase, OpenedCase
from m365_restrict.policy.profile import Nation, Profile
from m365_restrict.register.item import ListItem, Person
from m365_restrict.register.read_review import Review
from m365_restrict.register.review import ReviewKind

Fact: TypeAlias = str | int | date | tuple[str, ...]

_LETTER_WORKING_DAYS = 7
_ANSWER_WORKING_DAYS = 20
_REVIEW_MONTHS = 6


class TaskKind(StrEnum):
    """Something that somebody has to do. The values stand in documents and notices."""

    ENDING = "ending"
    ENDED_WITHOUT_REVIEW = "ended-without-review"
    REVIEW_DUE = "review-due"
    REVIEW_OVERDUE = "review-overdue"
    LETTER_DUE = "letter-due"
    LETTER_OVERDUE = "letter-overdue"
    ANSWER_DUE = "answer-due"
    ANSWER_OVERDUE = "answer-overdue"
    NOTICE_WAITING = "notice-waiting"
    STILL_IN_RULES = "still-in-rules"
    BLOCKED_ELSEWHERE = "blocked-elsewhere"
    DELETION_DUE = "deletion-due"
    ANNUAL_LOG_REVIEW = "annual-log-review"


class Urgency(StrEnum):
    """How pressing a task is."""

    OVERDUE = "overdue"
    DUE = "due"
    WAITING = "waiting"


class Audience(StrEnum):
    """Who is told of a task."""

    OWNER = "case owner"
    APPROVER = "approver"
    MONITORING_OFFICER = "monitoring officer"
    GOVERNANCE = "governance"


@dataclass(frozen=True)
class Telling:
    """Who is to be told, once for each `key`."""

    key: str
    audiences: tuple[Audience, ...]


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing to do about one case. `case_ref` is "" where it is about the whole register.

    `due_on` is the last day on which it is in time. `telling` is None where nobody is told by mail.
    """

    kind: TaskKind
    case_ref: str
    item_id: str
    urgency: Urgency
    due_on: date | None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    telling: Telling | None = None


@dataclass(frozen=True, kw_only=True)
class ReviewToOpen:
    """A review item that the tool is to put on the list, once for each `key`. `title` is its Title."""

    kind: ReviewKind
    title: str
    due_on: date
    key: str
    case_item_id: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """One case with everything that its life is judged by.

    `ended_on` is the last day on which it had effect, where it has ended. `approver` is the address of who
    last approved it, "" where nobody has.
    """

    case_ref: str
    item: ListItem
    reviews: tuple[Review, ...] = ()
    accepted: AcceptedCase | None = None
    opened: OpenedCase | None = None
    refused: frozenset[CatalogueCode] = frozenset()
    ended_on: date | None = None
    approver: str = ""

    @property
    def owner(self) -> str:
        """The case owner's address, or ""."""
        person = self.item.fields.get("CaseOwner")
        return person.address if isinstance(person, Person) else ""


@dataclass(frozen=True, kw_only=True)
class LifeRules:
    """The profile's times. All days are calendar days unless named working days.

    `retention_months` is None where the policy names none: then nothing is deleted.
    """

    nation: Nation
    review_months: int = _REVIEW_MONTHS
    reviews_from_decision: bool = False
    letter_working_days: int = _LETTER_WORKING_DAYS
    answer_working_days: int = _ANSWER_WORKING_DAYS
    retention_months: int | None = None


def life_rules(profile: Profile) -> LifeRules:
    """What the profile says, with the usual times where it is silent.

    A policy that reviews case by case still gets a review day, six months on (policy.md W-16); letters are
    expected within 7 working days (M-50), answers to representations within 20 (policy.md 8).
    """
    return LifeRules(
        nation=profile.nation,
        review_months=profile.review_months or _REVIEW_MONTHS,
        reviews_from_decision=profile.review_from.value == "decision",
        letter_working_days=profile.outcome_letter_working_days or _LETTER_WORKING_DAYS,
        answer_working_days=profile.challenge_working_days or _ANSWER_WORKING_DAYS,
        retention_months=profile.retention_months,
    )
