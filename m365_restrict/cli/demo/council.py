"""Northmere Borough Council, which does not exist: the sandbox seed of the demo.

About 2,000 mailboxes, 45 councillors, a dozen cases over every measure (some that
the checks refuse), councillors' choices, and other people's transport rules.
"""

from itertools import islice, product
from typing import Any

DOMAIN = "northmere.example"
NOW = "2026-11-23T09:00:00Z"
BANNER = "External sender banner"

_OFFICERS = 1_920
_FORENAMES = (
    "Abigail", "Adeel", "Alun", "Amara", "Anwen", "Bethan", "Callum", "Carys", "Chloe", "Daniel",
    "Deepa", "Dylan", "Eleri", "Ewan", "Farah", "Fiona", "Gareth", "Grace", "Hamish", "Hannah",
    "Imran", "Isla", "Jamal", "Joanna", "Kamila", "Kieran", "Lowri", "Maeve", "Megan", "Nia",
    "Oliver", "Owen", "Priya", "Rhys", "Rowan", "Samira", "Sian", "Tariq", "Tomasz", "Yusuf",
)  # fmt: skip
_SURNAMES = (
    "Abbott", "Ainsley", "Barlow", "Beckett", "Bevan", "Birch", "Calder", "Carver", "Chandra", "Clough",
    "Dalby", "Denholm", "Eccles", "Ellwood", "Fairfax", "Fenwick", "Garside", "Gilpin", "Hallam", "Hargreave",
    "Ibbotson", "Jessop", "Kendal", "Kirkby", "Lister", "Lomax", "Marsden", "Mistry", "Nuttall", "Oakley",
    "Ogden", "Parfitt", "Pendle", "Quigley", "Rahman", "Redfern", "Ridley", "Sandal", "Selby", "Shore",
    "Tandy", "Thorne", "Underhill", "Varley", "Wadsworth", "Walmsley", "Weir", "Whitby", "Yardley", "Zaman",
)  # fmt: skip

SHARED_MAILBOXES = {
    "contact.team": "Contact team",
    "read.and.file": "Read and file",
    "planning": "Planning",
    "planning.enforcement": "Planning enforcement",
    "housing": "Housing",
    "benefits": "Benefits",
    "council.tax": "Council tax",
    "licensing": "Licensing",
    "parking": "Parking",
    "libraries": "Libraries",
    "safeguarding": "Safeguarding",
    "elections": "Elections",
    "foi": "Freedom of information",
    "complaints": "Complaints",
    "out.of.hours": "Out of hours",
    "homelessness": "Homelessness",
}
PROTECTED = ("safeguarding", "elections", "foi", "complaints", "out.of.hours", "homelessness")


def at_council(name: str) -> str:
    """An address of the invented council."""
    return f"{name}@{DOMAIN}"


GOVERNANCE = at_council("governance.officer")
DIRECTOR = at_council("director.governance")
EXCHANGE_ADMIN = at_council("exchange.admin")
MEMBER_SERVICES = at_council("member.services")
COUNCILLORS = tuple(at_council(f"cllr.{name.lower()}") for name in _SURNAMES[:45])


def seed() -> dict[str, Any]:
    """The whole sandbox seed, the same on every call."""
    return {
        "now": NOW,
        "tenant": {"accepted_domains": [DOMAIN], "time_zone": "Europe/London"},
        "users": _users(),
        "groups": [
            {
                "address": at_council("councillors"),
                "display_name": "All councillors",
                "kind": "distribution",
                "members": list(COUNCILLORS),
            }
        ],
        "lists": {
            "Restricted contacts": {"items": _cases()},
            "Restriction reviews": {"items": []},
            "Councillor mail choices": {"items": _choices()},
        },
        "transport_rules": _foreign_rules(),
        "inbox_rules": {
            COUNCILLORS[9]: [
                {
                    "displayName": "Newsletters",
                    "sequence": 1,
                    "isEnabled": True,
                    "conditions": {"subjectContains": ["newsletter"]},
                    "actions": {"moveToFolder": "archive"},
                }
            ]
        },
        "settings": {
            "POLICY__PROFILE": "default",
            "POLICY__APPROVERS": DIRECTOR,
            "POLICY__COUNCILLORS_GROUP": at_council("councillors"),
            "POLICY__PROTECTED_MAILBOXES": ",".join(at_council(name) for name in PROTECTED),
            "OWNERSHIP__INSTANCE_ID": "northmere",
            "POLICY__TERM_ENDS_ON": "2027-05-06",
            "LETTERS__COUNCIL_NAME": "Northmere Borough Council",
        },
    }


def _users() -> list[dict[str, Any]]:
    people = [
        _user(at_council(f"{first}.{last}".lower()), f"{first} {last}")
        for first, last in islice(product(_FORENAMES, _SURNAMES), _OFFICERS)
    ]
    members = [
        _user(address, f"Councillor {name}", folders=["Set aside"])
        for address, name in zip(COUNCILLORS, _SURNAMES, strict=False)
    ]
    shared = [
        _user(at_council(name), display_name, mailbox="shared", enabled=False)
        for name, display_name in SHARED_MAILBOXES.items()
    ]
    roles = [
        _user(GOVERNANCE, "Governance officer"),
        _user(DIRECTOR, "Director of governance"),
        _user(EXCHANGE_ADMIN, "Exchange administrator"),
        _user(MEMBER_SERVICES, "Member services"),
    ]
    return roles + shared + members + people


def _user(upn: str, display_name: str, **more: object) -> dict[str, Any]:
    return {"upn": upn, "display_name": display_name, "mailbox": "user"} | more


def _case(
    reference: str,
    fields: dict[str, Any],
    *,
    proposer: str = GOVERNANCE,
    without: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A complete case, proposed and then approved; `without` leaves out what a check should miss."""
    complete = {
        "Title": reference,
        "ItemType": "Person",
        "Measure": "Redirect to single contact",
        "Scope": "Whole council",
        "ScopeReason": "Messages on the same closed matter reach most services every week.",
        "SpocMailbox": at_council("contact.team"),
        "EffectiveFrom": "2026-09-14",
        "EndsOn": "2027-03-07",
        "ChannelsOpen": ["Post", "E-mail SPOC"],
        "CouncillorRoute": "Not affected",
        "Grounds": ["Volume of contact"],
        "RequestingService": "Customer services",
        "DecisionDocId": f"DEC-{reference}",
        "SupportServicesContacted": "Not applicable",
        "Stage": "None",
        "WarningGivenOn": "2026-08-03",
        "EqualityConsideredOn": "2026-09-01",
        "AdjustmentNeedsEmail": "No",
        "NoticeSentOn": "2026-09-10",
        "NoticeMethod": "Letter",
        "NoticeDocId": f"LET-{reference}",
        "NextReviewOn": "2027-02-08",
        "LanguagePreference": "English",
        "CaseOwner": GOVERNANCE,
        "Status": "Proposed",
    } | fields
    proposed = {name: value for name, value in complete.items() if name not in without}
    return {
        "created_by": proposer,
        "versions": [
            {"at": "2026-09-01T10:00:00Z", "by": proposer, "fields": proposed},
            {"at": "2026-09-03T15:00:00Z", "by": DIRECTOR, "fields": {"Status": "Approved"}},
        ],
    }


def _cases() -> list[dict[str, Any]]:
    return [
        _case("RC-2026-001", {"Addresses": "j.holloway@mailpost.example\njh1968@fastmail.example"}),
        _case(
            "RC-2026-002",
            {
                "Addresses": "pat.greaves@mailpost.example",
                "Measure": "File without reply",
                "SpocMailbox": at_council("read.and.file"),
            },
        ),
        _case(
            "RC-2026-003",
            {"Addresses": "Morgan Tull <morgan.tull@inbox.example>", "Measure": "Copy to single contact"},
        ),
        _case(
            "RC-2026-004",
            {
                "Addresses": "casework@tenants-voice.example",
                "ItemType": "Organisation",
                "Measure": "Allowed recipients only",
                "AllowedRecipients": f"{at_council('housing')}\n{at_council('council.tax')}",
            },
        ),
        _case(
            "RC-2026-005",
            {
                "Addresses": "r.stroud@inbox.example",
                "Measure": "Refuse with notice",
                "LesserMeasuresConsidered": "A single contact was tried from March to August 2026.",
                "ChannelsOpen": ["Post", "Telephone"],
                "RouteText": "write to Contact Team, Northmere Borough Council, Town Hall, Northmere",
            },
        ),
        _case(
            "RC-2026-006",
            {
                "Addresses": "objections@hillside-group.example",
                "Measure": "Junk in named mailboxes",
                "Scope": "Named mailboxes or services",
                "ScopeMailboxes": f"{at_council('planning')}\n{at_council('planning.enforcement')}",
            },
        ),
        _case(
            "RC-2026-007",
            {"Addresses": "d.amery@mailpost.example", "Measure": "Single contact requested"},
        ),
        _case("RC-2026-008", {"Addresses": "t.voss@inbox.example", "Measure": "No e-mail measure"}),
        _case(
            "RC-2026-009",
            {
                "Addresses": "l.brandt@fastmail.example",
                "Scope": "Named mailboxes or services",
                "ScopeMailboxes": f"{at_council('housing')}\n{at_council('benefits')}",
            },
        ),
        _case("RC-2026-010", {"Addresses": "k.orme@mailpost.example"}, proposer=DIRECTOR),
        _case("RC-2026-011", {"Addresses": "s.imrie@inbox.example"}, without=("EndsOn",)),
        _case("RC-2026-012", {"Addresses": "n.falk@fastmail.example"}, without=("NoticeSentOn",)),
        _case("RC-2026-013", {"Addresses": "b.hale at mailpost.example"}),
        _case(
            "RC-2026-014",
            {
                "Addresses": "v.kerr@inbox.example",
                "EffectiveFrom": "2027-01-04",
                "NoticeSentOn": "2026-12-21",
                "EndsOn": "2027-06-30",
                "NextReviewOn": "2027-06-01",
            },
        ),
        _lifted(_case("RC-2025-031", {"Addresses": "former.case@mailpost.example"})),
    ]


def _lifted(case: dict[str, Any]) -> dict[str, Any]:
    case["versions"].append({"at": "2026-11-02T11:00:00Z", "by": GOVERNANCE, "fields": {"Status": "Lifted"}})
    return case


def _choice(by: str, **fields: object) -> dict[str, Any]:
    return {
        "created_by": by,
        "versions": [{"at": "2026-10-05T19:30:00Z", "by": by, "fields": fields}],
    }


def _choices() -> list[dict[str, Any]]:
    return [
        _choice(COUNCILLORS[0], Title="angry.resident@inbox.example", Handling="Move to folder"),
        _choice(COUNCILLORS[1], Title="angry.resident@inbox.example", Handling="Junk Email"),
        _choice(COUNCILLORS[2], Title="RC-2026-001", Handling="Same as the council"),
        _choice(
            COUNCILLORS[3],
            Title=MEMBER_SERVICES,
            Handling="Let this person set my choices",
            Delegate=MEMBER_SERVICES,
        ),
        _choice(
            MEMBER_SERVICES,
            Title="Daily Digest <digest@localnews.example>",
            Handling="Category only",
            OnBehalfOf=COUNCILLORS[3],
        ),
        _choice(
            COUNCILLORS[4],
            Title="angry.resident@inbox.example",
            Handling="Move to folder",
            FolderName="A folder that does not exist",
        ),
        _choice(MEMBER_SERVICES, Title="angry.resident@inbox.example", Handling="Junk Email"),
    ]


def _foreign_rules() -> list[dict[str, Any]]:
    return [
        {
            "by": EXCHANGE_ADMIN,
            "parameters": {
                "Name": BANNER,
                "FromScope": "NotInOrganization",
                "PrependSubject": "[External] ",
            },
        },
        {
            "by": EXCHANGE_ADMIN,
            "parameters": {
                "Name": "Refuse invoices from look-alike domain",
                "SenderDomainIs": ["n0rthmere.example"],
                "RejectMessageReasonText": "This domain is not accepted.",
            },
        },
        {
            "by": EXCHANGE_ADMIN,
            "parameters": {
                "Name": "Copy parking appeals to the archive",
                "SentTo": [at_council("parking")],
                "SubjectContainsWords": ["appeal"],
                "BlindCopyTo": [at_council("libraries")],
            },
        },
    ]
