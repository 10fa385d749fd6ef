"""A large council's report as CSV and as a spreadsheet: how long it takes, how big it is, that it is whole.

`pytest -s -n 0 tests/bench/test_report_tables.py` prints the figures; only the sizes are held.
"""

import io
import sys
import time
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from m365_restrict.report.csv_files import to_csv_zip
from m365_restrict.report.model import Report
from m365_restrict.report.spreadsheet import to_spreadsheet

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from sample_report import sample_report

sys.path.pop(0)

CASES, FINDINGS = 500, 5_000
MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def report() -> Report:
    return sample_report(cases=CASES, findings=FINDINGS)


def told(what: str, content: bytes, began: float) -> None:
    sys.stdout.write(f"\n{what}: {time.perf_counter() - began:.1f} s, {len(content):,} bytes\n")
    assert len(content) < MOST_BYTES


def test_csv_of_5000_findings(report: Report) -> None:
    began = time.perf_counter()
    content = to_csv_zip(report, "large")
    told(f"{CASES} cases, {FINDINGS:,} findings as zipped CSV", content, began)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        lines = archive.read("large-findings.csv").count(b"\r\n")
        cases = archive.read("large-live-cases.csv").count(b"\r\n")
    assert (lines, cases) == (FINDINGS + 1, CASES + 1)


def test_a_spreadsheet_of_5000_findings(report: Report) -> None:
    began = time.perf_counter()
    content = to_spreadsheet(report)
    told(f"{CASES} cases, {FINDINGS:,} findings as .xlsx", content, began)
    book = load_workbook(io.BytesIO(content), read_only=True)
    assert (book["Findings"].max_row, book["Live cases"].max_row) == (FINDINGS + 1, CASES + 1)
    book.close()
