"""Verbs about what runs by itself: the scheduler, one job, a job at once."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile
from m365_restrict.schedule.jobs import Job

schedule_verbs = typer.Typer()

WhichJob = Annotated[
    Job,
    typer.Argument(help="enforce, preferences, drift, reviews, evidence or retention.", show_choices=False),
]


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("Give an instant such as 2026-11-23T09:15:00Z.") from error
    if found.tzinfo is None:
        raise typer.BadParameter("Say which time zone it is in, such as 2026-11-23T09:15:00Z.")
    return found.astimezone(UTC)


@schedule_verbs.command()
def schedule(
    *,
    once_now: Annotated[
        list[Job] | None,
        typer.Option("--once-now", metavar="JOB", help="Run this job once at the beginning."),
    ] = None,
    env_file: EnvFile = None,
) -> None:
    """Run every job by its timetable until it is stopped.

    enforce and preferences every 15 minutes, drift hourly, reviews at 07:30 on working days, evidence daily,
    retention weekly, all by the council's own clock (SCHEDULE__… settings). One scheduler works for a ledger;
    others wait and take over when it dies. After a stop each job that missed a slot runs once. Ctrl-C or
    SIGTERM stops it: the job at work finishes its item first. With --all it serves every council of a
    folder, each by its own timetable and clock; one that fails is tried again and stops no other.

    Exits 0 where it was stopped in good order, 4 where the job at work had to be killed, 3 where the
    installation was taken out of use, 5 for settings, 1 where the ledger cannot be used.

    Example: m365-restrict schedule --env-file council.env
    """
    from m365_restrict.cli.schedule import run_schedule

    raise typer.Exit(run_schedule(env_file, once_now or (), os.environ))


@schedule_verbs.command()
def job(
    name: WhichJob,
    *,
    due: Annotated[
        str | None,
        typer.Option(
            "--due",
            metavar="INSTANT",
            help="The slot that it is run for. Default: this minute's where the job is due, else now.",
        ),
    ] = None,
    env_file: EnvFile = None,
) -> None:
    """Run one job once, for a timer of the operating system or an engine such as Kubernetes.

    What `schedule` starts, with the same record in the ledger: a slot that was run is not run twice, one
    whose run was killed is run again. enforce changes rules without asking; guards hold back what they must.
    Waits up to SCHEDULE__WAIT_MINUTES for another run. Prints what the job's verb prints, without addresses
    where that is no terminal.

    Exits as the job's verb does: apply, drift, reviews, retention; evidence with the first of 1, 5, 6, 7, 3,
    4, 2 of its parts, 1 where the ledger could not be proved. 0 also where the slot was done before; 6 where
    another run outlasts the wait.

    Example: m365-restrict job enforce --env-file council.env
    """
    from m365_restrict.cli.job import JobRequest, run_job

    slot = None if due is None else _instant(due)
    raise typer.Exit(run_job(JobRequest(job=name, env_file=env_file, due=slot), os.environ))


@schedule_verbs.command("run-now")
def run_now(name: WhichJob, *, env_file: EnvFile = None) -> None:
    """Have a job run at once.

    Where a scheduler is at work it runs the job within seconds; else the job runs here. Asking twice before
    it has run asks once.

    Exits 0 where the scheduler was asked, else as the job does.

    Example: m365-restrict run-now drift --env-file council.env
    """
    from m365_restrict.cli.schedule import run_now as ask

    raise typer.Exit(ask(name, env_file, os.environ))
