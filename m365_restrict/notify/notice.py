"""One thing to tell one role about one case: `life.review_run` decides it, the mail side words and sends it.

A notice never holds a name or an address of the person restricted, nor the grounds (policy.md 3, F18, F19):
the case reference is all that names the case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol, TypeAlias

Fact: TypeAlias = str | int | date | tuple[str, ...]


class NoticeKind(StrEnum):
    """What a notice is about. Its facts are named beside it; all days are the council's local days."""

    ENDING = "ending"
    """The restriction ends soon. days_left, ends_on, review_recorded ("yes" or "no")."""
    ENDED_WITHOUT_REVIEW = "ended-without-review"
    """It ended and nobody had reviewed it: mail reaches everyone again. ends_on."""
    REVIEW_OPENED = "review-opened"
    """The tool has put a review on the list. due_on, review_item."""
    REVIEW_DUE = "review-due"
    """Today is the review day. due_on."""
    REVIEW_OVERDUE = "review-overdue"
    """The review day has passed. due_on, days_over."""
    LETTER_DUE = "letter-due"
    """A review was decided and the person must be told. due_on, decided_on, outcome, review_item."""
    LETTER_OVERDUE = "letter-overdue"
    """The person should have been told by now. due_on, days_over, decided_on, outcome, review_item."""
    ANSWER_OVERDUE = "answer-overdue"
    """A representation, appeal or request to lift waits too long. opened_on, days_open, review_kind,
    review_item."""
    NOTICE_WAITING = "notice-waiting"
    """Approved, but the written notice is not recorded, so nothing is in force. effective_from."""
    BLOCKED_ELSEWHERE = "blocked-elsewhere"
    """The case has ended and something else still stops the person's mail. places (tuple of str)."""
    DELETION_DUE = "deletion-due"
    """The case has been closed long enough to be deleted. due_on."""
    ANNUAL_LOG_REVIEW = "annual-log-review"
    """The yearly look at the whole register is due. due_on, review_item; no case reference."""
    WORKLIST = "worklist"
    """The weekly list of what is due. overdue, due, waiting (counts), text (the list in plain text)."""


class Role(StrEnum):
    """Who a notice is for."""

    CASE_OWNER = "case owner"
    APPROVER = "approver"
    MONITORING_OFFICER = "monitoring officer"
    GOVERNANCE = "governance"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notice. `recipients` are addresses of council staff; empty where nobody is known for the role.

    `case_ref` is "" where it is about no single case. `subject_key` tells apart notices of one kind about
    one case, such as the day and the number of days left.
    """

    kind: NoticeKind
    to_role: Role
    recipients: tuple[str, ...]
    case_ref: str
    subject_key: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The same for the same notice in every run: one that was sent is never sent again."""
        return "|".join((self.kind, self.case_ref.casefold(), self.subject_key, self.to_role))


@dataclass(frozen=True)
class NoticeOutcome:
    """What became of a notice. One that was not sent is handed over again in the next run."""

    notice: Notice
    sent: bool
    reason: str = ""


class Notices(Protocol):
    """Words notices and sends them, one mail for each."""

    async def send(self, notices: Sequence[Notice]) -> Sequence[NoticeOutcome]:
        """An outcome for every notice. Never raises because a mail could not be sent."""
        ...
