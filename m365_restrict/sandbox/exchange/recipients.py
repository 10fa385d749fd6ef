"""How a rule's recipient parameters become stored addresses (exchange.md 1.7, 2.3, 2.4, 2.5, 7.1)."""

import re
from collections.abc import Callable
from enum import Enum
from typing import Any

from m365_restrict.sandbox.directory import SandboxDirectory
from m365_restrict.sandbox.exchange.catalogue import Kind
from m365_restrict.sandbox.exchange.refusals import (
    ambiguous_recipient,
    bad_address,
    invalid,
    recipient_missing,
)

_SMTP = re.compile(r"[^@\s<>\",;]+@[^@\s<>\"',;]+")
_MICROSOFT_365_GROUP = "m365"


class Sort(Enum):
    """What a recipient is, as far as rule parameters care."""

    PERSON = "a mailbox, mail user or contact"
    MICROSOFT_365_GROUP = "a Microsoft 365 group"
    OTHER_GROUP = "a distribution or security group"
    OUTSIDE = "an address outside the organisation"
    UNKNOWN_INSIDE = "an address of this organisation that no recipient has"


_ALL_GROUPS = frozenset({Sort.MICROSOFT_365_GROUP, Sort.OTHER_GROUP})
_ONE_PERSON = frozenset({Sort.PERSON, Sort.OUTSIDE})
_ACCEPTED = {
    Kind.SENDERS: _ONE_PERSON | {Sort.MICROSOFT_365_GROUP, Sort.UNKNOWN_INSIDE},
    Kind.PEOPLE: _ONE_PERSON,
    Kind.GROUPS: _ALL_GROUPS,
    Kind.ANYONE: _ONE_PERSON | _ALL_GROUPS,
    Kind.COPIES: _ONE_PERSON | {Sort.MICROSOFT_365_GROUP},
    Kind.MODERATORS: frozenset({Sort.PERSON}),
    Kind.RECIPIENT: _ONE_PERSON | _ALL_GROUPS,
}


RECIPIENT_LISTS = frozenset(_ACCEPTED) - {Kind.RECIPIENT}
"""The kinds whose value is a list of recipients."""


def is_recipient(user: dict[str, Any]) -> bool:
    """Whether Exchange knows this person: someone without a mailbox of any kind is only in Entra ID."""
    return bool(user["mailbox"] != "none")


def primary_address(user: dict[str, Any]) -> str:
    """The address that a rule shows for a person: the primary one, never an alias (7.1 row 16)."""
    return str(user["mail"] or user["upn"])


class RuleRecipients:
    """Resolves recipient identities.

    `outside_senders` says whether From takes addresses that no recipient has: Microsoft does not say, and
    practice disagrees with its pages (exchange.md 2.3).
    """

    def __init__(self, directory: SandboxDirectory, outside_senders: Callable[[], bool]) -> None:
        """Ask `outside_senders` at each call, because a seed changes the answer."""
        self._directory = directory
        self._outside_senders = outside_senders

    def stored(self, kind: Kind, name: str, identity: str) -> str:
        """The address stored for one identity, or a `CmdletRefused`."""
        text = identity.strip()
        if not text:
            raise bad_address(identity)
        if self._directory.ambiguous(text):
            raise ambiguous_recipient(text)
        sort, address = self._look_up(text, name)
        absent = sort in {Sort.OUTSIDE, Sort.UNKNOWN_INSIDE}
        if absent and kind is Kind.SENDERS and not self._outside_senders():
            raise recipient_missing(name, text)
        if sort not in _ACCEPTED[kind]:
            raise recipient_missing(name, text) if absent else _wrong_sort(name, text, sort)
        return address

    def _look_up(self, text: str, name: str) -> tuple[Sort, str]:
        user = self._directory.find(text)
        if user is not None and is_recipient(user):
            return Sort.PERSON, primary_address(user)
        group = self._directory.find_group(text)
        if group is not None:
            shared = group["kind"] == _MICROSOFT_365_GROUP
            return (Sort.MICROSOFT_365_GROUP if shared else Sort.OTHER_GROUP), str(group["address"])
        if "@" not in text:
            raise recipient_missing(name, text)
        if not _SMTP.fullmatch(text):
            raise bad_address(text)
        inside = self._directory.is_accepted_domain(text.rpartition("@")[2])
        return (Sort.UNKNOWN_INSIDE if inside else Sort.OUTSIDE), text


def _wrong_sort(name: str, text: str, sort: Sort) -> Exception:
    return invalid(f"The recipient '{text}' is {sort.value}, which {name} doesn't take.", name)
