"""All verbs and their options. Each verb teaches itself: what it does, what it never does, an example."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from m365_restrict import __version__
from m365_restrict.cli.assess_verbs import assess_verbs
from m365_restrict.cli.by_hand_verbs import by_hand_verbs
from m365_restrict.cli.doctor_verb import doctor_verb
from m365_restrict.cli.evidence_verbs import evidence_verbs
from m365_restrict.cli.handover_verb import handover_verb
from m365_restrict.cli.ledger_verbs import ledger_verbs
from m365_restrict.cli.letter_verb import letter_verb
from m365_restrict.cli.life_verbs import life_verbs
from m365_restrict.cli.list_verbs import list_verbs
from m365_restrict.cli.options import (
    Approve,
    Detail,
    EnvFile,
    Html,
    Json,
    OutputFile,
    OutputFormat,
    PlanId,
    SavedPlanFile,
    SaveFile,
    ScriptFile,
    format_of,
)
from m365_restrict.cli.override_verb import override_verb
from m365_restrict.cli.report_verb import report_verb
from m365_restrict.cli.request import Request
from m365_restrict.cli.retire_verb import retire_verb
from m365_restrict.cli.rule_test_verb import rule_test_verb
from m365_restrict.cli.schedule_verb import schedule_verbs
from m365_restrict.cli.status_verb import health_verbs, status_verb
from m365_restrict.cli.tenants_options import TenantsGroup
from m365_restrict.cli.tenants_verb import tenants_verb
from m365_restrict.errors import ExitCode
from m365_restrict.report.verb import Verb

_USAGE_ERROR = 64
"""sysexits' EX_USAGE: 2 means differences here, so a mistyped option must not end with it."""
_INTERRUPTED = 130
"""What typer makes of Ctrl-C. No verb ends with it."""

app = typer.Typer(
    name="m365-restrict",
    cls=TenantsGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=(
        "Make a council's restricted-contact decisions true in Microsoft 365 mail, and prove it.\n\n"
        "To see it work without a tenant: `m365-restrict demo`.\n\n"
        "With a tenant: `show-config` until the settings are right, `validate` until the register is, "
        "`plan` to read what would change, `apply` to change it, `drift` every day, `heal` when somebody "
        "has changed a rule. Only apply and heal change rules; validate, plan, drift and explain sign in "
        "with an application that need not be able to write anything.\n\n"
        "Exit codes: 0 in step, 1 unexpected, 2 differences, 3 refused, 4 partial, 5 settings or "
        "permissions, 6 another run is at work, 7 a list could not be read whole, 64 mistyped command."
    ),
)

# Without a name its verbs stand beside the others.
app.add_typer(assess_verbs)
app.add_typer(list_verbs)
app.add_typer(life_verbs)
app.add_typer(letter_verb)
app.add_typer(override_verb)
app.add_typer(rule_test_verb)
app.add_typer(doctor_verb)
app.add_typer(by_hand_verbs)
app.add_typer(report_verb)
app.add_typer(tenants_verb)
app.add_typer(evidence_verbs)
app.add_typer(handover_verb)
app.add_typer(retire_verb)
app.add_typer(ledger_verbs, name="ledger")
app.add_typer(schedule_verbs)
app.add_typer(status_verb)
app.add_typer(health_verbs, name="health")


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,  # noqa: FBT002 (typer's form of a flag)
) -> None:
    if version:
        typer.echo(f"m365-restrict {__version__} (Python {sys.version.split()[0]}, {sys.platform})")
        raise typer.Exit


@app.command()
def validate(
    *,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Read the lists and say of each case what is missing.

    Says whether each case is accepted, refused or a draft, and what to fill in where. Writes nothing
    in Microsoft 365 and looks at no rule.

    Exits 0 where no case is refused, 3 where one is.

    Example: m365-restrict validate --env-file council.env
    """
    request = Request(
        verb=Verb.VALIDATE, env_file=env_file, output=format_of(output, json=json), file=output_file
    )
    _carry_out(request)


@app.command()
def plan(
    *,
    save: SaveFile = None,
    detail: Detail = False,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Show exactly what apply would change, and why.

    Every line begins with + (create), ~ (change), - (remove) or ! (refused or held back). The plan id at
    the end is what apply --plan-id takes; --save writes the whole plan to a file for apply --plan. More
    than 25 changes are summed up on one screen: --detail shows each. Signs in as the reader alone, so it
    cannot write.

    Exits 0 where nothing would change, 2 where something would, 3 where something is held back,
    4 where a part of the tenant could not be read.

    Example: m365-restrict plan --save monday.plan
    """
    request = Request(
        verb=Verb.PLAN,
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
        save=save,
        detail=detail,
    )
    _carry_out(request)


@app.command()
def apply(
    *,
    approve: Approve = False,
    plan_id: PlanId = None,
    saved_plan: SavedPlanFile = None,
    detail: Detail = False,
    script: ScriptFile = None,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Make the tenant agree with the register.

    Shows the changes and asks first when a person is at the terminal; a script gives --approve, or
    --plan-id or --plan with the plan that somebody has read. Such a plan is made anew, and refused with
    the reason if the register, a rule, a setting or this program has moved; nothing overrides that.
    Every rule is written, read back and recorded in the ledger; one that fails does not stop the others.
    Never changes a rule that is not this program's own. One run at a time.

    With ENFORCE_WITH=script it holds no writer: it writes PowerShell for an administrator and waits.

    Exits 0 where all is written and read back, 2 where you answered no or a script waits, 3 where
    something was held back or nobody approved, 4 where something failed.

    Example: m365-restrict apply --plan monday.plan
    """
    request = Request(
        verb=Verb.APPLY,
        saved_plan=saved_plan,
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
        approve=approve,
        plan_id=plan_id,
        detail=detail,
        script=script,
    )
    _carry_out(request)


@app.command()
def drift(
    *,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    html: Html = None,
    env_file: EnvFile = None,
) -> None:
    """Say whether every decision still holds in the tenant.

    Names each rule that somebody changed or removed, before and after, who as far as the rule says, and
    what to do. Signs in as the reader alone, so it cannot write.

    Exits 0 where all is in step, 2 where something differs, 4 where something could not be read.

    Example: m365-restrict drift --html report.html
    """
    request = Request(
        verb=Verb.DRIFT, env_file=env_file, output=format_of(output, json=json), file=output_file, html=html
    )
    _carry_out(request)


@app.command()
def heal(
    *,
    approve: Approve = False,
    plan_id: PlanId = None,
    detail: Detail = False,
    script: ScriptFile = None,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Restore what was last applied where somebody has changed it.

    Takes nothing new from the register, except that what it has opened since is opened. A councillor's
    own change to their own rule stands. Asks first, as apply does.

    Exits 0 where what was last applied holds again, 2 where you answered no, 3 where something was held
    back or nobody approved, 4 where something failed.

    Example: m365-restrict heal --approve
    """
    request = Request(
        verb=Verb.HEAL,
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
        approve=approve,
        plan_id=plan_id,
        detail=detail,
        script=script,
    )
    _carry_out(request)


@app.command()
def explain(
    address: Annotated[
        str, typer.Argument(help="The sender's e-mail address; leave it out with --message.")
    ] = "",
    *,
    message: Annotated[
        Path | None,
        typer.Option(
            "--message", help="A saved message (.eml); only its headers are read, and none is shown."
        ),
    ] = None,
    envelope_from: Annotated[
        str | None,
        typer.Option("--envelope-from", help="Its envelope sender. Default: Return-Path, else From."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            help="A recipient; may be given several times. Default: To and Cc of the message, else one of "
            "each kind.",
        ),
    ] = None,
    from_ledger: Annotated[
        bool, typer.Option("--from-ledger", help="Do not ask the tenant: say what was last applied.")
    ] = False,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Say what happens to mail from one address, or to one message, and why.

    Tells of every recipient where their copy would go, by which rules, because of which case, who approved
    it and until when, with other people's rules counted in. Of an address that no case names it says why
    it may look otherwise: an address that is almost the same, a case that is not in force, a block list.
    Sends nothing. Councillors' own choices are never shown, whoever asks.

    Exits 0 where it could be explained, 4 where something could not be read, 5 for what is no address.

    Example: m365-restrict explain someone@mail.example --to planning@council.example
    """
    if bool(address.strip()) == (message is not None):
        raise typer.BadParameter("Give either a sender's address or --message with a file.")
    request = Request(
        verb=Verb.EXPLAIN,
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
        address=address,
        recipients=tuple(one for entry in to or () for one in entry.split(",") if one.strip()),
        from_ledger=from_ledger,
        message=message,
        envelope_from=envelope_from,
    )
    _carry_out(request)


@app.command("show-config")
def show_config(*, env_file: EnvFile = None) -> None:
    """Show every setting that is in effect and where it came from.

    Secrets are masked. Exits 5 and names every setting that is missing, misspelt or unusable.

    Example: m365-restrict show-config --env-file council.env
    """
    from m365_restrict.cli.config import print_settings

    raise typer.Exit(print_settings(env_file, os.environ))


@app.command()
def freeze(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; every run says it until it is lifted.")],
    env_file: EnvFile = None,
) -> None:
    """Hold back everything but openings until it is lifted.

    What the register lifts, suspends or ends is still opened at the next run, and an end date still
    ends its rule. Nothing new is restricted and nothing is tightened.

    Exits 0 where it stands, 5 for a setting, 1 where the ledger cannot be used.

    Example: m365-restrict freeze --reason "Pre-election period, CHG-1042"
    """
    from m365_restrict.cli.freeze import freeze as begin

    raise typer.Exit(begin(reason, env_file, os.environ))


@app.command()
def unfreeze(*, env_file: EnvFile = None) -> None:
    """Let runs write again after a freeze.

    Exits 0 where nothing is frozen now, 5 for a setting, 1 where the ledger cannot be used.

    Example: m365-restrict unfreeze
    """
    from m365_restrict.cli.freeze import unfreeze as end

    raise typer.Exit(end(env_file, os.environ))


@app.command()
def sandbox(
    *,
    state: Annotated[Path, typer.Option("--state", help="Folder for the tenant's state and client.env.")],
    port: Annotated[int, typer.Option("--port", help="HTTPS port; 0 picks a free one.")] = 0,
    http_port: Annotated[
        int | None, typer.Option("--http-port", help="The same over plain HTTP, for tools without a CA.")
    ] = None,
    smtp_port: Annotated[int | None, typer.Option("--smtp-port", help="Take mail by SMTP here.")] = None,
    seed: Annotated[Path | None, typer.Option("--seed", help="JSON description of the tenant.")] = None,
    latency_ms: Annotated[
        int, typer.Option("--latency-ms", help="Added to every Graph and Exchange request.")
    ] = 0,
    faults: Annotated[Path | None, typer.Option("--faults", help="JSON list of faults to inject.")] = None,
) -> None:
    """Run an embedded Microsoft 365 tenant on this computer.

    For trying and testing: sign-in, SharePoint lists, Exchange, mailboxes and mail by SMTP, on loopback
    addresses only. Prints one line, `ready https://localhost:PORT`, and writes client.env into the state
    folder: give it to the other verbs as --env-file. Ends on Ctrl-C.

    Exits 0 where it was stopped, 5 where it could not start.

    Example: m365-restrict sandbox --state ./tenant --port 8443 --smtp-port 2525
    """
    from m365_restrict.sandbox.run import SandboxOptions, run_sandbox

    raise typer.Exit(
        run_sandbox(
            SandboxOptions(
                state=state,
                port=port,
                http_port=http_port,
                smtp_port=smtp_port,
                seed=seed,
                latency_ms=latency_ms,
                faults=faults,
            )
        )
    )


@app.command()
def demo(
    *,
    output: Annotated[Path, typer.Option("--output", help="Where to write the HTML report.")] = Path(
        "demo/report.html"
    ),
) -> None:
    """Show the whole job on an invented council.

    Needs no tenant and no credentials, and sends nothing out of this computer. Validates, plans,
    applies, sends about thirty messages and says where every copy went and why; then an administrator
    tampers, and drift and heal answer.

    Exits 0 where everything went as told, 1 where it did not.

    Example: m365-restrict demo --output report.html
    """
    from m365_restrict.cli.demo.story import run_demo

    raise typer.Exit(run_demo(output))


def _carry_out(request: Request) -> None:
    from m365_restrict.cli.run import run_verb

    raise typer.Exit(run_verb(request, os.environ))


def run() -> int:
    """Run the command line with the process's arguments; the exit code."""
    try:
        result = app(standalone_mode=False)
    except typer.TyperException as error:
        hint = "Each verb explains itself, for example: m365-restrict plan --help"
        typer.echo(f"{error.format_message()}\n{hint}", err=True)
        return _USAGE_ERROR
    except typer.Abort:
        result = _INTERRUPTED
    if result == _INTERRUPTED:
        typer.echo("Stopped. What was written before is recorded in the ledger.", err=True)
        return int(ExitCode.UNEXPECTED)
    return result if isinstance(result, int) else 0
