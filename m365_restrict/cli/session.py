"""One run from settings to document: opens what the verb needs, and nothing that it must not hold."""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack
from datetime import UTC, datetime

from m365_restrict.cli.approval import approver
from m365_restrict.cli.request import Request
from m365_restrict.errors import RestrictError
from m365_restrict.explain import explain
from m365_restrict.explain_ledger import explain_from_ledger
from m365_restrict.ledger.lease import Holder, Lease
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.reconcile import reconcile
from m365_restrict.report.documents import Document, PlanDocument, Verb
from m365_restrict.report.json_text import to_json
from m365_restrict.run_context import Run, Writing
from m365_restrict.run_document import document_of
from m365_restrict.tenant.clock import Clock
from m365_restrict.tenant.session import open_readers, open_writers
from settings.load import load_settings
from settings.model import Settings
from settings.run_options import run_options
from settings.tenant_options import build_clock, tenant_options


async def run_session(
    request: Request, environ: Mapping[str, str], *, run_id: str, say: Callable[[str], None]
) -> Document:
    """Run one verb. Only apply and heal open a writer, and only while they hold the lease."""
    settings = load_settings(environ, request.env_file)
    clock = build_clock(settings)
    now = clock.now()
    with open_ledger(settings.ledger.url) as ledger:
        start = RunStart(
            run_id=run_id, verb=request.verb.value, started_at=now, host=socket.gethostname(), pid=os.getpid()
        )
        ledger.runs.begin(start)
        try:
            document = await _run(request, settings, ledger, start=start, say=say, clock=clock)
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=clock.now(), exit_code=error.exit_code))
            raise
        ledger.runs.finish(run_id, _end_of(document))
        return document


async def _run(
    request: Request,
    settings: Settings,
    ledger: Ledger,
    *,
    start: RunStart,
    say: Callable[[str], None],
    clock: Clock,
) -> Document:
    if request.from_ledger:
        return explain_from_ledger(
            ledger, request.address, request.recipients, run_id=start.run_id, now=start.started_at
        )
    tenant = tenant_options(settings)
    async with AsyncExitStack() as stack:
        lease = stack.enter_context(_lease(settings, ledger, start)) if request.writes else None
        readers = await stack.enter_async_context(open_readers(tenant))
        writing = None
        if lease is not None:
            writing = Writing(
                open_writers=lambda: open_writers(tenant, readers.in_flight),
                approve=approver(request),
                lease=lease,
            )
        run = Run(
            verb=request.verb,
            run_id=start.run_id,
            now=start.started_at,
            options=run_options(settings),
            readers=readers,
            ledger=ledger,
            progress=say,
            writing=writing,
        )
        if request.verb is Verb.EXPLAIN:
            return await explain(run, request.address, request.recipients, clock.now())
        return document_of(run, await reconcile(run), clock.now())


def _lease(settings: Settings, ledger: Ledger, start: RunStart) -> AbstractContextManager[Lease]:
    holder = Holder(holder=start.run_id, host=start.host, pid=start.pid)
    return ledger.lease(holder, seconds=settings.lease.seconds, clock=lambda: datetime.now(UTC))


def _end_of(document: Document) -> RunEnd:
    head = document.head
    return RunEnd(
        finished_at=head.finished_at,
        exit_code=head.exit_code,
        source_version=head.source.version,
        plan_id=document.plan_id if isinstance(document, PlanDocument) else "",
        document=to_json(document),
    )
