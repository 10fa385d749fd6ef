"""`letter`: opens readers alone and writes the letter's two files. The ledger records that it was run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from m365_restrict.cli.documented import carry_out, run_start, write_text
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.errors import ConfigurationError, RestrictError
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.runs import RunEnd
from m365_restrict.letters.letter_run import LetterOrder, write_letter
from m365_restrict.report.json_text import to_json
from m365_restrict.report.letter_document import LetterDocument, letter_lines
from m365_restrict.report.letters.draft import Letter
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
class LetterRequest:
    """Which letter, and the folder that its files go to. `output` is text or json."""

    order: LetterOrder
    folder: Path
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None


def run_letter(request: LetterRequest, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Write one letter and say where; the exit code, 3 where it is refused."""

    async def _work(run_id: str) -> LetterDocument:
        return await _letter(request, load_settings(environ, request.env_file), run_id, say)

    return carry_out(_work, lambda head: LetterDocument(head=head), lambda one: _write(one, request))


async def _letter(
    request: LetterRequest, settings: Settings, run_id: str, say: Callable[[str], None]
) -> LetterDocument:
    clock = build_clock(settings)
    now = clock.now()
    with open_ledger(settings.ledger.url) as ledger:
        ledger.prove_usable()
        ledger.runs.begin(run_start(run_id, "letter", now))

        async def _at_work() -> LetterDocument:
            async with open_readers(tenant_options(settings)) as readers:
                run = Run(
                    verb=Verb.VALIDATE,  # a letter reads and judges what `validate` does
                    run_id=run_id,
                    now=now,
                    options=run_options(settings, ledger.tenant_answers.profile(settings.auth.tenant_id)),
                    readers=readers,
                    ledger=ledger,
                    progress=say,
                )
                return await write_letter(run, request.order, _saver(request.folder), clock.now)

        try:
            document = await Stopping().told(_at_work())
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=clock.now(), exit_code=error.exit_code))
            raise
        head = document.head
        end = RunEnd(finished_at=head.finished_at, exit_code=head.exit_code, document=to_json(document))
        ledger.runs.finish(run_id, end)
        return document


def _saver(folder: Path) -> Callable[[Letter], tuple[Path, ...]]:
    def _save(letter: Letter) -> tuple[Path, ...]:
        contents = {".docx": letter.docx, ".html": letter.html.encode("utf-8")}
        paths = {folder / f"{letter.file_name}{ending}": content for ending, content in contents.items()}
        try:
            for path, content in paths.items():
                write_whole(path, content)
        except OSError as error:
            raise ConfigurationError(
                f"The letter cannot be written to {folder}: {error}", advice="Give another --output-dir."
            ) from error
        return tuple(paths)

    return _save


def _write(document: LetterDocument, request: LetterRequest) -> None:
    text = to_json(document) if request.output == "json" else plain(letter_lines(document))
    write_text(text, request.file)
