"""A report as CSV files: whole, the same every time, and inert where people open them."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import date

import pytest

from m365_restrict.report.csv_files import csv_name, csv_tables, to_csv_zip
from m365_restrict.report.table import TableName
from m365_restrict.report.tables import tables_of

FORMULA = tuple("=+-@|\t\r\n\uff1d\uff0b\uff0d\uff20\u2212")


def read(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def put_right(report, *texts):
    files = dict(csv_tables(replace(report, fixed=texts)))
    return [row[0] for row in read(files[TableName.PUT_RIGHT])[1:]]


def test_every_table_has_its_file_with_its_headings_and_rows(samples):
    report = samples.sample_report(findings=30)
    files = dict(csv_tables(report))
    for table in tables_of(report):
        found = read(files[table.name])
        assert found[0] == list(table.headers)
        assert len(found) == len(table.rows) + 1


def test_days_and_instants_are_iso_and_numbers_are_numbers(samples):
    files = dict(csv_tables(samples.sample_report()))
    headings, first, *_ = read(files[TableName.FINDINGS])
    row = dict(zip(headings, first, strict=True))
    assert row["To do by"] == date.fromisoformat(row["To do by"]).isoformat()
    assert row["Since (Europe/London)"].endswith(("+00:00", "+01:00"))
    assert files[TableName.FINDINGS].decode("utf-8-sig").splitlines()[1].startswith('1,"Critical"')


@pytest.mark.requirement("F20")
@pytest.mark.parametrize(
    "text",
    [
        "=CMD()", "+1", "-1+1", "@SUM(1)", "|x", "\t=1", "\r=1", "\n=1", " =1", "\u3000=1", "\xa0=1",
        "\uff1d1+1", "\u22121", "\u200b=1", "\x00=1", "=cmd|' /C calc'!A0",
    ],
)  # fmt: skip
def test_a_formula_is_a_text(samples, text):
    (cell,) = put_right(samples.sample_report(), text)
    assert cell.startswith("'")
    assert not cell.startswith(FORMULA)


@pytest.mark.parametrize(
    "text",
    ["0123456789", "1234567e12", "3e8", "2026-10", "3/4", "1.2.26", "12:30", "Mar-24", "1 Nov 2026",
     "SEPT 12", "TRUE", "123456789012345678"],
)  # fmt: skip
def test_a_text_that_would_become_another_number_or_day_stays_a_text(samples, text):
    assert put_right(samples.sample_report(), text) == [f"'{text}"]


@pytest.mark.parametrize(
    "text",
    ["RC-2026-014", "12345", "3fa9c01b7e", "2026/014", "marsh-24", "Stage 1", "a=1", "may be", "x;=1", 'a"b'],
)
def test_any_other_text_is_as_it_is(samples, text):
    assert put_right(samples.sample_report(), text) == [text]


def test_what_utf_8_cannot_hold_is_replaced(samples):
    assert put_right(samples.sample_report(), "a\ud800b") == ["a\ufffdb"]


def test_a_zip_holds_the_same_files_under_names_of_their_own(samples):
    report = samples.sample_report()
    with zipfile.ZipFile(io.BytesIO(to_csv_zip(report, "october"))) as archive:
        found = {one: archive.read(one) for one in archive.namelist()}
    assert found == {csv_name("october", name): data for name, data in csv_tables(report)}
    assert "october-live-cases.csv" in found


def test_equal_reports_give_equal_bytes(samples):
    assert to_csv_zip(samples.sample_report(), "a") == to_csv_zip(samples.sample_report(), "a")


def test_the_file_names_of_tables_differ_and_are_plain():
    stems = [one.file_stem for one in TableName]
    assert len(set(stems)) == len(stems)
    assert all(stem.replace("-", "").isalpha() and stem == stem.lower() for stem in stems)
