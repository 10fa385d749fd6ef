"""The council that the benchmarks of requests work on: cases, councillors and their choices, by number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

CONTACTS, CHOICES, REVIEWS = "Restricted contacts", "Councillor mail choices", "Restriction reviews"
_DOMAIN = "ash.example"
_OFFICER, _DIRECTOR, _ADMIN = f"officer@{_DOMAIN}", f"director@{_DOMAIN}", f"admin@{_DOMAIN}"
_MEASURES = ("Redirect to single contact", "Copy to single contact", "Refuse with notice")
_HANDLINGS = ("Move to folder", "Junk Email", "Category only")

_CASE = {
    "ItemType": "Person",
    "PersonName": "P Person",
    "AddressShared": "No",
    "Scope": "Whole council",
    "SpocMailbox": f"contact@{_DOMAIN}",
    "EffectiveFrom": "2026-09-07",
    "EndsOn": "2027-03-28",
    "ChannelsOpen": ["Post", "Telephone"],
    "CouncillorRoute": "Not affected",
    "Grounds": ["Unreasonable volume"],
    "WarningGivenOn": "2026-07-01",
    "LesserMeasuresConsidered": "A warning letter, twice.",
    "EqualityConsideredOn": "2026-08-20",
    "AdjustmentNeedsEmail": "No",
    "NoticeSentOn": "2026-09-04",
    "NextReviewOn": "2027-02-01",
}


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is. Each councillor has `choices_each` choices."""

    cases: int = 200
    councillors: int = 100
    choices_each: int = 3

    @property
    def choices(self) -> int:
        """All choices."""
        return self.councillors * self.choices_each


def councillor(number: int) -> str:
    """The sign-in name of a councillor."""
    return f"cllr.{number}@{_DOMAIN}"


def seed(size: Size) -> Json:
    """The seed of contracts.md 2."""
    councillors = [councillor(number) for number in range(size.councillors)]
    shared = [f"{name}@{_DOMAIN}" for name in ("contact", "restrict")]
    people = [_OFFICER, _DIRECTOR, _ADMIN, f"monitoring@{_DOMAIN}"]
    choices = [_choice(number, size) for number in range(size.choices)]
    return {
        "now": "2026-11-23T09:00:00Z",
        "tenant": {"accepted_domains": [_DOMAIN]},
        "users": [
            *({"upn": upn} for upn in people),
            *({"upn": upn, "mailbox": "shared"} for upn in shared),
            *({"upn": upn, "folders": ["Set aside"]} for upn in councillors),
        ],
        "groups": [{"address": f"councillors@{_DOMAIN}", "members": councillors}],
        "transport_rules": [{"by": _ADMIN, "parameters": rule} for rule in _FOREIGN],
        "lists": {
            CONTACTS: {"items": [_case(number) for number in range(size.cases)]},
            REVIEWS: {"items": []},
            CHOICES: {"items": choices},
        },
        "settings": {
            "POLICY__APPROVERS": _DIRECTOR,
            "POLICY__COUNCILLORS_GROUP": f"councillors@{_DOMAIN}",
            "POLICY__PROTECTED_MAILBOXES": f"monitoring@{_DOMAIN}",
            "NOTIFY__SENDER": f"restrict@{_DOMAIN}",
            # A secret signs in without a signature, and the reference does not sign either.
            "AUTH__READER__CERTIFICATE_PATH": "",
            "AUTH__WRITER__CERTIFICATE_PATH": "",
        },
    }


_FOREIGN: list[Mapping[str, Any]] = [
    {"Name": "Known spam", "SenderDomainIs": ["bulk.example"], "SetSCL": 9},
    {"Name": "Disclaimer", "ApplyHtmlDisclaimerText": "<p>Council</p>", "SentToScope": "NotInOrganization"},
]


def _case(number: int) -> Json:
    reference = f"RC-2026-{number:03}"
    proposed = {
        **_CASE,
        "Title": reference,
        "Addresses": f"rc-{number}@post.example",
        "Measure": _MEASURES[number % len(_MEASURES)],
        "Status": "Proposed",
    }
    approved = {"at": "2026-09-03T15:00:00Z", "by": _DIRECTOR, "fields": {"Status": "Approved"}}
    first = {"at": "2026-09-01T10:00:00Z", "by": _OFFICER, "fields": proposed}
    return {"created_by": _OFFICER, "versions": [first, approved]}


def _choice(number: int, size: Size) -> Json:
    by = councillor(number % size.councillors)
    handling = _HANDLINGS[number // size.councillors % len(_HANDLINGS)]
    fields = {"Title": f"writer-{number}@post.example", "Handling": handling}
    return {"created_by": by, "versions": [{"at": "2026-10-01T10:00:00Z", "by": by, "fields": fields}]}
