"""--tenant and --all for every verb that takes --env-file: added to them here, in one place."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast

import typer
from typer.core import TyperGroup

from m365_restrict.cli.options import format_of
from m365_restrict.cli.report_form import ReportFormat

ENV_FILE_VARIABLE = "M365_RESTRICT_ENV_FILE"
FOR_ALL = frozenset(
    {"apply", "doctor", "drift", "job", "plan", "report", "retention", "reviews", "status", "validate"}
)
"""The verbs that make sense for every council at once."""
_OF_ONE = {
    "plan_id": "--plan-id",
    "saved_plan": "--plan",
    "script": "--script",
    "probe": "--probe",
    "canary": "--canary",
    "answer": "--answer",
}
"""Options that are about one council, by the name of their parameter."""
_SCHEDULE = "schedule"
"""Goes on until it is stopped, so it is no run for every council: it has a scheduler for each."""
_FILES = {"html": "html", "save": "plan"}
"""Options that name a file, and how such a file's name ends; with --all they name a folder."""

Tenant = Annotated[
    str | None,
    typer.Option("--tenant", metavar="NAME", help="The council whose settings are NAME.env in the folder."),
]
Tenants = Annotated[
    Path | None,
    typer.Option(
        "--tenants",
        metavar="FOLDER",
        envvar="M365_RESTRICT_TENANTS",
        help="The folder of councils. Default: ./tenants.",
    ),
]
All = Annotated[
    bool, typer.Option("--all", help="Every council of the folder; one that fails does not stop the others.")
]
ShardOf = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="With --all: this worker's share, 0/3 to 2/3 for three. Default: as Kubernetes numbers it.",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="FOLDER", help="With --all: write each council's own document there."),
]


Claim = Annotated[
    bool,
    typer.Option(
        "--claim",
        help="With --all: several workers share the councils; each job's latest slot is run by one of them.",
    ),
]


class TenantsGroup(TyperGroup):
    """Verbs of which those that take a settings file take a council's name as well."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer does not name its own types
        """The verb, with its options for many councils."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            _extend(found)
        return found


def _extend(command: Any) -> None:  # noqa: ANN401 - as above
    for nested in getattr(command, "commands", {}).values():
        _extend(nested)
    names = {one.name for one in command.params}
    if "env_file" not in names or "tenant" in names:
        return
    takes = {"tenant", "tenants"}
    takes |= {"all_", "shard", "folder"} if command.name in FOR_ALL else set()
    takes |= {"claim"} if command.name == "job" else set()
    takes |= {"all_", "shard"} if command.name == _SCHEDULE else set()
    command.params += [one for one in _parameters() if one.name in takes]
    command.callback = _choosing(command.name, command.callback)


def _parameters() -> list[Any]:
    """The parameters as typer makes them of a function's signature, anew for each verb."""
    made = typer.Typer(add_completion=False)

    @made.command()
    def _options(
        *,
        tenant: Tenant = None,
        tenants: Tenants = None,
        all_: All = False,
        shard: ShardOf = None,
        folder: Folder = None,
        claim: Claim = False,
    ) -> None:
        """Nothing: only its options are looked at."""

    command = typer.main.get_command(made)
    return [one for one in command.params if one.name != "help"]


def _choosing(command: str, verb: Callable[..., object]) -> Callable[..., object]:
    def _chosen(**options: Any) -> object:  # noqa: ANN401 - whatever options the verb has
        tenant, tenants = options.pop("tenant"), options.pop("tenants")
        every, shard, folder, claim = (
            options.pop(name, None) for name in ("all_", "shard", "folder", "claim")
        )
        if not every and (shard or folder or claim):
            raise typer.BadParameter("--shard, --folder and --claim go with --all.")
        if claim and options.get("due"):
            raise typer.BadParameter("--claim finds the slot itself: leave --due out.")
        if tenant is None and not every:
            return verb(**options)
        if tenant is not None and every:
            raise typer.BadParameter("Give either --tenant or --all.")
        _refuse_file(options["env_file"])

        def _act(given: Mapping[str, Any]) -> object:
            return verb(**given)

        from m365_restrict.cli.tenants_all import ForAll, run_for_all, run_one

        if tenant is not None:
            run_one(_act, options, tenant, tenants)
            return None
        if command == _SCHEDULE:
            _schedule_all(options, tenants, shard)
        _refuse_one(command, options)
        order = ForAll(
            command=command,
            act=_act,
            options=options,
            per_council=_of_council,
            tenants=tenants,
            shard=shard,
            claim=bool(claim),
            documents=folder,
            output=_output(options),
            file=options.get("output_file"),
        )
        raise typer.Exit(run_for_all(order, os.environ))

    return _chosen


def _schedule_all(options: Mapping[str, Any], tenants: Path | None, shard: str | None) -> NoReturn:
    from m365_restrict.cli.schedule_all import ScheduleAll, run_schedule_all

    order = ScheduleAll(tenants=tenants, shard=shard, now=tuple(options["once_now"] or ()))
    raise typer.Exit(run_schedule_all(order, os.environ))


def _refuse_file(env_file: Path | None) -> None:
    if env_file is not None and str(env_file) != os.environ.get(ENV_FILE_VARIABLE):
        raise typer.BadParameter("Give either --env-file or a council of the folder.")
    if env_file is not None:
        from m365_restrict.cli.streams import tell

        tell(f"{ENV_FILE_VARIABLE} is set and not used: each council has a settings file of its own.")


def _refuse_one(command: str, options: Mapping[str, Any]) -> None:
    given = [option for name, option in _OF_ONE.items() if options.get(name)]
    if given:
        raise typer.BadParameter(f"{given[0]} is about one council: give --tenant instead of --all.")
    if command == "apply" and not options["approve"]:
        raise typer.BadParameter("apply --all asks nobody: give --approve, or look first with plan --all.")
    if command == "report" and options["output"] is not None and Path(options["output"]).suffix:
        raise typer.BadParameter(
            "With --all, --output names a folder: each council gets one of its own in it."
        )


def _output(options: Mapping[str, Any]) -> str:
    """Text or json for the one document on all councils; a report's own form is another matter."""
    if "json" in options:
        return format_of(cast("str", options.get("output") or "text"), json=bool(options["json"]))
    return "text"


def _of_council(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The verb's options for one council: its document as JSON, its files under its name."""
    made = dict(options)
    if "json" in made:
        made["json"] = True
    if "output_file" in made:
        made["output_file"] = None
    for option, ending in _FILES.items():
        if made.get(option) is not None:
            made[option] = Path(made[option]) / f"{name}.{ending}"
    if "form" in made:
        _report_of(made, name)
    return made


def _report_of(options: dict[str, Any], name: str) -> None:
    """A report goes into the council's own folder, as a page unless another form is asked for."""
    if options["output"] is None:
        options["form"] = ReportFormat.JSON
        return
    folder = Path(options["output"]) / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options["output"] = folder
    options["form"] = options["form"] or ReportFormat.HTML
