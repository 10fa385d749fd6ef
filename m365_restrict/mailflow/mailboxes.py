"""What delivery must know of single mailboxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from m365_restrict.mailflow.inbox import InboxFolders


class Mailboxes(Protocol):
    """Answers about mailboxes. Addresses are primary and lower case."""

    def inbox_rules(self, mailbox: str) -> Sequence[Mapping[str, object]]:
        """The mailbox's messageRule objects as Graph returns them."""
        ...

    def folders(self, mailbox: str) -> InboxFolders:
        """The mailbox's folders."""
        ...

    def forwarding(self, mailbox: str) -> str:
        """Where the mailbox's settings forward a copy to, or ""."""
        ...

    def accepts_outsiders(self, mailbox: str) -> bool:
        """Whether the mailbox takes mail from senders who did not sign in (exchange.md 10)."""
        ...

    def is_elsewhere(self, address: str) -> bool:
        """Whether an address of ours is delivered outside this tenant, such as on premises."""
        ...


@dataclass(frozen=True, kw_only=True)
class KnownMailboxes:
    """`Mailboxes` from plain values; what is not given is an empty mailbox that accepts everybody."""

    rules: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)
    folder_paths: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    forwards: Mapping[str, str] = field(default_factory=dict)
    internal_only: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()

    def inbox_rules(self, mailbox: str) -> Sequence[Mapping[str, object]]:
        """The rules given for the mailbox."""
        return self.rules.get(mailbox, ())

    def folders(self, mailbox: str) -> InboxFolders:
        """The folders given for the mailbox."""
        return InboxFolders(self.folder_paths.get(mailbox, {}))

    def forwarding(self, mailbox: str) -> str:
        """The forwarding given for the mailbox."""
        return self.forwards.get(mailbox, "")

    def accepts_outsiders(self, mailbox: str) -> bool:
        """True unless the mailbox is among `internal_only`."""
        return mailbox not in self.internal_only

    def is_elsewhere(self, address: str) -> bool:
        """True for the addresses in `elsewhere`."""
        return address in self.elsewhere
