"""The verb that lets one guard pass."""

import os
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of
from m365_restrict.plan.overrides import DEFAULT_HOURS, MOST_HOURS

override_verb = typer.Typer()


@override_verb.command()
def override(
    guard: Annotated[str, typer.Argument(metavar="[GUARD-CODE]", help="The guard, as plan names it.")] = "",
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; every plan and apply says it.")] = "",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Up to how many cases, for a guard that counts them.")
    ] = None,
    hours: Annotated[
        int, typer.Option("--hours", min=1, max=MOST_HOURS, help="For how long.")
    ] = DEFAULT_HOURS,
    show_all: Annotated[
        bool, typer.Option("--list", help="Show every override that there ever was, and change nothing.")
    ] = False,
    end: Annotated[
        str, typer.Option("--end", metavar="GUARD-CODE", help="Take the override of this guard back.")
    ] = "",
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Let one guard pass for a few hours, with the reason on record.

    For the day on which a guard fires and what it holds back is meant. Exactly that guard is passed, up to
    the number of cases given with --limit, until the hours are over; every other guard stays. Changes
    nothing in Microsoft 365: plan and apply do what they always do, and say that the override stands. Who
    set it, why and until when stays in the ledger for good.

    Guards that protect people who are exempt, and limits of Exchange itself, cannot be overridden: `plan`
    names the setting to correct. A freeze is lifted with `unfreeze`.

    Exits 0 where it is done, 3 where the guard cannot be overridden, 5 where the settings are wrong.

    Example: m365-restrict override too-many-reroutings --reason "CHG-1042, new contact team" --limit 6
    """
    from m365_restrict.cli.override import Begin, End, OverrideRequest, ShowAll, run_override

    if sum(map(bool, (guard.strip(), show_all, end.strip()))) != 1:
        raise typer.BadParameter("Give a guard, or --list, or --end with a guard.")
    order: Begin | End | ShowAll
    if guard.strip():
        if not reason.strip():
            raise typer.BadParameter("Give --reason: every plan and apply says why the guard may be passed.")
        order = Begin(code=guard.strip(), reason=reason.strip(), hours=hours, limit=limit)
    else:
        order = End(end.strip()) if end.strip() else ShowAll()
    request = OverrideRequest(
        order=order, env_file=env_file, output=format_of(output, json=json), file=output_file
    )
    raise typer.Exit(run_override(request, os.environ))
