"""Reports over the sandbox: every period and edition, against their schema and against `drift`."""

import contextlib
import csv
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Any

import jsonschema
import pytest
from openpyxl import load_workbook

from m365_restrict.cli.by_hand import Open, Waive, run_open, run_waive
from m365_restrict.cli.by_hand_session import Asked
from m365_restrict.cli.freeze import freeze
from m365_restrict.cli.override import Begin, OverrideRequest, run_override
from m365_restrict.cli.report import ReportOrder, run_report
from m365_restrict.cli.report_form import ReportFormat
from m365_restrict.report.edition import Edition, Period, ReportLanguage
from m365_restrict.reporting.request import DEFAULT_EDITIONS, ReportRequest

_SECRETS = {"AUTH__READER__CERTIFICATE_PATH": "", "AUTH__WRITER__CERTIFICATE_PATH": ""}
RULE = "RC-1 Redirect to single contact"
REVIEWS = "Restriction reviews"
MONTHLY: dict[str, Any] = {"period": Period.MONTHLY}


class Reports:
    """The verb `report` at a council."""

    def __init__(self, council: Any) -> None:
        self.council = council

    def say(
        self, form: ReportFormat, settings: Mapping[str, str] | None = None, **asked: Any
    ) -> tuple[int, str]:
        """Make one; its exit code and what it printed."""
        changed = {f"M365_RESTRICT_{name}": one for name, one in {**_SECRETS, **(settings or {})}.items()}
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            order = ReportOrder(request=ReportRequest(**asked), form=form)
            code = run_report(order, {**self.council.sandbox.env, **changed})
        self.council.sandbox.scan.said(out.getvalue(), err.getvalue())
        return code, out.getvalue()

    def document(self, settings: Mapping[str, str] | None = None, **asked: Any) -> dict[str, Any]:
        """The same as JSON, which follows its schema."""
        code, text = self.say(ReportFormat.JSON, settings, **asked)
        document: dict[str, Any] = json.loads(text)
        assert document["exit_code"] == code
        schema = json.loads((self.council.schemas / "report.json").read_text())
        jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())
        return document

    def text(self, **asked: Any) -> str:
        return self.say(ReportFormat.TEXT, **asked)[1]


@pytest.fixture
def reports(council: Any) -> Reports:
    return Reports(council)


@pytest.fixture
def moved(council: Any) -> Any:
    """Two cases in force, and an administrator who sends the mail of one elsewhere."""
    council.in_force(
        council.case("RC-1", CaseOwner="officer@ash.example"),
        council.case("RC-2", Measure="Refuse with notice"),
    )
    council.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
    return council


def codes(document: Mapping[str, Any]) -> list[str]:
    return [one["code"] for one in document["findings"]]


@pytest.mark.usefixtures("moved")
def test_every_period_has_its_edition_and_all_follow_the_schema(reports: Reports) -> None:
    for period in Period:
        document = reports.document(period=period)
        edition = DEFAULT_EDITIONS[period]
        assert (document["error"], document["period"]["kind"], document["edition"]) == (None, period, edition)
        assert reports.text(period=period).splitlines()[-1].startswith("Status: ")
    for edition in Edition:
        assert reports.document(edition=edition)["edition"] == edition


def test_the_numbers_and_findings_are_those_of_drift(moved: Any, reports: Reports) -> None:
    drift = moved.drift().document
    report = reports.document()
    assert report["summary"] == drift["summary"]
    assert [(one["id"], one["severity"]) for one in report["findings"]] == [
        (one["id"], one["severity"]) for one in drift["findings"]
    ]
    assert [one["case_ref"] for one in report["live"]] == [one["case_ref"] for one in drift["live"]]
    assert (report["exit_code"], report["status"]) == (2, "differences")


@pytest.mark.usefixtures("moved")
def test_a_finding_says_who_and_whose_and_by_when_and_who_approved(reports: Reports) -> None:
    found = next(one for one in reports.document()["findings"] if one["code"] == "rule-drifted")
    assert (found["owner"], found["due"], found["continuity"]) == ("ICT", "2026-11-25", "new")
    assert (found["actors"][0]["name"], found["actors"][0]["source"]) == ("E Admin", "rule")
    assert found["approved_on"] == "2026-09-03"
    assert len(found["approved_by"]) == 1
    (again,) = [one for one in reports.document()["findings"] if one["id"] == found["id"]]
    assert again["continuity"] == "continuing"


def test_what_was_put_right_is_said(moved: Any, reports: Reports) -> None:
    reports.document()
    assert moved.heal().exit_code == 0
    (fixed,) = reports.document()["fixed"]
    assert fixed.startswith("RC-1: rule-drifted")


def test_no_address_from_outside_is_in_a_report(moved: Any, reports: Reports) -> None:
    moved.cmdlet("Set-TransportRule", Identity=RULE, **moved.senders("other@elsewhere.example"))
    for edition in (Edition.COMPLIANCE, Edition.ICT):
        _, text = reports.say(ReportFormat.JSON, edition=edition)
        assert "post.example" not in text
        assert "elsewhere.example" not in text
    fields = next(one for one in reports.document()["findings"] if one["code"] == "rule-drifted")["fields"]
    sender = next(one for one in fields if one["field"].startswith("From"))
    assert sender["observed"] != sender["desired"]


def test_ict_alone_is_told_how_to_open_each_case(moved: Any, reports: Reports) -> None:
    cases = reports.document(edition=Edition.ICT)["live"]
    assert [len(one["open_by_hand"]) for one in cases] == [1, 1]
    line = cases[0]["open_by_hand"][0]
    assert line.startswith("Disable-TransportRule -Identity '")
    guid = line.split("'")[1]
    assert moved.rules()[RULE]["Guid"] == guid
    moved.cmdlet("Disable-TransportRule", Identity=guid)
    assert moved.rules()[RULE]["State"] == "Disabled"
    assert [one["open_by_hand"] for one in reports.document()["live"]] == [[], []]


@pytest.mark.requirement("F11")
@pytest.mark.usefixtures("moved")
def test_a_live_case_has_its_days_rules_and_approval(reports: Reports) -> None:
    case = reports.document()["live"][1]
    assert (case["days_left"], case["effective_from"], case["state"]) == (125, "2026-09-07", "in_step")
    assert case["rules"] == ["RC-2 Refuse with notice"]
    assert case["enforced_since"] == "2026-11-23T09:00:00Z"


def test_the_board_gets_numbers_and_what_has_changed(moved: Any, reports: Reports) -> None:
    quarter: dict[str, Any] = {"period": Period.QUARTERLY}
    first = reports.document(**quarter)
    assert (first["period"]["first"], first["period"]["last"]) == ("2026-07-01", "2026-09-30")
    assert {one["before"] for one in first["numbers"]} == {None}
    assert (first["findings"], first["live"], first["actions"]) == ([], [], [])
    moved.clock("2027-01-04T09:00:00Z")
    moved.heal()
    second = reports.document(**quarter)
    numbers = {one["of"]: (one["before"], one["now"]) for one in second["numbers"]}
    assert numbers["differing"] == (1, 0)
    assert second["compared_on"] == "2026-11-23"
    assert "Differing from the register: 0, was 1 (1 fewer)." in reports.text(**quarter)


@pytest.mark.usefixtures("moved")
def test_actions_are_those_of_the_period_with_their_approvals(reports: Reports) -> None:
    assert reports.document(**MONTHLY)["actions"] == []
    actions = reports.document(day=date(2026, 11, 2), **MONTHLY)["actions"]
    assert [(one["case_ref"], one["action"], one["result"]) for one in actions] == [
        ("RC-1", "create", "applied"),
        ("RC-2", "create", "applied"),
    ]
    assert {one["approved_on"] for one in actions} == {"2026-09-03"}


class TestSignOff:
    def test_a_month_waits_for_its_signature_and_is_closed_by_one(self, moved: Any, reports: Reports) -> None:
        moved.clock("2026-11-02T09:00:00Z")
        sign_off = reports.document(**MONTHLY)["sign_off"]
        assert (sign_off["due"], sign_off["signed_on"]) == ("2026-11-13", None)
        moved.clock("2026-11-13T09:00:00Z")
        assert "report-unsigned" not in codes(reports.document())
        moved.clock("2026-11-16T09:00:00Z")
        late = next(one for one in reports.document()["findings"] if one["code"] == "report-unsigned")
        assert (late["severity"], late["owner"]) == ("medium", "Information Asset Owner")
        assert "report-unsigned" in [one["code"] for one in moved.drift().findings()]
        moved.add(
            by="director@ash.example", title=REVIEWS, Title="2026-10", Kind="Report sign-off",
            OfficerTitle="Director of Resources", DecidedOn="2026-11-16", Considerations="Seen with ICT.",
        )  # fmt: skip
        assert "report-unsigned" not in codes(reports.document())
        signed = reports.document(**MONTHLY)["sign_off"]
        assert (signed["signed_by"], signed["signed_on"]) == ("Director of Resources", "2026-11-16")
        assert signed["comments"] == "Seen with ICT."

    @pytest.mark.usefixtures("moved")
    def test_an_old_month_that_somebody_looks_at_asks_nobody_to_sign(self, reports: Reports) -> None:
        reports.document(day=date(2026, 3, 1), **MONTHLY)
        assert "report-unsigned" not in codes(reports.document())


@pytest.mark.requirement("Y1-1")
class TestPublic:
    @pytest.mark.usefixtures("moved")
    def test_small_numbers_and_all_else_are_withheld(self, reports: Reports) -> None:
        document = reports.document(period=Period.ANNUAL)
        assert (document["period"]["first"], document["period"]["last"]) == ("2025-04-01", "2026-03-31")
        assert document["public"]["total"] == 0
        document = reports.document(period=Period.ANNUAL, day=date(2026, 11, 1))
        counts = {one["measure"]: one["count"] for one in document["public"]["by_measure"]}
        assert (counts["Redirect to single contact"], counts["Copy to single contact"]) == (None, 0)
        assert document["public"]["total"] is None
        assert (document["summary"], document["source"]["items"], document["exit_code"]) == (None, 0, 0)
        empty = ("findings", "live", "actions", "exceptions", "numbers", "not_covered", "worklist", "fixed")
        assert [document[name] for name in empty] == [[] for _ in empty]

    def test_a_case_that_was_lifted_within_the_period_counts(self, council: Any, reports: Reports) -> None:
        cases = [council.case(f"RC-{number}") for number in range(1, 7)]
        council.in_force(*cases)
        council.edit(1, by="director@ash.example", Status="Lifted")
        counts = reports.document(period=Period.ANNUAL, day=date(2026, 11, 1))["public"]
        assert counts["by_measure"][0] == {"measure": "Redirect to single contact", "count": 6}
        assert counts["total"] == 6


def test_the_weekly_report_is_the_worklist_of_governance_without_names(moved: Any, reports: Reports) -> None:
    moved.clock("2027-02-01T09:00:00Z")
    tasks = reports.document(period=Period.WEEKLY)["worklist"]
    assert [(one["case_ref"], one["kind"], one["owner"]) for one in tasks] == [
        ("RC-1", "review-due", "Case owner"),
        ("RC-2", "review-due", "Governance officer"),
        ("RC-1", "ending", "Case owner"),
        ("RC-2", "ending", "Governance officer"),
    ]


class TestNotCovered:
    @pytest.mark.usefixtures("moved")
    def test_permissions_that_are_not_granted_are_named(self, reports: Reports) -> None:
        scopes = [one["scope"] for one in reports.document()["not_covered"]]
        assert "The permission AuditLogsQuery-Exchange.Read.All" in scopes
        assert "Block lists" in scopes
        weekly = [one["scope"] for one in reports.document(period=Period.WEEKLY)["not_covered"]]
        assert "Block lists" not in weekly

    def test_what_could_not_be_read_makes_it_partial_and_claims_nothing_put_right(
        self, moved: Any, reports: Reports
    ) -> None:
        reports.document()
        moved.fault("status", status=403, times=50, cmdlet="Get-TransportRule")
        document = reports.document()
        assert (document["exit_code"], document["identity"]["result"]) == (4, "partial")
        assert document["fixed"] == []
        assert "What was put right" in [one["scope"] for one in document["not_covered"]]


class TestFailures:
    @pytest.mark.usefixtures("moved")
    def test_a_run_that_an_error_ends_has_a_report_with_every_part(self, reports: Reports) -> None:
        document = reports.document({"REGISTER__LIST": "No such list"})
        assert (document["exit_code"], document["error"]["code"]) == (5, "list-not-found")
        assert document["not_covered"][0]["scope"] == "Everything"
        text = reports.say(ReportFormat.TEXT, {"REGISTER__LIST": "No such list"})[1]
        assert "live restriction" not in text

    @pytest.mark.usefixtures("moved")
    def test_a_day_to_come_is_refused(self, reports: Reports) -> None:
        document = reports.document(day=date(2027, 1, 1), **MONTHLY)
        assert (document["exit_code"], document["error"]["code"]) == (5, "settings-invalid")


def test_a_report_writes_nothing(moved: Any, reports: Reports) -> None:
    moved.requests()
    for period in (Period.WEEKLY, Period.MONTHLY):
        reports.document(period=period)
    assert moved.writes() == []


def test_a_folder_gets_a_file_of_its_own_name(moved: Any, tmp_path: Any) -> None:
    out = tmp_path / "october.json"
    answer = moved.shell("report", "--period", "monthly", "--output", str(out))
    assert (answer.exit_code, json.loads(out.read_text())["edition"]) == (2, "compliance")
    folder = ("--format", "json", "--output", str(tmp_path))
    assert moved.shell("report", "--period", "quarterly", *folder).exit_code == 2
    assert "2026-07-01-quarterly-board.json" in [one.name for one in tmp_path.iterdir()]


def test_csv_and_spreadsheet_hold_the_findings_of_the_report(
    moved: Any, reports: Reports, tmp_path: Any
) -> None:
    found = codes(reports.document())
    for output in ("tables", "tables.zip", "report.xlsx"):
        form = ("--format", "csv") if output == "tables" else ()
        assert moved.shell("report", *form, "--output", str(tmp_path / output)).exit_code == 2
    (file,) = (tmp_path / "tables").glob("*-run-compliance-findings.csv")
    told = [row["Finding code"] for row in csv.DictReader(io.StringIO(file.read_text("utf-8-sig")))]
    assert sorted(told) == sorted(found)
    sheet = load_workbook(tmp_path / "report.xlsx")["Findings"]
    assert sheet.max_row == len(found) + 1
    assert zipfile.is_zipfile(tmp_path / "tables.zip")


@pytest.mark.usefixtures("moved")
def test_the_page_is_there_in_both_languages_and_after_a_failure(reports: Reports) -> None:
    for language in ReportLanguage:
        code, page = reports.say(ReportFormat.HTML, edition=Edition.BOARD, language=language)
        assert (code, f'lang="{language.value}' in page) == (2, True)
    code, page = reports.say(ReportFormat.HTML, {"REGISTER__LIST": "No such list"})
    assert (code, "list-not-found" in page) == (5, True)


def test_every_exception_in_force_is_told(council: Any, reports: Reports) -> None:
    council.in_force(
        council.case("RC-1"),
        council.case("RC-2"),
        council.case("RC-3", ChannelsOpen=[], NoChannelReason="Court order of 3 March 2026"),
    )
    council.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
    found = next(one for one in reports.document()["findings"] if one["code"] == "rule-drifted")
    said = {"reason": "CHG-1042", "owner": "Head of ICT"}
    env = council.sandbox.env
    quiet = contextlib.redirect_stdout(io.StringIO())
    with quiet, contextlib.redirect_stderr(io.StringIO()):
        waive = Waive(finding=found["id"], until=date(2027, 3, 31), **said)
        assert run_waive(waive, Asked(output="json"), env) == 0
        assert run_open(Open(case="RC-2", reason="CHG-1043"), Asked(output="json"), env) == 0
        begin = Begin(code="too-many-reroutings", reason="CHG-1044", hours=4, limit=6)
        assert run_override(OverrideRequest(order=begin), env) == 0
        assert freeze("CHG-1045", None, env) == 0
    document = reports.document()
    assert [
        (one["kind"], one["case_ref"], one["reason"], one["until"]) for one in document["exceptions"]
    ] == [
        ("waiver", "RC-1", "CHG-1042", "2027-03-31"),
        ("opened_by_hand", "RC-2", "CHG-1043", None),
        ("override", None, "CHG-1044", "2026-11-23"),
        ("freeze", None, "CHG-1045", None),
        ("signed_one_channel", "RC-3", "Court order of 3 March 2026", "2027-03-28"),
    ]
    assert [one["code"] for one in document["overrides"]] == ["too-many-reroutings"]
    waived = next(one for one in document["findings"] if one["id"] == found["id"])
    assert (waived["owner"], waived["due"]) == ("Head of ICT", "2027-03-31")


@pytest.mark.requirement("F13")
def test_councillors_are_numbers_and_nobodys_choice_is_told(council: Any, reports: Reports) -> None:
    choices = [
        council.choice("cllr.a@ash.example", "bore@letters.example", "Junk Email"),
        council.choice("cllr.b@ash.example", "bore@letters.example", "Move to folder"),
        council.choice("cllr.b@ash.example", "not an address", "Junk Email"),
    ]
    council.in_force(council.case("RC-1"), choices=choices)
    assert reports.document()["councillors"] == {
        "members": 12, "with_choices": 2, "choices_live": 2, "choices_healthy": 2, "choices_refused": 1,
    }  # fmt: skip
    rule = council.inbox_rules("cllr.a@ash.example")[0]
    council.holder("cllr.a@ash.example", "DELETE", f"/me/mailFolders/inbox/messageRules/{rule['id']}")
    _, text = reports.say(ReportFormat.JSON)
    assert json.loads(text)["councillors"]["choices_healthy"] == 1
    assert "letters.example" not in text
    assert "cllr." not in text
