"""Verbs about the ledger itself: copying it, and putting a copy back."""

import os
from pathlib import Path
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile

ledger_verbs = typer.Typer(
    help=(
        "Copy the ledger, or put a copy back.\n\n"
        "Neither touches Microsoft 365.\n\n"
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
    A ledger on a database server is copied with that server's own tools.

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

    Exits 0 where the copy is in place, 1 where it cannot be used, 6 while a run is at work.

    Example: m365-restrict ledger restore /var/backups/restrict-2026-11-23.db
    """
    from m365_restrict.cli.ledger_copies import put_back

    raise typer.Exit(put_back(file, env_file, os.environ))
