"""A report as a spreadsheet: whole, always the same, without a formula, a link, a macro or a hiding place."""

import io
import zipfile
from dataclasses import replace
from datetime import datetime

import pytest
from openpyxl import load_workbook

from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.sheet import LONGEST_CELL
from m365_restrict.report.spreadsheet import to_spreadsheet
from m365_restrict.report.table import TableName
from m365_restrict.report.tables import tables_of

WILD = (
    "=CMD()", "+1", "-1", "@SUM(1)", "{=1}", "\t=1", "\uff1d1", "https://x.example/a", "mailto:a@b.example",
    "0123", "1e5", "2026-10", "TRUE", "_x0041_", "a\x00b\x1bc", "\ufffe\uffff", "\ud800", "<b>&amp;",
    "x" * 40_000,
)  # fmt: skip


def opened(report):
    return load_workbook(io.BytesIO(to_spreadsheet(report)))


def members(report):
    with zipfile.ZipFile(io.BytesIO(to_spreadsheet(report))) as archive:
        return {one: archive.read(one).decode() for one in archive.namelist()}


@pytest.mark.parametrize("edition", Edition)
def test_each_table_is_a_sheet_that_everybody_sees(samples, edition):
    report = samples.sample_report(edition=edition, period=Period.WEEKLY)
    book = opened(report)
    assert book.sheetnames == [one.name.value for one in tables_of(report)]
    for sheet, table in zip(book, tables_of(report), strict=True):
        assert sheet.sheet_state == "visible"
        assert [cell.value for cell in sheet[1]] == list(table.headers)
        assert sheet.max_row == len(table.rows) + 1


@pytest.mark.requirement("F20")
def test_nothing_is_hidden(samples):
    for sheet in opened(samples.sample_report()):
        assert not any(one.hidden for one in sheet.column_dimensions.values())
        assert not any(one.hidden for one in sheet.row_dimensions.values())


@pytest.mark.requirement("F20")
def test_there_is_no_macro_link_pivot_or_drawing(samples):
    found = members(replace(samples.sample_report(), fixed=WILD))
    parts = {one.split("/")[1] for one in found if one.startswith("xl/")}
    assert parts <= {"workbook.xml", "_rels", "worksheets", "theme", "styles.xml", "sharedStrings.xml"}
    assert not any("<hyperlink" in text or "<f>" in text for text in found.values())
    assert not any("External" in text for name, text in found.items() if name.endswith(".rels"))


def test_hostile_texts_are_texts(samples):
    sheet = opened(replace(samples.sample_report(), fixed=WILD))["Put right"]
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert len(cells) == len(WILD)
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(str(cell.value).startswith(tuple("=+-@\t\uff1d")) for cell in cells)
    assert len(cells[-1].value) == LONGEST_CELL


def test_what_looks_like_a_number_but_is_a_text_stays_one(samples):
    sheet = opened(replace(samples.sample_report(), fixed=("0123", "1e5", "_x0041_")))["Put right"]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["0123", "1e5", "_x0041_"]


def test_days_are_days_and_numbers_numbers(samples):
    report = samples.sample_report()
    sheet = opened(report)[TableName.LIVE_CASES.value]
    row = dict(zip([cell.value for cell in sheet[1]], sheet[2], strict=True))
    ends, left = row["In force to the end of"], row["Days left"]
    assert (ends.is_date, ends.number_format, left.data_type) == (True, "yyyy-mm-dd", "n")
    since = row["Enforced since (Europe/London)"]
    assert since.value == datetime(2026, 9, 7, 6, 31)


def test_headings_stay_in_sight_and_filter(samples):
    for sheet in opened(samples.sample_report()):
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert all(8 <= one.width <= 62 for one in sheet.column_dimensions.values())


def test_it_says_what_it_is_and_nobodys_name(samples):
    told = opened(samples.sample_report()).properties
    assert (told.title, told.subject) == (
        "Restricted contacts: report for compliance",
        "2026-11-01 to 2026-11-30",
    )
    assert told.creator.startswith("m365-restrict ")
    assert told.created == datetime(2026, 11, 30, 6)


def test_equal_reports_give_equal_bytes(samples):
    assert to_spreadsheet(samples.sample_report()) == to_spreadsheet(samples.sample_report())


def test_a_report_of_a_failed_run_opens(samples):
    assert opened(samples.failed_report()).sheetnames == ["Report", "Contents", "Not covered"]
