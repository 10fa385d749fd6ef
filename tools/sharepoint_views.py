"""What the lists show to whom: formulas that hide columns of a form, and views, with their words.

Formulas are those of SharePoint's list-form-conditional-show-hide page, conditions are CAML
(sharepoint/dev/schema). The proving row has no status and no day, so no view shows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from m365_restrict.register.case import ItemType, Measure, Scope, Stage, Status
from m365_restrict.register.choice import Handling
from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS, REVIEWS
from m365_restrict.register.review import Outcome
from m365_restrict.telling.case_notes import CaseStanding

LIVE = (Status.APPROVED, Status.UNDER_REVIEW)
OVER = (Status.LIFTED, Status.CLOSED, Status.REJECTED, Status.WITHDRAWN)


def shown_if(column: str, values: Sequence[str]) -> str:
    """A formula that shows a column of the form only where another column has one of these values."""
    tests = " || ".join(f"[${column}] == '{value}'" for value in values)
    return f"=if({tests}, 'true', 'false')"


def shown_unless(column: str, value: str) -> str:
    """A formula that hides a column of the form where another column has this value."""
    return f"=if([${column}] == '{value}', 'false', 'true')"


FORMULAS: Mapping[str, Mapping[str, str]] = {
    RESTRICTED_CONTACTS.title: {
        "Addresses": shown_unless("ItemType", ItemType.PROPERTY),
        "AddressShared": shown_unless("ItemType", ItemType.PROPERTY),
        "AdvocateAddresses": shown_unless("ItemType", ItemType.PROPERTY),
        "PropertyDetails": shown_if("ItemType", [ItemType.PROPERTY]),
        "RiskAssessmentOn": shown_if("ItemType", [ItemType.PROPERTY]),
        "ScopeMailboxes": shown_if("Scope", [Scope.NAMED]),
        "SpocMailbox": shown_unless("Measure", Measure.NO_EMAIL),
        "AllowedRecipients": shown_unless("Measure", Measure.NO_EMAIL),
        "RouteText": shown_unless("Measure", Measure.NO_EMAIL),
        "WardCouncillors": shown_unless("CouncillorRoute", ""),
        "Stage1SkippedReason": shown_if("Stage", [Stage.TWO]),
        "EnforcementStatus": shown_unless("EnforcementStatus", ""),
        "EnforcementNote": shown_unless("EnforcementStatus", ""),
    },
    REVIEWS.title: {
        "NewEndsOn": shown_if("Outcome", [Outcome.EXTEND]),
        "OutcomeToldOn": shown_unless("Outcome", Outcome.PENDING),
    },
    CHOICES.title: {
        "FolderName": shown_if("Handling", [Handling.FOLDER]),
        "EndsOn": shown_unless("Handling", Handling.STOP),
        "Delegate": shown_if("Handling", [Handling.DELEGATE]),
        "ChoiceStatus": shown_unless("ChoiceStatus", ""),
        "ChoiceNote": shown_unless("ChoiceStatus", ""),
    },
}
"""Formulas by list and column. Columns with several values cannot be asked about in one."""


@dataclass(frozen=True)
class View:
    """A view: its columns, the condition as CAML and in words, and what it is sorted by."""

    name: str
    columns: tuple[str, ...]
    where: str
    words: str
    order: str
    is_default: bool = False


def field_ref(name: str) -> str:
    """A column in CAML."""
    return f'<FieldRef Name="{name}"/>'


def _one_of(column: str, values: Sequence[str], *, kind: str = "Choice") -> str:
    listed = "".join(f'<Value Type="{kind}">{escape(value)}</Value>' for value in values)
    return f"<In>{field_ref(column)}<Values>{listed}</Values></In>"


def _day(operator: str, column: str, offset: int = 0) -> str:
    days = f' OffsetDays="{offset}"' if offset else ""
    return f'<{operator}>{field_ref(column)}<Value Type="DateTime"><Today{days}/></Value></{operator}>'


def _joined(operator: str, tests: Sequence[str]) -> str:
    """CAML's And and Or take two conditions each."""
    first, *rest = tests
    return f"<{operator}>{first}{_joined(operator, rest)}</{operator}>" if rest else first


_MINE = f'<Eq>{field_ref("Author")}<Value Type="Integer"><UserID/></Value></Eq>'
_NEEDS_WORK = tuple(
    one
    for one in CaseStanding
    if one in {CaseStanding.DRAFT, CaseStanding.NOT_IN_FORCE, CaseStanding.OPENED} or "Not in step" in one
)
_DECISION = ("Title", "Measure", "Scope", "EffectiveFrom", "EndsOn")

VIEWS: Mapping[str, tuple[View, ...]] = {
    RESTRICTED_CONTACTS.title: (
        View(
            "Missing something",
            ("Title", "Status", "EnforcementStatus", "EnforcementNote", "CaseOwner"),
            _joined(
                "And",
                [
                    _one_of("Status", (Status.DRAFT, Status.PROPOSED, *LIVE)),
                    _one_of("EnforcementStatus", _NEEDS_WORK, kind="Text"),
                ],
            ),
            "not ended, and the program says that something is missing or not in step",
            "Title",
            is_default=True,
        ),
        View(
            "Waiting for approval",
            (*_DECISION, "Grounds", "LesserMeasuresConsidered", "EnforcementNote", "Status"),
            _one_of("Status", (Status.PROPOSED,)),
            "Status is Proposed",
            "Modified",
        ),
        View(
            "Waiting for letter",
            ("Title", "Status", "EffectiveFrom", "NoticeSentOn", "NoticeMethod", "CaseOwner"),
            _joined("And", [_one_of("Status", LIVE), f"<IsNull>{field_ref('NoticeSentOn')}</IsNull>"]),
            "approved, and no day stands in Notice sent on",
            "EffectiveFrom",
        ),
        View(
            "In force",
            (*_DECISION, "NextReviewOn", "EnforcementStatus", "CaseOwner"),
            _joined(
                "And",
                [
                    _one_of("Status", LIVE),
                    _day("Leq", "EffectiveFrom"),
                    _day("Geq", "EndsOn"),
                    f"<IsNotNull>{field_ref('NoticeSentOn')}</IsNotNull>",
                ],
            ),
            "approved, told, and today lies between both days",
            "EndsOn",
        ),
        View(
            "Due in 60 days",
            ("Title", "Status", "NextReviewOn", "EndsOn", "CaseOwner"),
            _joined(
                "And",
                [
                    _one_of("Status", LIVE),
                    _joined("Or", [_day("Leq", "NextReviewOn", 60), _day("Leq", "EndsOn", 60)]),
                ],
            ),
            "approved, and the review or the end is at most 60 days away, or past",
            "EndsOn",
        ),
        View(
            "Ended",
            ("Title", "Status", "EndsOn", "EnforcementStatus", "LegalHold", "CaseOwner"),
            _joined("Or", [_one_of("Status", OVER), _day("Lt", "EndsOn")]),
            "lifted, closed, rejected or withdrawn, or the last day is past",
            "EndsOn",
        ),
    ),
    REVIEWS.title: (
        View(
            "Waiting for an outcome",
            ("Title", "Kind", "OpenedOn", "OfficerTitle", "Outcome"),
            _one_of("Outcome", (Outcome.PENDING,)),
            "Outcome is Pending",
            "OpenedOn",
            is_default=True,
        ),
        View(
            "Decided",
            ("Title", "Kind", "DecidedOn", "Outcome", "NewEndsOn", "OutcomeToldOn"),
            f"<IsNotNull>{field_ref('DecidedOn')}</IsNotNull>",
            "a day stands in Decided on",
            "DecidedOn",
        ),
    ),
    CHOICES.title: (
        View(
            "My choices",
            ("Title", "Handling", "FolderName", "EndsOn", "ChoiceStatus", "ChoiceNote"),
            _MINE,
            "the rows that you made",
            "Title",
            is_default=True,
        ),
        View(
            "For assistants",
            ("OnBehalfOf", "Title", "Handling", "FolderName", "EndsOn", "ChoiceStatus"),
            _MINE,
            "the rows that you made, with the councillor they are for",
            "OnBehalfOf",
        ),
    ),
}
