"""Which findings are news to whom: each once, and once that it is gone."""

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

import pytest

from m365_restrict.ledger.deliveries import KnownFinding
from m365_restrict.plan.beside import Unseen
from m365_restrict.plan.change import Severity
from m365_restrict.report.documents import FindingLine, WaivedLine
from m365_restrict.report.model import Continuity, ReportFinding
from m365_restrict.telling.news import Looked, Reader, news_for

_LINE = FindingLine(
    code="rule-drifted", class_="drifted", severity="high", case_ref="RC-1", mailbox="", rule="", fields=(),
    since=datetime(2026, 11, 23, tzinfo=UTC), changed_by=None, changed_at=None, message="", action="",
)  # fmt: skip
_WAIVED = WaivedLine(number=1, owner="Head of ICT", reason="CHG-1", until=date(2027, 3, 31))


def finding(id_: str, severity: str = "high", **line: Any) -> ReportFinding:
    told = dataclasses.replace(_LINE, id=id_, severity=severity, **line)
    return ReportFinding(number=1, line=told, continuity=Continuity.NEW, actors=(), owner="ICT", due=None)


def known(*ids: str, severity: str = "high") -> dict[str, KnownFinding]:
    made = (
        KnownFinding(finding_id=one, code="rule-drifted", severity=severity, case_reference="RC-1")
        for one in ids
    )
    return {one.finding_id: one for one in made}


def news(reader: Reader, *findings: ReportFinding, is_whole: bool = True) -> tuple[list[str], list[str], int]:
    found = news_for(reader, findings, Looked(is_whole=is_whole))
    return [one.line.id for one in found.new], [one.finding_id for one in found.fixed], found.continuing


def test_new_continuing_and_fixed_are_told_apart() -> None:
    reader = Reader(least=Severity.LOW, known=known("stands", "gone"))
    assert news(reader, finding("stands"), finding("new")) == (["new"], ["gone"], 1)


@pytest.mark.parametrize("least", Severity)
def test_a_reader_is_told_from_their_least_severity_on(least: Severity) -> None:
    findings = [finding(one.value, one.value) for one in Severity]
    wanted = ["critical", "high", "medium", "low"][: list(Severity).index(least) + 1]
    assert news(Reader(least=least, known={}), *findings)[0] == wanted


def test_what_has_become_severer_is_new_and_what_has_become_milder_is_not() -> None:
    reader = Reader(
        least=Severity.LOW, known=known("up", severity="low") | known("down", severity="critical")
    )
    assert news(reader, finding("up"), finding("down")) == (["up"], [], 1)


def test_a_run_that_could_not_look_at_everything_calls_nothing_fixed() -> None:
    assert news(Reader(least=Severity.LOW, known=known("gone")), is_whole=False) == ([], [], 0)


def test_what_is_waived_is_neither_new_nor_gone() -> None:
    reader = Reader(least=Severity.LOW, known=known("waived"))
    found = finding("waived", waived=_WAIVED), finding("other", waived=_WAIVED)
    assert news(reader, *found) == ([], [], 0)


def test_what_falls_below_the_least_severity_is_not_gone() -> None:
    assert news(Reader(least=Severity.HIGH, known=known("one")), finding("one", "low")) == ([], [], 0)


def test_at_once_is_told_what_is_critical_and_that_such_is_gone() -> None:
    before = known("gone") | known("was", severity="critical")
    reader = Reader(least=Severity.LOW, known=before, at_once=True)
    assert news(reader, finding("high"), finding("worst", "critical")) == (["worst"], ["was"], 0)


def test_what_is_told_is_kept_as_it_was_told() -> None:
    reader = Reader(least=Severity.LOW, known=known("gone"))
    found = news_for(reader, [finding("new", case_ref=None)], Looked(latest={"new": date(2026, 11, 24)}))
    (kept,) = found.told.new
    assert (kept.finding_id, kept.severity, kept.case_reference) == ("new", "high", "")
    assert kept.latest_on == date(2026, 11, 24)
    assert list(found.told.fixed) == ["gone"]


@pytest.mark.parametrize(
    ("unseen", "fixed", "left"),
    [
        (Unseen("rule-drifted", "RC-1"), [], 1),
        (Unseen("rule-drifted"), [], 1),
        (Unseen("rule-drifted", "RC-1", is_aged=True), [], 0),
        (Unseen("rule-drifted", "RC-2"), ["gone"], 0),
        (Unseen("mail-leaked", "RC-1"), ["gone"], 0),
    ],
)
def test_what_nobody_looked_for_is_not_gone(unseen: Unseen, fixed: list[str], left: int) -> None:
    reader = Reader(least=Severity.LOW, known=known("gone"))
    found = news_for(reader, [], Looked(unseen=frozenset({unseen})))
    assert ([one.finding_id for one in found.fixed], found.unseen) == (fixed, left)


@pytest.mark.parametrize(("day", "is_new"), [(24, False), (25, False), (26, True)])
def test_what_more_has_come_of_is_news_again(day: int, is_new: bool) -> None:
    (before,) = known("one").values()
    told = {"one": dataclasses.replace(before, latest_on=date(2026, 11, 25))}
    looked = Looked(latest={"one": date(2026, 11, day)})
    found = news_for(Reader(least=Severity.LOW, known=told), [finding("one")], looked)
    assert (bool(found.new), found.continuing) == (is_new, int(not is_new))
