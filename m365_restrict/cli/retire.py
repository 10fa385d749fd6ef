"""`retire`: holds the readers alone until it is approved, then the lease and the writers."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from m365_restrict import __version__
from m365_restrict.cli.by_hand_session import Asked, Session, in_session
from m365_restrict.cli.documented import carry_out, write_text
from m365_restrict.cli.leaving_facts import handover_facts, permissions_undo, shared_applications
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.errors import ErrorCode, ExitCode, RequestRefused, RestrictError, first_of
from m365_restrict.leaving.bundle import Bundle
from m365_restrict.leaving.handover import hand_over_page
from m365_restrict.leaving.retire_run import (
    STILL_THERE,
    RetireOrder,
    RetireOutcome,
    RulesChoice,
    plan_retirement,
    retire,
    retirement_line,
)
from m365_restrict.leaving.standing import read_standing
from m365_restrict.plan.change import Plan
from m365_restrict.reconcile import reconcile
from m365_restrict.report.documents import DriftDocument
from m365_restrict.report.failure import failure_of
from m365_restrict.report.handover_document import handover_lines
from m365_restrict.report.handover_document import to_html as handover_html
from m365_restrict.report.json_text import to_json
from m365_restrict.report.report_json import report_to_json
from m365_restrict.report.retire_document import (
    RetireDocument,
    ToldLine,
    retire_lines,
    retirement_sentence,
)
from m365_restrict.report.text import counted, plain
from m365_restrict.report.verb import Verb
from m365_restrict.reporting.compose import compose
from m365_restrict.reporting.request import ReportRequest
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.run_document import document_of
from settings.load import SHARED_FILE, load_settings
from settings.model import Settings

_REPORT = "report.html"
_SHARED = (
    "Other councils sign in with the same application ({roles} in {file}), so it is not deleted with "
    "this one. Where another of them is in the same tenant, take nothing but this council's sites back."
)


@dataclass(frozen=True, kw_only=True)
class RetireRequest:
    """What was asked for. `rules` is "remove", "leave" or "" for not said; `output` is text or json."""

    approve: bool = False
    rules: str = ""
    export: Path | None = None
    reason: str = "The installation is taken out of use."
    undo: bool = False
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None

    @property
    def choice(self) -> RulesChoice | None:
        """What is to become of the council's rules."""
        return RulesChoice(self.rules) if self.rules else None


def run_retire(request: RetireRequest, environ: Mapping[str, str]) -> int:
    """Plan it, carry it out, or take it back; the exit code."""
    asked = Asked(env_file=request.env_file, output=request.output, file=request.file)

    async def _at_work(session: Session) -> RetireDocument:
        if request.undo:
            return _undone(session)
        if not request.approve:
            return await _planned(request, session)
        return await _retired(request, session)

    async def _work(run_id: str) -> RetireDocument:
        document = await in_session("retire", run_id, (asked, environ), _at_work)
        return _sealed(request, document, environ)

    return carry_out(_work, lambda head: RetireDocument(head=head), lambda one: _write(one, asked))


def _undone(session: Session) -> RetireDocument:
    stood = session.ledger.retirements.end()
    done = (
        "It was not out of use."
        if stood is None
        else "It is in use again: the next apply enforces the register."
    )
    return RetireDocument(head=session.head(), done=done)


async def _planned(request: RetireRequest, session: Session) -> RetireDocument:
    run = await session.readers_only()
    standing = await read_standing(run)
    outcome = await plan_retirement(run, standing, request.choice)
    to_do = not outcome.complete
    code = ExitCode.PARTIAL if standing.unknown else ExitCode.DIFFERENCES if to_do else ExitCode.IN_STEP
    head = replace(session.head(code), unknown=standing.unknown)
    done = "Nothing was changed. With --approve, --export DIR and --rules remove or leave this is done:"
    return replace(
        _document(request, session, outcome), head=head, done=done if to_do else _sentence(outcome)
    )


async def _retired(request: RetireRequest, session: Session) -> RetireDocument:
    if request.export is None or request.choice is None:
        code = ErrorCode.EXPORT_NEEDED
        raise RequestRefused("It was not said where the evidence goes and what becomes of rules.", code=code)
    bundle = _bundle(request.export, session.settings)
    bundle.prepare()
    order = RetireOrder(choice=request.choice, reason=request.reason, made_by=getpass.getuser())
    run = await session.with_writing(_nothing, retiring=True)
    # Before this run writes into the ledger what only its end carries into the chain: this copy proves.
    begun = session.ledger.retirements.current() is not None
    head_of_copy = (bundle.copied_before() if begun else "") or bundle.copy_ledger(
        session.settings.ledger.url
    )
    notes = await _export(bundle, run, session, request.env_file)
    evidence = bundle.seal(head_of_copy, at=session.start.started_at, notes=notes)
    outcome = await retire(run, session.writing, order)
    by_hand = ExitCode.DIFFERENCES if session.by_script else ExitCode.PARTIAL
    head = session.head(ExitCode.IN_STEP if outcome.complete else by_hand)
    document = _document(request, session, outcome)
    return replace(document, head=head, done=_sentence(outcome), approved=True, evidence=evidence)


def _bundle(folder: Path, settings: Settings) -> Bundle:
    return Bundle(
        folder=folder,
        instance_id=settings.ownership.instance_id,
        tenant_id=settings.auth.tenant_id,
        tool_version=__version__,
        save=write_whole,
    )


async def _export(bundle: Bundle, run: Run, session: Session, env_file: Path | None) -> tuple[str, ...]:
    """The report and the page as they are before any rule goes; those of an earlier try stay."""
    if session.ledger.retirements.current() is None or not bundle.has("handover.json"):
        page = hand_over_page(session.ledger, handover_facts(session.settings, env_file), session.head())
        bundle.write(
            {
                "handover.json": to_json(page),
                "handover.txt": plain(handover_lines(page)),
                "handover.html": handover_html(page),
            }
        )
    if session.ledger.retirements.current() is not None:
        return () if bundle.has(_REPORT) else ("No report was made: rules had begun to go.",)
    try:
        bundle.write(await _report(replace(run, verb=Verb.DRIFT, writing=None), session))
    except RequestRefused:
        raise
    except RestrictError as error:
        return (f"No report could be made, because something could not be read: {error.message}",)
    return ()


async def _report(run: Run, session: Session) -> dict[str, str]:
    from m365_restrict.report.page.html import to_page  # draws charts, which takes a while to load

    found = await reconcile(run)
    drift = document_of(run, found, session.clock.now())
    if not isinstance(drift, DriftDocument):
        raise AssertionError("a run of drift has the document of drift")
    report = await compose(run, found, drift, request=ReportRequest(), finished=session.clock.now)
    return {"drift.json": to_json(drift), "report.json": report_to_json(report), _REPORT: to_page(report)}


def _sealed(request: RetireRequest, document: RetireDocument, environ: Mapping[str, str]) -> RetireDocument:
    """The evidence once more with this run in it, now that the run is in the chain."""
    if document.evidence is None or request.export is None:
        return document
    settings = load_settings(environ, request.env_file)
    bundle, notes = _bundle(request.export, settings), document.evidence.notes
    try:
        copied = bundle.copy_ledger(settings.ledger.url)
        sealed = bundle.seal(copied, at=document.head.finished_at, notes=notes)
    except RequestRefused as error:
        # Nothing was refused: rules have gone, and the folder holds the evidence of before.
        head = replace(
            document.head,
            exit_code=first_of(document.head.exit_code, ExitCode.PARTIAL),
            error=document.head.error or failure_of(error),
        )
        return replace(document, head=head)
    return replace(document, evidence=sealed)


def _document(request: RetireRequest, session: Session, outcome: RetireOutcome) -> RetireDocument:
    return RetireDocument(
        head=session.head(),
        rules_choice=request.rules,
        retirement=retirement_line(outcome.retirement),
        rules=outcome.rules,
        told=tuple(
            ToldLine(about=one.about, outcome=one.outcome.value, reason=one.reason) for one in outcome.told
        ),
        permissions_undo=permissions_undo(session.settings),
        notes=(*outcome.notes, *_shared(session.settings)),
    )


def _shared(settings: Settings) -> tuple[str, ...]:
    roles = shared_applications(settings)
    return (_SHARED.format(roles=" and ".join(roles), file=SHARED_FILE),) if roles else ()


def _sentence(outcome: RetireOutcome) -> str:
    line = retirement_line(outcome.retirement)
    stands = sum(one.outcome in STILL_THERE for one in outcome.rules)
    told = retirement_sentence(line) if line else "This installation is in use."
    return f"{told} {counted(stands, 'rule')} still to go by hand or by another run." if stands else told


def _nothing(_plan: Plan) -> bool:
    """No plan is ever carried out here."""
    return False


def _write(document: RetireDocument, asked: Asked) -> None:
    text = to_json(document) if asked.output == "json" else plain(retire_lines(document))
    write_text(text, asked.file)
