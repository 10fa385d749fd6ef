"""`handover`: opens the ledger alone, and no service. It is no run of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from m365_restrict.cli.documented import carry_out, write_text
from m365_restrict.cli.leaving_facts import handover_facts
from m365_restrict.cli.streams import tell
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.errors import ErrorCode, ExitCode, RequestRefused
from m365_restrict.leaving.handover import hand_over_page, script_by_hand
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.report.documents import Head
from m365_restrict.report.handover_document import HandoverDocument, handover_lines, to_html
from m365_restrict.report.json_text import to_json
from m365_restrict.report.text import plain
from m365_restrict.script.steps import NotByScript
from settings.clock import build_clock
from settings.load import load_settings


@dataclass(frozen=True, kw_only=True)
class HandoverRequest:
    """Where the page goes. `script` also gets PowerShell that makes every rule again."""

    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None
    html: Path | None = None
    script: Path | None = None


def run_handover(request: HandoverRequest, environ: Mapping[str, str]) -> int:
    """Write the page; the exit code."""

    async def _work(run_id: str) -> HandoverDocument:
        return _page(request, environ, run_id)

    return carry_out(_work, lambda head: HandoverDocument(head=head), lambda one: _write(one, request))


def _page(request: HandoverRequest, environ: Mapping[str, str], run_id: str) -> HandoverDocument:
    settings = load_settings(environ, request.env_file)
    now = build_clock(settings).now() if settings.clock.url else datetime.now(UTC)
    head = Head(run_id=run_id, started_at=now, finished_at=now, exit_code=ExitCode.IN_STEP)
    facts = handover_facts(settings, request.env_file)
    with open_ledger(settings.ledger.url, read_only=True) as ledger:
        if request.script is not None:
            try:
                text, count = script_by_hand(ledger, facts, head)
            except NotByScript as error:
                raise RequestRefused(str(error), code=ErrorCode.LEDGER_COPY_UNUSABLE) from error
            write_whole(request.script, text)
            tell(f"{request.script} makes {count} rules again. It holds addresses: keep it as the register.")
        return hand_over_page(ledger, facts, head)


def _write(document: HandoverDocument, request: HandoverRequest) -> None:
    if request.html is not None:
        write_whole(request.html, to_html(document))
    text = to_json(document) if request.output == "json" else plain(handover_lines(document))
    write_text(text, request.file)
