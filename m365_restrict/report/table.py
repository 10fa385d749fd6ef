"""One part of a report as a flat table, as CSV files and spreadsheets hold it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from m365_restrict.report.edition import ReportLanguage
from m365_restrict.report.model import Report
from m365_restrict.report.page.view import View
from m365_restrict.report.page.vocabulary import ACTIONS
from m365_restrict.report.page.words import words_in

Cell: TypeAlias = str | int | date | datetime | None
"""A text, a number, a local day, an instant by the council's clock, or nothing.

Texts are as the report has them: each form makes them inert (`sheet.inert`).
"""
Row: TypeAlias = tuple[Cell, ...]


class TableName(StrEnum):
    """The tables that a report can have. At most 31 characters, as the name of a sheet must be."""

    REPORT = "Report"
    CONTENTS = "Contents"
    NUMBERS = "Numbers"
    PUBLIC = "Restrictions by measure"
    FINDINGS = "Findings"
    DIFFERENCES = "Differences"
    WHO_CHANGED = "Who changed it"
    PUT_RIGHT = "Put right"
    DUE = "What is due"
    LIVE_CASES = "Live cases"
    OPEN_BY_HAND = "Open by hand"
    CONTACTS = "Single contacts"
    COUNCILLORS = "Councillors"
    ACTIONS = "Actions"
    EXCEPTIONS = "Exceptions"
    GUARDS = "Guards"
    OVERRIDES = "Overrides"
    NOT_COVERED = "Not covered"
    SIGN_OFF = "Sign-off"
    TRENDS = "Trends"

    @property
    def file_stem(self) -> str:
        """The name as part of a file's name, such as `live-cases`."""
        return self.value.lower().replace(" ", "-")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with one row of headings and no cell that spans others.

    `caption` says what the rows are, and what it means where there are none. Raises ValueError where a row
    is longer or shorter than the headings.
    """

    name: TableName
    caption: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        """A row that does not fit would move its cells under the wrong headings."""
        if any(len(row) != len(self.headers) for row in self.rows):
            raise ValueError(f"a row of {self.name} has not one cell for each heading")


@dataclass(frozen=True)
class Terms:
    """The words of a report's tables: those of its page, in English, and times by the council's clock."""

    view: View
    zone: ZoneInfo

    def say(self, key: str) -> str:
        """A word of the page's vocabulary."""
        return self.view.words.say(key)

    def known(self, text: str) -> str:
        """A word of the model as the page words it, or as it is."""
        return self.say(ACTIONS.get(text, text))

    def local(self, at: datetime | None) -> datetime | None:
        """An instant by the council's clock, to the second."""
        return at.astimezone(self.zone).replace(microsecond=0) if at else None

    def timed(self, heading: str) -> str:
        """A heading above instants, which names their clock."""
        return f"{heading} ({self.zone.key})"


def terms_of(report: Report) -> Terms:
    """The words for one report. Where its settings could not be read, times are in UTC."""
    zone = report.identity.time_zone or "UTC"
    return Terms(View(words_in(ReportLanguage.ENGLISH, time_zone=zone)), ZoneInfo(zone))


def listed(values: tuple[str, ...]) -> str:
    """Several values in one cell."""
    return "; ".join(values)
