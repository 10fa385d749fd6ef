"""What is read of earlier documents, and what is not taken for one."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.plan.change import Severity
from m365_restrict.report.model import NumberOf
from m365_restrict.reporting.earlier import read_earlier

AT = datetime(2026, 11, 23, tzinfo=UTC)
FINDING = {"id": "a" * 10, "code": "rule-drifted", "severity": "high", "case_ref": None, "rule": "R"}


def text(**parts: Any) -> str:
    return json.dumps({"error": None, "findings": [FINDING], **parts})


def test_a_drift_document() -> None:
    earlier = read_earlier(text(), AT)
    assert earlier is not None
    assert earlier.findings is not None
    assert (earlier.findings[0].id, earlier.findings[0].case_ref, earlier.first_day) == ("a" * 10, "", None)
    assert (earlier.count(Severity.HIGH), earlier.count(Severity.LOW)) == (1, 0)


@pytest.mark.parametrize(
    ("edition", "tells"), [("compliance", True), ("ict", True), ("board", False), ("public", False)]
)
def test_editions_that_leave_findings_out_tell_nothing_of_them(edition: str, tells: bool) -> None:
    period = {"kind": "monthly", "first": "2026-10-01", "last": "2026-10-31"}
    numbers = [{"of": "live", "now": 3, "before": None}]
    earlier = read_earlier(text(edition=edition, period=period, numbers=numbers), AT)
    assert earlier is not None
    assert (earlier.findings is not None) is tells
    assert (str(earlier.first_day), earlier.numbers) == ("2026-10-01", {NumberOf.LIVE: 3})


@pytest.mark.parametrize(
    "document",
    ["", "[]", "{", "{}", text(error={"code": "x"}), json.dumps({"error": None}), text(findings=[{}])],
)
def test_what_is_no_such_document(document: str) -> None:
    assert read_earlier(document, AT) is None
