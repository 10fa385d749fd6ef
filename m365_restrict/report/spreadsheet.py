"""A report as a spreadsheet (.xlsx): one sheet for each table, all of them in sight, and no formula.

Texts are written as texts and made inert as in CSV, so that nothing wakes when somebody saves the sheet as
CSV. There is no macro, no link, no pivot and no hidden sheet, row or column (policy.md F20).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from textwrap import wrap

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from m365_restrict.report.model import Report
from m365_restrict.report.page.vocabulary import title_of
from m365_restrict.report.sheet import inert
from m365_restrict.report.table import Cell, Table
from m365_restrict.report.tables import tables_of

_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_NARROWEST, _WIDEST = 8, 60
"""Of a column, in characters."""
_A4, _A4_WIDTH = 9, 150
"""The paper, and how many characters fit across it before they are too small to read."""
_LINE_HEIGHT, _HIGHEST = 15, 409
"""In points; a row can be no higher."""
_DAY_WIDTH, _TIME_WIDTH = 11, 17


@dataclass(frozen=True, kw_only=True)
class _Formats:
    """How the cells of one workbook look."""

    heading: Format
    text: Format
    number: Format
    day: Format
    moment: Format


def to_spreadsheet(report: Report) -> bytes:
    """The report as an .xlsx file: equal reports give equal bytes."""
    content = io.BytesIO()
    with Workbook(content, _OPTIONS) as book:
        book.set_properties(
            {
                "title": title_of(report.edition),
                "subject": f"{report.period.first.isoformat()} to {report.period.last.isoformat()}",
                "author": f"m365-restrict {report.identity.tool_version}",
                "company": inert(report.identity.council),
                "comments": f"Run {report.head.run_id}",
                "created": report.head.started_at.astimezone(UTC).replace(tzinfo=None, microsecond=0),
            }
        )
        formats = _formats(book)
        for table in tables_of(report):
            _fill(book.add_worksheet(table.name.value), table, formats)
    return content.getvalue()


def _formats(book: Workbook) -> _Formats:
    top = {"valign": "top"}
    left = {**top, "align": "left"}
    return _Formats(
        heading=book.add_format({**top, "bold": True, "text_wrap": True, "bottom": 1}),
        text=book.add_format({**top, "text_wrap": True}),
        number=book.add_format(left),
        day=book.add_format({**left, "num_format": "yyyy-mm-dd"}),
        moment=book.add_format({**left, "num_format": "yyyy-mm-dd hh:mm"}),
    )


def _fill(sheet: Worksheet, table: Table, formats: _Formats) -> None:
    widths = [_width(heading, [row[at] for row in table.rows]) for at, heading in enumerate(table.headers)]
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    for at, heading in enumerate(table.headers):
        sheet.write_string(0, at, heading, formats.heading)
    sheet.set_row(0, _height(table.headers, widths))
    for number, row in enumerate(table.rows, start=1):
        sheet.set_row(number, _height(row, widths))
        for at, cell in enumerate(row):
            _write(sheet, (number, at), cell, formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(table.rows), len(table.headers) - 1)
    _print_on_paper(sheet, fits=sum(widths) <= _A4_WIDTH)


def _print_on_paper(sheet: Worksheet, *, fits: bool) -> None:
    """Landscape with the headings on every page; a wide table goes on beside, with its first column."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.repeat_rows(0)
    if fits:
        sheet.fit_to_pages(1, 0)
    else:
        sheet.repeat_columns(0)
    sheet.set_footer("&L&A&R&P / &N")


def _write(sheet: Worksheet, place: tuple[int, int], cell: Cell, formats: _Formats) -> None:
    """One cell by its own kind. Raises OverflowError where the sheet has no room: never leaves it out."""
    match cell:
        case None | "":
            return
        case int():
            failed = sheet.write_number(*place, cell, formats.number)
        case datetime():
            failed = sheet.write_datetime(*place, cell.replace(tzinfo=None), formats.moment)
        case date():
            failed = sheet.write_datetime(*place, cell, formats.day)
        case str():
            failed = sheet.write_string(*place, inert(cell), formats.text)
    if failed:
        raise OverflowError(f"a spreadsheet has no room for the cell at {place}")


def _width(heading: str, cells: Sequence[Cell]) -> int:
    """Wide enough for the longest cell, within reason; longer ones go on in the next line."""
    longest = max(map(_length, cells), default=0)
    words = max(len(word) for word in heading.split())
    return min(max(_NARROWEST, words + 3, longest * 10 // 9 + 2), _WIDEST)


def _length(cell: Cell) -> int:
    match cell:
        case datetime():
            return _TIME_WIDTH
        case date():
            return _DAY_WIDTH
        case _:
            return len(str(cell)) if cell is not None else 0


def _height(row: Sequence[Cell], widths: Sequence[int]) -> int:
    """High enough for what goes on in the next line: not every program works that out by itself."""
    lines = max(_lines(cell, width * 9 // 10) for cell, width in zip(row, widths, strict=True))
    return min(lines * _LINE_HEIGHT, _HIGHEST)


def _lines(cell: Cell, room: int) -> int:
    return len(wrap(cell, room)) if isinstance(cell, str) and len(cell) > room else 1
