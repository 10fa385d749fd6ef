"""Whose a finding is, and by when."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from m365_restrict.plan.change import ChangeClass, Severity
from m365_restrict.policy.profile import Nation
from m365_restrict.report.documents import FindingLine, WaivedLine
from m365_restrict.reporting.duties import Duties
from m365_restrict.steps.options import ReportOptions

DUTIES = Duties(options=ReportOptions(), nation=Nation.ENGLAND, owned_cases=frozenset({"RC-1"}))
LINE = FindingLine(
    code="rule-drifted", class_="drifted", severity="high", case_ref="RC-1", mailbox="", rule="",
    fields=(), since=datetime(2026, 11, 23, tzinfo=UTC), changed_by=None, changed_at=None,
    message="", action="",
)  # fmt: skip


@pytest.mark.parametrize("kind", ChangeClass)
def test_each_class_has_an_owner(kind: ChangeClass) -> None:
    ours = {ChangeClass.REGISTER, ChangeClass.HOLDERS_CHOICE}
    owner = DUTIES.owner(replace(LINE, class_=kind.value))
    assert owner == ("Case owner" if kind in ours else "ICT")


def test_governance_looks_after_a_case_that_names_no_owner() -> None:
    assert DUTIES.owner(replace(LINE, class_="register", case_ref="RC-2")) == "Governance officer"
    assert DUTIES.owner(replace(LINE, class_="register", case_ref=None)) == "Governance officer"


@pytest.mark.parametrize("code", ["waiver-ended", "waiver-no-longer-fits", "report-unsigned"])
def test_waivers_and_signatures_are_the_information_asset_owners(code: str) -> None:
    assert DUTIES.owner(replace(LINE, code=code, class_="register")) == "Information Asset Owner"


def test_what_was_accepted_is_whose_it_was_accepted_by_until_that_day() -> None:
    waived = WaivedLine(number=1, owner="Head of ICT", reason="", until=date(2027, 3, 31))
    line = replace(LINE, waived=waived)
    assert (DUTIES.owner(line), DUTIES.due(line, since=date(2026, 1, 1))) == (
        "Head of ICT",
        date(2027, 3, 31),
    )


@pytest.mark.parametrize(
    ("severity", "due"),
    [
        (Severity.CRITICAL, date(2026, 12, 24)),
        (Severity.HIGH, date(2026, 12, 30)),
        (Severity.MEDIUM, date(2027, 1, 12)),
        (Severity.LOW, None),
    ],
)
def test_days_are_working_days_over_christmas(severity: Severity, due: date | None) -> None:
    """Friday 25 and Monday 28 December, and 1 January, are bank holidays in England."""
    line = replace(LINE, severity=severity.value)
    assert DUTIES.due(line, since=date(2026, 12, 24)) == due
