"""The three lists: every column with its kind, its choices and what the form says about it (contracts.md 1).

Names are SharePoint's internal names. A help text ends in one example. No column
is required by the list itself, so that drafts save; what is missing is said by `policy`.
"""

from collections.abc import Iterable
from enum import StrEnum

from m365_restrict.register.case import (
    AddressShared,
    AdjustmentNeedsEmail,
    Channel,
    CouncillorRoute,
    ItemType,
    Language,
    Measure,
    Scope,
    Stage,
    Status,
)
from m365_restrict.register.choice import Handling
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.register.schema import Column, ColumnKind, ListSchema

__all__ = [
    "ADDRESS_LINE_COLUMNS",
    "CHOICES",
    "PROTECTED_COLUMNS",
    "PROVING_ROW_TITLE",
    "RESTRICTED_CONTACTS",
    "REVIEWS",
    "Column",
    "ColumnKind",
    "ListSchema",
]

PROVING_ROW_TITLE = "~ this row proves the list can be read whole"


def _values(choices: Iterable[StrEnum]) -> tuple[str, ...]:
    return tuple(choice.value for choice in choices)


_YES_NO_NA = ("Yes", "No", "Not applicable")
_GROUNDS = (
    "Abusive, harassing or aggressive",
    "Threats",
    "Very high volume of contact",
    "Many staff approached about one matter",
    "Repeats a matter that is closed",
    "Demands that cannot be met",
)

_K = ColumnKind
_WHO, _WHAT, _WHY = "Who", "What happens", "Why"
_FAIR, _TOLD, _LIFE, _TOOL = "Fairness", "Told", "Life", "Written by the tool"

_WHO_COLUMNS = (
    Column(
        "Title", _K.TEXT, "Case reference", "The only name used for this case. Example: RC-2026-014", _WHO
    ),
    Column(
        "ItemType", _K.CHOICE, "About", "Who or what it is about. Example: Person", _WHO, _values(ItemType)
    ),
    Column(
        "PersonName",
        _K.TEXT,
        "Name",
        "Shown here only, never in a rule. Example: A. N. Other",
        _WHO,
        personal=True,
    ),
    Column(
        "ContactDetails",
        _K.LINES,
        "Contact details",
        "For letters. Example: 1 High Street",
        _WHO,
        personal=True,
    ),
    Column(
        "Addresses",
        _K.LINES,
        "E-mail addresses",
        "One a line, in full. Example: name@mail.example",
        _WHO,
        addresses=True,
    ),
    Column(
        "AddressShared",
        _K.CHOICE,
        "Do others use the address?",
        "Say No only if you asked. Example: No",
        _WHO,
        _values(AddressShared),
    ),
    Column(
        "AdvocateAddresses",
        _K.LINES,
        "Advocate's e-mail addresses",
        "These always stay open. Example: adviser@advice.example",
        _WHO,
        addresses=True,
    ),
    Column("PropertyDetails", _K.LINES, "Property", "For property entries only. Example: 2 Mill Lane", _WHO),
    Column(
        "RiskAssessmentOn",
        _K.DATE,
        "Risk assessed on",
        "For property entries only. Example: 3 March 2026",
        _WHO,
    ),
)

_WHAT_COLUMNS = (
    Column(
        "Measure",
        _K.CHOICE,
        "Measure",
        "What happens to mail. Example: Redirect to single contact",
        _WHAT,
        _values(Measure),
    ),
    Column(
        "Scope",
        _K.CHOICE,
        "Whose mail",
        "Usually one service is enough. Example: Whole council",
        _WHAT,
        _values(Scope),
    ),
    Column(
        "ScopeMailboxes",
        _K.LINES,
        "Named mailboxes or groups",
        "One a line. Example: planning@council.example",
        _WHAT,
        addresses=True,
    ),
    Column(
        "ScopeReason", _K.LINES, "Why this scope", "Example: writes to every team about one matter", _WHAT
    ),
    Column(
        "SpocMailbox",
        _K.TEXT,
        "Single contact mailbox",
        "A mailbox of the council that a person reads. Example: contact-team@council.example",
        _WHAT,
    ),
    Column(
        "AllowedRecipients",
        _K.LINES,
        "Mailboxes that stay open",
        "One a line. Example: housing@council.example",
        _WHAT,
        addresses=True,
    ),
    Column(
        "EffectiveFrom", _K.DATE, "In force from", "From the start of this day. Example: 7 March 2026", _WHAT
    ),
    Column("EndsOn", _K.DATE, "Ends on", "To the end of this day. Example: 6 September 2026", _WHAT),
    Column(
        "ChannelsOpen",
        _K.CHOICES,
        "Ways of contact that stay open",
        "At least one. Example: Post",
        _WHAT,
        _values(Channel),
    ),
    Column(
        "NoChannelReason", _K.LINES, "Why no way stays open", "Example: court order of 3 March 2026", _WHAT
    ),
    Column(
        "CouncillorRoute",
        _K.CHOICE,
        "Contact with councillors",
        "Example: Not affected",
        _WHAT,
        _values(CouncillorRoute),
    ),
    Column("WardCouncillors", _K.PERSONS, "Ward councillors", "Example: Cllr A. Example", _WHAT),
    Column(
        "LanguagePreference",
        _K.CHOICE,
        "Language",
        "For letters and refusals. Example: Welsh",
        _WHAT,
        _values(Language),
    ),
    Column(
        "RouteText",
        _K.LINES,
        "How to contact us instead",
        "Replaces the policy's own text. Example: Write to PO Box 1, Ashbourne",
        _WHAT,
    ),
)

_WHY_COLUMNS = (
    Column(
        "Grounds",
        _K.CHOICES,
        "Grounds",
        "Behaviour, never a complaint made. Example: Threats",
        _WHY,
        _GROUNDS,
        own_values=True,
    ),
    Column(
        "DecisionDocId", _K.TEXT, "Decision document", "Its number in your records. Example: DOC-1234", _WHY
    ),
    Column("CaseOwner", _K.PERSON, "Case owner", "Who answers for the case. Example: A. Officer", _WHY),
    Column("RequestingService", _K.TEXT, "Service that asked", "Example: Planning", _WHY),
    Column(
        "Stage", _K.CHOICE, "Stage", "None where the policy has no stages. Example: 1", _WHY, _values(Stage)
    ),
    Column("Stage1SkippedReason", _K.LINES, "Why stage 1 was skipped", "Example: threat of violence", _WHY),
    Column("WarningGivenOn", _K.DATE, "Warned on", "Example: 1 February 2026", _WHY),
    Column("WarningWaivedReason", _K.LINES, "Why no warning was given", "Example: threat of violence", _WHY),
    Column(
        "LesserMeasuresConsidered",
        _K.LINES,
        "Lesser measures considered",
        "What else was thought of, and why not. Example: single contact tried for 3 months",
        _WHY,
    ),
    Column("PoliceOrLegalReferral", _K.YES_NO, "Referred to police or legal?", "Example: No", _WHY),
    Column("LegalHold", _K.YES_NO, "Legal hold?", "Stops deletion after closing. Example: No", _WHY),
)

_LATER_COLUMNS = (
    Column("EqualityConsideredOn", _K.DATE, "Equality considered on", "Example: 2 March 2026", _FAIR),
    Column(
        "AdjustmentNeedsEmail",
        _K.CHOICE,
        "Does an adjustment need e-mail?",
        "Ask first. Example: No",
        _FAIR,
        _values(AdjustmentNeedsEmail),
    ),
    Column(
        "SupportServicesContacted",
        _K.CHOICE,
        "Support services contacted?",
        "Example: Not applicable",
        _FAIR,
        _YES_NO_NA,
    ),
    Column(
        "NoticeSentOn",
        _K.DATE,
        "Notice sent on",
        "Not after the first day in force. Example: 5 March 2026",
        _TOLD,
    ),
    Column("NoticeMethod", _K.TEXT, "How notice was sent", "Example: first class post", _TOLD),
    Column("NoticeDocId", _K.TEXT, "Notice document", "Its number in your records. Example: DOC-1240", _TOLD),
    Column(
        "Status",
        _K.CHOICE,
        "Status",
        "Approved counts when an approver saves it. Example: Proposed",
        _LIFE,
        _values(Status),
    ),
    Column("NextReviewOn", _K.DATE, "Next review on", "Filled in if empty. Example: 7 September 2026", _LIFE),
    Column(
        "EnforcementStatus",
        _K.TEXT,
        "State in the mail system",
        "Example: In force",
        _TOOL,
        tool_written=True,
    ),
    Column("EnforcementNote", _K.LINES, "What to do", "Example: Fill in Ends on", _TOOL, tool_written=True),
)

#: Columns whose values an approval is of, in the order of contracts.md 1.
PROTECTED_COLUMNS = (
    "ItemType",
    "Addresses",
    "Stage",
    "Measure",
    "Scope",
    "ScopeMailboxes",
    "SpocMailbox",
    "AllowedRecipients",
    "CouncillorRoute",
    "WardCouncillors",
    "EffectiveFrom",
    "EndsOn",
)
#: Protected columns that hold one address a line.
ADDRESS_LINE_COLUMNS = ("Addresses", "ScopeMailboxes", "AllowedRecipients")

_CHECKED_COLUMNS = (
    "Title",
    "Status",
    "AdvocateAddresses",
    "Grounds",
    "EqualityConsideredOn",
    "AdjustmentNeedsEmail",
    "WarningGivenOn",
    "WarningWaivedReason",
    "ChannelsOpen",
    "NoChannelReason",
    "NoticeSentOn",
    "LesserMeasuresConsidered",
)

RESTRICTED_CONTACTS = ListSchema(
    "Restricted contacts",
    (*_WHO_COLUMNS, *_WHAT_COLUMNS, *_WHY_COLUMNS, *_LATER_COLUMNS),
    frozenset((*PROTECTED_COLUMNS, *_CHECKED_COLUMNS)),
)

REVIEWS = ListSchema(
    "Restriction reviews",
    (
        Column("Title", _K.TEXT, "Case reference", "The case it is about. Example: RC-2026-014"),
        Column("Kind", _K.CHOICE, "Kind", "Example: Scheduled review", choices=_values(ReviewKind)),
        Column("OpenedOn", _K.DATE, "Opened on", "Example: 1 September 2026"),
        Column("DecidedOn", _K.DATE, "Decided on", "Example: 7 September 2026"),
        Column("OutcomeToldOn", _K.DATE, "Person told on", "Example: 10 September 2026"),
        Column("NewEndsOn", _K.DATE, "New end date", "Only if extended. Example: 6 March 2027"),
        Column("OfficerTitle", _K.TEXT, "Your job title", "Example: Head of Housing"),
        Column("Considerations", _K.LINES, "What was considered", "Example: no contact since April"),
        Column("Outcome", _K.CHOICE, "Outcome", "Example: Keep", choices=_values(Outcome)),
    ),
    frozenset({"Title", "Kind", "DecidedOn", "NewEndsOn", "Outcome"}),
)

CHOICES = ListSchema(
    "Councillor mail choices",
    (
        Column(
            "Title",
            _K.TEXT,
            "Sender",
            "An e-mail address, or a case reference. Example: name@mail.example",
            addresses=True,
        ),
        Column(
            "Handling",
            _K.CHOICE,
            "What to do with it",
            "Junk is deleted after 30 days in most councils. Example: Move to folder",
            choices=_values(Handling),
        ),
        Column("FolderName", _K.TEXT, "Folder", "One of yours. Example: Set aside"),
        Column("EndsOn", _K.DATE, "Until", "Empty means at most a year. Example: 6 May 2027"),
        Column("Delegate", _K.PERSON, "Person who may choose for you", "Example: A. Assistant", hidden=True),
        Column("OnBehalfOf", _K.PERSON, "Chosen for", "Example: Cllr A. Example", hidden=True),
        Column("ConsentVersion", _K.TEXT, "Wording agreed to", "Example: 2026-1", hidden=True),
        Column("ChoiceStatus", _K.TEXT, "State", "Example: In place", tool_written=True),
        Column("ChoiceNote", _K.LINES, "What to do", "Example: Make the folder first", tool_written=True),
    ),
    frozenset({"Title", "Handling", "FolderName", "EndsOn", "Delegate", "OnBehalfOf"}),
)
