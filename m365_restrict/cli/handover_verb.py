"""The verb that writes what somebody needs who takes the installation over."""

import os
from pathlib import Path
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Html, Json, OutputFile, OutputFormat, format_of

handover_verb = typer.Typer()


@handover_verb.command()
def handover(
    *,
    html: Html = None,
    script: Annotated[
        Path | None,
        typer.Option(
            "--script",
            metavar="FILE",
            help="Also write PowerShell that makes every rule of the council again; it holds addresses.",
        ),
    ] = None,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Write one page for whoever takes over: what is live, where it runs, how to stop it.

    Cases and rules by name; councillors' choices as numbers; the computer, the ledger, the timetable and
    the last runs; the applications, and when their certificates end; who answers for what; what is due in
    the next 30 days; how to stop it, and the Exchange cmdlets that open, close and remove each transport
    rule. No sender's address is on it. Made from the ledger and the settings alone: it asks no service and
    changes nothing.

    Exits 0, 1 or 5 where the ledger or the settings cannot be read.

    Example: m365-restrict handover --html handover.html
    """
    from m365_restrict.cli.handover import HandoverRequest, run_handover

    request = HandoverRequest(
        env_file=env_file, output=format_of(output, json=json), file=output_file, html=html, script=script
    )
    raise typer.Exit(run_handover(request, os.environ))
