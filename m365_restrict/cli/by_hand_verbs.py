"""Verbs for what people decide at the keyboard: accept a difference, open a case, look back, undo."""

import os
from datetime import date, datetime
from typing import Annotated

import typer

from m365_restrict.cli.evidence_verbs import LedgerFile
from m365_restrict.cli.options import EnvFile, Json, OutputFile, OutputFormat, format_of

by_hand_verbs = typer.Typer()

_DAY = ["%Y-%m-%d"]
Reason = Annotated[str, typer.Option("--reason", help="Why; every report says it. No address, no name.")]
ApproveUndo = Annotated[bool, typer.Option("--approve", help="Undo without asking.")]
UndoPlanId = Annotated[
    str | None,
    typer.Option("--plan-id", metavar="ID", help="Undo only if it is still what this id stands for."),
]


@by_hand_verbs.command()
def waive(
    finding: Annotated[
        str, typer.Argument(metavar="[FINDING]", help="The finding's id, as drift prints it.")
    ] = "",
    *,
    reason: Reason = "",
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it: a title, not a name.")] = "",
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=_DAY, help="The last day; within 12 months."),
    ] = None,
    show_all: Annotated[
        bool, typer.Option("--list", help="Show every waiver that there ever was, and change nothing.")
    ] = False,
    end: Annotated[int, typer.Option("--end", metavar="N", help="End waiver N before its day.")] = 0,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Accept one finding of drift as it is, until a day, with a reason and somebody who answers for it.

    While it counts, drift still lists the finding, marked, and does not end with 2 because of it; apply and
    heal do not write over it. It is watched all the same: when the rule is edited again, when the decision
    in that point changes, or when the day has passed, the finding is back. Writes nothing in Microsoft 365.

    Never accepts what is critical, such as a rule without a sender, or what would restrict anybody more
    than a decision does, send mail out of the organisation, or concern a councillor's own choice.

    Exits 0 where it is on record, 3 where it is refused, 5 or 7 where the settings or the lists are wrong.

    Example: m365-restrict waive 3fa9c01b7e --reason "CHG-1042" --owner "Head of ICT" --until 2027-03-31
    """
    from m365_restrict.cli.by_hand import EndWaiver, ListWaivers, Waive, run_waive
    from m365_restrict.cli.by_hand_session import Asked

    if sum(map(bool, (finding.strip(), show_all, end))) != 1:
        raise typer.BadParameter("Give a finding's id, or --list, or --end with a waiver's number.")
    order: Waive | EndWaiver | ListWaivers
    if finding.strip():
        if until is None or not reason.strip() or not owner.strip():
            raise typer.BadParameter("Give --reason, --owner and --until as well.")
        order = Waive(finding=finding, reason=reason.strip(), owner=owner.strip(), until=until.date())
    else:
        order = EndWaiver(end) if end else ListWaivers()
    asked = Asked(env_file=env_file, output=format_of(output, json=json), file=output_file)
    raise typer.Exit(run_waive(order, asked, os.environ))


@by_hand_verbs.command("open")
def open_(
    case: Annotated[str, typer.Argument(metavar="[CASE]", help="The case reference.")] = "",
    *,
    reason: Reason = "",
    end: Annotated[
        bool, typer.Option("--end", help="End the opening: the next apply enforces the case again.")
    ] = False,
    show_all: Annotated[
        bool, typer.Option("--list", help="Show every opening that there ever was, and change nothing.")
    ] = False,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Open one case now, on a bad day: remove its rules at once, and have no run enforce it again.

    Needs the ledger and Exchange or Graph, and neither the register nor the directory; no guard, freeze or
    window holds it up, and it asks nothing. The opening is on record before the first request, so later
    runs obey it even where a rule could not be removed; then it prints the line that does it by hand,
    such as Disable-TransportRule. Drift reports it every day, until the register lifts, suspends or ends
    the case, or --end. Never restricts anybody and never changes the register.

    Exits 0 where nothing of the case acts any more, 2 where an administrator must do it by hand, 3 where
    nobody knows the case, 4 where a rule could not be removed, 6 while another run is at work.

    Example: m365-restrict open RC-2026-014 --reason "INC-77: the court's mail was caught"
    """
    from m365_restrict.cli.by_hand import EndOpening, ListOpenings, Open, run_open
    from m365_restrict.cli.by_hand_session import Asked

    if bool(case.strip()) == show_all or (end and show_all):
        raise typer.BadParameter("Give either a case reference or --list.")
    if case.strip() and not reason.strip():
        raise typer.BadParameter("Give --reason: drift says every day why the case is open.")
    order: Open | EndOpening | ListOpenings
    if show_all:
        order = ListOpenings()
    else:
        given = EndOpening if end else Open
        order = given(case=case.strip(), reason=reason.strip())
    asked = Asked(env_file=env_file, output=format_of(output, json=json), file=output_file)
    raise typer.Exit(run_open(order, asked, os.environ))


@by_hand_verbs.command()
def history(
    *,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=_DAY, help="What stood at the end of this day."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=_DAY, help="With --on: what stood at any time up to this day."),
    ] = None,
    run: Annotated[str, typer.Option("--run", metavar="RUN", help="What this run wrote.")] = "",
    case: Annotated[
        str,
        typer.Option(
            "--case", metavar="CASE", help="All about one case; of 2026-10, who signed that month's report."
        ),
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many runs.")] = 20,
    ledger: LedgerFile = None,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Look back: the latest runs; what stood on a day; what one run wrote; or all that is known of a case.

    Of a case: who saved what when, as the lists' version history said; how each approving save was judged
    and which values it is of; every write to its rules; and what each run of drift found.

    Asks the ledger alone, no service; with --ledger it needs no settings. It knows what this installation
    wrote and took over; what somebody else changed in Exchange in between stands in the drift reports of
    those days. Councillors' own choices are counted under a number and shown to nobody. Changes nothing.

    Exits 0, 3 where there is no such run or case.

    Example: m365-restrict history --on 2027-03-01
    """
    from m365_restrict.cli.by_hand import LookBack, run_history
    from m365_restrict.cli.by_hand_session import Asked

    if sum(map(bool, (on, run.strip(), case.strip()))) > 1:
        raise typer.BadParameter("Give one of --on, --run and --case.")
    if until is not None and (on is None or until < on):
        raise typer.BadParameter("Give --on with the first day, not later than --until.")
    order = LookBack(
        on=_day(on), until=_day(until), run=run.strip(), case=case.strip(), limit=limit, ledger=ledger
    )
    asked = Asked(env_file=env_file, output=format_of(output, json=json), file=output_file)
    raise typer.Exit(run_history(order, asked, os.environ))


@by_hand_verbs.command()
def undo(
    *,
    approve: ApproveUndo = False,
    plan_id: UndoPlanId = None,
    json: Json = False,
    output: OutputFormat = "text",
    output_file: OutputFile = None,
    env_file: EnvFile = None,
) -> None:
    """Bring every rule back to its form before the last run that wrote.

    Shows the changes and asks first, as apply does. A rule that is not as that run left it is left as it
    is, and named. Never restricts anybody again whom the register has opened, or more than it decides now,
    and leaves councillors' own choices to them. While the register says what it said, the next apply makes
    the changes again: correct it, or freeze.

    Exits 0 where all is undone and read back, 2 where you answered no, 3 where a rule was left as it is or
    nobody approved, 4 where something failed.

    Example: m365-restrict undo
    """
    from m365_restrict.cli.by_hand import Undo, run_undo
    from m365_restrict.cli.by_hand_session import Asked

    asked = Asked(env_file=env_file, output=format_of(output, json=json), file=output_file)
    raise typer.Exit(run_undo(Undo(approve=approve, plan_id=plan_id), asked, os.environ))


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()
