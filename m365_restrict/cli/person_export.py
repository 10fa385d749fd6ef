"""`person-export`: opens readers alone. The ledger records that it was run, never what it found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from m365_restrict.cli.documented import carry_out, run_start, write_text
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.errors import RestrictError
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.runs import RunEnd
from m365_restrict.person_export.gather import PersonRun, export_person
from m365_restrict.report.json_text import to_json
from m365_restrict.report.person_document import PersonDocument
from m365_restrict.report.person_text import person_lines, to_html
from m365_restrict.report.text import plain
from m365_restrict.tenant.session import open_readers
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings
from settings.run_options import list_places
from settings.tenant_options import tenant_options


@dataclass(frozen=True, kw_only=True)
class PersonRequest:
    """What was asked for: a case reference or an address, and where the result goes."""

    reference: str = ""
    address: str = ""
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None
    html: Path | None = None


def run_person_export(request: PersonRequest, environ: Mapping[str, str]) -> int:
    """Carry out the export and write it; the exit code."""

    async def _work(run_id: str) -> PersonDocument:
        return await _export(request, load_settings(environ, request.env_file), run_id)

    return carry_out(_work, lambda head: PersonDocument(head=head), lambda one: _write(one, request))


async def _export(request: PersonRequest, settings: Settings, run_id: str) -> PersonDocument:
    clock = build_clock(settings)
    now = clock.now()
    with open_ledger(settings.ledger.url) as ledger:
        ledger.runs.begin(run_start(run_id, "person-export", now))
        try:
            async with open_readers(tenant_options(settings)) as readers:
                run = PersonRun(
                    run_id=run_id,
                    now=now,
                    reference=request.reference,
                    address=request.address,
                    places=list_places(settings),
                    readers=readers,
                    ledger=ledger,
                )
                document = await export_person(run, clock.now)
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=clock.now(), exit_code=error.exit_code))
            raise
        head = document.head
        ledger.runs.finish(run_id, RunEnd(finished_at=head.finished_at, exit_code=head.exit_code))
        return document


def _write(document: PersonDocument, request: PersonRequest) -> None:
    if request.html is not None:
        write_whole(request.html, to_html(document))
    text = to_json(document) if request.output == "json" else plain(person_lines(document))
    write_text(text, request.file)
