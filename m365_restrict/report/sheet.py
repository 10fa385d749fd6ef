"""Rows for a spreadsheet as CSV: opened by people, so no cell may be taken for a formula (peers.md 5.11)."""

import csv
import io
from collections.abc import Iterable, Sequence

from m365_restrict.report.text import clean

_BYTE_ORDER_MARK = "\ufeff"
"""Without it a spreadsheet takes UTF-8 for something else."""
_FORMULA = frozenset("=+-@|\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}")
_FORMULA |= frozenset("\N{FULLWIDTH COMMERCIAL AT}\N{MINUS SIGN}")


def sheet_text(notice: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A notice in a row of its own, the header, and the rows; for a file that is written as UTF-8."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([inert(notice)])
    writer.writerow(header)
    writer.writerows([inert(cell) for cell in row] for row in rows)
    return _BYTE_ORDER_MARK + stream.getvalue()


def inert(text: str) -> str:
    """The text on one line, with an apostrophe before it where a spreadsheet would reckon with it."""
    if text[:1] in "\t\r\n":
        return f"'{clean(text)}" if clean(text) else ""
    shown = clean(text)
    return f"'{shown}" if shown[:1] in _FORMULA else shown
