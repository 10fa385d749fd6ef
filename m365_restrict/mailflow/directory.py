"""What the delivery model must know of the organisation's addresses."""

from typing import Protocol


class MailDirectory(Protocol):
    """Answers about addresses. All addresses are lower case; unknown ones resolve to themselves."""

    def primary(self, address: str) -> str:
        """The primary SMTP address behind an alias, user principal name or object id."""
        ...

    def members(self, group: str) -> frozenset[str]:
        """Primary addresses of all transitive members; empty for a group that no longer exists."""
        ...

    def is_group(self, address: str) -> bool:
        """Whether mail to this address is expanded to members."""
        ...

    def has_mailbox(self, address: str) -> bool:
        """Whether mail to this address lands in a mailbox here."""
        ...

    def is_accepted_domain(self, domain: str) -> bool:
        """Whether the organisation receives mail for this domain."""
        ...
