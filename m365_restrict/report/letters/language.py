"""In which languages a letter is written, and wordings that exist in one or both (policy.md 5, Welsh)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from m365_restrict.register.case import Language
from m365_restrict.report.letters.kinds import LetterLanguage, Tongue

_BETWEEN = " | "


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
