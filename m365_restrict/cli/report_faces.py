"""The forms that a report can take, each made from the one model, and where each goes."""

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from m365_restrict.report.model import Period, Report, ReportLanguage
from m365_restrict.report.report_json import report_to_json
from m365_restrict.report.report_text import report_lines
from m365_restrict.report.text import plain


class ReportFormat(StrEnum):
    """The forms. The value is the ending of a file's name, but for text."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"

    @property
    def ending(self) -> str:
        """How the name of such a file ends."""
        return ".txt" if self is ReportFormat.TEXT else f".{self.value}"

    @property
    def is_for_files(self) -> bool:
        """Whether it is of no use on a terminal."""
        return self not in {ReportFormat.TEXT, ReportFormat.JSON, ReportFormat.HTML}


def _text(report: Report) -> bytes:
    return plain(report_lines(report)).encode()


def _json(report: Report) -> bytes:
    return report_to_json(report).encode()


def _html(report: Report) -> bytes:
    from m365_restrict.report.page.html import to_page

    return to_page(report).encode()


Face = Callable[[Report], bytes]
FACES: Mapping[ReportFormat, Face] = {
    ReportFormat.TEXT: _text,
    ReportFormat.JSON: _json,
    ReportFormat.HTML: _html,
}
LANGUAGES: Mapping[ReportFormat, frozenset[ReportLanguage]] = {ReportFormat.HTML: frozenset(ReportLanguage)}
"""The languages of a form; one that is not named here is in English."""


def format_of_file(path: Path) -> ReportFormat | None:
    """The form that a file's name asks for; None where it asks for none."""
    return next((one for one in ReportFormat if one.ending == path.suffix.lower()), None)


def languages_of(form: ReportFormat) -> frozenset[ReportLanguage]:
    """In which languages a form can be had."""
    return LANGUAGES.get(form, frozenset({ReportLanguage.ENGLISH}))


def file_name(report: Report, form: ReportFormat) -> str:
    """A name that says what the report is, and nothing about anybody: 2026-10-01-monthly-compliance.json."""
    period = report.period
    when = period.first.isoformat()
    if period.kind is Period.RUN:
        when = f"{report.head.started_at:%Y%m%dT%H%M%SZ}"
    tongue = "" if report.language is ReportLanguage.ENGLISH else f"-{report.language.value}"
    return f"{when}-{period.kind.value}-{report.edition.value}{tongue}{form.ending}"


def write_report(report: Report, form: ReportFormat, output: Path | None) -> None:
    """To stdout, to a file, or under a name of its own into a folder. Raises OSError."""
    content = FACES[form](report)
    if output is None:
        sys.stdout.write(content.decode())
    else:
        _write_whole(output / file_name(report, form) if output.is_dir() else output, content)


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside the file and rename, so that nobody ever reads half of it; readable by the owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
