"""A run that asks the ledger alone: nothing that talks to Microsoft 365 is loaded, so it answers at once."""

from collections.abc import Mapping

from m365_restrict.cli.documented import run_end, run_start
from m365_restrict.cli.question import question_of
from m365_restrict.cli.request import Request
from m365_restrict.cli.stopping import Stopping
from m365_restrict.cli.told import Told
from m365_restrict.errors import RestrictError
from m365_restrict.explaining.from_ledger import explain_from_ledger
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.report.documents import ExplainDocument
from settings.clock import build_clock
from settings.load import load_settings
from settings.model import Settings


async def run_on_ledger(request: Request, environ: Mapping[str, str], *, run_id: str) -> Told:
    """Explain by what was last applied. The ledger remembers that the run was made, as of any other."""
    settings = load_settings(environ, request.env_file)
    clock = build_clock(settings)
    start = run_start(run_id, request.verb.value, clock.now())
    with open_ledger(settings.ledger.url) as ledger:
        ledger.runs.begin(start)
        try:
            document = await Stopping().heeded(_explained(request, settings, ledger, start))
        except RestrictError as error:
            ledger.runs.finish(run_id, RunEnd(finished_at=clock.now(), exit_code=error.exit_code))
            raise
        ledger.runs.finish(run_id, run_end(document))
        return Told(document=document)


async def _explained(
    request: Request, settings: Settings, ledger: Ledger, start: RunStart
) -> ExplainDocument:
    return explain_from_ledger(
        ledger,
        question_of(request),
        protected=settings.policy.protected_mailboxes,
        run_id=start.run_id,
        now=start.started_at,
    )
