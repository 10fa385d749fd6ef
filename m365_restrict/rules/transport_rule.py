"""The transport rule that a decision becomes, before any backend's spelling."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class SenderMatch(StrEnum):
    """How a rule names its senders (design.md 4)."""

    FROM = "from"
    PATTERNS = "patterns"


class SenderLocation(StrEnum):
    """Where the sender's address is looked for (exchange.md 2.3)."""

    HEADER = "header"
    HEADER_OR_ENVELOPE = "header_or_envelope"


class RuleMode(StrEnum):
    """Whether Exchange acts on a match or only logs it."""

    AUDIT = "audit"
    ENFORCE = "enforce"


@dataclass(frozen=True)
class RedirectTo:
    """The original recipients get nothing; `mailbox` gets the message."""

    mailbox: str


@dataclass(frozen=True)
class BlindCopyTo:
    """The original recipients get theirs; `mailbox` gets a blind copy."""

    mailbox: str


@dataclass(frozen=True)
class Reject:
    """The sender gets a non-delivery report with `text`."""

    text: str


TransportAction: TypeAlias = RedirectTo | BlindCopyTo | Reject


@dataclass(frozen=True, kw_only=True)
class TransportRule:
    """One transport rule of ours. `key` is stable over renames: case reference, kind and part.

    `senders` is never empty. `order` sorts our rules among themselves.
    `holder` is set when the rule exists because a councillor chose it.
    `item_id` is the list item of the case, which keeps its id when the case is renamed.
    """

    key: str
    case_reference: str
    name: str
    comments: str
    senders: tuple[str, ...]
    sender_match: SenderMatch
    sender_location: SenderLocation
    sent_to: tuple[str, ...] = ()
    sent_to_member_of: tuple[str, ...] = ()
    except_sent_to: tuple[str, ...] = ()
    except_sent_to_member_of: tuple[str, ...] = ()
    action: TransportAction
    stops_later_rules: bool
    mode: RuleMode
    expires_at: datetime
    order: tuple[int, str, int]
    holder: str = ""
    item_id: str = ""
