"""`replay` and `verify-ledger`: they read the ledger, ask no service, and write nothing but their answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from m365_restrict.by_hand.history_run import past_run
from m365_restrict.cli.documented import carry_out, write_text
from m365_restrict.errors import ExitCode, LedgerError, first_of
from m365_restrict.evidence.replay_run import replay
from m365_restrict.ledger.codes import EvidenceCode
from m365_restrict.ledger.evidence_problems import Proof
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.report.documents import Head
from m365_restrict.report.evidence_document import (
    DeletionLine,
    ProblemLine,
    ReplayDocument,
    VerifyDocument,
    replay_lines,
    verify_lines,
)
from m365_restrict.report.json_text import AnyDocument, to_json
from m365_restrict.report.text import Line, plain
from settings.load import load_settings

DocumentT = TypeVar("DocumentT", bound=AnyDocument)


@dataclass(frozen=True, kw_only=True)
class EvidenceRequest:
    """Which ledger, and where the answer goes. `ledger` is a file, None for the one of the settings."""

    ledger: Path | None = None
    env_file: Path | None = None
    output: str = "text"
    file: Path | None = None


def run_replay(run: str, request: EvidenceRequest, environ: Mapping[str, str]) -> int:
    """Perform a run again and compare; the exit code, 2 where it differs."""

    async def _work(run_id: str) -> ReplayDocument:
        began = datetime.now(UTC)
        with _opened(request, environ) as ledger:
            done = await replay(ledger, past_run(ledger, run))
        code = ExitCode.DIFFERENCES if done.parts else ExitCode.IN_STEP
        return ReplayDocument(
            head=_head(run_id, began, code),
            of_run=done.run.run_id,
            of_verb=done.run.verb,
            recorded_by=done.recorded_by,
            evidence_hash=done.evidence_hash,
            document_sha256=done.document_sha256,
            same=not done.parts,
            differences=done.parts,
        )

    return carry_out(
        _work, lambda head: ReplayDocument(head=head), lambda one: _write(one, replay_lines, request)
    )


def run_verify(expected: str, request: EvidenceRequest, environ: Mapping[str, str]) -> int:
    """Prove the ledger; the exit code, 2 where something does not hold."""

    async def _work(run_id: str) -> VerifyDocument:
        began = datetime.now(UTC)
        with _opened(request, environ) as ledger:
            found = ledger.evidence.prove(expected=expected)
        return _verified(found, expected, _head(run_id, began, _code(found)))

    return carry_out(
        _work, lambda head: VerifyDocument(head=head), lambda one: _write(one, verify_lines, request)
    )


def _opened(request: EvidenceRequest, environ: Mapping[str, str]) -> Ledger:
    if request.ledger is None:
        return open_ledger(load_settings(environ, request.env_file).ledger.url, read_only=True)
    return opened_file(request.ledger)


def opened_file(file: Path) -> Ledger:
    """The ledger in a file, for reading only. It must be there: none is no empty ledger here."""
    if not file.is_file():
        raise LedgerError(f"There is no file {file}.", advice="Correct the path that --ledger names.")
    return open_ledger(f"sqlite:///{file}", read_only=True)


def _head(run_id: str, began: datetime, code: ExitCode) -> Head:
    return Head(run_id=run_id, started_at=began, finished_at=datetime.now(UTC), exit_code=code)


def _code(found: Proof) -> ExitCode:
    """What is only unproven as yet is less than what is wrong."""
    unproven = {one.code is EvidenceCode.TABLE_UNPROVEN for one in found.problems}
    return first_of(
        ExitCode.DIFFERENCES if False in unproven else ExitCode.IN_STEP,
        ExitCode.PARTIAL if unproven == {True} else ExitCode.IN_STEP,
    )


def _verified(found: Proof, expected: str, head: Head) -> VerifyDocument:
    return VerifyDocument(
        head=head,
        entries=found.entries,
        chain_head=found.head,
        expected=expected.strip().lower(),
        expected_entry=found.expected_entry,
        runs=found.runs,
        earlier_runs=found.earlier_runs,
        bodies=found.bodies,
        unended=found.unended,
        deletions=tuple(
            DeletionLine(
                case_ref=one.case_reference,
                deleted_on=one.deleted_on,
                rules_absent_on=one.rules_absent_on,
                run=one.run_id,
                bodies=one.bodies,
            )
            for one in found.deletions
        ),
        problems=tuple(
            ProblemLine(code=one.code.value, table=one.table, run=one.run_id, message=one.message)
            for one in found.problems
        ),
    )


def _write(
    document: DocumentT, lines: Callable[[DocumentT], Iterator[Line]], request: EvidenceRequest
) -> None:
    text = to_json(document) if request.output == "json" else plain(lines(document))
    write_text(text, request.file)
