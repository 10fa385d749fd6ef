"""Verbs about the ledger itself: copying it, putting a copy back, and making a lost one anew."""

import os
from pathlib import Path
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of

ledger_verbs = typer.Typer(
    help=(
        "Copy the ledger, put a copy back, or make a lost one anew.\n\n"
        "None of them writes to Microsoft 365.\n\n"
        "Example: m365-restrict ledger backup /var/backups/restrict-2026-11-23.db"
    ),
    no_args_is_help=True,
)


@ledger_verbs.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The new file; it must not exist yet.")],
    *,
    env_file: EnvFile = None,
) -> None:
    """Copy the ledger as it is at this moment, also while a run is at work.

    Do it every day, and before a newer version of this program is installed: there is no way back from a
    newer version's tables but such a copy. The file is readable by its owner alone and holds personal data.
    A ledger on a PostgreSQL server is copied to such a file too: for an auditor, or to move to a file. Its
    daily backup is that server's, such as pg_dump.

    Exits 0 where the copy is made and whole, 1 where it could not be made.

    Example: m365-restrict ledger backup /var/backups/restrict-2026-11-23.db
    """
    from m365_restrict.cli.ledger_copies import write_backup

    raise typer.Exit(write_backup(file, env_file, os.environ))


@ledger_verbs.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `ledger backup` made.")],
    *,
    env_file: EnvFile = None,
) -> None:
    """Put a copy in the place of the ledger.

    The copy is proven whole first. The ledger of before is kept beside it under another name, also where it
    is damaged. Nothing in Microsoft 365 is changed: the next `plan` finds what was written since the copy
    was made by its stamps. Openings, waivers, freezes and approvals recorded since then are lost.

    Where LEDGER__URL names a PostgreSQL server, the copy goes into an empty database or schema; one that
    holds a ledger is left as it is. What pg_dump saved is put back with pg_restore.

    Exits 0 where the copy is in place, 1 where it cannot be used, 6 while a run, a job or the scheduler is
    at work: stop the scheduler first.

    Example: m365-restrict ledger restore /var/backups/restrict-2026-11-23.db
    """
    from m365_restrict.cli.ledger_copies import put_back

    raise typer.Exit(put_back(file, env_file, os.environ))


@ledger_verbs.command()
def rebuild(
    *,
    replaces: Annotated[
        bool, typer.Option("--replace", help="Let a ledger go that is there; it is kept beside the new one.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why it is replaced. No address, no name.")] = "",
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Make a new ledger from what the tenant holds, where the old one and every copy of it are lost.

    Finds transport rules by their stamps and inbox rules by their tokens, in the mailboxes of all
    councillors and of all that a case ever named. What is as decided counts as applied; the rest is left
    for drift to report. People are not told again what the lists show that they were told. Then it says
    what nothing can bring back, such as openings by hand. A copy is better: `ledger restore`.

    Never writes to Microsoft 365. Refuses where a ledger is there that knows more, unless --replace with
    --reason.

    Exits 0 where every rule is as decided, 2 where one is not, 3 or 1 where nothing was made, 4 where a
    mailbox could not be read, 6 while a run, a job or the scheduler is at work.

    Example: m365-restrict ledger rebuild
    """
    from m365_restrict.cli.ledger_rebuild import RebuildRequest, run_rebuild

    if replaces != bool(reason.strip()):
        raise typer.BadParameter("Give --replace and --reason together, or neither.")
    request = RebuildRequest(
        replaces=replaces,
        reason=reason.strip(),
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
    )
    raise typer.Exit(run_rebuild(request, os.environ))
