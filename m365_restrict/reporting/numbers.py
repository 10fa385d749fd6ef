"""The numbers of a report, and what they were in the last pack of the same cadence."""

from collections.abc import Mapping
from datetime import date

from m365_restrict.plan.change import Severity
from m365_restrict.report.model import Number, NumberOf, Report

_OF_SEVERITY = {
    NumberOf.CRITICAL: Severity.CRITICAL,
    NumberOf.HIGH: Severity.HIGH,
    NumberOf.MEDIUM: Severity.MEDIUM,
    NumberOf.LOW: Severity.LOW,
}


def numbers_of(report: Report, before: Mapping[NumberOf, int], *, today: date) -> tuple[Number, ...]:
    """Counted from the parts of the whole report, so that they cannot disagree with them."""
    now = _counts(report, today)
    return tuple(Number(of=one, now=now[one], before=before.get(one)) for one in NumberOf)


def _counts(report: Report, today: date) -> Mapping[NumberOf, int]:
    summary, findings = report.summary, report.findings
    return {
        NumberOf.LIVE: summary.live,
        NumberOf.ENFORCED: summary.enforced,
        NumberOf.DIFFERING: summary.differing,
        NumberOf.ORPHANS: summary.orphans,
        NumberOf.UNKNOWN: summary.unknown,
        **{
            of: sum(one.line.severity == severity for one in findings)
            for of, severity in _OF_SEVERITY.items()
        },
        NumberOf.OVERDUE_FINDINGS: sum(one.due is not None and one.due < today for one in findings),
        NumberOf.OVERDUE_REVIEWS: sum(case.review_overdue_days > 0 for case in report.live),
        NumberOf.ACTIONS: len(report.actions),
        NumberOf.EXCEPTIONS: len(report.exceptions),
    }
