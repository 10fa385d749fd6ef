"""`init`: opens the setup application's connection and nothing that enforces anything."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from m365_restrict.cli.approval import confirmed
from m365_restrict.cli.documented import carry_out, run_start, write_text
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.streams import tell
from m365_restrict.errors import RestrictError
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.runs import RunEnd
from m365_restrict.report.init_document import InitDocument, init_lines
from m365_restrict.report.json_text import to_json
from m365_restrict.report.text import plain
from m365_restrict.setup.plan import Step
from m365_restrict.setup.run import SetupRun, set_up
from m365_restrict.tenant.session import open_readers
from m365_restrict.tenant.setup import open_setup
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.run_options import list_places
from settings.tenant_options import setup_options, tenant_options


@dataclass(frozen=True, kw_only=True)
class InitRequest:
    """What was asked for. `output` is text or json; `file` gets it in place of stdout."""

    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None
    approve: bool = False


def run_init(request: InitRequest, environ: Mapping[str, str]) -> int:
    """Carry out `init` and print what came of it; the exit code."""

    async def _work(run_id: str) -> InitDocument:
        return await _set_up(request, load_settings(environ, request.env_file), run_id)

    return carry_out(_work, lambda head: InitDocument(head=head), lambda one: _write(one, request))


async def _set_up(request: InitRequest, settings: Settings, run_id: str) -> InitDocument:
    clock = build_clock(settings)
    now = clock.now()
    stopping = Stopping()
    with open_ledger(settings.ledger.url) as ledger:
        ledger.prove_usable()
        ledger.runs.begin(run_start(run_id, "init", now))
        try:
            document = await stopping.told(_done(request, settings, (run_id, now), stopping))
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=clock.now(), exit_code=error.exit_code))
            raise
        head = document.head
        end = RunEnd(finished_at=head.finished_at, exit_code=head.exit_code, document=to_json(document))
        ledger.runs.finish(run_id, end)
        return document


async def _done(
    request: InitRequest, settings: Settings, begun: tuple[str, datetime], stopping: Stopping
) -> InitDocument:
    run_id, now = begun
    async with (
        stopping.between_items(open_setup(setup_options(settings))) as setup,
        open_readers(tenant_options(settings)) as readers,
    ):
        run = SetupRun(
            run_id=run_id,
            now=now,
            places=list_places(settings),
            columns=settings.lists.columns,
            setup=setup,
            reader=readers.lists,
            approve=_approver(request),
            stopping=stopping.asked,
        )
        return await set_up(run, build_clock(settings).now)


def _approver(request: InitRequest) -> Callable[[Sequence[Step]], bool]:
    def _approve(steps: Sequence[Step]) -> bool:
        if request.approve:
            return True
        if request.output == "json" or request.file is not None or not sys.stdin.isatty():
            return False
        for step in steps:
            tell(f"  would {step.effect}")
        return confirmed(f"Do these {len(steps)} steps?")

    return _approve


def _write(document: InitDocument, request: InitRequest) -> None:
    text = to_json(document) if request.output == "json" else plain(init_lines(document))
    write_text(text, request.file)
