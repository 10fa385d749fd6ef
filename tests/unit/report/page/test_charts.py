"""The figures: drawn the same every time, told in words and numbers too, and not drawn where nothing is."""

import re
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from m365_restrict.plan.beside import Point
from m365_restrict.plan.change import Severity
from m365_restrict.report.edition import ReportLanguage
from m365_restrict.report.model import Trends
from m365_restrict.report.page.charts import charts_of
from m365_restrict.report.page.words import words_in

WORDS = words_in(ReportLanguage.ENGLISH, time_zone="Europe/London")
FIRST = date(2026, 11, 1)


@pytest.fixture(scope="module")
def report(samples):
    return samples.sample_report()


def drawn(report, **given):
    return charts_of(replace(report, trends=Trends(**given)), WORDS)


def points(*counts):
    return tuple(Point(day=FIRST + timedelta(days=at), count=one) for at, one in enumerate(counts))


def test_the_four_figures_are_drawn(report):
    assert [(one.title, one.svg is not None) for one in charts_of(report, WORDS)] == [
        ("Live restrictions by measure", True),
        ("Time to the next review", True),
        ("Findings over time", True),
        ("Mail handled per week", True),
    ]


def test_where_there_is_nothing_to_show_there_is_no_chart(report):
    assert [one.svg for one in drawn(report)] == [None] * 4
    assert drawn(report, days_to_review=(("overdue", 0),))[1].svg is None


def test_equal_numbers_give_equal_charts(report):
    assert charts_of(report, WORDS) == charts_of(report, WORDS)


def test_a_chart_needs_no_style_no_script_and_nobody(report):
    for chart in charts_of(report, WORDS):
        root = ElementTree.fromstring(chart.svg)  # noqa: S314 - our own chart
        names = {name for one in root.iter() for name in one.attrib}
        assert names.isdisjoint({"style", "id", "href", "fill", "stroke", "font-family"})
        assert {one.tag for one in root.iter()} <= {"svg", "g", "rect", "line", "text", "path", "circle"}


def test_a_chart_has_a_name_for_those_who_do_not_see_it(report):
    for chart in charts_of(report, WORDS):
        assert f'role="img" aria-label="{chart.title}"' in chart.svg


def test_the_numbers_stand_beside_a_chart(report):
    live, _, findings, _ = drawn(
        report,
        live_by_measure=(("Refuse with notice", 1200),),
        findings=((Severity.HIGH, points(3, 1)), (Severity.LOW, points(2)[:1])),
    )
    assert live.rows == (("Refuse with notice", "1,200"),)
    assert findings.header == ("Day", "High", "Low")
    assert findings.rows == (("1 November 2026", "3", "2"), ("2 November 2026", "1", "no run"))


def test_lines_are_told_apart_without_colour(report):
    findings = drawn(report, findings=tuple((one, points(1, 2)) for one in Severity))[2]
    assert re.findall(r'class="series lines (s\d)"', findings.svg) == ["s0", "s1", "s2", "s3"]
    assert findings.legend == ("Critical", "High", "Medium", "Low")


def test_one_day_is_a_point(report):
    findings = drawn(report, findings=((Severity.HIGH, points(3)),))[2]
    assert findings.svg.count("<circle") == 1


def test_labels_that_are_cut_alike_are_bars_of_their_own(report):
    long = "A measure with a name that is very long "
    live = drawn(report, live_by_measure=((f"{long}indeed", 2), (f"{long}and more", 3)))[0]
    assert live.svg.count("<rect") == 2


@pytest.mark.parametrize("most", [1, 2, 5, 6, 49, 51, 1000, 123456])
def test_the_axis_has_whole_and_few_steps_up_to_the_greatest_number(report, most):
    live = drawn(report, live_by_measure=(("Refuse with notice", most),))[0]
    axis = ElementTree.fromstring(live.svg).find(".//*[@class='axis bottom']")  # noqa: S314 - our own chart
    ticks = [int(one.text.replace(",", "")) for one in axis.iter("text")]
    assert sorted(ticks)[-1] >= most
    assert 2 <= len(ticks) <= 7


def test_hostile_names_stay_text(report):
    live = drawn(report, live_by_measure=(("<script>x</script>", 1),))[0]
    assert "<script" not in live.svg
