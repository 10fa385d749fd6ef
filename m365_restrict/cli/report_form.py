"""The forms that a report can be asked for in, and which of them an output can hold."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from m365_restrict.report.edition import ReportLanguage


class ReportFormat(StrEnum):
    """The forms. CSV is several files, which one file can hold as a zip."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    CSV = "csv"
    XLSX = "xlsx"

    @property
    def ending(self) -> str:
        """How the name of such a file ends."""
        return {ReportFormat.TEXT: ".txt", ReportFormat.CSV: ".zip"}.get(self, f".{self.value}")

    @property
    def is_for_files(self) -> bool:
        """Whether it is of no use on a terminal."""
        return self not in {ReportFormat.TEXT, ReportFormat.JSON, ReportFormat.HTML}


LANGUAGES: Mapping[ReportFormat, frozenset[ReportLanguage]] = {ReportFormat.HTML: frozenset(ReportLanguage)}
"""The languages of a form; one that is not named here is in English."""


def format_of_file(path: Path) -> ReportFormat | None:
    """The form that a file's name asks for; None where it asks for none."""
    asked = path.suffix.lower()
    return next((one for one in ReportFormat if asked in {one.ending, f".{one.value}"}), None)


def languages_of(form: ReportFormat) -> frozenset[ReportLanguage]:
    """In which languages a form can be had."""
    return LANGUAGES.get(form, frozenset({ReportLanguage.ENGLISH}))


def cannot_hold(form: ReportFormat, output: Path) -> bool:
    """Whether this is a file and the form is several: CSV goes into a folder or into a zip."""
    is_file = output.suffix.lower() == ".csv" or output.is_file()
    return form is ReportFormat.CSV and is_file and not is_zip(output)


def is_zip(output: Path) -> bool:
    """Whether the output is one archive."""
    return output.suffix.lower() == ReportFormat.CSV.ending and not output.is_dir()
