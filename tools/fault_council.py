"""A small council whose next run makes every kind of request that a run can make."""

from crash_council import (
    ADMIN,
    CHOICES,
    CONTACTS,
    DIRECTOR,
    OFFICER,
    REVIEWS,
    BenchCouncil,
    CrashCouncil,
    Json,
    case_fields,
    decided,
    item_by,
)

from m365_restrict.sandbox.run import RunningSandbox

COUNCILLORS = [f"cllr.{letter}@ash.example" for letter in "abcd"]
FOREIGN_RULES = ("Known spam", "Tender mail")
OWN_RULE = "My newsletters"
LIFTED, SHORTENED, EXTENDED = 3, 4, 5
"""Numbers of the cases that these happen to; 1 and 2 only stand, 6 is junk in a mailbox, 7 to 9 are new."""

_REDIRECT, _REFUSE = "Redirect to single contact", "Refuse with notice"
_MAILBOXES = ("contact@ash.example", "parks@ash.example", "restrict@ash.example")
_TEAM = "team@ash.example"

SEED: dict[str, Json] = {
    "now": "2026-11-23T09:00:00Z",
    "tenant": {"accepted_domains": ["ash.example"]},
    "users": [
        *({"upn": upn} for upn in (OFFICER, DIRECTOR, ADMIN, "monitoring@ash.example")),
        *({"upn": upn, "mailbox": "shared"} for upn in _MAILBOXES),
        *({"upn": upn, "folders": ["Set aside"]} for upn in COUNCILLORS),
    ],
    "groups": [
        {"address": "councillors@ash.example", "members": COUNCILLORS},
        {"address": "approvers@ash.example", "kind": "security", "members": [ADMIN]},
        {"address": _TEAM, "members": ["parks@ash.example"]},
    ],
    "transport_rules": [
        {"by": ADMIN, "parameters": {"Name": FOREIGN_RULES[0], "SenderDomainIs": ["bulk.example"],
                                     "SetSCL": 9}},
        {"by": ADMIN, "parameters": {"Name": FOREIGN_RULES[1], "SentTo": ["parks@ash.example"],
                                     "SubjectContainsWords": ["tender"], "PrependSubject": "[Tender] "}},
    ],
    "inbox_rules": {
        upn: [{"displayName": OWN_RULE, "sequence": 1, "isEnabled": True,
               "conditions": {"subjectContains": ["newsletter"]}, "actions": {"markAsRead": True}}]
        for upn in COUNCILLORS
    },
    "settings": {
        "POLICY__APPROVERS": f"approvers@ash.example,{DIRECTOR}",
        "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
        "POLICY__PROTECTED_MAILBOXES": "monitoring@ash.example",
        "CHOICES__CREATE_FOLDER": "true",
        "NOTIFY__SENDER": "restrict@ash.example",
        "NOTIFY__LIBRARY": "Letters",
        "LETTERS__COUNCIL_NAME": "Ash Council",
        "LETTERS__ADDRESS": "Town Hall, Ash",
        "LETTERS__TELEPHONE": "01632 960000",
        "LETTERS__SIGNATORY_TITLE": "Director of Services",
        "LETTERS__POLICY_NAME": "Contact policy",
        "LETTERS__POLICY_URL": "https://ash.example/policy",
        "LETTERS__SERVICE_ROUTE": "Telephone us.",
        "LETTERS__COMPLAINT_ROUTE": "Write to us.",
        "LETTERS__ADJUSTMENTS_ROUTE": "Ask for the equality officer.",
    },
}  # fmt: skip


def _fields(number: int, measure: str, **more: Json) -> dict[str, Json]:
    """A case whose letter has been sent, so that nothing is to be drafted."""
    return {**case_fields(number, measure), "NoticeDocId": f"LETTER-{number}", **more}


def seed() -> dict[str, Json]:
    """The council before: six cases and four choices, which a first run puts in force."""
    measures = (_REFUSE, _REDIRECT, _REDIRECT, _REFUSE, _REFUSE)
    cases = [decided(_fields(number, measure)) for number, measure in enumerate(measures, start=1)]
    cases[1]["versions"][0]["fields"]["AllowedRecipients"] = _TEAM
    junk = {"Scope": "Named mailboxes or services", "ScopeMailboxes": "parks@ash.example"}
    cases.append(decided(_fields(6, "Junk in named mailboxes", SpocMailbox="", **junk)))
    first, second, third, _ = COUNCILLORS
    choices = [
        item_by(first, {"Title": "one@post.example", "Handling": "Junk Email"}),
        item_by(second, {"Title": "two@post.example", "Handling": "Junk Email"}),
        item_by(third, {"Title": "", "Handling": "Let this person set my choices", "Delegate": OFFICER}),
        item_by(OFFICER, {"Title": "three@post.example", "Handling": "Junk Email", "OnBehalfOf": third}),
    ]
    return {
        **SEED,
        "lists": {CONTACTS: {"items": cases}, CHOICES: {"items": choices}, REVIEWS: {"items": []}},
    }


def move_on(running: RunningSandbox) -> None:
    """What happened since: one lifting, one end brought forward, one extension, new cases, choices."""
    council = CrashCouncil(running)
    council.save(CONTACTS, LIFTED, OFFICER, Status="Lifted")
    council.save(CONTACTS, SHORTENED, OFFICER, EndsOn="2027-01-31")
    council.decide_anew(EXTENDED, EndsOn="2027-06-30")
    to_tell = {"NoticeSentOn": None, "NoticeDocId": None, "PersonName": "Pat Person", "ContactDetails": "Ash"}
    for number, more in ((7, {"AllowedRecipients": _TEAM}), (8, {}), (9, to_tell)):
        council.decide_anew(council.add(CONTACTS, OFFICER, _fields(number, _REDIRECT, **more)))
    first, second, third, fourth = COUNCILLORS
    council.save(CHOICES, 1, first, Handling="Move to folder")
    council.save(CHOICES, 2, second, Handling="Leave in Inbox")
    council.add(CHOICES, third, {"Title": "four@post.example", "Handling": "Category only"})
    by_folder = {"Title": "five@post.example", "Handling": "Move to folder", "FolderName": "Post"}
    council.add(CHOICES, fourth, by_folder)


COUNCIL = BenchCouncil(
    seed=seed, move_on=move_on, changes=9, councillors=COUNCILLORS, cases=range(1, 10), held=(1, 2, 4, 5)
)
