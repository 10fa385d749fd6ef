"""A council half-way through its year: much in force, and 40 changes waiting for the next run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from m365_restrict.sandbox.run import RunningSandbox

Json: TypeAlias = Any

CHANGES = 40
CONTACTS, CHOICES, REVIEWS = "Restricted contacts", "Councillor mail choices", "Restriction reviews"
OFFICER, DIRECTOR, ADMIN = "officer@ash.example", "director@ash.example", "admin@ash.example"
COUNCILLORS = [f"cllr.{letter}@ash.example" for letter in "abcdefgh"]
STANDING, LIFTED, ENDED_EARLIER, EXTENDED, REDIRECTED = 4, 6, 4, 4, 3
NEW_CASES = 12

_CASE = {
    "ItemType": "Person",
    "AddressShared": "No",
    "Measure": "Refuse with notice",
    "Scope": "Whole council",
    "SpocMailbox": "contact@ash.example",
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
_MEASURES = ["Redirect to single contact", "Copy to single contact", "Refuse with notice"]
_CHANGED_HANDLINGS = 4
_STOPPED = 3

SEED: dict[str, Json] = {
    "now": "2026-11-23T09:00:00Z",
    "tenant": {"accepted_domains": ["ash.example"]},
    "users": [
        *({"upn": upn} for upn in (OFFICER, DIRECTOR, ADMIN, "monitoring@ash.example")),
        {"upn": "contact@ash.example", "mailbox": "shared"},
        {"upn": "parks@ash.example", "mailbox": "shared"},
        {"upn": "restrict@ash.example", "mailbox": "shared"},
        *({"upn": upn, "folders": ["Set aside"]} for upn in COUNCILLORS),
    ],
    "groups": [{"address": "councillors@ash.example", "members": COUNCILLORS}],
    "transport_rules": [
        {"by": ADMIN, "parameters": {"Name": "Known spam", "SenderDomainIs": ["bulk.example"], "SetSCL": 9}},
        {"by": ADMIN, "parameters": {"Name": "Tender mail", "SentTo": ["parks@ash.example"],
                                     "SubjectContainsWords": ["tender"], "PrependSubject": "[Tender] "}},
    ],
    "settings": {
        "POLICY__APPROVERS": DIRECTOR,
        "POLICY__COUNCILLORS_GROUP": "councillors@ash.example",
        "POLICY__PROTECTED_MAILBOXES": "monitoring@ash.example",
        "NOTIFY__SENDER": "restrict@ash.example",
    },
}  # fmt: skip


def seed() -> dict[str, Json]:
    """The council before: 21 cases and 8 choices, which a first run puts in force."""
    before = STANDING + LIFTED + ENDED_EARLIER + EXTENDED + REDIRECTED
    cases = [_approved(number, _MEASURES[number % 3]) for number in range(1, before + 1)]
    choices = [_choice(number, "Junk Email") for number in range(_CHANGED_HANDLINGS + _STOPPED + 1)]
    lists = {CONTACTS: {"items": cases}, CHOICES: {"items": choices}, REVIEWS: {"items": []}}
    return {**SEED, "lists": lists}


def sender_of(number: int) -> str:
    """The address that case `number` is about."""
    return f"rc-{number}@post.example"


@dataclass(frozen=True, kw_only=True)
class BenchCouncil:
    """A council for a bench: its seed, what then happens to it, and how many changes that makes.

    Mail of the cases `held` may at no moment be untouched; `cases` are all whose mail is looked at.
    """

    seed: Callable[[], dict[str, Json]]
    move_on: Callable[[RunningSandbox], None]
    changes: int
    councillors: Sequence[str]
    cases: Sequence[int]
    held: Sequence[int]


class CrashCouncil:
    """Makes the 40 changes in the lists of a running sandbox, as people would."""

    def __init__(self, running: RunningSandbox) -> None:
        """Work through the control calls' own objects, without HTTP."""
        self._tenant = running.tenant

    def move_on(self) -> None:
        """What happened since the last run: decisions, liftings, endings, extensions, choices."""
        first = STANDING + 1
        for number in range(first, first + LIFTED):
            self.save(CONTACTS, number, OFFICER, Status="Lifted")
        first += LIFTED
        for number in range(first, first + ENDED_EARLIER):
            self.save(CONTACTS, number, OFFICER, EndsOn="2027-01-31")
        first += ENDED_EARLIER
        for number in range(first, first + EXTENDED):
            self.decide_anew(number, EndsOn="2027-06-30")
        first += EXTENDED
        for number in range(first, first + REDIRECTED):
            self.decide_anew(number, Addresses=f"{sender_of(number)}\nalso.{sender_of(number)}")
        first += REDIRECTED
        for number in range(first, first + NEW_CASES):
            fields = case_fields(number, _MEASURES[number % 3])
            self.decide_anew(self.add(CONTACTS, OFFICER, fields))
        for number in range(_CHANGED_HANDLINGS):
            self.save(CHOICES, number + 1, COUNCILLORS[number], Handling="Move to folder")
        for number in range(_CHANGED_HANDLINGS, _CHANGED_HANDLINGS + _STOPPED):
            self.save(CHOICES, number + 1, COUNCILLORS[number], Handling="Leave in Inbox")
        for number in range(len(COUNCILLORS) // 2):
            self.add(CHOICES, COUNCILLORS[number], _choice_fields(100 + number, "Category only"))

    def decide_anew(self, number: int, **fields: str) -> None:
        """Change a case and have it approved."""
        self.save(CONTACTS, number, OFFICER, **fields, Status="Proposed")
        self.save(CONTACTS, number, DIRECTOR, Status="Approved")

    def save(self, title: str, number: int, by: str, **fields: str) -> None:
        """Change an item."""
        lists, document = self._tenant.lists, self._list(title)
        checked = lists.check_fields(document, fields)
        lists.edit(document, str(number), self._tenant.saver(by), checked)

    def add(self, title: str, by: str, fields: Mapping[str, Json]) -> int:
        """Make an item; its number."""
        lists, document = self._tenant.lists, self._list(title)
        return int(lists.add(document, self._tenant.saver(by), lists.check_fields(document, fields)))

    def _list(self, title: str) -> dict[str, Any]:
        document = self._tenant.lists.find(title)
        if document is None:
            raise AssertionError(f"the sandbox has no list {title}")
        return document


def case_fields(number: int, measure: str) -> dict[str, Json]:
    """The fields of one case that lacks nothing."""
    return {**_CASE, "Title": f"RC-{number}", "Addresses": sender_of(number), "Measure": measure}


def _approved(number: int, measure: str) -> dict[str, Json]:
    return decided(case_fields(number, measure))


def decided(fields: Mapping[str, Json]) -> dict[str, Json]:
    """An item of the register that the director approved."""
    first = {"at": "2026-09-01T10:00:00Z", "by": OFFICER, "fields": {**fields, "Status": "Proposed"}}
    later = {"at": "2026-09-03T15:00:00Z", "by": DIRECTOR, "fields": {"Status": "Approved"}}
    return {"created_by": OFFICER, "versions": [first, later]}


def item_by(by: str, fields: Mapping[str, Json]) -> dict[str, Json]:
    """An item that one person saved once."""
    return {"created_by": by, "versions": [{"at": "2026-10-01T10:00:00Z", "by": by, "fields": dict(fields)}]}


def _choice_fields(number: int, handling: str) -> dict[str, Json]:
    return {"Title": f"chosen-{number}@post.example", "Handling": handling}


def _choice(number: int, handling: str) -> dict[str, Json]:
    return item_by(COUNCILLORS[number], _choice_fields(number, handling))


COUNCIL = BenchCouncil(
    seed=seed,
    move_on=lambda running: CrashCouncil(running).move_on(),
    changes=CHANGES,
    councillors=COUNCILLORS,
    cases=range(1, 34),
    held=(*range(1, 5), *range(11, 22)),
)
