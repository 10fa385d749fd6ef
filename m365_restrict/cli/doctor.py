"""`doctor`: opens readers alone, and a writer under the lease for a probe or a canary."""

import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from m365_restrict.cli.documented import carry_out, run_start, write_text
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.streams import tell
from m365_restrict.doctor.access_checks import Access
from m365_restrict.doctor.canary import canary_run
from m365_restrict.doctor.canary_judge import CanaryCheck, is_answer
from m365_restrict.doctor.codes import DoctorRefusal
from m365_restrict.doctor.document import DoctorDocument, Doing, doctor_lines
from m365_restrict.doctor.examine import examine
from m365_restrict.doctor.history_checks import ComparedHistories
from m365_restrict.doctor.permissions import Need
from m365_restrict.doctor.probe import probe
from m365_restrict.errors import RequestRefused, RestrictError
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.plan.change import Plan
from m365_restrict.plan.codes import GuardCode
from m365_restrict.report.json_text import to_json
from m365_restrict.report.text import plain
from m365_restrict.report.verb import Verb
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.credentials import CredentialOptions
from m365_restrict.tenant.mail_exchangers import Resolver, dns_resolver
from m365_restrict.tenant.session import TenantOptions, open_readers, open_writers
from settings.choices import EnforceWith
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.run_options import run_options
from settings.tenant_options import tenant_options

_WRITING = frozenset({Doing.PROBE, Doing.CANARY_START, Doing.CANARY_CONFIRM})


@dataclass(frozen=True, kw_only=True)
class DoctorRequest:
    """What was asked for. `answers` are what the operator has seen of the canary's messages."""

    doing: Doing = Doing.EXAMINE
    answers: Mapping[CanaryCheck, str] = field(default_factory=dict)
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None
    resolver: Resolver | None = None


def read_answers(texts: Iterable[str]) -> Mapping[CanaryCheck, str]:
    """`match=yes` and the like; ValueError says what is wrong with one."""
    found: dict[CanaryCheck, str] = {}
    for text in texts:
        name, _, value = text.strip().lower().partition("=")
        if name not in set(CanaryCheck):
            raise ValueError(f"'{name}' is none of {', '.join(CanaryCheck)}.")
        check = CanaryCheck(name)
        if not is_answer(check, value):
            kind = "a number" if check is CanaryCheck.COPIES else "yes or no"
            raise ValueError(f"{name} is answered with {kind}, not '{value}'.")
        found[check] = value
    return found


def run_doctor(request: DoctorRequest, environ: Mapping[str, str]) -> int:
    """Do what was asked for and write what was found; the exit code."""

    async def _work(run_id: str) -> DoctorDocument:
        return await _session(request, load_settings(environ, request.env_file), run_id)

    return carry_out(
        _work,
        lambda head: DoctorDocument(head=head, doing=request.doing),
        lambda one: _write(one, request),
    )


async def _session(request: DoctorRequest, settings: Settings, run_id: str) -> DoctorDocument:
    clock = build_clock(settings)
    writes = request.doing in _WRITING
    if writes and settings.enforce_with is not EnforceWith.MAIL_FLOW:
        reason = f"ENFORCE_WITH is {settings.enforce_with.value}."
        raise RequestRefused(reason, code=DoctorRefusal.NO_WRITER)
    with open_ledger(settings.ledger.url) as ledger:
        _require_thawed(ledger, request.doing)
        if writes:
            ledger.prove_usable()
        start = run_start(run_id, "doctor", clock.now())
        ledger.runs.begin(start)
        stopping = Stopping()
        try:
            document = await stopping.told(_begun(request, settings, ledger, start, stopping))
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=clock.now(), exit_code=error.exit_code))
            raise
        # The document names mailboxes, so the ledger keeps only how the run ended.
        head = document.head
        ledger.runs.finish(run_id, RunEnd(finished_at=head.finished_at, exit_code=head.exit_code))
        return document


async def _begun(
    request: DoctorRequest, settings: Settings, ledger: Ledger, start: RunStart, stopping: Stopping
) -> DoctorDocument:
    async with AsyncExitStack() as stack:
        heard = stopping if request.doing in _WRITING else None
        access = _access(request, settings, ledger)
        run = await _opened(access, settings, ledger, start, stack, heard)
        return await _done(request, access, run, build_clock(settings).now)


def _require_thawed(ledger: Ledger, doing: Doing) -> None:
    """Under a freeze nothing is tried out; a canary that stands may still be confirmed, which ends it."""
    freeze = ledger.freezes.current()
    if freeze is not None and doing in {Doing.PROBE, Doing.CANARY_START}:
        reason = f"Everything but openings is frozen since {freeze.since:%Y-%m-%d}: {freeze.reason}"
        raise RequestRefused(reason, code=GuardCode.FROZEN)


async def _opened(
    access: Access,
    settings: Settings,
    ledger: Ledger,
    start: RunStart,
    stack: AsyncExitStack,
    writes: Stopping | None,
) -> Run:
    """Readers; and writers under the lease where `writes` is given, which is told of signals."""
    tenant = access.tenant
    lease = None
    if writes is not None:
        holder = Holder(holder=start.run_id, host=socket.gethostname(), pid=os.getpid())
        lease = stack.enter_context(
            ledger.lease(holder, seconds=settings.lease.seconds, clock=lambda: datetime.now(UTC))
        )
    readers = await stack.enter_async_context(open_readers(tenant, histories=access.histories))
    writing = None
    if lease is not None and writes is not None:
        writing = Writing(
            open_writers=lambda: writes.between_items(open_writers(tenant, readers.in_flight)),
            approve=_nothing,
            lease=lease,
            stopping=writes.asked,
        )
    return Run(
        verb=Verb.VALIDATE,  # no plan is made or carried out here
        run_id=start.run_id,
        now=start.started_at,
        options=run_options(settings, ledger.tenant_answers.profile(settings.auth.tenant_id)),
        readers=readers,
        ledger=ledger,
        progress=tell,
        writing=writing,
    )


async def _done(
    request: DoctorRequest, access: Access, run: Run, finished: Callable[[], datetime]
) -> DoctorDocument:
    match request.doing:
        case Doing.EXAMINE:
            return await examine(run, access, finished)
        case Doing.PROBE:
            return await probe(run, _writing(run), finished)
        case Doing.CANARY_START:
            return await canary_run(run, finished).start(_writing(run))
        case Doing.CANARY_CONFIRM:
            return await canary_run(run, finished).confirm(_writing(run), request.answers)
        case Doing.CANARY_STATUS:
            return canary_run(run, finished).status()
    assert_never(request.doing)


def _writing(run: Run) -> Writing:
    if run.writing is None:
        raise AssertionError("this was opened for writing")
    return run.writing


def _access(request: DoctorRequest, settings: Settings, ledger: Ledger) -> Access:
    tenant = tenant_options(settings)
    return Access(
        tenant=tenant,
        applications=tuple(_applications(settings, tenant)),
        in_use=frozenset(_needs(settings)),
        resolver=request.resolver or dns_resolver(settings.doctor.dns_server),
        real_now=lambda: datetime.now(UTC),
        certificate_notice=settings.health.options().certificate,
        histories=ComparedHistories(ledger.histories, in_use=settings.lists.remember_histories),
    )


def _applications(settings: Settings, tenant: TenantOptions) -> Iterator[CredentialOptions]:
    """The applications that runs sign in with: the writer only where there is one."""
    yield tenant.reader
    if settings.enforce_with is not EnforceWith.SCRIPT:
        yield tenant.writer


def _needs(settings: Settings) -> Iterator[Need]:
    yield Need.ALWAYS
    yield Need.INBOX_RULES if settings.enforce_with is EnforceWith.INBOX_RULES else Need.MAIL_FLOW
    if settings.notify.sender:
        yield Need.NOTIFY
    if settings.choices.create_folder:
        yield Need.CREATE_FOLDERS


def _nothing(_plan: Plan) -> bool:
    return False


def _write(document: DoctorDocument, request: DoctorRequest) -> None:
    text = to_json(document) if request.output == "json" else plain(doctor_lines(document))
    write_text(text, request.file)
