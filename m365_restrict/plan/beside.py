"""What is read beside the rules, and told with them: who changed one, what became of mail, what nobody saw.

Values here are fit to be shown: no address or subject of anybody's mail is in them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ActorKind(StrEnum):
    """Who made a change, as far as the audit log tells."""

    PERSON = "person"
    PARTNER = "partner"
    """An administrator of another organisation, with delegated rights."""
    APPLICATION = "application"
    THIS_TOOL = "this_tool"
    SERVICE = "service"
    NOT_YET_LOGGED = "not_yet_logged"
    NOT_READABLE = "not_readable"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who changed something and when. `name` is "" where nobody is known; `source` says from where.

    An administrator's account is named; a councillor who changed their own rule never is.
    """

    kind: ActorKind
    name: str = ""
    at: datetime | None = None
    source: str = ""
    """`rule` (LastModifiedBy, WhenChanged) or `audit log`, "" where neither tells."""
    from_where: str = ""
    """The network address as the audit log has it, "" where it does not."""


@dataclass(frozen=True, kw_only=True)
class MailCounts:
    """What message traces show of one case's mail in the period. None everywhere: not granted or not read.

    `leaked`: delivered to somebody whom it should not have reached, after enforcement and settling.
    """

    seen: int
    redirected: int
    refused: int
    filed: int
    leaked: int
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class ContactMailbox:
    """How a single contact's mailbox is read: counts and an age, never content (F24)."""

    mailbox: str
    received: int | None
    unread: int | None
    oldest_unread_days: int | None
    unread_in_junk: int | None
    reason: str = ""
    """Why a figure is None, "" where all are known."""


@dataclass(frozen=True, kw_only=True)
class NotCovered:
    """What could not be checked, or what this product does not reach. `next_step` is a sentence."""

    scope: str
    reason: str
    next_step: str


@dataclass(frozen=True)
class Unseen:
    """Findings of a code, a catalogue value, that a run could not look for, or no longer looks for.

    `case_reference` is the case's, as the finding has it; "" stands for every finding of the code. Whatever
    was told before and is not found now still stands, as far as anybody knows: it is not told as put right.
    `is_aged`: it is past and no longer told, so there is nothing to look for and no word is lost on it.
    """

    code: str
    case_reference: str = ""
    is_aged: bool = False

    def covers(self, code: str, case_reference: str) -> bool:
        """Whether a finding of this code and case, "" for none, is one of them."""
        return self.code == code and self.case_reference in ("", case_reference)


def is_unseen(unseen: Iterable[Unseen], code: str, case_reference: str) -> bool:
    """Whether nobody looked for a finding of this code and case."""
    return any(one.covers(code, case_reference) for one in unseen)


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of a series: the first day of the span it counts, and the number."""

    day: date
    count: int
