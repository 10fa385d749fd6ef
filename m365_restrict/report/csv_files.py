"""A report as CSV: one file in UTF-8 for each table, by itself in a folder or together in a zip.

The open standard for tables that every office program and every other program reads (RFC 4180). Days are
ISO 8601, instants ISO 8601 with the offset of the council's clock.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date

from m365_restrict.report.model import Report
from m365_restrict.report.sheet import csv_text, inert
from m365_restrict.report.table import Cell, Table, TableName
from m365_restrict.report.tables import tables_of

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_CHANGED = re.compile(
    rf"""
      0[\d.,]*\d | [\d.,]{{12,}} | [\d.,]+e\d+          # loses noughts or digits, or is a power
    | \d{{1,4}}[-/.:]\d{{1,2}}(?:[-/.:]\d{{1,4}})?       # a day or a time
    | (?:\d{{1,2}}[-/\ .]?)?{_MONTH}[-/\ ,.]*\d{{1,4}}   # a day with the name of its month
    | \d{{1,2}}[-/\ .]?{_MONTH}
    | true | false
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Texts of which a spreadsheet makes numbers or days that look otherwise: 0123, 12e45, 3-4, Mar-24."""


def csv_tables(report: Report) -> Iterator[tuple[TableName, bytes]]:
    """The content of each file, with a row of headings; equal reports give equal bytes."""
    for table in tables_of(report):
        yield table.name, _csv(table)


def to_csv_zip(report: Report, stem: str) -> bytes:
    """All files in one zip; each is called `stem` and its table's name. Equal reports give equal bytes."""
    day = report.head.started_at
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in csv_tables(report):
            entry = zipfile.ZipInfo(csv_name(stem, name), (day.year, day.month, day.day, 0, 0, 0))
            entry.create_system = 3  # as Unix does, wherever it is made
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def csv_name(stem: str, name: TableName) -> str:
    """The file's name of one table of a report, such as `2026-10-01-monthly-compliance-findings.csv`."""
    return f"{stem}-{name.file_stem}.csv"


def _csv(table: Table) -> bytes:
    rows = [[_text(cell) for cell in row] for row in table.rows]
    return csv_text([table.headers, *rows]).encode()


def _text(cell: Cell) -> str | int:
    match cell:
        case None:
            return ""
        case int():
            return cell
        case date():
            return cell.isoformat()
        case str():
            shown = inert(cell)
            return f"'{shown}" if _CHANGED.fullmatch(shown) else shown
