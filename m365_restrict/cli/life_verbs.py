"""Verbs about the lives of cases: what is due, and what may be deleted."""

import os
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of

life_verbs = typer.Typer()

ApproveDeletion = Annotated[
    bool, typer.Option("--approve", help="Delete the closed cases that are due, for good.")
]


@life_verbs.command()
def reviews(
    *,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Say what is due about which case, put reviews on the list, and remind people by mail.

    Due, overdue and expiring cases, cases that wait for their notice, open representations, by owner.
    Opens a review item four weeks before each review and sends each reminder once. Changes no rule and
    no decision. Run it once a day.

    Exits 0 where nothing is overdue, 2 where something is, 4 where something could not be read or sent.

    Example: m365-restrict reviews --env-file council.env
    """
    from m365_restrict.cli.life import LifeRequest, run_reviews

    request = LifeRequest(env_file=env_file, output=format_of(output, json=json), file=output_file)
    raise typer.Exit(run_reviews(request, os.environ))


@life_verbs.command()
def retention(
    *,
    approve: ApproveDeletion = False,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """List closed cases and when they are to be deleted; with --approve, delete those that are due.

    A case counts as closed once a run has proved that nothing in the mail system names it any more. The
    clock starts again whenever somebody saves the case or one of its reviews; a legal hold stops it. What
    is deleted gets a certificate that says what remains where and until when.

    Exits 0 where nothing is due, 2 where something is due and was not deleted, 4 where a deletion failed.

    Example: m365-restrict retention --approve -o certificates.txt
    """
    from m365_restrict.cli.life import LifeRequest, run_retention

    request = LifeRequest(
        env_file=env_file, output=format_of(output, json=json), file=output_file, approve=approve
    )
    raise typer.Exit(run_retention(request, os.environ))
