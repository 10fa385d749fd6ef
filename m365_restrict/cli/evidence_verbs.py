"""Verbs for auditors: a run performed again offline, and the proof that nobody altered the ledger."""

import os
from pathlib import Path
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of

evidence_verbs = typer.Typer()

LedgerFile = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FILE",
        help="A ledger, or a copy that `ledger backup` made. Default: that of the settings.",
    ),
]


@evidence_verbs.command("replay")
def replay(
    run: Annotated[str, typer.Argument(help="The id of a run, or its beginning; `history` lists them.")],
    *,
    ledger: LedgerFile = None,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Perform a past run again from its evidence, and compare it with what it said.

    Takes plan, apply, heal and drift, and of a report the comparison in it. Uses no network and no
    credentials, so an auditor can do it with a copy of the ledger alone. What differs is named by its place;
    what stands there is not shown.

    Exits 0 where the document is the same byte for byte, 2 where it differs, 3 where the run left no evidence
    or a case that it saw has been deleted since.

    Example: m365-restrict replay 20261123T090000Z-1a2b3c --ledger copy.db
    """
    from m365_restrict.cli.evidence import EvidenceRequest, run_replay

    request = EvidenceRequest(
        ledger=ledger, env_file=env_file, output=format_of(output, json=json), file=output_file
    )
    raise typer.Exit(run_replay(run, request, os.environ))


@evidence_verbs.command("verify-ledger")
def verify_ledger(
    *,
    expect: Annotated[
        str,
        typer.Option(
            "--expect", metavar="HASH", help="A hash that was kept elsewhere; the chain must hold it."
        ),
    ] = "",
    ledger: LedgerFile = None,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Prove that nobody has altered the ledger: its chain, its evidence, its runs and its tables.

    Names the table and the run of whatever is not as a run left it, and every case that was deleted. Prints
    the hash in which the chain ends: keep it where those who can write the ledger cannot write. Changes
    nothing and asks no service.

    Exits 0 where all holds, 2 where something does not, 4 where it cannot be told while a run is at work.

    Example: m365-restrict verify-ledger --ledger copy.db
    """
    from m365_restrict.cli.evidence import EvidenceRequest, run_verify

    request = EvidenceRequest(
        ledger=ledger, env_file=env_file, output=format_of(output, json=json), file=output_file
    )
    raise typer.Exit(run_verify(expect, request, os.environ))
