"""The CSV files and the spreadsheet of a report in LibreOffice: the same rows, and nothing wakes.

Needs LibreOffice Calc (Debian: libreoffice-calc-nogui). Where it is missing the tests are skipped, unless
REQUIRE_LIBREOFFICE is set.
"""

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from m365_restrict.plan.change import FieldChange
from m365_restrict.report.csv_files import csv_name, csv_tables
from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.model import Report
from m365_restrict.report.sheet import inert
from m365_restrict.report.spreadsheet import to_spreadsheet
from m365_restrict.report.table import TableName
from m365_restrict.report.tables import tables_of

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from sample_report import sample_report

sys.path.pop(0)

HOSTILE = (
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "|x", "\t=1+1", "\r\n=1+1", " =1+1", "\u3000=1+1", "\u200b=1+1",
    "{=1+1}", "\uff1d1+1", "\u22121", "=cmd|' /C calc'!A0", '=HYPERLINK("https://x.example";"a")',
    '=WEBSERVICE("x")',
    "a;=1+1", 'a",=1+1', '"=1+1', "'=1+1", "a\n=1+1", "https://x.example/", "0123456789", "1234567e12",
    "2026-10", "3/4", "Mar-24", "TRUE", "_x0041_", "a\x00\x1b[2Jb", "\ufffe", "\ud800", "<b>&amp;",
    "x" * 40_000,
)  # fmt: skip
ANYHOW = "Text - txt - csv (StarCalc):44/59/9,34,76,1,,0,false,true,false,false,false,0,true"
"""Read with all that could go wrong: parted at , ; and tabs, with days recognised and formulas reckoned."""
PLAIN = "Text - txt - csv (StarCalc):44,34,76"
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
MOST_SECONDS = 300


@pytest.fixture(scope="module")
def office() -> str:
    found = shutil.which("soffice")
    if found is None:
        message = "LibreOffice is not installed (apt-get install libreoffice-calc-nogui): no file was opened"
        if os.environ.get("REQUIRE_LIBREOFFICE"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def convert(office: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Opens files with an import filter and saves them otherwise: a folder of what came out."""
    profile = tmp_path_factory.mktemp("profile")

    def _convert(files: list[Path], to: str, *, read_as: str = "") -> Path:
        out = tmp_path_factory.mktemp("out")
        reading = [f"--infilter={read_as}"] if read_as else []
        command = [office, "--headless", f"-env:UserInstallation={profile.as_uri()}", *reading]
        told = subprocess.run(
            [*command, "--convert-to", to, "--outdir", str(out), *map(str, files)],
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
        assert list(out.iterdir()), told.stderr
        return out

    return _convert


@pytest.fixture(scope="module")
def report() -> Report:
    """Something in every table, and hostile texts in the places that tenants and lists fill."""
    made = sample_report(edition=Edition.ICT, period=Period.WEEKLY, findings=len(HOSTILE))
    wild = tuple(
        replace(
            one,
            line=replace(
                one.line, case_ref=text, rule=text, message=text, fields=(FieldChange(text, text, (text,)),)
            ),
        )
        for one, text in zip(made.findings, HOSTILE, strict=True)
    )
    return replace(made, findings=wild, fixed=HOSTILE, identity=replace(made.identity, council="=1+1"))


@pytest.fixture(scope="module")
def csv_files(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Mapping[TableName, Path]:
    folder = tmp_path_factory.mktemp("csv")
    files = {name: folder / csv_name("r", name) for name, _ in csv_tables(report)}
    for name, content in csv_tables(report):
        files[name].write_bytes(content)
    return files


def written(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))


def shown(value: Any) -> str:
    """A cell as the CSV has it: days as ISO, whole numbers without a point."""
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat() if value.time().isoformat() != "00:00:00" else value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def rows_of(sheet: Any, width: int) -> list[list[str]]:
    return [[shown(cell.value) for cell in row] for row in sheet.iter_rows(max_col=width)]


def assert_inert(book: Workbook) -> None:
    for sheet in book:
        assert sheet.sheet_state == "visible"
        assert not any(one.hidden for one in sheet.column_dimensions.values())
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert [cell.value for cell in cells if cell.data_type in {"f", "e"}] == []
        assert [cell.value for cell in cells if cell.hyperlink] == []


@pytest.mark.requirement("F20")
@pytest.mark.parametrize("read_as", [PLAIN, ANYHOW], ids=["as it comes", "as badly as can be"])
def test_each_csv_has_the_same_rows_and_no_formula(convert: Any, csv_files: Any, read_as: str) -> None:
    out = convert(list(csv_files.values()), "xlsx", read_as=read_as)
    for name, path in csv_files.items():
        book = load_workbook(out / f"{path.stem}.xlsx")
        assert_inert(book)
        expected = written(path)
        assert rows_of(book.worksheets[0], len(expected[0])) == expected, name


@pytest.mark.requirement("F20")
def test_the_spreadsheet_has_the_same_rows_and_no_formula(
    convert: Any, report: Report, tmp_path: Path
) -> None:
    file = tmp_path / "report.xlsx"
    file.write_bytes(to_spreadsheet(report))
    book = load_workbook(convert([file], "xlsx") / "report.xlsx")
    assert_inert(book)
    assert book.sheetnames == [one.name.value for one in tables_of(report)]
    for sheet, table in zip(book, tables_of(report), strict=True):
        assert sheet.max_row == len(table.rows) + 1
        told = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        for was, is_now in zip(table.rows, told, strict=True):
            for before, after in zip(was, is_now, strict=True):
                if isinstance(before, str):
                    assert (after or "") == inert(before)
                elif isinstance(before, datetime):
                    assert after == before.replace(tzinfo=None)
                else:
                    assert shown(after) == shown(before)


@pytest.mark.requirement("F20")
def test_sheets_saved_as_csv_stay_inert(convert: Any, report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.xlsx"
    file.write_bytes(to_spreadsheet(report))
    out = convert([file], EVERY_SHEET)
    for table in tables_of(report):
        rows = written(out / f"report-{table.name.value}.csv")
        assert rows[0] == list(table.headers)
        assert len(rows) == len(table.rows) + 1
        assert not [cell for row in rows[1:] for cell in row if cell.lstrip()[:1] in set("=+@|\uff1d")]


def test_days_of_the_spreadsheet_are_days(convert: Any, report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.xlsx"
    file.write_bytes(to_spreadsheet(report))
    sheet = load_workbook(convert([file], "xlsx") / "report.xlsx")[TableName.LIVE_CASES.value]
    cells = dict(zip([cell.value for cell in sheet[1]], sheet[2], strict=True))
    assert cells["In force to the end of"].is_date
    assert cells["Days left"].data_type == "n"


def test_a_formula_would_have_been_seen(convert: Any, tmp_path: Path) -> None:
    """What the tests look for is there where nothing is made inert."""
    file = tmp_path / "awake.csv"
    file.write_text('"=1+1","0123","2026-10-01"\r\n', encoding="utf-8-sig")
    book = load_workbook(convert([file], "xlsx", read_as=ANYHOW) / "awake.xlsx")
    with pytest.raises(AssertionError):
        assert_inert(book)
