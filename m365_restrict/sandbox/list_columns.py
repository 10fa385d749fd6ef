"""The columns of the three lists, as the published contract names them.

Written from contracts.md 1 and deliberately not shared with the product's own
schema: a misspelling in one shows against the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, assert_never


class ColumnKind(Enum):
    """The column types that the lists use."""

    TEXT = "text"
    NOTE = "note"
    CHOICE = "choice"
    CHOICES = "choices"
    DATE = "date"
    PERSON = "person"
    PEOPLE = "people"
    YES_NO = "yes/no"
    NUMBER = "number"


@dataclass(frozen=True)
class Column:
    """One column: internal name, type, and the choices offered."""

    name: str
    kind: ColumnKind
    display_name: str = ""
    choices: tuple[str, ...] = ()
    own_values: bool = False


def _columns(kind: ColumnKind, names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name in names.split())


def _choice(
    name: str, choices: str, *, kind: ColumnKind = ColumnKind.CHOICE, own_values: bool = False
) -> Column:
    return Column(name, kind, choices=tuple(choices.split("/")), own_values=own_values)


CONTACTS = "Restricted contacts"
REVIEWS = "Restriction reviews"
CHOICES = "Councillor mail choices"
PROVING_TITLE = "~ this row proves the list can be read whole"

_CONTACT_COLUMNS = (
    Column("Title", ColumnKind.TEXT, "Case reference"),
    _choice("ItemType", "Person/Organisation/Property"),
    _choice("AddressShared", "Yes/No/Unknown"),
    _choice(
        "Measure",
        "Redirect to single contact/Copy to single contact/Allowed recipients only/File without reply/"
        "Refuse with notice/Junk in named mailboxes/Single contact requested/No e-mail measure",
    ),
    _choice("Scope", "Whole council/Named mailboxes or services"),
    _choice(
        "ChannelsOpen", "Post/Telephone/Face to face/E-mail SPOC/Advocate/Web form", kind=ColumnKind.CHOICES
    ),
    _choice("CouncillorRoute", "Not affected/Alternative arranged/Councillor opted in"),
    _choice("LanguagePreference", "English/Welsh/Both/Unknown"),
    _choice(
        "Grounds",
        "Abusive or threatening/Unreasonable volume/Repeated requests already answered/Harassment of staff",
        kind=ColumnKind.CHOICES,
        own_values=True,
    ),
    _choice("Stage", "1/2/None"),
    _choice("AdjustmentNeedsEmail", "Yes/No/Not asked"),
    _choice("SupportServicesContacted", "Yes/No/Not applicable"),
    _choice("Status", "Draft/Proposed/Approved/Under review/Suspended/Lifted/Closed/Rejected/Withdrawn"),
    *_columns(
        ColumnKind.TEXT,
        "PersonName SpocMailbox DecisionDocId RequestingService NoticeMethod NoticeDocId EnforcementStatus",
    ),
    *_columns(
        ColumnKind.NOTE,
        "ContactDetails Addresses AdvocateAddresses PropertyDetails ScopeMailboxes ScopeReason "
        "AllowedRecipients NoChannelReason RouteText Stage1SkippedReason WarningWaivedReason "
        "LesserMeasuresConsidered EnforcementNote",
    ),
    *_columns(
        ColumnKind.DATE,
        "RiskAssessmentOn EffectiveFrom EndsOn WarningGivenOn EqualityConsideredOn NoticeSentOn NextReviewOn",
    ),
    Column("WardCouncillors", ColumnKind.PEOPLE),
    Column("CaseOwner", ColumnKind.PERSON),
    *_columns(ColumnKind.YES_NO, "PoliceOrLegalReferral LegalHold"),
)

_REVIEW_COLUMNS = (
    Column("Title", ColumnKind.TEXT, "Case reference"),
    _choice(
        "Kind",
        "Scheduled review/Representation/Appeal/Request to lift/Annual log review/Report sign-off/"
        "Export for the person",
    ),
    *_columns(ColumnKind.DATE, "OpenedOn DecidedOn OutcomeToldOn NewEndsOn"),
    *_columns(ColumnKind.TEXT, "OfficerTitle"),
    *_columns(ColumnKind.NOTE, "Considerations"),
    _choice("Outcome", "Pending/Extend/Amend/Lift/Keep/Upheld/Dismissed"),
)

_CHOICE_COLUMNS = (
    Column("Title", ColumnKind.TEXT, "Sender"),
    _choice(
        "Handling",
        "Move to folder/Junk Email/Category only/Leave in Inbox/Same as the council/"
        "Let this person set my choices",
    ),
    *_columns(ColumnKind.TEXT, "FolderName ConsentVersion ChoiceStatus"),
    *_columns(ColumnKind.NOTE, "ChoiceNote"),
    *_columns(ColumnKind.DATE, "EndsOn"),
    *_columns(ColumnKind.PERSON, "Delegate OnBehalfOf"),
)

LIST_COLUMNS: Mapping[str, Mapping[str, Column]] = {
    title: {column.name: column for column in columns}
    for title, columns in (
        (CONTACTS, _CONTACT_COLUMNS),
        (REVIEWS, _REVIEW_COLUMNS),
        (CHOICES, _CHOICE_COLUMNS),
    )
}


def definition(column: Column) -> dict[str, Any]:
    """The column as `GET .../columns` shows it (graph.md 3.9)."""
    named = {"name": column.name, "displayName": column.display_name or column.name}
    return column_defaults({**named, **_facet(column)})


def column_defaults(given: Mapping[str, Any]) -> dict[str, Any]:
    """A column definition with everything that it leaves out."""
    return {
        "displayName": given["name"],
        "description": "",
        "columnGroup": "Custom Columns",
        "enforceUniqueValues": False,
        "hidden": False,
        "indexed": False,
        "readOnly": False,
        "required": False,
        **given,
    }


NEW_TITLE: Mapping[str, Any] = {
    "name": "Title",
    "displayName": "Title",
    "required": True,
    "text": {"allowMultipleLines": False, "maxLength": 255, "textType": "plain"},
}
"""The one column of a new list (graph.md 3.9)."""


class BadDefinition(Exception):
    """A column definition that SharePoint does not take; the message says why."""


def read_definition(raw: Mapping[str, Any]) -> Column:
    """The column that a column definition of Graph describes; `BadDefinition` otherwise (graph.md 3.9)."""
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        raise BadDefinition("The property 'name' of the column is missing.")
    facets = [facet for facet in _KINDS if facet in raw]
    if len(facets) != 1 or not isinstance(raw[facets[0]], Mapping):
        raise BadDefinition(f"Column '{name}' must have exactly one type.")
    options = raw[facets[0]]
    choices = options.get("choices", [])
    if facets == ["choice"] and not (isinstance(choices, list) and choices):
        raise BadDefinition(f"Column '{name}' offers no choices.")
    return Column(
        name,
        _KINDS[facets[0]](options),
        str(raw.get("displayName") or ""),
        tuple(str(choice) for choice in choices),
        options.get("allowTextEntry") is True,
    )


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], ColumnKind]] = {
    "text": lambda facet: ColumnKind.NOTE if facet.get("allowMultipleLines") else ColumnKind.TEXT,
    "choice": lambda facet: (
        ColumnKind.CHOICES if facet.get("displayAs") == "checkBoxes" else ColumnKind.CHOICE
    ),
    "dateTime": lambda _: ColumnKind.DATE,
    "personOrGroup": lambda facet: (
        ColumnKind.PEOPLE if facet.get("allowMultipleSelection") else ColumnKind.PERSON
    ),
    "boolean": lambda _: ColumnKind.YES_NO,
    "number": lambda _: ColumnKind.NUMBER,
}


def _facet(column: Column) -> dict[str, Any]:
    match column.kind:
        case ColumnKind.TEXT | ColumnKind.NOTE:
            return {"text": {"allowMultipleLines": column.kind is ColumnKind.NOTE, "textType": "plain"}}
        case ColumnKind.CHOICE | ColumnKind.CHOICES:
            several = column.kind is ColumnKind.CHOICES
            shown = "checkBoxes" if several else "dropDownMenu"
            choices = list(column.choices)
            return {"choice": {"allowTextEntry": column.own_values, "choices": choices, "displayAs": shown}}
        case ColumnKind.DATE:
            return {"dateTime": {"displayAs": "standard", "format": "dateOnly"}}
        case ColumnKind.PERSON | ColumnKind.PEOPLE:
            several = column.kind is ColumnKind.PEOPLE
            return {"personOrGroup": {"allowMultipleSelection": several, "chooseFromType": "peopleOnly"}}
        case ColumnKind.YES_NO:
            return {"boolean": {}}
        case ColumnKind.NUMBER:
            return {"number": {"decimalPlaces": "automatic"}}
        case _:
            assert_never(column.kind)
