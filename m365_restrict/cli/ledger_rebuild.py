"""`ledger rebuild`: opens readers alone, and fills a new ledger that replaces the lost one at the end."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from m365_restrict.by_hand.words import said
from m365_restrict.cli.documented import carry_out, run_start, write_text
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.streams import tell
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.ledger.rebuilt import Hold, replacement
from m365_restrict.ledger.runs import RunEnd
from m365_restrict.rebuilding.rebuild_run import rebuild
from m365_restrict.report.json_text import to_json
from m365_restrict.report.rebuild_document import RebuildDocument, rebuild_lines
from m365_restrict.report.text import plain
from m365_restrict.report.verb import Verb
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.session import open_readers
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.run_options import run_options
from settings.tenant_options import tenant_options


@dataclass(frozen=True, kw_only=True)
class RebuildRequest:
    """What was asked for. `replaces` lets a ledger with content go, for the `reason`."""

    replaces: bool = False
    reason: str = ""
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None


def run_rebuild(request: RebuildRequest, environ: Mapping[str, str]) -> int:
    """Rebuild the ledger and say what it knows; the exit code."""

    async def _work(run_id: str) -> RebuildDocument:
        return await _rebuilt(request, load_settings(environ, request.env_file), run_id)

    return carry_out(_work, lambda head: RebuildDocument(head=head), lambda one: _write(one, request))


async def _rebuilt(request: RebuildRequest, settings: Settings, run_id: str) -> RebuildDocument:
    reason = said(request.reason, "--reason") if request.reason else ""
    held = Hold(
        holder=Holder(holder=f"rebuild-{secrets.token_hex(3)}", host=socket.gethostname(), pid=os.getpid()),
        seconds=settings.lease.seconds,
        clock=lambda: datetime.now(UTC),
    )
    with replacement(settings.ledger.url, held, may_replace=request.replaces) as made:
        document = await Stopping().told(_filled(settings, made.ledger, run_id))
        document = replace(document, reason=reason)
        head = document.head
        end = RunEnd(
            finished_at=head.finished_at,
            exit_code=head.exit_code,
            source_version=head.source.version,
            document=to_json(document),
        )
        made.ledger.runs.finish(run_id, end)
    return replace(document, kept=str(made.kept or ""))


async def _filled(settings: Settings, ledger: Ledger, run_id: str) -> RebuildDocument:
    clock = build_clock(settings)
    start = run_start(run_id, "ledger rebuild", clock.now())
    ledger.runs.begin(start)
    async with open_readers(tenant_options(settings)) as readers:
        run = Run(
            verb=Verb.PLAN,
            run_id=run_id,
            now=start.started_at,
            options=run_options(settings, ledger.tenant_answers.profile(settings.auth.tenant_id)),
            readers=readers,
            ledger=ledger,
            progress=tell,
        )
        return await rebuild(run, clock.now)


def _write(document: RebuildDocument, request: RebuildRequest) -> None:
    text = to_json(document) if request.output == "json" else plain(rebuild_lines(document))
    write_text(text, request.file)
