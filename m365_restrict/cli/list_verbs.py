"""Verbs about the lists themselves: making them, and what they hold about one person."""

import os
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Html, Json, OutputFile, OutputFormat, format_of

list_verbs = typer.Typer()

ApproveLists = Annotated[bool, typer.Option("--approve", help="Make the changes that are shown.")]


@list_verbs.command()
def init(
    *,
    approve: ApproveLists = False,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Make the three lists in SharePoint, or complete them; says first what it would do.

    Adds lists, columns, choices, display names and help texts that are missing, and the row that proves
    that a list can be read whole. Removes nothing and changes nothing that the council has set itself.
    Signs in with the setup application, which no other verb uses. Without --approve it asks, and where
    nobody can be asked it only shows. What no application can set is listed for somebody to do.

    Exits 0 where the lists are complete, 2 where something is to do, 3 where a column has the wrong type,
    4 where a step failed, 7 where the reader application cannot read a list whole.

    Example: m365-restrict init --approve --env-file council.env
    """
    from m365_restrict.cli.init import InitRequest, run_init

    request = InitRequest(
        env_file=env_file, output=format_of(output, json=json), file=output_file, approve=approve
    )
    raise typer.Exit(run_init(request, os.environ))


@list_verbs.command("person-export")
def person_export(
    case: Annotated[str, typer.Argument(help="The case reference; leave it out with --address.")] = "",
    *,
    address: Annotated[
        str, typer.Option("--address", help="Every case that holds or held this e-mail address.")
    ] = "",
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    html: Html = None,
    env_file: EnvFile = None,
) -> None:
    """Gather all that is held about one person, for a subject access request.

    Cases with every version, reviews, approvals, rules, runs. Leaves out councillors' own choices and says
    why. Marks what may be about somebody else: read it and redact before you hand anything over. The
    result holds personal data: keep it where the case is kept. Writes nothing in Microsoft 365.

    Exits 0 where something or nothing was found, 4 where a place could not be searched.

    Example: m365-restrict person-export RC-2026-014 --html export.html
    """
    from m365_restrict.cli.person_export import PersonRequest, run_person_export

    if bool(case.strip()) == bool(address.strip()):
        raise typer.BadParameter("Give either a case reference or --address.")
    request = PersonRequest(
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
        html=html,
        reference=case.strip(),
        address=address.strip(),
    )
    raise typer.Exit(run_person_export(request, os.environ))


@list_verbs.command()
def invitation(*, env_file: EnvFile = None) -> None:
    """Print the text that invites councillors to choose what happens to their mail, for after an election.

    It is the same for every councillor and names nobody. Nothing is sent: member services send it.

    Exits 0 where it was printed, 5 for a setting.

    Example: m365-restrict invitation > invitation.txt
    """
    from m365_restrict.cli.invitation import print_invitation

    raise typer.Exit(print_invitation(env_file, os.environ))
