"""Which councillor chose what is told to nobody: a mailbox of a choice is a number in every output."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action

_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")

_EFFECTS: Mapping[Action, str] = {
    Action.CREATE: "A councillor's own choice takes effect in that councillor's mailbox alone.",
    Action.UPDATE: "A councillor's own choice is brought up to date in that councillor's mailbox alone.",
    Action.DELETE: "A councillor's own choice ends; that mail reaches the councillor as before.",
}


@dataclass(frozen=True)
class HolderMailboxes:
    """The opaque number of every mailbox that a choice is about, by lower-case address."""

    numbers: Mapping[str, int] = field(default_factory=dict)

    def number(self, mailbox: str) -> int:
        """The number that stands for a mailbox; 0 where none was given, which tells nothing either."""
        return self.numbers.get(mailbox.lower(), 0)

    def hide(self, text: str) -> str:
        """The text with every councillor's mailbox replaced by its number."""

        def _number(found: re.Match[str]) -> str:
            address = found.group().rstrip(".").lower()
            ending = "." if found.group().endswith(".") else ""
            return f"mailbox {self.numbers[address]}{ending}" if address in self.numbers else found.group()

        return _ADDRESS.sub(_number, text)

    def hide_unknown(self, unknown: Unknown) -> Unknown:
        """A failed read, told without the councillor's address."""
        return Unknown(self.hide(unknown.scope), self.hide(unknown.reason))


def effect_of_choice(action: Action) -> str:
    """The effect of a change to a councillor's choice, the same for every councillor and sender."""
    return _EFFECTS[action]


def without_addresses(text: str) -> str:
    """The text with every e-mail address left out."""
    return _ADDRESS.sub("(address withheld)", text)
