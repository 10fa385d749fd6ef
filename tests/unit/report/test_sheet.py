import csv
import io

import pytest

from m365_restrict.report.sheet import LONGEST_CELL, csv_text, inert, sheet_text


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "|", "＝", "−"])
def test_a_formula_becomes_text(sign):
    assert inert(f"{sign}CMD()") == f"'{sign}CMD()"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        (" =1", "'=1"),
        ("\x00=1", "'=1"),
        ("a=1", "a=1"),
        ("two\nlines", "two lines"),
        ("\u3000=1", "'=1"),
        ("\u200b=1", "'\u200b=1"),
        ("\ufeff \u2060=1", "'\ufeff \u2060=1"),
        ("\u200b", "\u200b"),
        ("a\ud800b\uffffc", "a\ufffdb\ufffdc"),
        ("", ""),
        ("\t", ""),
    ],
)
def test_cells_hold_no_control_characters(text, shown):
    assert inert(text) == shown


@pytest.mark.requirement("F20")
def test_a_sheet_is_flat_and_says_first_what_it_is():
    text = sheet_text("Personal data.", ["Who", "Where"], [["a,b", '"x"'], ["=1", ""]])
    assert text.startswith('\ufeff"Personal data."\r\n')
    assert list(csv.reader(io.StringIO(text[1:])))[1:] == [["Who", "Where"], ["a,b", '"x"'], ["'=1", ""]]


def test_what_is_too_long_for_a_cell_is_cut_and_says_so():
    cut = inert("=" + "x" * LONGEST_CELL)
    assert len(cut) == LONGEST_CELL
    assert cut.startswith("'=xx")
    assert cut.endswith("(cut: too long for a cell)")
    assert inert("x" * LONGEST_CELL) == "x" * LONGEST_CELL


def test_texts_are_in_quotes_and_numbers_are_not():
    assert csv_text([["a;b", 7]]) == '\ufeff"a;b",7\r\n'
