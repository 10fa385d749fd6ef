"""`report`: one run of `drift` with readers alone, and the report that is made of it."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from m365_restrict.cli.beside import beside_of
from m365_restrict.cli.documented import carry_out, run_start
from m365_restrict.cli.report_delivery import deliver_packs
from m365_restrict.cli.report_faces import write_report
from m365_restrict.cli.report_form import ReportFormat
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.streams import tell
from m365_restrict.cli.watched_jobs import options_with_jobs
from m365_restrict.errors import ConfigurationError, RestrictError
from m365_restrict.evidence.recording import Recording
from m365_restrict.findings.unsigned_reports import monthly_reports_made, note_monthly_report
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.reconcile import reconcile
from m365_restrict.report.documents import DriftDocument
from m365_restrict.report.edition import Period
from m365_restrict.report.model import Report, ReportVerb
from m365_restrict.report.report_json import report_to_json
from m365_restrict.report.verb import Verb
from m365_restrict.reporting.compose import compose
from m365_restrict.reporting.failed import failed_report
from m365_restrict.reporting.packs import latest_days, make_packs
from m365_restrict.reporting.periods import period_covered
from m365_restrict.reporting.request import ReportRequest
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.run_document import document_of
from m365_restrict.telling.deliver import Packs
from m365_restrict.tenant.mail_exchangers import Resolver
from m365_restrict.tenant.session import open_readers
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.tenant_options import delivery_options, tenant_options


@dataclass(frozen=True, kw_only=True)
class ReportOrder:
    """What was asked for on the command line. `output` is a file or a folder, None for stdout.

    `resolver` asks where mail for a domain is delivered; None takes the settings' own. With `deliver` it is
    brought to those whom the settings name, besides.
    """

    request: ReportRequest = field(default_factory=ReportRequest)
    form: ReportFormat = ReportFormat.TEXT
    output: Path | None = None
    env_file: Path | None = None
    resolver: Resolver | None = None
    deliver: bool = False


@dataclass(frozen=True)
class _Made:
    """The report that was asked for, and all those to deliver; None where nothing is."""

    report: Report
    packs: Packs | None = None


def run_report(order: ReportOrder, environ: Mapping[str, str]) -> int:
    """Make the report, deliver it where that was asked for, and write it; the exit code, that of `drift`."""

    async def _work(run_id: str) -> Report:
        return await _session(order, load_settings(environ, order.env_file), run_id)

    return carry_out(
        _work,
        lambda head: failed_report(head, order.request),
        lambda one: write_report(one, order.form, order.output),
    )


async def _session(order: ReportOrder, settings: Settings, run_id: str) -> Report:
    clock = build_clock(settings)
    with open_ledger(settings.ledger.url) as ledger:
        start = run_start(run_id, ReportVerb.REPORT.value, clock.now())
        seen = Recording()
        ledger.runs.begin(start)
        try:
            work = _composed(order, settings, ledger, start, clock.now, seen)
            made = await Stopping().heeded(work)
        except RestrictError as error:
            ended = clock.now()
            evidence = seen.evidence(ended, error)
            ledger.runs.finish(run_id, RunEnd(finished_at=ended, exit_code=error.exit_code), evidence)
            raise
        report = made.report
        if made.packs is not None:
            # Before the run's end, whose entry in the chain proves what the ledger keeps of it.
            await deliver_packs(made.packs, settings, ledger, run=(run_id, start.started_at))
        ledger.runs.finish(run_id, _end_of(report), seen.evidence(report.head.finished_at))
        return report


async def _composed(
    order: ReportOrder,
    settings: Settings,
    ledger: Ledger,
    start: RunStart,
    finished: Callable[[], datetime],
    seen: Recording,
) -> _Made:
    ledger.retirements.refuse()
    async with AsyncExitStack() as stack:
        readers = await stack.enter_async_context(open_readers(tenant_options(settings)))
        run = Run(
            verb=Verb.DRIFT,
            run_id=start.run_id,
            now=start.started_at,
            options=options_with_jobs(settings, ledger),
            readers=readers,
            ledger=ledger,
            progress=tell,
        )
        run = seen.watching(run)
        _refuse_future(order.request, run)
        found = await reconcile(run)
        document = document_of(run, found, finished())
        if not isinstance(document, DriftDocument):
            raise AssertionError("a run of drift has the document of drift")
        seen.ended_with(document)
        beside = await beside_of(run, settings, order.resolver)

        async def _make(request: ReportRequest) -> Report:
            return await compose(run, found, document, request=request, finished=finished, beside=beside)

        report = await _make(order.request)
        _note(run, report)
        if not order.deliver:
            return _Made(report)
        options, domains = delivery_options(settings), found.people.domains
        packs = await make_packs(
            _make, report, order.request, options=options, ledger=ledger.deliveries, domains=domains
        )
        unseen, latest = found.watched.unseen, latest_days(found.findings)
        return _Made(report, replace(packs, unseen=unseen, latest=latest))


def _refuse_future(request: ReportRequest, run: Run) -> None:
    if request.day is not None and request.day > run.today:
        raise ConfigurationError(
            f"There is no report yet of {request.day.isoformat()}, which is still to come.",
            advice="Give --day with a day that has begun, or leave it out.",
        )


def _note(run: Run, report: Report) -> None:
    """A month's report that compliance may sign is remembered, so that its signature can be missed.

    Looking back at a month before the first such report asks nobody to sign for the months since.
    """
    if report.sign_off is None:
        return
    month, latest = report.period.first, period_covered(Period.MONTHLY, today=run.today).first
    if month >= min(monthly_reports_made(run.ledger), default=latest):
        note_monthly_report(run.ledger, month, on=run.today, run_id=run.run_id)


def _end_of(report: Report) -> RunEnd:
    head = report.head
    return RunEnd(
        finished_at=head.finished_at,
        exit_code=head.exit_code,
        source_version=head.source.version,
        document=report_to_json(report),
    )
