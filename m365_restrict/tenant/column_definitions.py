"""Columns of the register as Graph's columnDefinition (graph.md 3.9)."""

from collections.abc import Mapping
from typing import assert_never

from m365_restrict.register.schema import Column, ColumnKind
from m365_restrict.tenant.graph import JsonObject


def definition_of(column: Column) -> JsonObject:
    """What is sent to make the column. Never required, so that drafts save; never hidden.

    A column that Graph hides is left out when columns are listed, so `hidden` here is the form's
    business alone (deploy/sharepoint).
    """
    return {
        "name": column.name,
        "displayName": column.display_name,
        "description": column.help,
        "required": False,
        **_facet(column),
    }


def kind_of(raw: Mapping[str, object]) -> ColumnKind | None:
    """The kind of a column that Graph shows; None for a kind that no column of ours has."""
    match raw:
        case {"text": Mapping() as text}:
            return ColumnKind.LINES if text.get("allowMultipleLines") else ColumnKind.TEXT
        case {"choice": Mapping() as choice}:
            several = choice.get("displayAs") == "checkBoxes"
            return ColumnKind.CHOICES if several else ColumnKind.CHOICE
        case {"dateTime": Mapping()}:
            return ColumnKind.DATE
        case {"personOrGroup": Mapping() as person}:
            return ColumnKind.PERSONS if person.get("allowMultipleSelection") else ColumnKind.PERSON
        case {"boolean": Mapping()}:
            return ColumnKind.YES_NO
        case _:
            return None


def choices_of(raw: Mapping[str, object]) -> tuple[str, ...]:
    """The values that a choice column offers."""
    facet = raw.get("choice")
    found = facet.get("choices") if isinstance(facet, Mapping) else None
    return tuple(str(entry) for entry in found) if isinstance(found, list) else ()


def _facet(column: Column) -> JsonObject:
    match column.kind:
        case ColumnKind.TEXT:
            return {"text": {"allowMultipleLines": False, "maxLength": 255, "textType": "plain"}}
        case ColumnKind.LINES:
            # Plain: rich text would put markup between addresses (graph.md 3.5).
            return {"text": {"allowMultipleLines": True, "linesForEditing": 6, "textType": "plain"}}
        case ColumnKind.CHOICE | ColumnKind.CHOICES:
            several = column.kind is ColumnKind.CHOICES
            return {
                "choice": {
                    "allowTextEntry": column.own_values,
                    "choices": list(column.choices),
                    "displayAs": "checkBoxes" if several else "dropDownMenu",
                }
            }
        case ColumnKind.DATE:
            return {"dateTime": {"displayAs": "standard", "format": "dateOnly"}}
        case ColumnKind.PERSON | ColumnKind.PERSONS:
            several = column.kind is ColumnKind.PERSONS
            return {"personOrGroup": {"allowMultipleSelection": several, "chooseFromType": "peopleOnly"}}
        case ColumnKind.YES_NO:
            return {"boolean": {}}
        case _:
            assert_never(column.kind)
