"""Write docs/lists.md from the list schemas, so that page, forms and program cannot disagree.

Usage: python tools/write_lists.py [PATH]
"""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from m365_restrict.register.case import AdjustmentNeedsEmail, Measure, Scope
from m365_restrict.register.columns import (
    ADDRESS_LINE_COLUMNS,
    CHOICES,
    PROTECTED_COLUMNS,
    PROVING_ROW_TITLE,
    RESTRICTED_CONTACTS,
    REVIEWS,
    Column,
    ColumnKind,
    ListSchema,
)

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "lists.md"
_PROFILE = ROOT / "settings" / "policies" / "default.toml"

_INTRODUCTION = f"""\
# The three lists

Where decisions, reviews and councillors' choices are kept in SharePoint: every column with the name
that people see, its internal name, what it holds and what the program asks of it. A list whose internal
names differ is mapped with `REGISTER__COLUMNS__<NAME>` (see [settings.md](settings.md)).

No column is required by a list itself, so that drafts can be saved; `m365-restrict validate` says what
is missing. Each list holds one row titled `{PROVING_ROW_TITLE}`. It proves that the list was read
whole: without it a run ends with exit code 7.

- *approved*: an approval is of this value. Edited to something tighter or different, it waits for a new
  approval; an edit that only opens takes effect at the next run.
- *required*: the policy profile `default` refuses the case while it is empty.
- *written by the program*: leave it alone; the program alone fills it in.

This page is written by `make codes` from the program itself.
"""

_ABOUT = {
    RESTRICTED_CONTACTS.title: "One item is one decision.",
    REVIEWS.title: "One item is one review, representation, appeal or request. "
    "The officer is whoever saves it.",
    CHOICES.title: "One item is one councillor's choice about one sender. Deleting it is stopping. "
    "It may live on a site of its own (`CHOICES__SITE`).",
}

# What refuses a case under every profile (settings/policies/default.toml says the same in words).
_ALWAYS = frozenset({"Title", "Addresses", "Measure", "Scope", "EffectiveFrom", "EndsOn", "NoticeSentOn"})
_SOMETIMES = {
    "SpocMailbox": f"for {', '.join(one for one in Measure if one.needs_single_contact)}",
    "ScopeMailboxes": f"for {Scope.NAMED}",
    "LesserMeasuresConsidered": f"for {Measure.REFUSE}",
    "AdjustmentNeedsEmail": f"with an answer other than {AdjustmentNeedsEmail.NOT_ASKED}",
}

_KINDS = {
    ColumnKind.TEXT: "one line of text",
    ColumnKind.LINES: "several lines of text",
    ColumnKind.DATE: "a day",
    ColumnKind.PERSON: "one person",
    ColumnKind.PERSONS: "one or more people",
    ColumnKind.YES_NO: "yes or no",
}


def page() -> str:
    """The page as Markdown."""
    required = _required()
    parts = [_INTRODUCTION]
    for schema in (RESTRICTED_CONTACTS, REVIEWS, CHOICES):
        parts.append("\n".join([f"## {schema.title}", "", _ABOUT[schema.title], ""]))
        parts += _tables(schema, required if schema is RESTRICTED_CONTACTS else {})
    return "\n".join(parts)


def _tables(schema: ListSchema, required: Mapping[str, str]) -> Iterator[str]:
    for section, columns in groupby(schema.columns, key=lambda column: column.section):
        heading = [f"### {section}", ""] if section else []
        rows = [_row(schema, column, required) for column in columns]
        head = [
            "| column | internal name | holds | what is asked | help on the form |",
            "|---|---|---|---|---|",
        ]
        yield "\n".join([*heading, *head, *rows, ""])


def _row(schema: ListSchema, column: Column, required: Mapping[str, str]) -> str:
    cells = (
        column.display_name,
        f"`{column.name}`",
        _holds(schema, column),
        "; ".join(_asked(schema, column, required)) or "nothing",
        column.help,
    )
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _holds(schema: ListSchema, column: Column) -> str:
    if schema is RESTRICTED_CONTACTS and column.name in (*ADDRESS_LINE_COLUMNS, "AdvocateAddresses"):
        return "e-mail addresses, one a line"
    values = "; ".join(column.choices)
    match column.kind:
        case ColumnKind.CHOICE:
            return f"one of: {values}"
        case ColumnKind.CHOICES:
            return f"any of: {values}{'; or values of your own' if column.own_values else ''}"
        case _:
            return _KINDS[column.kind]


def _asked(schema: ListSchema, column: Column, required: Mapping[str, str]) -> Iterator[str]:
    if schema is RESTRICTED_CONTACTS and column.name in PROTECTED_COLUMNS:
        yield "approved"
    if column.name in required:
        yield required[column.name]
    if column.tool_written:
        yield "written by the program"
    if column.hidden:
        yield "hidden on the form"
    if column.personal:
        yield "read for letters and exports alone"


def _required() -> Mapping[str, str]:
    """What the profile `default` asks for, by column."""
    found = dict.fromkeys(_ALWAYS, "required")
    for group in tomllib.loads(_PROFILE.read_text(encoding="utf-8"))["required"]:
        names = str(group).split(" or ")
        for name in names:
            others = [RESTRICTED_CONTACTS.column(other).display_name for other in names if other != name]
            found[name] = "required" + (f", or {' or '.join(others)}" if others else "")
    return found | {name: f"required {when}" for name, when in _SOMETIMES.items()}


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    target.write_text(page(), encoding="utf-8")
