"""Options that several verbs share."""

import os
from pathlib import Path
from typing import Annotated

import typer


def _with_log(env_file: Path | None) -> Path | None:
    """Every verb that takes settings logs as they say, from its beginning."""
    from m365_restrict.cli.run_log import begin_log

    begin_log(env_file, os.environ)
    return env_file


EnvFile = Annotated[
    Path | None,
    typer.Option(
        "--env-file",
        envvar="M365_RESTRICT_ENV_FILE",
        callback=_with_log,
        help="Read settings (KEY=VALUE lines) from this file; variables of the environment win.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="The same as --output json.")]
OutputFormat = Annotated[
    str,
    typer.Option(
        "--output",
        "--format",
        metavar="text|json",
        help="text for people, json for scripts (docs/schemas/).",
    ),
]
OutputFile = Annotated[
    Path | None,
    typer.Option("--output-file", "-o", help="Write the result to this file, whole or not at all."),
]
Html = Annotated[
    Path | None, typer.Option("--html", help="Also write the result as one HTML page to this file.")
]
Approve = Annotated[
    bool,
    typer.Option(
        "--approve",
        help="Make the changes without asking, whatever they are; it overrides no --plan-id and no --plan.",
    ),
]
PlanId = Annotated[
    str | None,
    typer.Option(
        "--plan-id",
        metavar="ID",
        help="Make the changes only if they are still those of the plan with this id.",
    ),
]

SavedPlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        help="Make the changes only if they are still those of the plan that plan --save wrote to this file.",
    ),
]
SaveFile = Annotated[
    Path | None,
    typer.Option(
        "--save",
        metavar="FILE",
        help="Also write the plan to this file, for apply --plan; it holds addresses; only you can read it.",
    ),
]
Detail = Annotated[
    bool,
    typer.Option("--detail", "-v", help="Show every change, where there are too many for a screen."),
]

ScriptFile = Annotated[
    Path | None,
    typer.Option(
        "--script",
        metavar="FILE",
        help="With ENFORCE_WITH=script: write the PowerShell to this file. Default: in SCRIPT__FOLDER.",
    ),
]


def format_of(output: str, *, json: bool) -> str:
    """Text or json; BadParameter for anything else."""
    chosen = "json" if json else output
    if chosen not in {"text", "json"}:
        raise typer.BadParameter(f"--output takes text or json, not '{chosen}'.")
    return chosen
