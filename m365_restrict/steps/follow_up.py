"""What follows a run that wrote: letters drafted, the lists told, people told."""

from m365_restrict.letters.drafting import draft_letters
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.mail_post import Told, ToldOutcome
from m365_restrict.telling.tell import tell
from m365_restrict.telling.write_back import write_back
from m365_restrict.tenant.session import TenantWriters
from m365_restrict.writes.write_outcome import Result


async def follow_up(run: Run, found: Found, writers: TenantWriters) -> tuple[Told, ...]:
    """Draft the letters that are due, write the tool's own columns, then send the mails that it returns.

    What fails is said and comes round again at the next run. Raises LedgerError alone.
    """
    run.progress("Telling the register and the people concerned")
    drafts = await draft_letters(run, found, writers)
    written = await write_back(run, found, writers, extra_notes=drafts.notes)
    told = () if run.is_stopping else await tell(run, found, run.readers, writers)
    for one in written:
        if one.result is Result.FAILED:
            run.progress(f"Item {one.item_id} of '{one.list_title}' could not be written: {one.reason}")
    failed = [one for one in told if one.outcome is ToldOutcome.FAILED]
    if failed:
        run.progress(f"{len(failed)} mails could not be sent; they are due again at the next run.")
    return told
