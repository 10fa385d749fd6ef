"""Rows for a spreadsheet as CSV: opened by people, so no cell may be taken for a formula (peers.md 5.11)."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from m365_restrict.report.text import clean

LONGEST_CELL = 32_767
"""In characters: what a cell of a spreadsheet holds at the most."""
_BYTE_ORDER_MARK = "\ufeff"
"""Without it a spreadsheet takes UTF-8 for something else."""
_FORMULA = frozenset("=+-@|\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}")
_FORMULA |= frozenset("\N{FULLWIDTH COMMERCIAL AT}\N{MINUS SIGN}")
_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""What has no width and could stand before a sign that begins a formula."""
_NO_CHARACTERS = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Neither UTF-8 nor XML can hold them."""
_CUT = " … (cut: too long for a cell)"


def sheet_text(notice: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A notice in a row of its own, the header, and the rows; for a file that is written as UTF-8."""
    cells = ([inert(cell) for cell in row] for row in rows)
    return csv_text([[inert(notice)], header, *cells])


def csv_text(rows: Iterable[Sequence[str | int]]) -> str:
    """Cells as they are, which must be inert already; for a file that is written as UTF-8.

    Every text is in quotes: a spreadsheet that also parts cells at semicolons then does not part ours.
    """
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return _BYTE_ORDER_MARK + stream.getvalue()


def inert(text: str) -> str:
    """The text on one line, with an apostrophe before it where a spreadsheet would reckon with it.

    What no file can hold is replaced, and what no cell can hold is cut, which the text then says.
    """
    shown = clean(_NO_CHARACTERS.sub("\ufffd", text))
    begins = next((one for one in shown if not one.isspace() and one not in _UNSEEN), "")
    marked = shown and (text[:1] in set("\t\r\n") or begins in _FORMULA)
    whole = f"'{shown}" if marked else shown
    return whole if len(whole) <= LONGEST_CELL else whole[: LONGEST_CELL - len(_CUT)] + _CUT
