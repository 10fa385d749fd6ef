"""One run from settings to document: opens what the verb needs, and nothing that it must not hold."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from m365_restrict.cli.approval import approver
from m365_restrict.cli.beside import beside_of
from m365_restrict.cli.documented import run_end, run_start
from m365_restrict.cli.question import question_of
from m365_restrict.cli.request import Request
from m365_restrict.cli.script_file import hand_over_for
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.told import Told
from m365_restrict.cli.watched_jobs import options_with_jobs
from m365_restrict.errors import ExitCode, RestrictError
from m365_restrict.evidence.recording import RECORDED, Recording
from m365_restrict.explaining.explain import explain
from m365_restrict.ledger.lease import Holder, Lease
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.reconcile import reconcile
from m365_restrict.register.item_history import HistoryMemory
from m365_restrict.report.documents import DriftDocument, Head
from m365_restrict.report.verb import Verb
from m365_restrict.reporting.compose import compose
from m365_restrict.reporting.request import ReportRequest
from m365_restrict.steps.options import RunOptions
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.steps.run_document import document_of
from m365_restrict.tenant.clock import Clock
from m365_restrict.tenant.session import open_readers, open_writers
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.run_options import run_options
from settings.tenant_options import tenant_options


async def run_session(
    request: Request, environ: Mapping[str, str], *, run_id: str, say: Callable[[str], None]
) -> Told:
    """Run one verb. Only apply and heal open a writer, and only while they hold the lease."""
    settings = load_settings(environ, request.env_file)
    clock = build_clock(settings)
    with open_ledger(settings.ledger.url) as ledger:
        if request.writes:
            ledger.prove_usable()
        start = run_start(run_id, request.verb.value, clock.now())
        ledger.runs.begin(start)
        moment = _Moment(start=start, say=say, clock=clock, stopping=Stopping())
        try:
            told = await moment.stopping.heeded(_run(request, settings, ledger, moment))
        except RestrictError as error:
            ended = clock.now()
            seen = moment.recording.evidence(ended, error)
            ledger.runs.finish(run_id, RunEnd(finished_at=ended, exit_code=error.exit_code), seen)
            raise
        document = told.document
        ledger.runs.finish(run_id, run_end(document), moment.recording.evidence(document.head.finished_at))
        return told


@dataclass(frozen=True, kw_only=True)
class _Moment:
    """When and under whose eyes a run is made."""

    start: RunStart
    say: Callable[[str], None]
    clock: Clock
    stopping: Stopping
    recording: Recording = field(default_factory=Recording)


async def _run(request: Request, settings: Settings, ledger: Ledger, moment: _Moment) -> Told:
    start, stopping = moment.start, moment.stopping
    if request.verb in _OUT_OF_USE and ledger.retirements.current() is not None:
        return Told(document=_out_of_use(request, ledger, moment))
    tenant = tenant_options(settings)
    async with AsyncExitStack() as stack:
        lease = stack.enter_context(_lease(settings, ledger, start)) if request.writes else None
        readers = await stack.enter_async_context(
            open_readers(tenant, histories=_histories(request, settings, ledger))
        )
        writing = None
        if lease is not None:
            writing = Writing(
                open_writers=lambda: stopping.between_items(open_writers(tenant, readers.in_flight)),
                approve=approver(request, ledger.runs),
                lease=lease,
                stopping=stopping.asked,
            )
        run = Run(
            verb=request.verb,
            run_id=start.run_id,
            now=start.started_at,
            options=_options(request, settings, ledger),
            readers=readers,
            ledger=ledger,
            progress=moment.say,
            writing=writing,
            hand_over=hand_over_for(request, settings),
        )
        if request.verb in RECORDED:
            run = moment.recording.watching(run)
        if request.verb is Verb.EXPLAIN:
            return Told(document=await explain(run, question_of(request), moment.clock.now()))
        found = await reconcile(run)
        document = document_of(run, found, moment.clock.now())
        if not isinstance(document, DriftDocument) or request.html is None:
            return Told(document=document)
        report = await compose(
            run,
            found,
            document,
            request=ReportRequest(),
            finished=lambda: document.head.finished_at,
            beside=await beside_of(run, settings),
        )
        return Told(document=document, report=report)


_OUT_OF_USE = frozenset({Verb.PLAN, Verb.DRIFT})


def _out_of_use(request: Request, ledger: Ledger, moment: _Moment) -> DriftDocument:
    """Drift in step with nothing, once the installation is out of use. Raises Retired for all else."""
    stood = ledger.retirements.current()
    if request.verb is not Verb.DRIFT or stood is None or stood.completed_at is None:
        ledger.retirements.refuse()
    moment.say("This installation is out of use: nothing was read. `m365-restrict retire` looks what stands.")
    head = Head(
        run_id=moment.start.run_id,
        started_at=moment.start.started_at,
        finished_at=moment.clock.now(),
        exit_code=ExitCode.IN_STEP,
    )
    return DriftDocument(head=head)


def _options(request: Request, settings: Settings, ledger: Ledger) -> RunOptions:
    if request.verb is Verb.DRIFT:
        return options_with_jobs(settings, ledger)
    return run_options(settings, ledger.tenant_answers.profile(settings.auth.tenant_id))


def _histories(request: Request, settings: Settings, ledger: Ledger) -> HistoryMemory | None:
    """What is remembered of unchanged items; nothing where letters may be drafted: they name the approver."""
    drafts = request.writes and settings.notify.library
    return ledger.histories if settings.lists.remember_histories and not drafts else None


def _lease(settings: Settings, ledger: Ledger, start: RunStart) -> AbstractContextManager[Lease]:
    holder = Holder(holder=start.run_id, host=start.host, pid=start.pid)
    return ledger.lease(holder, seconds=settings.lease.seconds, clock=lambda: datetime.now(UTC))
