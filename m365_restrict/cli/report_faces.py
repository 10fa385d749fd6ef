"""The forms that a report can take, each made from the one model, and where each goes."""

from collections.abc import Callable, Mapping
from pathlib import Path

from m365_restrict.cli.report_form import ReportFormat, is_zip
from m365_restrict.cli.streams import write_text
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.report.edition import Period, ReportLanguage
from m365_restrict.report.model import Report
from m365_restrict.report.report_json import report_to_json
from m365_restrict.report.report_text import report_lines
from m365_restrict.report.text import plain


def _text(report: Report) -> bytes:
    return plain(report_lines(report)).encode()


def _json(report: Report) -> bytes:
    return report_to_json(report).encode()


def _html(report: Report) -> bytes:
    from m365_restrict.report.page.html import to_page

    return to_page(report).encode()


def _csv(report: Report) -> bytes:
    from m365_restrict.report.csv_files import to_csv_zip

    return to_csv_zip(report, stem_of(report))


def _xlsx(report: Report) -> bytes:
    from m365_restrict.report.spreadsheet import to_spreadsheet

    return to_spreadsheet(report)


Face = Callable[[Report], bytes]
FACES: Mapping[ReportFormat, Face] = {
    ReportFormat.TEXT: _text,
    ReportFormat.JSON: _json,
    ReportFormat.HTML: _html,
    ReportFormat.CSV: _csv,
    ReportFormat.XLSX: _xlsx,
}


def file_name(report: Report, form: ReportFormat) -> str:
    """A name that says what the report is, and nothing about anybody: 2026-10-01-monthly-compliance.json."""
    return f"{stem_of(report)}{form.ending}"


def stem_of(report: Report) -> str:
    """The name of a report's file without its ending."""
    period = report.period
    when = period.first.isoformat()
    if period.kind is Period.RUN:
        when = f"{report.head.started_at:%Y%m%dT%H%M%SZ}"
    tongue = "" if report.language is ReportLanguage.ENGLISH else f"-{report.language.value}"
    return f"{when}-{period.kind.value}-{report.edition.value}{tongue}"


def write_report(report: Report, form: ReportFormat, output: Path | None) -> None:
    """To stdout, to a file, or under a name of its own into a folder. Raises OSError."""
    if output is not None and form is ReportFormat.CSV and not is_zip(output):
        _write_tables(report, output)
        return
    content = FACES[form](report)
    if output is None:
        write_text(content.decode())
    else:
        write_whole(output / file_name(report, form) if output.is_dir() else output, content)


def _write_tables(report: Report, folder: Path) -> None:
    """Each table into a file. What an earlier run made and this report does not have is not left there."""
    from m365_restrict.report.csv_files import csv_name, csv_tables
    from m365_restrict.report.table import TableName

    stem, made = stem_of(report), dict(csv_tables(report))
    for name in set(TableName) - made.keys():
        (folder / csv_name(stem, name)).unlink(missing_ok=True)
    for name, content in made.items():
        write_whole(folder / csv_name(stem, name), content)
