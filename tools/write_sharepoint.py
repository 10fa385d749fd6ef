"""Write deploy/sharepoint/ from the list schemas, so that forms, views and program cannot disagree.

What SharePoint takes is documented at learn.microsoft.com/sharepoint/dev/declarative-customization:
site-design-json-schema (site scripts), list-form-configuration (forms), list-form-conditional-show-hide
(formulas), formatting-syntax-reference (buttons and icons); views are CAML (sharepoint/dev/schema).

Usage: python tools/write_sharepoint.py [FOLDER]
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from xml.sax.saxutils import escape, quoteattr

from sharepoint_views import FORMULAS, LIVE, OVER, VIEWS, field_ref

from m365_restrict.register.case import Status
from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS, REVIEWS, ColumnKind
from m365_restrict.register.schema import Column, ListSchema
from m365_restrict.telling.case_notes import CaseStanding
from m365_restrict.telling.choice_notes import ChoiceStanding

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy" / "sharepoint"
LISTS = (RESTRICTED_CONTACTS, REVIEWS, CHOICES)

_COLUMN_SCHEMA = "https://developer.microsoft.com/json-schemas/sp/v2/column-formatting.schema.json"
_SCRIPT_SCHEMA = "https://developer.microsoft.com/json-schemas/sp/site-design-script-actions.schema.json"
_GENERIC_LIST = 100
# Ids that never change, so that a script that is run again changes columns instead of adding them.
_FIELD_IDS = UUID("6d3b1f0e-5a3c-4f0a-9a64-0c1c3a1f7b52")


def _icon(column: str, icons: Mapping[str, Sequence[str]], other: str) -> dict[str, Any]:
    """An icon beside the words of the column: what the icon says, the words say too."""
    name = f"'{other}'"
    for icon, values in icons.items():
        tests = " || ".join(f"[${column}] == '{value}'" for value in values)
        name = f"if({tests}, '{icon}', {name})"
    return {
        "elmType": "span",
        "style": {"padding-right": "6px", "display": f"=if([${column}] == '', 'none', 'inline-block')"},
        "attributes": {"iconName": f"={name}"},
    }


def _labelled(icon: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    words = {"elmType": "span", "txtContent": "@currentField"}
    return {
        "$schema": _COLUMN_SCHEMA,
        "elmType": "div",
        "style": {"display": "flex", "flex-wrap": "wrap", "align-items": "center"},
        "children": [icon, words, *more],
    }


def _button(text: str, title: str, action: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "elmType": "button",
        "txtContent": text,
        "customRowAction": action,
        "attributes": {"title": title, "class": "ms-fontColor-themeDark ms-borderColor-themeDark"},
        "style": {
            "display": f"=if([$Status] == '{Status.PROPOSED}', 'inline-block', 'none')",
            "margin": "4px",
            "padding": "6px",
            "min-height": "24px",
            "border-width": "1px",
            "border-style": "solid",
            "background-color": "transparent",
            "cursor": "pointer",
        },
    }


def column_formats() -> dict[tuple[str, str], dict[str, Any]]:
    """The format of each formatted column by list and column."""
    standings = {
        "CheckMark": (CaseStanding.IN_FORCE, CaseStanding.NO_MAIL_EFFECT),
        "Clock": (CaseStanding.SCHEDULED, CaseStanding.WATCHED),
        "Edit": (CaseStanding.DRAFT,),
        "Blocked2": (CaseStanding.ENDED,),
    }
    statuses = {"Edit": (Status.DRAFT,), "Clock": (Status.PROPOSED,), "CheckMark": LIVE, "Blocked2": OVER}
    choices = {
        "CheckMark": (ChoiceStanding.IN_PLACE,),
        "Blocked2": (ChoiceStanding.STOPPED, ChoiceStanding.ENDED),
    }
    # setValue saves as the person who presses the button, as an edit of the form does: no flow in between.
    approve = {"action": "setValue", "actionInput": {"Status": Status.APPROVED.value}}
    buttons = (
        _button("Read it", "Open the decision and read it whole", {"action": "defaultClick"}),
        _button("Approve", "Approve this decision as yourself", approve),
    )
    contacts = RESTRICTED_CONTACTS.title
    return {
        (contacts, "EnforcementStatus"): _labelled(_icon("EnforcementStatus", standings, "Warning")),
        (contacts, "Status"): _labelled(_icon("Status", statuses, "Pause"), *buttons),
        (CHOICES.title, "ChoiceStatus"): _labelled(_icon("ChoiceStatus", choices, "Info")),
    }


def form(schema: ListSchema) -> dict[str, Any]:
    """The body of a list's form: every column once, by display name, in its section."""
    sections: dict[str, list[str]] = {}
    for column in schema.columns:
        last = "Written by the program" if column.tool_written else "For assistants"
        name = last if column.tool_written or column.hidden else column.section
        sections.setdefault(name, []).append(column.display_name)
    return {"sections": [{"displayname": name, "fields": fields} for name, fields in sections.items()]}


def field_xml(schema: ListSchema, column: Column) -> str:
    """A column as CAML's Field element."""
    identifier = str(uuid5(_FIELD_IDS, f"{schema.title}/{column.name}"))
    common = {
        "ID": f"{{{identifier}}}", "Name": column.name, "StaticName": column.name,
        "DisplayName": column.display_name, "Description": column.help, "Required": "FALSE",
    }  # fmt: skip
    kind, inner = _field_type(column)
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in {**kind, **common}.items())
    return f"<Field{attributes}>{inner}</Field>" if inner else f"<Field{attributes}/>"


def _field_type(column: Column) -> tuple[dict[str, str], str]:
    listed = "".join(f"<CHOICE>{escape(one)}</CHOICE>" for one in column.choices)
    attributes = dict(_TYPES[column.kind])
    if listed:
        attributes["FillInChoice"] = "TRUE" if column.own_values else "FALSE"
    return attributes, f"<CHOICES>{listed}</CHOICES>" if listed else ""


_TYPES: Mapping[ColumnKind, Mapping[str, str]] = {
    ColumnKind.TEXT: {"Type": "Text", "MaxLength": "255"},
    ColumnKind.LINES: {"Type": "Note", "NumLines": "6", "RichText": "FALSE"},
    ColumnKind.CHOICE: {"Type": "Choice", "Format": "Dropdown"},
    ColumnKind.CHOICES: {"Type": "MultiChoice"},
    ColumnKind.DATE: {"Type": "DateTime", "Format": "DateOnly"},
    ColumnKind.PERSON: {"Type": "User", "UserSelectionMode": "PeopleOnly"},
    ColumnKind.PERSONS: {"Type": "UserMulti", "Mult": "TRUE", "UserSelectionMode": "PeopleOnly"},
    ColumnKind.YES_NO: {"Type": "Boolean"},
}


def site_script(*, with_columns: bool) -> dict[str, Any]:
    """The lists with their views and formats; with their columns too where `init` does not make them."""
    actions = []
    for schema in LISTS:
        own = [one for one in schema.columns if one.name != "Title"] if with_columns else []
        fields = [
            {"verb": "addSPFieldXml", "schemaXml": field_xml(schema, one), "addToDefaultView": False}
            for one in own
        ]
        subactions = [*fields, *_formats(schema), *_views(schema)]
        actions.append(
            {
                "verb": "createSPList",
                "listName": schema.title,
                "templateType": _GENERIC_LIST,
                "subactions": subactions,
            }
        )
    return {"$schema": _SCRIPT_SCHEMA, "actions": actions, "version": 1}


def _formats(schema: ListSchema) -> Iterator[dict[str, Any]]:
    for (title, column), formatter in column_formats().items():
        if title == schema.title:
            shown = schema.column(column).display_name
            yield {
                "verb": "setSPFieldCustomFormatter", "fieldDisplayName": shown, "formatterJSON": formatter,
            }  # fmt: skip


def _views(schema: ListSchema) -> Iterator[dict[str, Any]]:
    for view in VIEWS[schema.title]:
        yield {
            "verb": "addSPView",
            "name": view.name,
            "viewFields": list(view.columns),
            "query": f"<Where>{view.where}</Where><OrderBy>{field_ref(view.order)}</OrderBy>",
            "rowLimit": 100,
            "isPaged": True,
            "makeDefault": view.is_default,
        }


def formulas_page() -> str:
    """Every formula as Markdown: each is pasted by hand, because no script can set one."""
    lines = [
        "# Formulas that show and hide columns of the forms",
        "",
        "Open any item of the list, then Edit form, Edit columns, the three dots beside the column, Edit",
        "conditional formula. Paste the formula and save. A column that is hidden keeps its value.",
    ]
    for schema in LISTS:
        lines += ["", f"## {schema.title}", "", "| column | formula |", "|---|---|"]
        for name, formula in FORMULAS[schema.title].items():
            lines.append(f"| {schema.column(name).display_name} | `{formula}` |")
        hidden = [
            one.display_name
            for one in schema.columns
            if one.hidden and one.name not in FORMULAS[schema.title]
        ]
        if hidden:
            lines += ["", f"Take the tick away from these columns: {', '.join(hidden)}."]
    return "\n".join(lines) + "\n"


def views_page() -> str:
    """Every view in words, for those who make views by hand."""
    lines = ["# Views", "", "Made by the site scripts; this page is for making one by hand."]
    for schema in LISTS:
        lines += ["", f"## {schema.title}", "", "| view | shows rows where | columns |", "|---|---|---|"]
        for view in VIEWS[schema.title]:
            shown = ", ".join(schema.column(name).display_name for name in view.columns)
            first = " (the first that people see)" if view.is_default else ""
            lines.append(f"| {view.name}{first} | {view.words} | {shown} |")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Every generated file by its name."""
    found: dict[str, dict[str, Any]] = {
        "site-script-lists.json": site_script(with_columns=True),
        "site-script-views.json": site_script(with_columns=False),
    }
    for schema in LISTS:
        found[f"form-{_slug(schema.title)}.json"] = form(schema)
    for (title, column), formatter in column_formats().items():
        found[f"column-{_slug(title)}-{column}.json"] = formatter
    texts = {name: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in found.items()}
    return {**texts, "formulas.md": formulas_page(), "views.md": views_page()}


def _slug(title: str) -> str:
    return title.lower().replace(" ", "-")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
