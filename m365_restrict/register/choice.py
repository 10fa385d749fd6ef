"""A councillor's own choice about one sender. It belongs to the mailbox holder alone (policy.md 4)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Handling(StrEnum):
    """What a councillor may choose (contracts.md 1, Councillor mail choices)."""

    FOLDER = "Move to folder"
    JUNK = "Junk Email"
    CATEGORY = "Category only"
    STOP = "Leave in Inbox"
    AS_COUNCIL = "Same as the council"
    DELEGATE = "Let this person set my choices"


DEFAULT_FOLDER = "Set aside"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A choice that passed its checks. `holder` is the mailbox that it is about.

    `sender` is an address, or "" where `case_reference` names a case instead.
    `saved` is a digest of the holder's own fields: it changes when they choose anew.
    """

    item_id: str
    holder: str
    sender: str
    case_reference: str
    handling: Handling
    folder_name: str
    ends_on: date
    saved: str


@dataclass(frozen=True)
class RefusedChoice:
    """A choice that cannot be carried out. `item_id` is the only identifier that may be shown."""

    item_id: str
    code: str
    message: str
