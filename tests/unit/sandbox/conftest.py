from typing import Any

import pytest

NOW = "2026-11-23T09:00:00Z"


@pytest.fixture
def council_seed() -> dict[str, Any]:
    """A small council, one case with three versions, one councillor's rule."""
    return {
        "now": NOW,
        "tenant": {"accepted_domains": ["ashbourne.example"], "time_zone": "Europe/London"},
        "users": [
            {
                "upn": "a.officer@ashbourne.example",
                "display_name": "A Officer",
                "aliases": ["a.o@ashbourne.example"],
            },
            {"upn": "director@ashbourne.example", "display_name": "The Director"},
            {"upn": "cllr.b@ashbourne.example", "display_name": "Cllr B", "folders": ["Set aside"]},
            {"upn": "spoc@ashbourne.example", "display_name": "Single Contact", "mailbox": "shared"},
            {"upn": "old@ashbourne.example", "display_name": "Old Server", "mailbox": "on_premises"},
            {"upn": "clerk@ashbourne.example", "display_name": "Clerk", "mailbox": "none"},
            {"upn": "guest@partner.example", "display_name": "Guest", "mailbox": "guest"},
            {"upn": "contact@partner.example", "display_name": "Contact", "mailbox": "contact"},
        ],
        "groups": [
            {
                "address": "councillors@ashbourne.example",
                "display_name": "Councillors",
                "kind": "security",
                "members": ["cllr.b@ashbourne.example", "ward@ashbourne.example"],
            },
            {
                "address": "ward@ashbourne.example",
                "members": ["director@ashbourne.example", "contact@partner.example"],
            },
            {
                "address": "everyone@ashbourne.example",
                "kind": "dynamic",
                "members": ["a.officer@ashbourne.example"],
            },
        ],
        "lists": {
            "Restricted contacts": {
                "items": [
                    {
                        "created_by": "a.officer@ashbourne.example",
                        "versions": [
                            {
                                "at": "2026-09-01T10:00:00Z",
                                "by": "a.officer@ashbourne.example",
                                "fields": {
                                    "Title": "RC-2026-001",
                                    "Status": "Proposed",
                                    "EndsOn": "2027-07-01",
                                    "EffectiveFrom": "2026-12-01",
                                    "ChannelsOpen": ["Post", "Telephone"],
                                    "CaseOwner": "a.officer@ashbourne.example",
                                    "WardCouncillors": ["cllr.b@ashbourne.example"],
                                    "LegalHold": True,
                                    "ScopeReason": "",
                                },
                            },
                            {
                                "at": "2026-09-03T15:00:00Z",
                                "by": "director@ashbourne.example",
                                "fields": {"Status": "Approved", "CaseOwner": None},
                            },
                            {
                                "at": "2026-09-04T08:00:00Z",
                                "by": "app:Filing",
                                "fields": {"NoticeMethod": "Letter"},
                            },
                        ],
                    }
                ]
            },
            "Councillor mail choices": {},
        },
        "inbox_rules": {
            "cllr.b@ashbourne.example": [
                {
                    "displayName": "Mine",
                    "sequence": 2,
                    "conditions": {"fromAddresses": [{"emailAddress": {"address": "x@out.example"}}]},
                    "actions": {"moveToFolder": "junkemail"},
                },
                {
                    "displayName": "Beyond Graph",
                    "sequence": 1,
                    "isReadOnly": True,
                    "conditions": {"subjectContains": ["never seen"]},
                    "actions": {"delete": True},
                },
            ]
        },
    }


@pytest.fixture
def council(sandbox, council_seed):
    """The sandbox with the small council in it."""
    sandbox.seed(council_seed)
    return sandbox
