"""Addresses from outside the council, withheld from a report: it carries references only (policy.md 5).

Within one finding each such address has a number, so that what differs can still be seen. Mailboxes of the
council stay: they are what a finding is about.
"""

import re
from collections.abc import Collection
from dataclasses import replace

from m365_restrict.plan.change import FieldChange
from m365_restrict.report.documents import FindingLine
from m365_restrict.rules.observed import PropertyValue

_WORD_WITH_AT = re.compile(r"[^\s<>\"'(),;]+@[^\s<>\"'(),;]+")
_PLAIN = re.compile(r"[\w.!#$%&*+/=?^`{|}~-]+@((?:[a-z0-9-]+\.)+[a-z0-9-]+)", re.ASCII)


def without_outsiders(line: FindingLine, domains: Collection[str]) -> FindingLine:
    """The finding without addresses of other domains than the council's own."""
    numbers = _Numbers(domains)
    return replace(
        line,
        rule=numbers.text(line.rule),
        fields=tuple(numbers.change(one) for one in line.fields),
        message=numbers.text(line.message),
    )


class _Numbers:
    """The numbers of the outside addresses of one finding, in the order in which they are met."""

    def __init__(self, domains: Collection[str]) -> None:
        self._domains = domains
        self._known: dict[str, int] = {}

    def change(self, one: FieldChange) -> FieldChange:
        """One property, before and after."""
        return FieldChange(one.field, self._value(one.observed), self._value(one.desired))

    def text(self, text: str) -> str:
        """A text in which each outside address is a number."""
        return _WORD_WITH_AT.sub(self._word, text)

    def _value(self, value: PropertyValue | None) -> PropertyValue | None:
        if isinstance(value, str):
            return self.text(value)
        return tuple(map(self.text, value)) if isinstance(value, tuple) else value

    def _word(self, found: re.Match[str]) -> str:
        word = found[0].rstrip(".:")
        plain = _PLAIN.fullmatch(word.lower())
        if plain is not None and plain[1] in self._domains:
            return found[0]
        number = self._known.setdefault(word.lower(), len(self._known) + 1)
        return f"(outside address {number}){found[0][len(word) :]}"
