"""Sentences of the tool that remember their wording, so that a page can say them in its own language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from m365_restrict.rules.naming import long_day, month_and_year


@dataclass(frozen=True)
class Month:
    """A month within a sentence, by any day in it."""

    day: date


SaidValue: TypeAlias = "str | int | date | Month | tuple[str, ...]"
"""What a sentence may hold. A value that is itself `Said` is a wording too; other text is data."""


class Said(str):
    """A sentence in English, with the key of its wording and the values in it.

    Every face that speaks English takes it as the text that it is. The key is the English with `%(name)s`
    where values stand, as the catalogues have it. Whatever alters the text makes plain text of it, which a
    page in another language then marks as English.
    """

    __slots__ = ("key", "values")
    key: str
    values: tuple[tuple[str, SaidValue], ...]

    def __new__(cls, key: str, /, **values: SaidValue) -> "Said":
        """The sentence; KeyError where a value that the key names is missing."""
        shown = {name: in_english(value) for name, value in values.items()}
        said = super().__new__(cls, key % shown if values else key)
        said.key, said.values = key, tuple(values.items())
        return said

    def with_texts(self, change: Callable[[str], str]) -> "Said":
        """The same sentence with its texts changed, such as to leave out addresses."""
        return Said(change(self.key), **{name: _changed(value, change) for name, value in self.values})


def in_english(value: SaidValue) -> str:
    """A value as an English sentence holds it."""
    match value:
        case date():
            return long_day(value)
        case Month():
            return month_and_year(value.day)
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)


def _changed(value: SaidValue, change: Callable[[str], str]) -> SaidValue:
    match value:
        case Said():
            return value.with_texts(change)
        case str():
            return change(value)
        case tuple():
            return tuple(one.with_texts(change) if isinstance(one, Said) else change(one) for one in value)
        case _:
            return value
