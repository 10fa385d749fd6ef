"""`waive`, `open`, `history` and `undo`: open what each may hold, and nothing more."""

import getpass
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

from m365_restrict.by_hand.history_run import (
    in_force_between,
    in_force_on,
    past_run,
    past_runs,
    written_lines,
)
from m365_restrict.by_hand.open_run import (
    OpenOrder,
    end_opening,
    open_rules,
    opening_entry,
    read_case_rules,
    record_opening,
    untouched_rules,
)
from m365_restrict.by_hand.undo_run import undo
from m365_restrict.by_hand.waive_run import WaiveOrder, waive
from m365_restrict.cli.approval import approver
from m365_restrict.cli.by_hand_session import Asked, DocumentT, Session, in_session
from m365_restrict.cli.documented import carry_out, write_text
from m365_restrict.cli.evidence import opened_file
from m365_restrict.cli.request import Request
from m365_restrict.errors import ExitCode, RequestRefused, RestrictError
from m365_restrict.evidence.case_history import case_history, recorded_zone
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.openings import Opening
from m365_restrict.plan.by_hand_codes import ByHandCode
from m365_restrict.plan.change import Plan
from m365_restrict.report.documents import Head
from m365_restrict.report.failure import failure_of
from m365_restrict.report.history_document import HistoryDocument, history_lines
from m365_restrict.report.json_text import to_json
from m365_restrict.report.open_document import OpenDocument, OpenedRule, RuleFate, open_lines
from m365_restrict.report.text import Line, plain
from m365_restrict.report.undo_document import UndoDocument, undo_lines
from m365_restrict.report.verb import Verb
from m365_restrict.report.waive_document import WaiveDocument, waive_lines, waiver_entry
from settings.clock import build_clock
from settings.load import load_settings


@dataclass(frozen=True, kw_only=True)
class Waive:
    """Accept a finding."""

    finding: str
    reason: str
    owner: str
    until: date


@dataclass(frozen=True)
class EndWaiver:
    """End a waiver before its day."""

    number: int


class ListWaivers:
    """Show every waiver that there ever was."""


@dataclass(frozen=True, kw_only=True)
class Open:
    """Open a case."""

    case: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class EndOpening:
    """End an opening."""

    case: str
    reason: str


class ListOpenings:
    """Show every opening that there ever was."""


@dataclass(frozen=True, kw_only=True)
class LookBack:
    """Runs, newest first; or what stood on a day, or up to `until`; or what a run wrote; or all of a case.

    `ledger` is a file that needs no settings, None for the ledger of the settings.
    """

    on: date | None = None
    until: date | None = None
    run: str = ""
    case: str = ""
    limit: int = 20
    ledger: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Undo:
    """How the undoing is approved."""

    approve: bool = False
    plan_id: str | None = None


def run_waive(order: Waive | EndWaiver | ListWaivers, asked: Asked, environ: Mapping[str, str]) -> int:
    """Accept a finding, end a waiver, or list them; the exit code."""

    async def _waive(session: Session) -> WaiveDocument:
        if not isinstance(order, Waive):
            return _about_waivers(order, session)
        given = WaiveOrder(**vars(order), made_by=getpass.getuser())
        return await waive(await session.readers_only(), given, session.clock.now)

    async def _work(run_id: str) -> WaiveDocument:
        return await in_session("waive", run_id, (asked, environ), _waive)

    return carry_out(
        _work, lambda head: WaiveDocument(head=head), lambda one: _write(one, waive_lines, asked)
    )


def _about_waivers(order: EndWaiver | ListWaivers, session: Session) -> WaiveDocument:
    waivers = session.ledger.waivers
    done = "" if waivers.all() else "No finding was ever waived."
    if isinstance(order, EndWaiver):
        if not waivers.end(order.number, by=getpass.getuser(), at=session.start.started_at):
            code = ByHandCode.WAIVER_NOT_FOUND
            raise RequestRefused(f"No waiver {order.number} stands.", code=code)
        done = f"Waiver {order.number} has ended; the next apply puts right what it accepted."
    shown = [one for one in waivers.all() if isinstance(order, ListWaivers) or one.number == order.number]
    entries = tuple(waiver_entry(one, session.today) for one in shown)
    return WaiveDocument(head=session.head(), done=done, waivers=entries)


def run_open(order: Open | EndOpening | ListOpenings, asked: Asked, environ: Mapping[str, str]) -> int:
    """Open a case, end an opening, or list them; the exit code."""

    async def _opening(session: Session) -> OpenDocument:
        return await _open(order, session) if isinstance(order, Open) else _about_openings(order, session)

    async def _work(run_id: str) -> OpenDocument:
        return await in_session("open", run_id, (asked, environ), _opening)

    return carry_out(_work, lambda head: OpenDocument(head=head), lambda one: _write(one, open_lines, asked))


async def _open(order: Open, session: Session) -> OpenDocument:
    """The opening first, then the rules: whatever fails afterwards, later runs obey."""
    given = _open_order(order, session)
    opening = record_opening(session.ledger, given)
    try:
        run = await session.with_writing(_nothing)
        rules = await read_case_rules(run, given.case_ref)
        opening = opening or record_opening(session.ledger, given, [one for one, _ in rules.standing])
        if opening is None:
            code = ByHandCode.CASE_NOT_KNOWN
            raise RequestRefused(f"Nobody knows a case {given.case_ref}.", code=code)
        told = await open_rules(run, session.writing, rules)
    except RestrictError as error:
        if opening is None:
            raise
        head = replace(session.head(error.exit_code), error=failure_of(error))
        return _opened(opening, head, untouched_rules(session.ledger, given.case_ref))
    stands = any(one.outcome is RuleFate.STANDS for one in told)
    left = ExitCode.DIFFERENCES if session.by_script else ExitCode.PARTIAL
    exit_code = left if stands else ExitCode.PARTIAL if rules.unknown else ExitCode.IN_STEP
    return _opened(opening, replace(session.head(exit_code), unknown=rules.unknown), told)


def _opened(opening: Opening, head: Head, rules: tuple[OpenedRule, ...]) -> OpenDocument:
    obeyed = "No run enforces it, whatever the register says, until the register follows"
    return OpenDocument(
        head=head,
        done=f"Case {opening.case_reference} is opened. {obeyed} or `open --end`.",
        case_ref=opening.case_reference,
        recorded=True,
        rules=rules,
        openings=(opening_entry(opening),),
    )


def _about_openings(order: EndOpening | ListOpenings, session: Session) -> OpenDocument:
    if isinstance(order, ListOpenings):
        entries = session.ledger.openings.all()
        done = "" if entries else "No case was ever opened by hand."
        return OpenDocument(
            head=session.head(), done=done, openings=tuple(opening_entry(one) for one in entries)
        )
    ended = end_opening(session.ledger, _open_order(order, session))
    return OpenDocument(
        head=session.head(),
        done=f"The opening of case {ended.case_reference} has ended; the next apply enforces it again.",
        case_ref=ended.case_reference,
        openings=(opening_entry(ended),),
    )


def _open_order(order: Open | EndOpening, session: Session) -> OpenOrder:
    return OpenOrder(
        case_ref=order.case.strip(),
        reason=order.reason,
        made_by=getpass.getuser(),
        run_id=session.start.run_id,
        now=session.start.started_at,
    )


_UTC_DAYS = "Days are counted in UTC: no run in this ledger left evidence of the council's time zone."


def run_history(order: LookBack, asked: Asked, environ: Mapping[str, str]) -> int:
    """Look back; the exit code. It is no run of its own, and asks no service."""

    async def _work(run_id: str) -> HistoryDocument:
        if order.ledger is not None:
            with opened_file(order.ledger) as ledger:
                zone = recorded_zone(ledger)
                told = _looked_back(order, ledger, zone or UTC, run_id, _now_of(ledger))
                return told if zone or order.on is None else replace(told, notes=(*told.notes, _UTC_DAYS))
        settings = load_settings(environ, asked.env_file)
        now = build_clock(settings).now()
        with open_ledger(settings.ledger.url) as ledger:
            return _looked_back(order, ledger, settings.lists.zone, run_id, now)

    return carry_out(
        _work, lambda head: HistoryDocument(head=head), lambda one: _write(one, history_lines, asked)
    )


def _now_of(ledger: Ledger) -> datetime:
    """Now, and never before the latest run: what a tenant's clock said is the later truth."""
    latest = [one.started_at for one in ledger.runs.latest(limit=1)]
    return max([datetime.now(UTC), *latest])


def _looked_back(
    order: LookBack, ledger: Ledger, zone: tzinfo, run_id: str, now: datetime
) -> HistoryDocument:
    head = Head(run_id=run_id, started_at=now, finished_at=now, exit_code=ExitCode.IN_STEP)
    document = HistoryDocument(head=head)
    if order.case:
        return replace(document, of_case=order.case, **vars(case_history(ledger, order.case)))
    if order.on is not None and order.until is not None:
        cases, notes = in_force_between(ledger, order.on, order.until, zone=zone, now=now)
        return replace(document, on=order.on, until=order.until, in_force=cases, notes=notes)
    if order.on is not None:
        cases, notes = in_force_on(ledger, order.on, zone=zone, now=now)
        return replace(document, on=order.on, in_force=cases, notes=notes)
    if order.run:
        run = past_run(ledger, order.run)
        return replace(document, of_run=run.run_id, written=written_lines(ledger, run.run_id))
    return replace(document, runs=past_runs(ledger, limit=order.limit))


def run_undo(order: Undo, asked: Asked, environ: Mapping[str, str]) -> int:
    """Undo the last run that wrote; the exit code."""

    async def _undo(session: Session) -> UndoDocument:
        request = Request(verb=Verb.APPLY, approve=order.approve, plan_id=order.plan_id)
        run = await session.with_writing(approver(request, session.ledger.runs))
        return await undo(run, session.writing, session.clock.now)

    async def _work(run_id: str) -> UndoDocument:
        return await in_session("undo", run_id, (asked, environ), _undo)

    return carry_out(_work, lambda head: UndoDocument(head=head), lambda one: _write(one, undo_lines, asked))


def _nothing(_plan: Plan) -> bool:
    """No plan is ever carried out here."""
    return False


def _write(document: DocumentT, lines: Callable[[DocumentT], Iterator[Line]], asked: Asked) -> None:
    text = to_json(document) if asked.output == "json" else plain(lines(document))
    write_text(text, asked.file)
