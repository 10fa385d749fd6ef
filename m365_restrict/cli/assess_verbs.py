"""Verbs for the first days: what stands in the tenant, and whose it is to be."""

import os
from typing import Annotated

import typer

from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of

assess_verbs = typer.Typer()

RuleName = Annotated[str, typer.Argument(help="The transport rule's name or Guid, as `assess` prints it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the ledger.")]
ApproveItem = Annotated[bool, typer.Option("--approve", help="Write the draft without asking.")]


@assess_verbs.command()
def assess(
    *,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """List every block that names somebody outside the council, for governance to decide on.

    Transport rules, the tenant's block list, anti-spam policies and the blocked senders of shared
    mailboxes: who made it and when, what it does, whether a live case explains it, and what to do. For
    the first day: it needs no register and nothing that writes, and it changes nothing. People's own
    mailboxes are never looked into. With -o FILE.csv it writes a sheet with columns for the decision. The
    result names addresses: keep it where cases are kept.

    Exits 0 where nothing was found, 2 where something was, 4 where a place could not be read.

    Example: m365-restrict assess -o blocks.csv --env-file council.env
    """
    from m365_restrict.cli.assessing import AssessRequest, run_assess

    if output_file is not None and output_file.suffix.lower() in {".xlsx", ".xls", ".ods"}:
        raise typer.BadParameter("Sheets are written as CSV: give -o FILE.csv. Any spreadsheet opens it.")
    request = AssessRequest(env_file=env_file, output=format_of(output, json=json), file=output_file)
    raise typer.Exit(run_assess(request, os.environ))


@assess_verbs.command("import")
def import_(
    rule: RuleName,
    *,
    case: Annotated[str, typer.Option("--case", help="The case reference that the item gets.")] = "",
    approve: ApproveItem = False,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Make a draft in the register of a transport rule that somebody set up by hand.

    Carries the addresses, the measure, whose mail, the single contact, who stays open, and the end. The
    draft is compiled back first: where it would not give the same rule, the import is refused and says
    which property stands in the way. It never proposes or approves: governance fills in the rest. The
    rule itself is not touched. Without --approve it asks, and where nobody can be asked it only shows.

    Exits 0 where the draft is written, 2 where it is only shown, 3 where it is refused, 4 where the rules
    could not be read.

    Example: m365-restrict import "Block J" --case RC-2026-014
    """
    from m365_restrict.cli.assessing import RuleRequest, run_import

    request = RuleRequest(
        rule=rule,
        case_ref=case.strip(),
        approve=approve,
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
    )
    raise typer.Exit(run_import(request, os.environ))


@assess_verbs.command()
def adopt(
    rule: RuleName,
    *,
    case: Annotated[str, typer.Option("--case", help="The live case that the rule is for.")],
    reason: Reason,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Make a transport rule in the tenant the rule of a live case, in place of making a second one.

    The rule must name an address of the case. Where it differs from what the case says, the differences
    are shown, and the next plan puts them right. The tenant is not written: the ledger remembers who
    adopted it, when and why. Never takes a rule of another installation, or one without a sender.

    Exits 0 where it is on record, 3 where it is refused, 4 where the rules could not be read, 6 while
    another run is at work.

    Example: m365-restrict adopt "Block J" --case RC-2026-014 --reason "CHG-1042: imported and approved"
    """
    from m365_restrict.cli.assessing import RuleRequest, run_claim
    from m365_restrict.report.claim_document import ClaimVerb

    request = RuleRequest(
        rule=rule,
        case_ref=_given(case, "--case"),
        reason=_given(reason, "--reason"),
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
    )
    raise typer.Exit(run_claim(ClaimVerb.ADOPT, request, os.environ))


@assess_verbs.command()
def disown(
    rule: RuleName,
    *,
    reason: Reason,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Give up a transport rule of ours: from now on it is never touched, whatever its stamp says.

    The ledger forgets it and remembers who gave it up, when and why; `drift` says so each day. The tenant
    is not written, so the rule goes on doing what it does. `adopt` takes it back.

    Exits 0 where it is on record, 3 where it is refused, 4 where the rules could not be read, 6 while
    another run is at work.

    Example: m365-restrict disown "RC-2026-014 Redirect to single contact" --reason "CHG-1043"
    """
    from m365_restrict.cli.assessing import RuleRequest, run_claim
    from m365_restrict.report.claim_document import ClaimVerb

    request = RuleRequest(
        rule=rule,
        reason=_given(reason, "--reason"),
        env_file=env_file,
        output=format_of(output, json=json),
        file=output_file,
    )
    raise typer.Exit(run_claim(ClaimVerb.DISOWN, request, os.environ))


def _given(text: str, option: str) -> str:
    if not text.strip():
        raise typer.BadParameter(f"{option} must say something.")
    return text.strip()
