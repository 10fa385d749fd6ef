"""The verb that puts the council's own expectations to the rules."""

import os
from pathlib import Path
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of

rule_test_verb = typer.Typer()


@rule_test_verb.command("test")
def run_tests(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE.toml]...", help="Files of rule tests. Default: those of TESTS__FILES."),
    ] = None,
    *,
    now: Annotated[
        bool,
        typer.Option("--now", help="Put all tests to the tenant as it is, not to what a plan would leave."),
    ] = False,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Say whether mail goes where the council's own tests expect it.

    Each test says who writes to whom and what must become of it: delivered, redirected, refused, in Junk
    Email, or copied. Mail is simulated through all transport rules, other people's too, and the council's
    inbox rules. Sends nothing and writes nothing. Councillors' own choices are left out. plan and apply put
    the tests of TESTS__FILES to every plan: one that fails holds back everything that does not open.

    Exits 0 where every test passes, 3 where one fails or cannot be decided, 4 where something could not be
    read, 5 where there is no test or a file is mistaken.

    Example: m365-restrict test council.toml --env-file council.env
    """
    from m365_restrict.cli.rule_test import RuleTestRequest, run_rule_test

    request = RuleTestRequest(
        files=tuple(files or ()),
        now=now,
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
    )
    raise typer.Exit(run_rule_test(request, os.environ, _say))


def _say(text: str) -> None:
    typer.echo(text, err=True)
