"""The report as JSON and as text: nothing of the model is lost, and every line is a sentence."""

import json
import zipfile
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from m365_restrict.cli.report_faces import FACES, file_name, write_report
from m365_restrict.cli.report_form import ReportFormat, cannot_hold, format_of_file
from m365_restrict.cli.report_verb import report_verb
from m365_restrict.report.documents import Failure
from m365_restrict.report.edition import Edition, Period, ReportLanguage
from m365_restrict.report.model import Report
from m365_restrict.report.report_json import report_to_json, report_to_mapping
from m365_restrict.report.report_text import answer_of, report_lines
from m365_restrict.reporting.failed import failed_report
from m365_restrict.reporting.request import ReportRequest

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "report.json").read_text())


def texts(report: Report) -> list[str]:
    return [line.text for line in report_lines(report)]


class TestJson:
    @pytest.mark.parametrize("edition", Edition)
    @pytest.mark.parametrize("period", Period)
    def test_it_follows_its_schema(self, samples: Any, edition: Edition, period: Period) -> None:
        document = json.loads(report_to_json(samples.sample_report(edition=edition, period=period)))
        jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())

    def test_a_failed_one_follows_it_too(self, samples: Any) -> None:
        head = samples.failed_report().head
        document = json.loads(report_to_json(failed_report(head, ReportRequest(period=Period.MONTHLY))))
        jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())

    def test_every_part_of_the_model_has_its_key(self, samples: Any) -> None:
        report = samples.sample_report()
        document = report_to_mapping(report)
        assert {one.name for one in fields(report)} <= document.keys()
        found = document["findings"][0]
        assert {one.name for one in fields(report.findings[0])} - {"line"} <= found.keys()

    def test_equal_reports_give_equal_text(self, samples: Any) -> None:
        assert report_to_json(samples.sample_report()) == report_to_json(samples.sample_report())


class TestText:
    def test_the_order_is_the_policys(self, samples: Any) -> None:
        lines = texts(samples.sample_report())
        marks = [
            "Report of the month", "24 live restrictions", "9 findings.", "24 live cases.", "Single contact ",
            "Councillors: ", "Changes made by the tool", "Exceptions in force", "Not covered: ", "Sign-off: ",
            "Status: ",
        ]  # fmt: skip
        places = [next(at for at, line in enumerate(lines) if line.startswith(mark)) for mark in marks]
        assert places == sorted(places)

    @pytest.mark.parametrize("edition", Edition)
    def test_no_line_is_empty_and_none_needs_its_colour(self, samples: Any, edition: Edition) -> None:
        for line in texts(samples.sample_report(edition=edition)):
            assert line.strip()

    def test_the_answer_counts_what_the_summary_counts(self, samples: Any) -> None:
        report = samples.sample_report()
        assert answer_of(report).startswith(f"{report.summary.live} live restrictions; ")

    def test_after_an_error_nothing_is_said_to_be_well(self, samples: Any) -> None:
        head = replace(samples.sample_report().head, error=Failure(code="x", message="M.", advice="A."))
        lines = texts(failed_report(head, ReportRequest()))
        assert not any("live restriction" in line or "finding" in line.lower() for line in lines)

    def test_a_last_day_and_an_overdue_review_are_said(self, samples: Any) -> None:
        report = samples.sample_report()
        case = replace(
            report.live[0], ends_on=date(2026, 11, 30), days_left=0,
            next_review_on=date(2026, 11, 1), review_overdue_days=29,
        )  # fmt: skip
        said = " ".join(texts(replace(report, live=(case,))))
        assert "it ends today; review by 1 November 2026, overdue by 29 days." in said

    def test_hostile_values_stay_on_their_line(self, samples: Any) -> None:
        report = samples.sample_report()
        first = report.findings[0]
        wild = replace(first, line=replace(first.line, message="a\nStatus: in_step\x1b[2J", rule="b\r\nc"))
        text = FACES[ReportFormat.TEXT](replace(report, findings=(wild,))).decode()
        assert "\x1b" not in text
        assert sum(line.startswith("Status: ") for line in text.splitlines()) == 1


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "form"),
        [
            ("a.json", "json"),
            ("a.HTML", "html"),
            ("a.txt", "text"),
            ("a.zip", "csv"),
            ("a.csv", "csv"),
            ("a.xlsx", "xlsx"),
            ("a", None),
        ],
    )
    def test_a_name_asks_for_its_form(self, name: str, form: str | None) -> None:
        assert format_of_file(Path(name)) == form

    def test_a_name_says_what_it_is_and_nothing_about_anybody(self, samples: Any) -> None:
        report = samples.sample_report(language=ReportLanguage.WELSH)
        assert file_name(report, ReportFormat.HTML).endswith("-monthly-compliance-cy.html")
        run = samples.sample_report(period=Period.RUN, edition=Edition.ICT)
        assert file_name(run, ReportFormat.JSON) == "20261130T060000Z-run-ict.json"

    def test_csv_goes_into_a_folder_file_by_file(self, samples: Any, tmp_path: Path) -> None:
        folder = tmp_path / "new"
        write_report(samples.sample_report(), ReportFormat.CSV, folder)
        names = sorted(one.name for one in folder.iterdir())
        assert "2026-11-01-monthly-compliance-findings.csv" in names
        assert len(names) == 16

    def test_what_a_failed_run_cannot_tell_is_not_left_from_the_run_before(
        self, samples: Any, tmp_path: Path
    ) -> None:
        made, failed = samples.sample_report(period=Period.RUN), samples.failed_report()
        write_report(made, ReportFormat.CSV, tmp_path)
        (tmp_path / "notes.csv").write_text("mine")
        write_report(replace(failed, period=made.period), ReportFormat.CSV, tmp_path)
        assert sorted(one.name for one in tmp_path.iterdir()) == [
            "20261130T060000Z-run-compliance-contents.csv",
            "20261130T060000Z-run-compliance-not-covered.csv",
            "20261130T060000Z-run-compliance-report.csv",
            "notes.csv",
        ]

    def test_csv_goes_into_one_zip(self, samples: Any, tmp_path: Path) -> None:
        write_report(samples.sample_report(), ReportFormat.CSV, tmp_path / "a.ZIP")
        with zipfile.ZipFile(tmp_path / "a.ZIP") as archive:
            assert "2026-11-01-monthly-compliance-live-cases.csv" in archive.namelist()

    def test_a_spreadsheet_gets_a_name_of_its_own_in_a_folder(self, samples: Any, tmp_path: Path) -> None:
        write_report(samples.sample_report(), ReportFormat.XLSX, tmp_path)
        assert [one.name for one in tmp_path.iterdir()] == ["2026-11-01-monthly-compliance.xlsx"]

    def test_one_file_cannot_hold_csv_but_a_zip_or_a_folder_can(self, tmp_path: Path) -> None:
        file, folder = tmp_path / "there", tmp_path / "october.csv.d"
        file.write_text("")
        (tmp_path / "folder.zip").mkdir()
        assert cannot_hold(ReportFormat.CSV, tmp_path / "october.csv")
        assert cannot_hold(ReportFormat.CSV, file)
        assert not cannot_hold(ReportFormat.CSV, folder)
        assert not cannot_hold(ReportFormat.CSV, tmp_path / "october.zip")
        assert not cannot_hold(ReportFormat.CSV, tmp_path / "folder.zip")
        assert not cannot_hold(ReportFormat.XLSX, file)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "csv"], "--format csv needs --output"),
        (["--format", "xlsx"], "--format xlsx needs --output"),
        (["--output", "october.csv"], "a folder or a .zip file"),
        (["--format", "xlsx", "--language", "cy", "-o", "x.xlsx"], "cannot be had in this language"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_read(options: list[str], said: str) -> None:
    answer = CliRunner().invoke(report_verb, options, env={"COLUMNS": "200"})
    assert answer.exit_code != 0
    assert said in answer.output
