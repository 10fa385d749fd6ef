"""What an address inside the council turned out to be when the directory was asked."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class RecipientKind(Enum):
    """Kinds that decide how a rule may name a recipient (exchange.md 2.4, 10)."""

    USER_MAILBOX = "user mailbox"
    SHARED_MAILBOX = "shared mailbox"
    GROUP = "group"
    ON_PREMISES_MAILBOX = "on-premises mailbox"
    GUEST = "guest"
    CONTACT = "contact"
    NO_MAILBOX = "account without a mailbox"

    @property
    def is_mailbox(self) -> bool:
        """Whether mail for it lands in a cloud mailbox."""
        return self in {RecipientKind.USER_MAILBOX, RecipientKind.SHARED_MAILBOX}


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One resolved recipient. `asked` is the address looked up; `address` its primary SMTP address."""

    asked: str
    address: str
    kind: RecipientKind
    object_id: str
    display_name: str = ""
    account_enabled: bool = True
    accepts_outside_senders: bool = True
    forwards: bool = False
    moderated: bool = False


@dataclass(frozen=True)
class Unresolved:
    """An address that the directory does not know (`absent`) or could not be asked about."""

    asked: str
    reason: str
    absent: bool = True


Resolved: TypeAlias = Recipient | Unresolved
