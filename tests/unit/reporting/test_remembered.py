"""What a report reads of earlier runs in the ledger."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.report.edition import Period
from m365_restrict.report.model import NumberOf, PeriodCovered
from m365_restrict.reporting.remembered import remembered_of

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


def add(ledger: Ledger, days_ago: float, verb: str = "drift", *ids: str, **parts: Any) -> None:
    at = NOW - timedelta(days=days_ago)
    run_id = f"{verb}-{days_ago}"
    finding = {"code": "c", "severity": "high", "case_ref": None, "rule": ""}
    document = {"error": None, "findings": [{**finding, "id": one} for one in ids], **parts}
    ledger.runs.begin(RunStart(run_id=run_id, verb=verb, started_at=at, host="h", pid=1))
    text = json.dumps(document, indent=2)
    ledger.runs.finish(run_id, RunEnd(finished_at=at, exit_code=ExitCode.IN_STEP, document=text))


def pack(ledger: Ledger, days_ago: float, first: str, live: int) -> None:
    numbers = [{"of": "live", "now": live, "before": None}]
    period = {"kind": "quarterly", "first": first, "last": first}
    add(ledger, days_ago, "report", edition="board", period=period, numbers=numbers)


def memory(ledger: Ledger, kind: Period = Period.RUN, first: date = TODAY) -> Any:
    return remembered_of(ledger, PeriodCovered(kind=kind, first=first, last=first), now=NOW, zone=LONDON)


def test_an_empty_ledger_remembers_nothing(ledger: Ledger) -> None:
    found = memory(ledger)
    assert (found.before, found.compared, found.history) == (None, None, ())


def test_the_run_before_is_the_last_that_told_its_findings(ledger: Ledger) -> None:
    add(ledger, 3, "drift", "a")
    add(ledger, 2, "report", "b", edition="ict")
    add(ledger, 1, "report", edition="board")
    add(ledger, 0.5, "drift", error={"code": "x"})
    add(ledger, 0.4, "plan", "c")
    add(ledger, -1, "drift", "later")
    assert [one.id for one in memory(ledger).before.findings] == ["b"]


def test_a_pack_is_compared_with_the_last_of_an_earlier_period(ledger: Ledger) -> None:
    pack(ledger, 150, "2026-04-01", 4)
    pack(ledger, 50, "2026-07-01", 7)
    pack(ledger, 1, "2026-10-01", 9)
    found = memory(ledger, Period.QUARTERLY, date(2026, 10, 1))
    assert found.compared.numbers == {NumberOf.LIVE: 7}
    assert memory(ledger, Period.MONTHLY, date(2026, 10, 1)).compared is None


def test_history_has_the_last_run_of_each_day(ledger: Ledger) -> None:
    add(ledger, 2.2, "drift", "a")
    add(ledger, 2.1, "drift", "a", "b")
    add(ledger, 1, "drift")
    add(ledger, 40, "drift", "old")
    found = [(day, len(run.findings)) for day, run in memory(ledger).history]
    assert found == [(date(2026, 11, 21), 2), (date(2026, 11, 22), 0)]


def test_history_of_a_quarter_goes_by_the_week(ledger: Ledger) -> None:
    for days in (40, 8, 7, 1):
        add(ledger, days, "drift", "a")
    found = [day.isoformat() for day, _ in memory(ledger, Period.QUARTERLY).history]
    assert found == ["2026-10-12", "2026-11-09", "2026-11-16"]
