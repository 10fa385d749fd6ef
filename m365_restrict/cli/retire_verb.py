"""The verb that takes the installation out of use."""

import os
from pathlib import Path
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of

retire_verb = typer.Typer()

_REASON = "The installation is taken out of use."
_CHOICES = frozenset({"", "remove", "leave"})


@retire_verb.command()
def retire(  # noqa: PLR0913 (a verb has as many parameters as it has options)
    *,
    approve: Annotated[
        bool, typer.Option("--approve", help="Do it. Without this it only says what it would do.")
    ] = False,
    rules: Annotated[
        str,
        typer.Option(
            "--rules",
            metavar="remove|leave",
            help="Remove the council's transport rules, or leave them to their own end dates.",
        ),
    ] = "",
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Folder for the evidence; needed with --approve."),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; every later run says it. No address, no name.")
    ] = _REASON,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take the installation into use again; the next apply enforces.")
    ] = False,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Take the installation out of use: save its evidence, remove its rules, write nothing ever after.

    First says what it would do. With --approve, in this order: copies the ledger, a report and the handover
    page to --export; marks the ledger, so that no later run writes anything; removes councillors' rules;
    removes the council's, or with --rules leave those that end by themselves stay; tells councillors and the
    monitoring officer; prints the scripts that take the applications' grants back. A rule that has no end of
    its own, or was edited to act on more, is never left. Nobody else's rule is touched. No guard, freeze or
    window holds it up. Run it again after whatever stopped it: it goes on.

    Exits 0 where all is done, 2 where something would be done or an administrator has to do it by hand,
    3 where it is refused, 4 where a rule still stands or could not be looked at, 6 while another run is at
    work.

    Example: m365-restrict retire --approve --rules remove --export ./evidence
    """
    from m365_restrict.cli.retire import RetireRequest, run_retire

    if rules not in _CHOICES:
        raise typer.BadParameter(f"--rules takes remove or leave, not '{rules}'.")
    if undo and (approve or export is not None or rules):
        raise typer.BadParameter("Give --undo by itself.")
    request = RetireRequest(
        approve=approve,
        rules=rules,
        export=export,
        reason=reason,
        undo=undo,
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
    )
    raise typer.Exit(run_retire(request, os.environ))
