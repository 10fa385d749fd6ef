"""The verbs about health: how it stands, for people; and the same for watchers, over HTTP."""

import os
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of
from m365_restrict.cli.tenants_options import Tenant, Tenants

status_verb = typer.Typer()
health_verbs = typer.Typer(
    help=(
        "Let watchers ask whether it still works.\n\n"
        "Nothing here asks Microsoft 365.\n\n"
        "Example: m365-restrict health serve --port 9464"
    ),
    no_args_is_help=True,
)


@status_verb.command()
def status(
    *,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Say how this installation stands, and what needs somebody.

    Of each job its last run, its last success and when it is next due; cases in force, open findings, a
    freeze, overrides and waivers, what the last run held back, certificates, requests, and the ledger. It
    reads the ledger and the settings, asks no service and writes nothing, so it answers at once.

    Exits 0 where nothing needs anybody, 2 where something does, 4 where a job is overdue or silent, 1 where
    the ledger cannot be read, 5 where the settings cannot be used.

    Example: m365-restrict status --env-file council.env
    """
    from m365_restrict.cli.status import StatusRequest, run_status

    request = StatusRequest(env_file=env_file, output=format_of(output, json=json), file=output_file)
    raise typer.Exit(run_status(request, os.environ))


@health_verbs.command()
def serve(
    *,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Default: HEALTH__PORT; 0 picks a free one."),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on. Default: HEALTH__HOST, 127.0.0.1.")
    ] = None,
    tenant: Tenant = None,
    tenants: Tenants = None,
    every: Annotated[
        bool, typer.Option("--all", help="Tell of every council of the folder; metrics name each.")
    ] = False,
    env_file: EnvFile = None,
) -> None:
    """Answer /healthz, /readyz and /metrics until stopped.

    For computers on which timers or tasks run the jobs; `schedule` does it by itself where HEALTH__PORT is
    set. /healthz says that the process lives, /readyz that settings and ledger can be used, /metrics counts
    for Prometheus. Prints one line, `ready http://HOST:PORT`, to stdout. Nobody is asked who they are, and
    nothing that it says names a person, an address or a case.

    Exits 0 when it is stopped, 5 where the settings cannot be used or the port cannot be opened.

    Example: m365-restrict health serve --port 9464 --env-file council.env
    """
    from m365_restrict.cli.health_serve import ServeRequest, serve_health

    if every and tenant is not None:
        raise typer.BadParameter("Give either --tenant or --all.")
    request = ServeRequest(
        host=host, port=port, env_file=env_file, tenant=tenant, tenants=tenants, every=every
    )
    raise typer.Exit(serve_health(request, os.environ))
