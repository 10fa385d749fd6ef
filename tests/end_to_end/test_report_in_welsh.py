"""A Welsh report over the sandbox: what a run has found is said in Welsh, and English in it is marked."""

import contextlib
import html
import io
import re
from typing import Any

import pytest

from m365_restrict.cli.report import ReportOrder, run_report
from m365_restrict.cli.report_form import ReportFormat
from m365_restrict.report.edition import Period, ReportLanguage
from m365_restrict.reporting.request import ReportRequest

RULE = "RC-1 Redirect to single contact"
_MARKED = re.compile(r'<span lang="en-GB">(.*?)</span>', re.DOTALL)
_CHECKED = {"REPORTS__WELSH_CHECKED_BY": "A. Translator", "REPORTS__WELSH_CHECKED_ON": "2026-08-01"}
_SECRETS = {"AUTH__READER__CERTIFICATE_PATH": "", "AUTH__WRITER__CERTIFICATE_PATH": ""}


def page(council: Any, period: Period, **settings: str) -> str:
    """The Welsh page."""
    changed = {f"M365_RESTRICT_{name}": one for name, one in {**_SECRETS, **settings}.items()}
    out = io.StringIO()
    request = ReportRequest(period=period, language=ReportLanguage.WELSH)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        run_report(ReportOrder(request=request, form=ReportFormat.HTML), {**council.sandbox.env, **changed})
    return html.unescape(out.getvalue())


@pytest.fixture
def moved(council: Any) -> Any:
    """A case in force whose rule an administrator has changed."""
    council.in_force(council.case("RC-1", CaseOwner="officer@ash.example"))
    council.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
    return council


@pytest.mark.requirement("W-0")
def test_findings_and_what_is_not_covered_are_in_welsh(moved: Any) -> None:
    told = page(moved, Period.WEEKLY)
    assert "Mae rhywun wedi golygu un o'n rheolau yn y tenant." in told
    assert "Someone edited one of our rules in the tenant." not in told
    assert "Nid oes gan y rhaglen ddarllen y caniatâd hwn." in told
    assert any("until the end of" in one for one in _MARKED.findall(told)), "what is of this rule alone"


def test_it_says_whether_somebody_has_checked_the_welsh(moved: Any) -> None:
    unchecked = "Nid oes cofnod bod neb wedi gwirio Cymraeg y dudalen hon."
    assert unchecked in page(moved, Period.RUN)
    assert unchecked not in page(moved, Period.RUN, **_CHECKED)


def test_the_council_has_its_welsh_name(moved: Any) -> None:
    english = {"LETTERS__COUNCIL_NAME": "Ash Council"}
    assert "Cyngor Onnen, " in page(moved, Period.RUN, **english, LETTERS__COUNCIL_NAME_CY="Cyngor Onnen")
    assert "Ash Council, " in page(moved, Period.RUN, **english)
