"""In which languages a letter is written, and wordings that exist in one or both (policy.md 5, Welsh)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import assert_never

from m365_restrict.register.case import Language

_BETWEEN = " | "


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


@dataclass(frozen=True)
class Wording:
    """A text in English, in Welsh or in both; "" where there is none."""

    en: str = ""
    cy: str = ""

    def text(self, tongue: Tongue) -> str:
        """The text in that language, or ""."""
        return self.cy if tongue is Tongue.WELSH else self.en


NO_WORDING = Wording()


def is_checked(by: str, on: date | None, *, today: date) -> bool:
    """Whether a wording counts as checked: somebody is recorded, with a day that has come."""
    return bool(by) and on is not None and on <= today


def read_wording(recorded: str) -> Wording:
    """What an officer typed into one column: English, or Welsh and English as `Bygythiadau | Threats`."""
    text = " ".join(recorded.split())
    welsh, between, english = f" {text} ".partition(_BETWEEN)
    return Wording(en=english.strip(), cy=welsh.strip()) if between else Wording(en=text)


def language_for(preference: Language, offered: Sequence[Tongue]) -> LetterLanguage:
    """The language of a letter under a policy that writes in `offered`.

    Where the policy writes Welsh, an unknown preference gets both (Welsh Language Standard 5).
    """
    if Tongue.WELSH not in offered:
        return LetterLanguage.ENGLISH
    match preference:
        case Language.ENGLISH:
            return LetterLanguage.ENGLISH
        case Language.WELSH:
            return LetterLanguage.WELSH
        case Language.BOTH | Language.UNKNOWN:
            return LetterLanguage.BOTH
    assert_never(preference)
