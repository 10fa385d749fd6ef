"""A report as flat tables: each edition its own, nothing lost, nothing told that the page does not tell."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from m365_restrict.report.documents import Failure, GuardLine
from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.model import PublicCount, PublicCounts
from m365_restrict.report.table import Table, TableName
from m365_restrict.report.tables import tables_of


def table(report, name):
    return next(one for one in tables_of(report) if one.name is name)


def rows(report, name):
    found = table(report, name)
    return [dict(zip(found.headers, row, strict=True)) for row in found.rows]


def names(report):
    return [one.name.value for one in tables_of(report)]


def test_compliance_gets_every_part_in_the_order_of_the_policy(samples):
    assert names(samples.sample_report()) == [
        "Report", "Contents", "Findings", "Differences", "Who changed it", "Put right", "Live cases",
        "Single contacts", "Councillors", "Actions", "Exceptions", "Guards", "Overrides", "Not covered",
        "Sign-off", "Trends",
    ]  # fmt: skip


def test_ict_alone_gets_the_commands_that_open_a_case(samples):
    assert "Open by hand" in names(samples.sample_report(edition=Edition.ICT))
    commands = rows(samples.sample_report(edition=Edition.ICT), TableName.OPEN_BY_HAND)
    assert commands[0]["Command"].startswith("Disable-TransportRule -Identity 'RC-")


def test_the_worklist_is_the_weekly_reports(samples):
    assert "What is due" in names(samples.sample_report(period=Period.WEEKLY))
    assert "What is due" not in names(samples.sample_report(period=Period.MONTHLY))


def test_the_board_gets_numbers_and_no_case(samples):
    report = samples.sample_report(edition=Edition.BOARD)
    assert names(report) == [
        "Report", "Contents", "Numbers", "Councillors", "Not covered", "Sign-off", "Trends",
    ]  # fmt: skip
    first = rows(report, TableName.NUMBERS)[0]
    assert first == {"What": "Live restrictions", "Now": 12, "Before": 14, "Change": -2}


@pytest.mark.requirement("F20")
def test_the_public_gets_counts_and_nothing_else(samples):
    report = samples.sample_report(edition=Edition.PUBLIC)
    assert names(report) == ["Report", "Contents", "Restrictions by measure"]
    told = {row["What"] for row in rows(report, TableName.REPORT)}
    assert told == {"Report", "Council", "Covers", "First day", "Last day", "Tool", "Handling"}


def test_a_number_that_is_withheld_is_a_word_and_no_nought(samples):
    report = samples.sample_report(edition=Edition.PUBLIC)
    counts = PublicCounts(
        by_measure=(PublicCount(measure="M", count=None), PublicCount(measure="N", count=0)),
        total=None,
        smallest_shown=5,
    )
    found = table(replace(report, public=counts), TableName.PUBLIC)
    assert found.rows == (("M", "withheld"), ("N", 0), ("All", "withheld"))


@pytest.mark.parametrize("edition", Edition)
def test_a_run_that_failed_has_no_table_that_looks_clean(samples, edition):
    report = samples.failed_report()
    head = replace(report.head, error=Failure(code="no-access", message="M.", advice="A."))
    failed = replace(report, edition=edition, identity=replace(report.identity, head=head))
    assert set(names(failed)) <= {"Report", "Contents", "Not covered"}
    says = {row["What"]: row["Says"] for row in rows(failed, TableName.REPORT)}
    assert says["Error"] == "M. (no-access)"
    assert says["What to do"] == "A."
    assert "does not mean that all is well" in says["Answer"]


def test_an_empty_part_of_a_partial_run_claims_nothing(samples):
    report = replace(samples.sample_report(), findings=(), live=())
    says = {row["Table"]: row["What it holds"] for row in rows(report, TableName.CONTENTS)}
    assert says["Findings"] == "No findings in what could be checked. Not everything could be."
    assert says["Live cases"].endswith("Not everything could be checked.")


def test_every_finding_is_there_and_what_each_table_holds_is_counted(samples):
    report = samples.sample_report(findings=40)
    counted = {row["Table"]: row["Rows"] for row in rows(report, TableName.CONTENTS)}
    assert (counted["Findings"], counted["Live cases"]) == (40, 24)
    assert counted["Differences"] == sum(len(one.line.fields) for one in report.findings)


def test_a_finding_has_its_approval_waiver_and_day(samples):
    report = samples.sample_report()
    first = next(one for one in report.findings if one.line.waived)
    row = next(one for one in rows(report, TableName.FINDINGS) if one["No."] == first.number)
    assert row["Case"] == first.line.case_ref
    assert (row["To do by"], row["Owner"]) == (first.due, first.owner)
    assert (row["Accepted by"], row["Waiver"]) == ("Head of ICT", 7)
    assert row["Accepted until the end of"] == date(2026, 12, 31)
    assert (row["Decision approved by"], row["Known as"]) == ("Director of Customers", first.line.id)


def test_instants_are_by_the_councils_clock_and_say_so(samples):
    report = samples.sample_report(findings=1)
    summer = replace(
        report.findings[0],
        line=replace(report.findings[0].line, since=datetime(2026, 7, 1, 12, 0, 5, 7, tzinfo=UTC)),
    )
    row = rows(replace(report, findings=(summer,)), TableName.FINDINGS)[0]
    since = row["Since (Europe/London)"]
    assert (since.hour, since.second, since.microsecond) == (13, 5, 0)
    assert since.utcoffset() == timedelta(hours=1)


def test_a_long_list_of_values_is_whole(samples):
    report = samples.sample_report(findings=3)
    many = tuple(f"p{number}@outside.example" for number in range(30))
    found = report.findings[1]
    change = replace(found.line.fields[0], observed=many, desired=None)
    wide = replace(found, line=replace(found.line, fields=(change,)))
    row = rows(replace(report, findings=(wide,)), TableName.DIFFERENCES)[0]
    assert (row["In the tenant now"], row["As it should be"]) == ("; ".join(many), "not set")


def test_who_changed_it_is_a_row_for_each_account(samples):
    report = samples.sample_report()
    found = rows(report, TableName.WHO_CHANGED)
    assert {row["Kind"] for row in found} >= {"an administrator", "this tool", "not yet in the audit log"}
    assert all(row["Case"] for row in found)


def test_who_changed_a_councillors_own_choice_is_not_told(samples):
    report = samples.sample_report(findings=2)
    one = report.findings[0]
    chosen = replace(one, line=replace(one.line, mailbox=412, changed_by="cllr@northmere.example"))
    told = replace(report, findings=(chosen,))
    assert rows(told, TableName.WHO_CHANGED) == []
    row = rows(told, TableName.FINDINGS)[0]
    assert row["Who changed it"] == "not shown: a councillor's own choice"
    assert row["Mailbox"] == "councillor mailbox no. 412"
    assert "cllr@" not in str(tables_of(told))


def test_without_the_audit_log_the_rule_itself_tells_who(samples):
    report = samples.sample_report(findings=1)
    one = replace(report.findings[0], actors=())
    one = replace(one, line=replace(one.line, changed_by="Admin", changed_at=samples.NOW))
    row = rows(replace(report, findings=(one,)), TableName.WHO_CHANGED)[0]
    assert (row["Who"], row["According to"]) == ("Admin", "the rule itself")


def test_mail_that_was_not_read_is_empty_and_not_nought(samples):
    report = samples.sample_report()
    row = rows(replace(report, live=(replace(report.live[0], mail=None),)), TableName.LIVE_CASES)[0]
    assert (row["Mail seen"], row["Leaked"]) == (None, None)


def test_a_guard_is_told(samples):
    guard = GuardLine(code="source-shrunken", message="6 cases vanished.", override="override")
    found = table(replace(samples.sample_report(), guards=(guard,)), TableName.GUARDS)
    assert found.rows == (("source-shrunken", "6 cases vanished.", "override"),)


def test_the_numbers_behind_the_charts_are_there(samples):
    report = samples.sample_report()
    charts = {row["Chart"] for row in rows(report, TableName.TRENDS)}
    assert charts == {"Findings", "Mail by week", "Live cases by measure", "Days to the next review"}


@pytest.mark.parametrize("edition", Edition)
@pytest.mark.parametrize("period", Period)
def test_names_are_fit_for_sheets_and_headings_differ(samples, edition, period):
    for one in tables_of(samples.sample_report(edition=edition, period=period)):
        assert 0 < len(one.name) <= 31
        assert not set(one.name) & set("[]:*?/\\'")
        assert len(set(one.headers)) == len(one.headers)
        assert one.caption.endswith(".")


def test_a_row_that_does_not_fit_its_headings_is_refused():
    with pytest.raises(ValueError, match="one cell for each heading"):
        Table(name=TableName.FINDINGS, caption="C.", headers=("A", "B"), rows=(("a",),))
