"""The verb that looks into everything around the rules, and asks what only this tenant can answer."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of

doctor_verb = typer.Typer()


class CanaryStep(StrEnum):
    """What is to be done about the canary."""

    START = "start"
    CONFIRM = "confirm"
    STATUS = "status"


@doctor_verb.command()
def doctor(
    *,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Ask the tenant what only it can answer, with disabled trial rules."),
    ] = False,
    canary: Annotated[
        CanaryStep | None,
        typer.Option("--canary", help="A trial message of ICT's own through rules that act."),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            metavar="CHECK=VALUE",
            help="With --canary confirm: what you have seen, such as match=yes or copies=2.",
        ),
    ] = None,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Look into everything that the rules rest on, and say what to do where it is not well.

    The way to the services, the clock, what each application may do, its certificate, the lists, groups,
    protected mailboxes, single contacts, limits, auditing, and mail that meets no rule. Writes nothing.

    With --probe it makes disabled rules in audit mode for an address that nobody has, and takes them away
    again. With --canary start it makes rules that act on mail from CANARY__ADDRESS to the pilot mailboxes
    alone and prints the messages to send; confirm takes your answers, status shows what is still open.
    Compiling obeys what they find, unless a setting says otherwise.

    Exits 0 where all is well, 2 where a check failed or a canary waits, 3 where a canary failed or something
    was refused, 4 where something could not be told, 6 while another run is at work.

    Example: m365-restrict doctor --env-file council.env
    """
    from m365_restrict.cli.doctor import DoctorRequest, read_answers, run_doctor
    from m365_restrict.doctor.document import Doing

    if probe and canary is not None:
        raise typer.BadParameter("Give either --probe or --canary.")
    if answer and canary is not CanaryStep.CONFIRM:
        raise typer.BadParameter("--answer goes with --canary confirm.")
    try:
        answers = read_answers(answer or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    doing = Doing.PROBE if probe else Doing.EXAMINE
    if canary is not None:
        doing = Doing(f"canary_{canary.value}")
    request = DoctorRequest(
        doing=doing,
        answers=answers,
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
    )
    raise typer.Exit(run_doctor(request, os.environ))
