"""`override`: let one guard pass for a while, with the reason on record. It touches the ledger alone."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_never

from m365_restrict.cli.documented import carry_out, write_text
from m365_restrict.errors import ExitCode, OverrideRefused
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.overrides import OverrideRecord
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.overrides import COUNTED, OVERRIDABLE, Override, guard_code
from m365_restrict.report.documents import Head
from m365_restrict.report.json_text import instant, to_json
from m365_restrict.report.override_document import OverrideDocument, OverrideEntry, override_lines
from m365_restrict.report.privacy import without_addresses
from m365_restrict.report.text import plain
from settings.clock import build_clock
from settings.load import load_settings


@dataclass(frozen=True, kw_only=True)
class Begin:
    """Let a guard pass for `hours` hours, up to `limit` cases where it counts them."""

    code: str
    reason: str
    hours: int
    limit: int | None = None


@dataclass(frozen=True)
class End:
    """Take an override back before its time."""

    code: str


class ShowAll:
    """Show every override that there ever was."""


@dataclass(frozen=True, kw_only=True)
class OverrideRequest:
    """What is asked, and where the answer goes. `output` is text or json."""

    order: Begin | End | ShowAll
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None


def run_override(request: OverrideRequest, environ: Mapping[str, str]) -> int:
    """Carry out one order and tell what stands; the exit code, 3 for a guard that cannot be overridden."""

    async def _work(run_id: str) -> OverrideDocument:
        settings = load_settings(environ, request.env_file)
        now = build_clock(settings).now()
        with open_ledger(settings.ledger.url) as ledger:
            done = _carry_out(request.order, ledger, now)
            records = ledger.overrides.all()
        shown = [one for one in records if isinstance(request.order, ShowAll) or one.stands_at(now)]
        return OverrideDocument(
            head=Head(run_id=run_id, started_at=now, finished_at=now, exit_code=ExitCode.IN_STEP),
            done=done,
            overrides=tuple(_entry(one, now) for one in shown),
        )

    return carry_out(_work, lambda head: OverrideDocument(head=head), lambda one: _write(one, request))


def _carry_out(order: Begin | End | ShowAll, ledger: Ledger, now: datetime) -> str:
    match order:
        case Begin():
            return _begin(order, ledger, now)
        case End():
            code = _guard(order.code)
            stood = ledger.overrides.end(code.value, by=getpass.getuser(), at=now)
            return f"The override of {code} has ended." if stood else f"No override of {code} stands."
        case ShowAll():
            return "" if ledger.overrides.all() else "No guard has ever been overridden."
        case _:
            assert_never(order)


def _begin(order: Begin, ledger: Ledger, now: datetime) -> str:
    code = _guard(order.code)
    if code not in OVERRIDABLE:
        raise OverrideRefused(f"The guard {code} cannot be overridden: {code.meaning}", advice=code.advice)
    if order.limit is not None and code not in COUNTED:
        raise OverrideRefused(f"The guard {code} counts no cases.", advice="Leave --limit out.")
    until = now + timedelta(hours=order.hours)
    override = Override(code=code.value, reason=order.reason, until=until, limit=order.limit)
    ledger.overrides.begin(OverrideRecord(override=override, set_by=getpass.getuser(), since=now))
    return f"The guard {code} may be passed until {instant(until)}. Every plan and apply says so until then."


def _guard(text: str) -> GuardCode:
    code = guard_code(text.strip())
    if code is None:
        known = ", ".join(sorted(one.value for one in OVERRIDABLE))
        raise OverrideRefused(
            f"There is no guard '{text}'.", advice=f"Those that can be overridden: {known}."
        )
    return code


def _entry(record: OverrideRecord, now: datetime) -> OverrideEntry:
    one = record.override
    return OverrideEntry(
        code=one.code,
        reason=without_addresses(one.reason),
        limit=one.limit,
        set_by=record.set_by,
        since=record.since,
        until=one.until,
        ended_by=record.ended_by,
        ended_at=record.ended_at,
        stands=record.stands_at(now),
    )


def _write(document: OverrideDocument, request: OverrideRequest) -> None:
    write_text(
        to_json(document) if request.output == "json" else plain(override_lines(document)), request.file
    )
