"""`assess`, `import`, `adopt` and `disown`: open what each may hold, and nothing more."""

import getpass
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from m365_restrict.assessing.assess_run import assess
from m365_restrict.assessing.claim_run import ClaimOrder, adopt, disown
from m365_restrict.assessing.import_run import ImportOrder, import_rule
from m365_restrict.cli.approval import confirmed
from m365_restrict.cli.documented import carry_out, run_start, write_text
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.streams import tell
from m365_restrict.errors import RestrictError
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.plan.change import Plan
from m365_restrict.report.assess_document import AssessDocument, assess_lines, assess_sheet
from m365_restrict.report.claim_document import ClaimDocument, ClaimVerb, claim_lines
from m365_restrict.report.import_document import ImportDocument, import_lines, proposal_lines
from m365_restrict.report.json_text import to_json
from m365_restrict.report.text import Line, plain
from m365_restrict.report.verb import Verb
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.session import open_readers, open_writers
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.run_options import run_options
from settings.tenant_options import tenant_options

DocumentT = TypeVar("DocumentT", AssessDocument, ImportDocument, ClaimDocument)
_Work = Callable[[Run, Writing | None, Callable[[], datetime]], Awaitable[DocumentT]]
SHEET = ".csv"


@dataclass(frozen=True, kw_only=True)
class AssessRequest:
    """What was asked for. `output` is text or json; a `file` that ends in .csv gets the sheet."""

    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class RuleRequest:
    """One rule by name or Guid, the case that it is for, and why."""

    rule: str
    case_ref: str = ""
    reason: str = ""
    approve: bool = False
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None


def run_assess(request: AssessRequest, environ: Mapping[str, str]) -> int:
    """Look for blocks and write what was found; the exit code."""

    async def _assess(run: Run, _: Writing | None, finished: Callable[[], datetime]) -> AssessDocument:
        return await assess(run, finished)

    async def _work(run_id: str) -> AssessDocument:
        return await _session(load_settings(environ, request.env_file), run_id, "assess", _assess)

    return carry_out(
        _work, lambda head: AssessDocument(head=head), lambda one: _write_assessment(one, request)
    )


def run_import(request: RuleRequest, environ: Mapping[str, str]) -> int:
    """Propose a rule to the register; the exit code."""
    order = ImportOrder(rule=request.rule, case_ref=request.case_ref, made_by=getpass.getuser())

    async def _import(run: Run, writing: Writing | None, finished: Callable[[], datetime]) -> ImportDocument:
        if writing is None:
            raise AssertionError("import may write")
        return await import_rule(run, writing, order, _asker(request), finished)

    async def _work(run_id: str) -> ImportDocument:
        settings = load_settings(environ, request.env_file)
        return await _session(settings, run_id, "import", _import, leased=True)

    return carry_out(
        _work,
        lambda head: ImportDocument(head=head, rule=request.rule, case_ref=request.case_ref),
        lambda one: _write(one, import_lines, request),
    )


def run_claim(verb: ClaimVerb, request: RuleRequest, environ: Mapping[str, str]) -> int:
    """Adopt or disown a rule; the exit code."""
    order = ClaimOrder(
        rule=request.rule, case_ref=request.case_ref, reason=request.reason, made_by=getpass.getuser()
    )
    act = adopt if verb is ClaimVerb.ADOPT else disown

    async def _claim(run: Run, _: Writing | None, finished: Callable[[], datetime]) -> ClaimDocument:
        return await act(run, order, finished)

    async def _work(run_id: str) -> ClaimDocument:
        settings = load_settings(environ, request.env_file)
        return await _session(settings, run_id, verb.value, _claim, leased=True)

    return carry_out(
        _work,
        lambda head: ClaimDocument(verb=verb, head=head, rule=request.rule, case_ref=request.case_ref),
        lambda one: _write(one, claim_lines, request),
    )


async def _session(
    settings: Settings, run_id: str, verb: str, work: _Work[DocumentT], *, leased: bool = False
) -> DocumentT:
    clock = build_clock(settings)
    with open_ledger(settings.ledger.url) as ledger:
        if leased:
            ledger.prove_usable()
        start = run_start(run_id, verb, clock.now())
        ledger.runs.begin(start)
        stopping = Stopping()

        async def _at_work() -> DocumentT:
            async with AsyncExitStack() as stack:
                run, writing = await _opened(settings, ledger, start, stack, stopping if leased else None)
                return await work(run, writing, clock.now)

        try:
            document = await stopping.told(_at_work())
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=clock.now(), exit_code=error.exit_code))
            raise
        ledger.runs.finish(run_id, _end_of(document))
        return document


def _end_of(document: AssessDocument | ImportDocument | ClaimDocument) -> RunEnd:
    """The ledger keeps no document that names people who are in no case: sheets and proposals."""
    head = document.head
    return RunEnd(
        finished_at=head.finished_at,
        exit_code=head.exit_code,
        source_version=head.source.version,
        document=to_json(document) if isinstance(document, ClaimDocument) else "",
    )


async def _opened(
    settings: Settings, ledger: Ledger, start: RunStart, stack: AsyncExitStack, writes: Stopping | None
) -> tuple[Run, Writing | None]:
    tenant = tenant_options(settings)
    writing = None
    lease = None
    if writes is not None:
        holder = Holder(holder=start.run_id, host=socket.gethostname(), pid=os.getpid())
        lease = stack.enter_context(
            ledger.lease(holder, seconds=settings.lease.seconds, clock=lambda: datetime.now(UTC))
        )
    readers = await stack.enter_async_context(open_readers(tenant))
    if lease is not None and writes is not None:
        writing = Writing(
            open_writers=lambda: writes.between_items(open_writers(tenant, readers.in_flight)),
            approve=_nothing,
            lease=lease,
            stopping=writes.asked,
        )
    run = Run(
        verb=Verb.VALIDATE,  # these verbs change no rule; adopt asks for a plan by itself
        run_id=start.run_id,
        now=start.started_at,
        options=run_options(settings, ledger.tenant_answers.profile(settings.auth.tenant_id)),
        readers=readers,
        ledger=ledger,
        progress=tell,
    )
    return run, writing


def _nothing(_plan: Plan) -> bool:
    """No plan is ever carried out here."""
    return False


def _asker(request: RuleRequest) -> Callable[[ImportDocument], bool]:
    def _ask(document: ImportDocument) -> bool:
        if request.approve:
            return True
        if request.output == "json" or request.file is not None or not sys.stdin.isatty():
            return False
        tell(plain(proposal_lines(document)).rstrip("\n"))
        return confirmed("Write this draft into the register?")

    return _ask


def _write_assessment(document: AssessDocument, request: AssessRequest) -> None:
    if request.file is not None and request.file.suffix.lower() == SHEET:
        write_text(assess_sheet(document), request.file)
        tell(f"Written: {request.file}")
        return
    _write(document, assess_lines, request)


def _write(
    document: DocumentT,
    lines: Callable[[DocumentT], Iterator[Line]],
    request: AssessRequest | RuleRequest,
) -> None:
    text = to_json(document) if request.output == "json" else plain(lines(document))
    write_text(text, request.file)
