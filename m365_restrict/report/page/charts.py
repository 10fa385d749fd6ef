"""Charts as inline SVG: no script, no style, no reference; colours come from the page's style sheet.

Each has a text alternative and its numbers as a table beside it, and its lines differ in their dashes as
well as in colour. Where there is nothing to show there is no chart (a day without a run is not a nought).
"""

# It only writes what leather draws; nothing is parsed.
import xml.etree.ElementTree as ET  # nosec B405
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

import leather
from leather.shapes import Dots, Line
from markupsafe import Markup

from m365_restrict.plan.beside import Point
from m365_restrict.report.model import Report
from m365_restrict.report.page.vocabulary import N_, severity_sign
from m365_restrict.report.page.words import Words, inert

_WIDTH = 480
_BAR_HEIGHT = 34
_AXIS_HEIGHT = 80
_LINE_HEIGHT = 260
_MOST_TICKS = 5
_MOST_DAY_TICKS = 4
_STEPS = (1, 2, 5)
_LONGEST_LABEL = 30
_INK = "currentColor"
_UNSEEN = "\N{ZERO WIDTH SPACE}"
_PRESENTATION = ("fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One figure. `svg` is None where there is nothing to show; `legend` names the lines in their order.

    The numbers are `rows` under `header`, the first of each being what the numbers are of.
    """

    key: str
    title: str
    svg: Markup | None = None
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    legend: tuple[str, ...] = ()


_Named = tuple[str, tuple[Point, ...]]


def charts_of(report: Report, words: Words) -> tuple[Chart, ...]:
    """The figures of a report. The public edition has one, of the numbers that it may tell."""
    trends = report.trends
    if report.public is not None:
        told = [(one.measure, one.count) for one in report.public.by_measure if one.count is not None]
        return (_bars("by-measure", words.say(N_("Restrictions by measure")), told, words),)
    findings = [(words.say(severity_sign(one).word), points) for one, points in trends.findings]
    mail = [(words.say(name), points) for name, points in trends.mail_by_week]
    return (
        _bars("by-measure", words.say(N_("Live restrictions by measure")), trends.live_by_measure, words),
        _bars("by-review", words.say(N_("Time to the next review")), trends.days_to_review, words),
        _lines("over-time", words.say(N_("Findings over time")), findings, words),
        _lines("by-week", words.say(N_("Mail handled per week")), mail, words),
    )


def _bars(key: str, title: str, counts: Sequence[tuple[str, int]], words: Words) -> Chart:
    told = [(inert(words.say(label)), number) for label, number in counts]
    if not any(number for _, number in told):
        return Chart(key=key, title=title)
    chart = leather.Chart()
    labels = _labels([label for label, _ in told])
    chart.add_bars(list(zip((number for _, number in told), labels, strict=True)), fill_color=_INK)
    ticks = _ticks(max(number for _, number in told))
    chart.add_x_scale(0, ticks[-1])
    chart.add_x_axis(ticks=ticks, tick_formatter=_told_as(words.number))
    height = _BAR_HEIGHT * len(told) + _AXIS_HEIGHT
    rows = tuple((label, words.number(number)) for label, number in told)
    return Chart(
        key=key,
        title=title,
        svg=_drawn(chart, height, title=title, lines=1),
        header=(words.say(N_("What")), words.say(N_("Number"))),
        rows=rows,
    )


def _lines(key: str, title: str, series: Sequence[_Named], words: Words) -> Chart:
    drawn = [(inert(name), points) for name, points in series if points]
    if not drawn:
        return Chart(key=key, title=title)
    days = sorted({point.day for _, points in drawn for point in points})
    return Chart(
        key=key,
        title=title,
        svg=_drawn(_line_chart(drawn, days, words), _LINE_HEIGHT, title=title, lines=2),
        header=(words.say(N_("Day")), *(name for name, _ in drawn)),
        rows=tuple(_row(day, drawn, words) for day in days),
        legend=tuple(name for name, _ in drawn),
    )


def _line_chart(drawn: Sequence[_Named], days: Sequence[date], words: Words) -> leather.Chart:
    chart = leather.Chart()
    for name, points in drawn:
        data = [((one.day - days[0]).days, one.count) for one in sorted(points, key=lambda one: one.day)]
        for shape in (_line(), _dots()):
            chart.add_series(leather.Series(data, name=name), shape)
    ticks = _ticks(max(point.count for _, points in drawn for point in points))
    chart.add_y_scale(0, ticks[-1])
    chart.add_y_axis(ticks=ticks, tick_formatter=_told_as(words.number))
    # A scale needs two ends: a single day stands at the left one.
    chart.add_x_scale(0, max((days[-1] - days[0]).days, 1))
    chart.add_x_axis(
        ticks=[(day - days[0]).days for day in _day_ticks(days)],
        tick_formatter=_told_as(lambda since: words.short_day(days[0] + timedelta(days=since))),
    )
    return chart


def _row(day: date, series: Sequence[_Named], words: Words) -> tuple[str, ...]:
    numbers = [{point.day: point.count for point in points} for _, points in series]
    cells = (words.number(one[day]) if day in one else words.say(N_("no run")) for one in numbers)
    return (words.day(day), *cells)


def _line() -> Line:
    """A line without a legend: the page writes that itself, so that it shows the dashes."""
    shape = Line(stroke_color=_INK)
    shape.legend_to_svg = lambda *_: []
    return shape


def _dots() -> Dots:
    shape = Dots(fill_color=_INK)
    shape.legend_to_svg = lambda *_: []
    return shape


def _told_as(tell: Callable[[int], str]) -> Callable[[int, int, int], str]:
    return lambda value, *_: tell(value)


def _drawn(chart: leather.Chart, height: int, *, title: str, lines: int) -> Markup:
    """The chart as an element that scales with the page; each series of `lines` layers has its own class."""
    group: ET.Element = chart.to_svg_group(_WIDTH, height)
    group.remove(group[0])  # the background: the page has its own
    number = count()
    for element in group.iter():
        for name in _PRESENTATION:
            element.attrib.pop(name, None)
        if element.get("class", "").startswith("series"):
            element.set("class", f"{element.get('class')} s{next(number) // lines}")
        _round(element)
    root = ET.Element("svg", {"viewBox": f"0 0 {_WIDTH} {height}", "role": "img", "aria-label": title})
    root.append(group)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - written by the XML library, escaped


def _round(element: ET.Element) -> None:
    """Coordinates to a tenth: the rest nobody sees."""
    for name, value in element.attrib.items():
        if name in {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"}:
            element.set(name, f"{float(value):.1f}")
    if "d" in element.attrib:
        parts = element.attrib["d"].split()
        element.set("d", " ".join(one if one.isalpha() else f"{float(one):.1f}" for one in parts))


def _ticks(most: int) -> list[int]:
    """From 0 in whole, round steps to at least the greatest number."""
    scale = 1
    while True:
        for step in _STEPS:
            if step * scale * _MOST_TICKS >= most:
                return list(range(0, max(most, 1) + step * scale, step * scale))
        scale *= 10


def _day_ticks(days: Sequence[date]) -> list[date]:
    """The first day, the last, and a few between them."""
    if len(days) <= _MOST_DAY_TICKS:
        return list(days)
    last = len(days) - 1
    return [days[last * at // (_MOST_DAY_TICKS - 1)] for at in range(_MOST_DAY_TICKS)]


def _labels(texts: Sequence[str]) -> list[str]:
    """The texts cut to fit. The library knows bars by their labels, so equal ones are told apart unseen."""
    labels: list[str] = []
    for text in texts:
        label = text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
        while label in labels:
            label += _UNSEEN
        labels.append(label)
    return labels
