"""Which letters can be asked for, and in which languages."""

from enum import StrEnum
from typing import assert_never


class LetterKind(StrEnum):
    """The letters that there are, each with a template of that name."""

    DECISION = "decision"
    REVIEW = "review"
    LIFT = "lift"
    REMINDER = "reminder"


class Tongue(StrEnum):
    """One language."""

    ENGLISH = "en"
    WELSH = "cy"

    @property
    def tag(self) -> str:
        """The BCP 47 tag that documents carry."""
        return f"{self.value}-GB"

    @property
    def own_name(self) -> str:
        """What the language calls itself."""
        return "Cymraeg" if self is Tongue.WELSH else "English"


class LetterLanguage(StrEnum):
    """The language or languages of one letter."""

    ENGLISH = "en"
    WELSH = "cy"
    BOTH = "both"

    @property
    def tongues(self) -> tuple[Tongue, ...]:
        """The parts of the letter in their order: Welsh first (Welsh Language Standard 6)."""
        match self:
            case LetterLanguage.ENGLISH:
                return (Tongue.ENGLISH,)
            case LetterLanguage.WELSH:
                return (Tongue.WELSH,)
            case LetterLanguage.BOTH:
                return (Tongue.WELSH, Tongue.ENGLISH)
        assert_never(self)
