"""`reviews` and `retention`: open what they need, hold the lease while they write, record the run."""

import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from m365_restrict.cli.documented import carry_out, run_start, write_text
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.streams import tell
from m365_restrict.errors import RestrictError
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunEnd
from m365_restrict.life.retention_run import keep_retention
from m365_restrict.life.review_run import review_lives
from m365_restrict.plan.change import Plan
from m365_restrict.report.json_text import to_json
from m365_restrict.report.retention import RetentionDocument, retention_lines
from m365_restrict.report.text import plain
from m365_restrict.report.verb import Verb
from m365_restrict.report.worklist import WorklistDocument, worklist_lines
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.telling.tell import notice_post
from m365_restrict.tenant.clock import Clock
from m365_restrict.tenant.session import open_readers, open_writers
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.run_options import run_options
from settings.tenant_options import tenant_options

DocumentT = TypeVar("DocumentT", WorklistDocument, RetentionDocument)
_Work = Callable[[Run, Writing | None, Callable[[], datetime]], Awaitable[DocumentT]]


@dataclass(frozen=True, kw_only=True)
class LifeRequest:
    """What was asked for. `output` is text or json; `file` gets it in place of stdout."""

    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None
    approve: bool = False


def run_reviews(request: LifeRequest, environ: Mapping[str, str]) -> int:
    """Carry out `reviews` and print the worklist; the exit code."""

    async def _review(
        run: Run, writing: Writing | None, finished: Callable[[], datetime]
    ) -> WorklistDocument:
        if writing is None:
            raise AssertionError("reviews always writes")
        return await review_lives(run, writing, notice_post, finished)

    async def _work(run_id: str) -> WorklistDocument:
        settings = load_settings(environ, request.env_file)
        return await _session(settings, run_id, "reviews", _review, writes=True)

    return carry_out(_work, lambda head: WorklistDocument(head=head), lambda one: _write(one, request))


def run_retention(request: LifeRequest, environ: Mapping[str, str]) -> int:
    """Carry out `retention` and print the queue and certificates; the exit code."""

    async def _work(run_id: str) -> RetentionDocument:
        settings = load_settings(environ, request.env_file)
        return await _session(settings, run_id, "retention", keep_retention, writes=request.approve)

    return carry_out(_work, lambda head: RetentionDocument(head=head), lambda one: _write(one, request))


async def _session(
    settings: Settings, run_id: str, verb: str, work: _Work[DocumentT], *, writes: bool
) -> DocumentT:
    clock = build_clock(settings)
    with open_ledger(settings.ledger.url) as ledger:
        if writes:
            ledger.prove_usable()
        start = run_start(run_id, verb, clock.now())
        ledger.runs.begin(start)
        stopping = Stopping()
        at_work = _opened(settings, ledger, clock, work, run=(run_id, start.started_at, writes, stopping))
        try:
            document = await stopping.told(at_work)
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=clock.now(), exit_code=error.exit_code))
            raise
        head = document.head
        end = RunEnd(
            finished_at=head.finished_at,
            exit_code=head.exit_code,
            source_version=head.source.version,
            document=to_json(document),
        )
        ledger.runs.finish(run_id, end)
        return document


async def _opened(
    settings: Settings,
    ledger: Ledger,
    clock: Clock,
    work: _Work[DocumentT],
    *,
    run: tuple[str, datetime, bool, Stopping],
) -> DocumentT:
    run_id, now, writes, stopping = run
    tenant = tenant_options(settings)
    async with AsyncExitStack() as stack:
        lease = None
        if writes:
            holder = Holder(holder=run_id, host=socket.gethostname(), pid=os.getpid())
            lease = stack.enter_context(
                ledger.lease(holder, seconds=settings.lease.seconds, clock=lambda: datetime.now(UTC))
            )
        readers = await stack.enter_async_context(open_readers(tenant))
        writing = None
        if lease is not None:
            writing = Writing(
                open_writers=lambda: stopping.between_items(open_writers(tenant, readers.in_flight)),
                approve=_nothing,
                lease=lease,
                stopping=stopping.asked,
            )
        # As validate does, these verbs read and judge the lists; they plan no rule.
        this = Run(
            verb=Verb.VALIDATE,
            run_id=run_id,
            now=now,
            options=run_options(settings, ledger.tenant_answers.profile(settings.auth.tenant_id)),
            readers=readers,
            ledger=ledger,
            progress=tell,
            writing=writing,
        )
        return await work(this, writing, clock.now)


def _nothing(_plan: Plan) -> bool:
    """These verbs make no plan, so none is ever approved."""
    return False


def _write(document: WorklistDocument | RetentionDocument, request: LifeRequest) -> None:
    if request.output == "json":
        write_text(to_json(document), request.file)
        return
    lines = worklist_lines(document) if isinstance(document, WorklistDocument) else retention_lines(document)
    write_text(plain(lines), request.file)
