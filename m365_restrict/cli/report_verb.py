"""The verb that makes a report: for compliance, ICT, the board or the public, at the cadence of each."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile
from m365_restrict.cli.report_form import ReportFormat, cannot_hold, format_of_file, languages_of
from m365_restrict.report.edition import Edition, Period, ReportLanguage

report_verb = typer.Typer()

_DAY = "%Y-%m-%d"


@report_verb.command()
def report(
    *,
    period: Annotated[
        Period,
        typer.Option("--period", help="Which days: this run's, or the last whole period before today."),
    ] = Period.RUN,
    edition: Annotated[
        Edition | None,
        typer.Option(
            "--edition",
            help="For whom. Default: ICT daily, the board quarterly, the public annually, else compliance.",
        ),
    ] = None,
    language: Annotated[
        ReportLanguage, typer.Option("--language", help="English or Welsh.")
    ] = ReportLanguage.ENGLISH,
    day: Annotated[
        datetime | None,
        typer.Option(
            "--day", formats=[_DAY], metavar="YYYY-MM-DD", help="The period that holds this day instead."
        ),
    ] = None,
    form: Annotated[
        ReportFormat | None,
        typer.Option("--format", help="Default: what the name of --output asks for, else text."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER",
            help="Write it there. A folder gets a file of its own name. CSV: a folder or a .zip file.",
        ),
    ] = None,
    deliver: Annotated[
        bool,
        typer.Option(
            "--deliver",
            help="Bring it to those whom DELIVERY__… names: library, mail, Teams. Opens the writer.",
        ),
    ] = False,
    env_file: EnvFile = None,
) -> None:
    """Make a report that compliance signs, ICT works from, the board reads or the public gets.

    Compares the register with the tenant as drift does, and tells it with the ledger's memory: since when,
    who, approved by whom, whose it is and by when; every live case; what the tool did in the period; what
    could not be checked. Findings and cases are as of now; actions are those of the period. A month's report
    is signed by an item `Report sign-off` in Restriction reviews; unsigned it becomes a finding.

    As csv it is one file for each table, as xlsx one sheet for each; both need --output.

    The public edition holds counts by measure alone, numbers under five withheld. Signs in as the reader, so
    it cannot write; with --deliver the writer files and mails the report once it is made. Each role gets its
    own edition, each finding is told once, and what fails to arrive waits for the next run that delivers.

    Exits as drift: 0 where all is in step, 2 where something differs, 4 where something could not be read.

    Example: m365-restrict report --period monthly --output october.json
    """
    from m365_restrict.cli.report import ReportOrder, run_report
    from m365_restrict.reporting.request import ReportRequest

    chosen = form or (format_of_file(output) if output else None) or ReportFormat.TEXT
    if chosen.is_for_files and output is None:
        raise typer.BadParameter(f"--format {chosen.value} needs --output with a file or a folder.")
    if output is not None and cannot_hold(chosen, output):
        raise typer.BadParameter("A report as CSV is several files: give --output a folder or a .zip file.")
    if language not in languages_of(chosen):
        raise typer.BadParameter(f"A report as {chosen.value} cannot be had in this language.")
    request = ReportRequest(
        period=period, edition=edition, language=language, day=day.date() if day else None
    )
    order = ReportOrder(request=request, form=chosen, output=output, env_file=env_file, deliver=deliver)
    raise typer.Exit(run_report(order, os.environ))
