import csv
import io

import pytest

from m365_restrict.report.sheet import inert, sheet_text


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
        ("", ""),
        ("\t", ""),
    ],
)
def test_cells_hold_no_control_characters(text, shown):
    assert inert(text) == shown


@pytest.mark.requirement("F20")
def test_a_sheet_is_flat_and_says_first_what_it_is():
    text = sheet_text("Personal data.", ["Who", "Where"], [["a,b", '"x"'], ["=1", ""]])
    assert text.startswith("\ufeffPersonal data.\r\n")
    assert list(csv.reader(io.StringIO(text[1:])))[1:] == [["Who", "Where"], ["a,b", '"x"'], ["'=1", ""]]
