"""Trends, numbers and editions, from the parts of a whole report."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.plan.beside import Point
from m365_restrict.plan.change import Severity
from m365_restrict.report.edition import Edition
from m365_restrict.report.model import NumberOf
from m365_restrict.report.report_json import report_to_mapping
from m365_restrict.reporting.earlier import EarlierFinding, EarlierRun
from m365_restrict.reporting.editions import edited
from m365_restrict.reporting.found_lines import fixed_sentences
from m365_restrict.reporting.numbers import numbers_of
from m365_restrict.reporting.trends import BANDS, trends_of

TODAY = date(2026, 11, 30)


def earlier(day: int, *ids: str) -> EarlierRun:
    found = tuple(
        EarlierFinding(id=one, code="rule-drifted", severity="high", case_ref="RC-1", rule="R") for one in ids
    )
    return EarlierRun(started_at=datetime(2026, 11, day, tzinfo=UTC), findings=found)


class TestTrends:
    def test_a_day_without_a_run_has_no_point_and_today_is_the_last(self, samples: Any) -> None:
        report = samples.sample_report()
        history = ((date(2026, 11, 20), earlier(20, "a", "b")), (TODAY, earlier(30)))
        found = dict(trends_of(report.findings, report.live, history, today=TODAY).findings)
        high = sum(one.line.severity == "high" for one in report.findings)
        assert found[Severity.HIGH] == (Point(day=date(2026, 11, 20), count=2), Point(day=TODAY, count=high))

    @pytest.mark.parametrize(
        ("left", "band"),
        [(-1, "overdue"), (0, "within 30 days"), (30, "within 30 days"), (31, "31 to 90 days"),
         (90, "31 to 90 days"), (91, "later"), (None, "no date")],
    )  # fmt: skip
    def test_days_to_review(self, samples: Any, left: int | None, band: str) -> None:
        day = None if left is None else TODAY + timedelta(days=left)
        live = (replace(samples.sample_report().live[0], next_review_on=day),)
        bands = dict(trends_of((), live, (), today=TODAY).days_to_review)
        assert bands == {one: int(one == band) for one in BANDS}

    def test_no_case_gives_no_bands(self) -> None:
        assert trends_of((), (), (), today=TODAY).days_to_review == ()


class TestNumbers:
    def test_they_are_counted_from_the_parts(self, samples: Any) -> None:
        report = samples.sample_report()
        found = {one.of: one.now for one in numbers_of(report, {}, today=TODAY)}
        assert list(found) == list(NumberOf)
        assert found[NumberOf.LIVE] == len(report.live)
        severities = (NumberOf.CRITICAL, NumberOf.HIGH, NumberOf.MEDIUM, NumberOf.LOW)
        assert sum(found[one] for one in severities) == len(report.findings)

    def test_what_they_were_is_none_where_nobody_counted(self, samples: Any) -> None:
        found = numbers_of(samples.sample_report(), {NumberOf.LIVE: 9}, today=TODAY)
        assert [one.before for one in found if one.before is not None] == [9]

    def test_a_finding_is_overdue_the_day_after_its_day(self, samples: Any) -> None:
        report = samples.sample_report(findings=1)
        for due, overdue in ((TODAY, 0), (TODAY - timedelta(days=1), 1), (None, 0)):
            one = replace(report, findings=(replace(report.findings[0], due=due),))
            found = {number.of: number.now for number in numbers_of(one, {}, today=TODAY)}
            assert found[NumberOf.OVERDUE_FINDINGS] == overdue


class TestEditions:
    def test_the_board_keeps_numbers_and_what_is_not_covered(self, samples: Any) -> None:
        whole = samples.sample_report()
        board = edited(replace(whole, edition=Edition.BOARD))
        assert (board.findings, board.live, board.actions, board.exceptions) == ((), (), (), ())
        assert (board.numbers, board.not_covered) == (whole.numbers, whole.not_covered)

    def test_the_public_learns_nothing_from_anywhere_in_it(self, samples: Any) -> None:
        """Whatever the report holds, the public edition of two councils differs in no place but these."""
        one, other = (
            report_to_mapping(edited(replace(samples.sample_report(cases=cases), edition=Edition.PUBLIC)))
            for cases in (3, 90)
        )
        assert one == other
        assert one["exit_code"] == ExitCode.IN_STEP


class TestPutRight:
    def test_what_stands_is_not_said_to_be_put_right(self, samples: Any) -> None:
        lines = [one.line for one in samples.sample_report().findings]
        assert fixed_sentences(lines, earlier(29, lines[0].id)) == ()
        assert fixed_sentences(lines, earlier(29, "gone")) == (
            "RC-1: rule-drifted about “R”, which was high, is no longer found.",
        )
        assert fixed_sentences(lines, None) == ()
