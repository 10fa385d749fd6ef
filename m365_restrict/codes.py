"""The shape of every stable code that a person or a script can meet.

Each layer declares its own codes as members of a `CatalogueCode` enum, with the
meaning and the advice beside the value, so that `docs/codes.md` is generated
from the same line that the code is raised from.
"""

from enum import StrEnum


class CatalogueCode(StrEnum):
    """A kebab-case code with its meaning and the next step in plain English."""

    meaning: str
    advice: str

    def __new__(cls, value: str, meaning: str, advice: str) -> "CatalogueCode":
        """Keep the text that `docs/codes.md` prints beside the value itself."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.advice = advice
        return member
