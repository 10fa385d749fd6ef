"""The inbox rule that a decision or a councillor's choice becomes."""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias


@dataclass(frozen=True)
class MoveToFolder:
    """Move to a folder, named by well-known name or path; the id is found per mailbox."""

    folder: str


@dataclass(frozen=True)
class AssignCategory:
    """Mark with a category and leave in the Inbox."""

    category: str


@dataclass(frozen=True)
class SendOn:
    """Redirect to a mailbox of the council. The original moves to `folder`, or stays in the Inbox for ""."""

    mailbox: str
    folder: str = ""


InboxAction: TypeAlias = MoveToFolder | AssignCategory | SendOn


@dataclass(frozen=True, kw_only=True)
class InboxRule:
    """One inbox rule of ours in one mailbox. `key` is stable; `token` is the 8 characters in its name.

    `case_reference` is "" for a councillor's choice about a sender, which is not the council's decision.
    `saved` is the digest of the choice it came from; "" for the council's own rules. `item_id` is the
    list item of the case, which keeps its id when the case is renamed; "" where there is no case.
    `enabled` is false for a rule that is only to be seen (audit mode).
    """

    key: str
    case_reference: str
    mailbox: str
    display_name: str
    token: str
    senders: tuple[str, ...]
    action: InboxAction
    ends_on: date
    chosen_by_holder: bool
    saved: str = ""
    item_id: str = ""
    enabled: bool = True
