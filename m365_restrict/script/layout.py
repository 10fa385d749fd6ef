"""The whole script: what a person reads first, the changes as literal values, and the part that runs them.

The file is UTF-8 with a byte order mark and Windows line ends: without the mark Windows PowerShell 5.1
reads a file in the computer's own code page.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files

from m365_restrict.plan.change import Action
from m365_restrict.rules.naming import long_day
from m365_restrict.script.quoting import comment, literal, quoted, table
from m365_restrict.script.steps import Step, Written

_BODY, _END = "# ==== Body ====", "# ==== End ===="
_CHOSEN = "A councillor asked for the same as the council."
_RULER = "# " + "-" * 98


@dataclass(frozen=True, kw_only=True)
class ApprovedCase:
    """The decision behind a change. No name and no address: the approver is a directory object id."""

    reference: str
    item_id: str
    version: str
    approver: str
    decided_on: date | None


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What the script says of itself. `approval` tells how the plan was approved; instants are aware."""

    file_name: str
    plan_id: str
    run_id: str
    instance_id: str
    register_version: str
    tool_version: str
    written_at: datetime
    approval: str
    cases: tuple[ApprovedCase, ...]
    opened: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Script:
    """The text of the file, and the SHA-256 of its body that the header names."""

    text: str
    body_sha256: str


def write_script(heading: Heading, written: Sequence[Written], *, line: Sequence[str]) -> Script:
    """The script for some changes. `line` are the Guids of all transport rules in their order as planned."""
    # The script reads itself from one mark to the other, the first mark's own line included.
    body = "\n".join(["", _BODY, *_data(written, line), _engine()])
    digest = hashlib.sha256(body.encode()).hexdigest()
    lines = [*_header(heading, written, digest), _parameters(), body, _END, ""]
    text = "\n".join(lines)
    return Script("\ufeff" + text.replace("\n", "\r\n"), digest)


def body_of(text: str) -> str:
    """The part of a script that its SHA-256 is taken over; "" where the marks are missing."""
    plain = text.replace("\r\n", "\n")
    start, end = plain.find(f"\n{_BODY}\n"), plain.rfind(f"\n{_END}")
    return plain[start:end] if 0 <= start < end else ""


def _engine() -> str:
    return files("m365_restrict.script").joinpath("engine.ps1").read_text(encoding="utf-8").rstrip("\n")


def _parameters() -> str:
    return (
        "\n#Requires -Version 5.1\n[CmdletBinding()]\nparam(\n"
        "    # Reads and compares alone.\n    [switch]$Check,\n"
        "    # Brings back what was there before.\n    [switch]$Rollback\n)"
    )


def _header(heading: Heading, written: Sequence[Written], digest: str) -> list[str]:
    count = len(written)
    return [
        *map(
            comment,
            [
                f"m365-restrict: {count} {_changes(count)} of transport rules, to be made by hand",
                "",
                f"Plan: {heading.plan_id}",
                f"Run: {heading.run_id}",
                f"Installation: {heading.instance_id}",
                f"Register version: {heading.register_version}",
                f"Written: {heading.written_at:%Y-%m-%dT%H:%M:%SZ} by m365-restrict {heading.tool_version}",
                f"Plan approved: {heading.approval}",
            ],
        ),
        f"# Body SHA-256: {digest}",
        *map(comment, ["", "Decisions behind it:"]),
        *(comment(f"  {_decision(one)}") for one in heading.cases),
        *(comment(f"  {one}: no decision in force; its rules go or open") for one in heading.opened),
        *map(comment, _how_to(heading.file_name)),
        *_left_out(heading.left_out),
    ]


def _changes(count: int) -> str:
    return "change" if count == 1 else "changes"


def _decision(case: ApprovedCase) -> str:
    day = f" on {long_day(case.decided_on)}" if case.decided_on else ""
    return (
        f"{case.reference}: approved{day} in version {case.version} of item {case.item_id} "
        f"by the directory object {case.approver}"
    )


def _how_to(file_name: str) -> list[str]:
    return [
        "",
        "THIS FILE HOLDS E-MAIL ADDRESSES OF PEOPLE WHOM A DECISION IS ABOUT. Keep it where only those",
        "who may read the register can read it, send it to nobody, delete it once it is no longer needed.",
        "",
        "To run it: read it; then, in PowerShell with Microsoft's module ExchangeOnlineManagement,",
        "signed in as somebody who holds the Exchange role 'Transport Rules':",
        "",
        "    Connect-ExchangeOnline",
        f"    .\\{file_name} -Check       # reads and compares, changes nothing",
        f"    .\\{file_name}              # makes the changes",
        f"    .\\{file_name} -Rollback    # brings back what was there before",
        "",
        "It stops before the first change if the rules are no longer what the plan saw, or if this file",
        "was edited. It may be run again: what is done is passed over. Every rule is made disabled, read",
        "back, and enabled only if all that was sent came back. `m365-restrict drift` proves the result.",
    ]


def _left_out(sentences: Iterable[str]) -> list[str]:
    lines = [comment(f"  {sentence}") for sentence in sentences]
    return [comment(""), comment("Planned and not in this file:"), *lines] if lines else []


def _data(written: Sequence[Written], line: Sequence[str]) -> list[str]:
    lines = [
        "# All transport rules in their order, as the plan saw them.",
        f"$line = {literal(tuple(line))}",
        "$changes = @()",
    ]
    for number, one in enumerate(written, 1):
        lines += [_RULER, comment(f"{number} of {len(written)}: {_title(one)}"), *_about(one)]
        lines.append(f"$changes += {_entry(number, one.step)}")
    lines += [_RULER, "# What -Rollback does, the last change first.", "$undo = @()", "$notUndone = @()"]
    for number, one in reversed(list(enumerate(written, 1))):
        if one.undo is None:
            reason = f"Change {number} is not undone: {one.why_not_undone}."
            lines.append(f"$notUndone += {quoted(reason)}")
        else:
            lines.append(f"$undo += {_entry(number, one.undo)}")
    return lines


def _title(one: Written) -> str:
    return f"{one.change.action.value} {one.step.name}"


def _about(one: Written) -> Iterable[str]:
    change = one.change
    yield comment(_CHOSEN if change.chosen_by_holder else change.effect)
    yield comment(f"Because: {change.change_class.value}. {_WHAT_IS_DONE[change.action]}")


_WHAT_IS_DONE = {
    Action.CREATE: "Made disabled, read back, then enabled.",
    Action.UPDATE: "Set on the same rule with its whole sender condition, read back, disabled if it lost it.",
    Action.DELETE: "Removed if it is still what the plan saw.",
}


def _entry(number: int, step: Step) -> str:
    """The hashtable of one step; nested tables stand one level further in."""
    nested = {"Before": step.before, "After": step.after, "Send": step.send}
    rows = [
        f"'Number' = {number}",
        f"'Action' = {quoted(step.action.value)}",
        f"'Name' = {quoted(step.name)}",
        f"'Guid' = {quoted(step.guid)}",
        f"'Priority' = {literal(step.priority)}",
        *(
            f"'{name}' = {'$null' if values is None else table(values, indent=1)}"
            for name, values in nested.items()
        ),
    ]
    return "@{\n" + "".join(f"    {row}\n" for row in rows) + "}"
