"""From a request to its exit code: settings, ledger, main path, document. A failed run has a document too."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from m365_restrict.cli.output import write_told
from m365_restrict.cli.request import Request
from m365_restrict.cli.run_id import run_id_of
from m365_restrict.cli.run_log import crashed, logged_run
from m365_restrict.cli.streams import hand_over, tell
from m365_restrict.cli.told import Told
from m365_restrict.errors import ExitCode, RestrictError
from m365_restrict.report.documents import Failure, Head, document_after_failure
from m365_restrict.report.failure import failure_of

Say = Callable[[str], None]


def run_verb(request: Request, environ: Mapping[str, str]) -> int:
    """Carry out one verb and print what came of it; the exit code agrees with the document's status."""
    told = told_of(request, environ, say=tell)
    document = told.document
    return hand_over(lambda: write_told(told, request), document.head.exit_code, document)


def told_of(request: Request, environ: Mapping[str, str], *, say: Say) -> Told:
    """What one run tells; errors that end it are in it."""
    started = datetime.now(UTC)
    run_id = run_id_of(started)
    with logged_run(run_id, request.verb.value) as ended:
        told = _told_of(request, environ, run_id=run_id, started=started, say=say)
        ended(told.document.head)
    return told


def _told_of(
    request: Request, environ: Mapping[str, str], *, run_id: str, started: datetime, say: Say
) -> Told:
    try:
        if request.from_ledger:
            from m365_restrict.cli.ledger_session import run_on_ledger

            return asyncio.run(run_on_ledger(request, environ, run_id=run_id))
        from m365_restrict.cli.session import run_session  # light verbs must not load the tenant layer

        return asyncio.run(run_session(request, environ, run_id=run_id, say=say))
    except RestrictError as error:
        return _failed(request, run_id, started, error.exit_code, failure_of(error))
    except Exception as error:
        crashed(error)
        failure = Failure(
            code="unexpected",
            message=f"An error that this program does not know: {type(error).__name__}.",
            advice=f"Run the command again; if it fails again, report run {run_id} with the lines above.",
        )
        return _failed(request, run_id, started, ExitCode.UNEXPECTED, failure)


def _failed(request: Request, run_id: str, started: datetime, exit_code: ExitCode, failure: Failure) -> Told:
    head = Head(
        run_id=run_id,
        started_at=started,
        finished_at=datetime.now(UTC),
        exit_code=exit_code,
        error=failure,
    )
    document = document_after_failure(request.verb, head, address=request.address)
    if request.html is None:
        return Told(document=document)
    from m365_restrict.reporting.failed import failed_report
    from m365_restrict.reporting.request import ReportRequest

    return Told(document=document, report=failed_report(head, ReportRequest()))
