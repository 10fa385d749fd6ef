"""The verb that lists the councils of a folder."""

import os

import typer

from m365_restrict.cli.options import Json, OutputFile, OutputFormat, format_of
from m365_restrict.cli.tenants_options import Tenants

tenants_verb = typer.Typer()


@tenants_verb.command()
def tenants(
    *,
    folder: Tenants = None,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
) -> None:
    """List the councils of a folder: whether the settings of each can be used, or why not.

    A council is a settings file NAME.env in the folder; what all share is in _shared.env beside them. Every
    verb takes --tenant NAME; those that make sense for all take --all. Two councils that share a ledger, or
    an instance in one tenant, are refused. Asks nothing of Microsoft 365 and opens no ledger.

    Exits 0 where every council can be run, 4 where one cannot, 5 where the folder cannot be used.

    Example: m365-restrict tenants --tenants /etc/m365-restrict/tenants
    """
    from m365_restrict.cli.tenants_list import list_tenants

    raise typer.Exit(list_tenants(folder, format_of(output, json=json), output_file, os.environ))
