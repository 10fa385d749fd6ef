"""From work to its exit code for verbs with documents of their own: a failed run has a document too."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from m365_restrict.cli.run_id import run_id_of
from m365_restrict.cli.run_log import crashed, logged_run
from m365_restrict.cli.streams import hand_over
from m365_restrict.cli.streams import write_text as write_out
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.errors import ExitCode, RestrictError
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.report.documents import Document, Failure, Head, PlanDocument
from m365_restrict.report.failure import failure_of
from m365_restrict.report.json_text import AnyDocument, to_json

DocumentT = TypeVar("DocumentT", bound=AnyDocument)


def carry_out(
    work: Callable[[str], Awaitable[DocumentT]],
    failed: Callable[[Head], DocumentT],
    write: Callable[[DocumentT], None],
) -> int:
    """Do the work with a run id, write the document, and return the exit code that it agrees with."""
    started = datetime.now(UTC)
    run_id = run_id_of(started)

    def _after(exit_code: ExitCode, failure: Failure) -> DocumentT:
        finished = datetime.now(UTC)
        return failed(
            Head(run_id=run_id, started_at=started, finished_at=finished, exit_code=exit_code, error=failure)
        )

    async def _work() -> DocumentT:
        return await work(run_id)

    with logged_run(run_id, _verb_of(failed, run_id, started)) as ended:
        try:
            document = asyncio.run(_work())
        except RestrictError as error:
            document = _after(error.exit_code, failure_of(error))
        except Exception as error:
            crashed(error)
            message = f"An error that this program does not know: {type(error).__name__}."
            advice = f"Run the command again; if it fails again, report run {run_id} with the lines above."
            failure = Failure(code="unexpected", message=message, advice=advice)
            document = _after(ExitCode.UNEXPECTED, failure)
        ended(document.head)
    return hand_over(lambda: write(document), document.head.exit_code, document)


def _verb_of(failed: Callable[[Head], DocumentT], run_id: str, started: datetime) -> str:
    """The verb whose documents these are, as their schema names it."""
    head = Head(run_id=run_id, started_at=started, finished_at=started, exit_code=ExitCode.IN_STEP)
    return failed(head).verb.schema.split("/")[1]


def write_text(text: str, file: Path | None) -> None:
    """To the file, whole or not at all, or to stdout."""
    if file is None:
        write_out(text)
    else:
        write_whole(file, text)


def run_start(run_id: str, verb: str, now: datetime) -> RunStart:
    """What the ledger records of a run as it begins."""
    return RunStart(run_id=run_id, verb=verb, started_at=now, host=socket.gethostname(), pid=os.getpid())


def run_end(document: Document) -> RunEnd:
    """What the ledger records of a run as it ends."""
    head = document.head
    return RunEnd(
        finished_at=head.finished_at,
        exit_code=head.exit_code,
        source_version=head.source.version,
        plan_id=document.plan_id if isinstance(document, PlanDocument) else "",
        document=to_json(document),
    )
