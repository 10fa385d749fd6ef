"""What is better seen than read: findings over time, live cases by measure, days to review."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from m365_restrict.plan.beside import Point
from m365_restrict.plan.change import Severity
from m365_restrict.report.model import LiveCase, ReportFinding, Trends
from m365_restrict.reporting.earlier import EarlierRun

OVERDUE, NO_DATE = "overdue", "no date"
_BANDS = ((30, "within 30 days"), (90, "31 to 90 days"))
_LATER = "later"
BANDS = (OVERDUE, *(name for _, name in _BANDS), _LATER, NO_DATE)
"""In the order in which they are told; one with no case in it is told too."""


def trends_of(
    findings: Sequence[ReportFinding],
    live: Sequence[LiveCase],
    history: Sequence[tuple[date, EarlierRun]],
    *,
    today: date,
    mail_by_week: tuple[tuple[str, tuple[Point, ...]], ...] = (),
) -> Trends:
    """The series. Today's findings are the last point; a span without a run has none."""
    return Trends(
        findings=tuple((one, tuple(_points(one, findings, history, today))) for one in Severity),
        mail_by_week=mail_by_week,
        live_by_measure=tuple(sorted(Counter(case.measure for case in live).items())),
        days_to_review=_bands(live, today),
    )


def _points(
    severity: Severity,
    findings: Sequence[ReportFinding],
    history: Sequence[tuple[date, EarlierRun]],
    today: date,
) -> Iterable[Point]:
    yield from (Point(day=day, count=run.count(severity)) for day, run in history if day != today)
    yield Point(day=today, count=sum(one.line.severity == severity for one in findings))


def _bands(live: Sequence[LiveCase], today: date) -> tuple[tuple[str, int], ...]:
    counted = Counter(_band(case, today) for case in live)
    return tuple((band, counted[band]) for band in BANDS) if live else ()


def _band(case: LiveCase, today: date) -> str:
    if case.next_review_on is None:
        return NO_DATE
    left = (case.next_review_on - today).days
    if left < 0:
        return OVERDUE
    return next((name for most, name in _BANDS if left <= most), _LATER)
