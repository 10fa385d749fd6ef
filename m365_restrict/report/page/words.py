"""The wordings of the page in one language: whole sentences from a catalogue, never joined from parts.

The catalogues work as those of letters do: the key is the English, `locale/<language>` has the rest:
`report.po` what the page itself says, `codes.po` the meaning and advice of codes, `sentences.po` what
others have worded for it. What is marked fuzzy counts as not translated (policy.md 5, Welsh).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal

from m365_restrict.report.edition import ReportLanguage
from m365_restrict.report.letters.catalogue import Catalogue, read_catalogue
from m365_restrict.report.letters.days import day_in_words
from m365_restrict.report.letters.kinds import Tongue
from m365_restrict.report.text import clean

_FILES = ("report.po", "codes.po", "sentences.po")


@dataclass(frozen=True)
class Words:
    """One language of the page. `zone` is in which its clock times are told."""

    catalogue: Catalogue
    zone: ZoneInfo

    @property
    def tongue(self) -> Tongue:
        """The language."""
        return self.catalogue.tongue

    @property
    def _locale(self) -> str:
        return "cy" if self.tongue is Tongue.WELSH else "en_GB"

    def say(self, key: str, **values: object) -> str:
        """The wording with its values. A key that the language lacks stands in English, as the key does."""
        wording = self.find(key)
        return wording % values if values else wording

    def find(self, key: str) -> str:
        """The wording as it is in the catalogue, placeholders and all."""
        found = self.catalogue.find(key)
        return key if found is None else found

    def has(self, text: str) -> bool:
        """Whether the text can be said in this language."""
        return self.catalogue.find(text) is not None

    def counted(self, one: str, many: str, number: int) -> str:
        """A number with its noun. Both keys hold `%(number)s`; a language may word both alike."""
        return self.say(one if number == 1 else many, number=self.number(number))

    def number(self, number: int) -> str:
        """A number with its thousands set apart."""
        return str(format_decimal(number, locale=self._locale))

    def listed(self, parts: Sequence[str]) -> str:
        """Parts side by side; either language sets a comma between them."""
        return ", ".join(parts)

    def day(self, day: date) -> str:
        """A day with its month's name."""
        return day_in_words(day, self.tongue)

    def month(self, day: date) -> str:
        """The month of a day, with its year."""
        return str(format_date(day, format="MMMM y", locale=self._locale))

    def short_day(self, day: date) -> str:
        """A day for the axis of a chart."""
        return str(format_date(day, format="d MMM", locale=self._locale))

    def moment(self, at: datetime) -> str:
        """An instant to the minute by the council's clock."""
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())}, {local:%H:%M}"

    def universal(self, at: datetime) -> str:
        """An instant to the minute in UTC."""
        utc = at.astimezone(UTC)
        return f"{self.day(utc.date())}, {utc:%H:%M} UTC"


def words_in(language: ReportLanguage, *, time_zone: str) -> Words:
    """The wordings of a language. `time_zone` is an IANA name, "" where settings could not be read: UTC."""
    return Words(_catalogue(Tongue(language.value)), ZoneInfo(time_zone or "UTC"))


def inert(text: str) -> str:
    """The text on one line, without control characters or what cannot be written as UTF-8."""
    return clean(text.encode("utf-8", "replace").decode("utf-8"))


@cache
def _catalogue(tongue: Tongue) -> Catalogue:
    if tongue is Tongue.ENGLISH:
        return Catalogue(tongue)
    folder = files(__package__).joinpath("locale", tongue.value)
    return read_catalogue(
        tongue, [(f"{tongue.value}/{name}", folder.joinpath(name).read_bytes()) for name in _FILES]
    )
