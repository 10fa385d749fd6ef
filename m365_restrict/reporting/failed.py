"""The report of a run that an error ended: it says so, and that nothing may be concluded from it."""

from datetime import UTC, date, datetime

from m365_restrict.plan.beside import NotCovered
from m365_restrict.report.documents import DriftSummary, Head
from m365_restrict.report.model import CouncillorNumbers, PeriodCovered, Report, Trends
from m365_restrict.reporting.identity import run_identity
from m365_restrict.reporting.periods import period_covered
from m365_restrict.reporting.request import ReportRequest
from m365_restrict.steps.options import RunOptions

_NOTHING = NotCovered(
    scope="Everything",
    reason="The run ended before anything was compared. This does not mean that all is well.",
    next_step="Put right what the error names and run the command again.",
)


def failed_report(head: Head, request: ReportRequest, options: RunOptions | None = None) -> Report:
    """All parts are there and empty. `options` are None where the settings could not be read."""
    return Report(
        identity=run_identity(head, options, language=request.language),
        period=_period(head, request, options),
        edition=request.for_whom,
        summary=DriftSummary(live=0, enforced=0, differing=0, orphans=0, unknown=0),
        findings=(),
        fixed=(),
        live=(),
        contacts=(),
        councillors=CouncillorNumbers(
            members=None, with_choices=0, choices_live=0, choices_healthy=0, choices_refused=0
        ),
        actions=(),
        exceptions=(),
        guards=(),
        overrides=(),
        not_covered=(_NOTHING,),
        sign_off=None,
        trends=Trends(),
        language=request.language,
        welsh_is_checked=bool(options and options.report.welsh_is_checked(_today(head.started_at, options))),
    )


def _period(head: Head, request: ReportRequest, options: RunOptions | None) -> PeriodCovered:
    today = _today(head.started_at, options)
    begins = options.report.year_begins if options else 1
    try:
        return period_covered(request.period, today=today, day=request.day, year_begins=begins)
    except ValueError:
        return PeriodCovered(kind=request.period, first=today, last=today)


def _today(at: datetime, options: RunOptions | None) -> date:
    return at.astimezone(options.zone if options else UTC).date()
