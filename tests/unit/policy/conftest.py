"""A register as it is read: a complete case, saved step by step, and a judge of whole registers."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.policy.checks import judge_register
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.judgement import Judgement
from m365_restrict.policy.profile import Profile
from m365_restrict.policy.profile_reading import profile_from_mapping
from m365_restrict.register.case import Stage
from m365_restrict.register.item import Fields, Identity, ItemVersion, ListItem, Person, SaverKind

PEOPLE = {
    name: Identity(SaverKind.USER, f"id-{name}", f"{name}@ashbourne.example")
    for name in ("officer", "director", "deputy")
}

COMPLETE: Fields = {
    "Title": "RC-2026-001",
    "Status": "Proposed",
    "ItemType": "Person",
    "Addresses": "someone@mail.example",
    "Measure": "Redirect to single contact",
    "Scope": "Whole council",
    "ScopeReason": "writes to every team",
    "SpocMailbox": "contact-team@ashbourne.example",
    "EffectiveFrom": date(2026, 9, 7),
    "EndsOn": date(2027, 3, 6),
    "ChannelsOpen": ("Post",),
    "CouncillorRoute": "Not affected",
    "Grounds": ("Threats",),
    "DecisionDocId": "DOC-1",
    "CaseOwner": Person("3", "officer@ashbourne.example"),
    "RequestingService": "Planning",
    "WarningGivenOn": date(2026, 8, 1),
    "EqualityConsideredOn": date(2026, 8, 20),
    "AdjustmentNeedsEmail": "No",
    "SupportServicesContacted": "Not applicable",
    "NoticeSentOn": date(2026, 9, 4),
    "NoticeMethod": "Post",
}
REVIEW: Fields = {
    "Title": "RC-2026-001",
    "Kind": "Scheduled review",
    "DecidedOn": date(2026, 12, 1),
    "OfficerTitle": "Director",
    "Considerations": "No change since September",
    "Outcome": "Extend",
}
PROFILES = Path(__file__).parents[3] / "settings" / "policies"


def shipped_profile(name: str) -> Profile:
    return profile_from_mapping(tomllib.loads((PROFILES / f"{name}.toml").read_text(encoding="utf-8")))


@dataclass
class Item:
    """An item grown save by save; each save carries the earlier values on, None empties a column."""

    item_id: str = "1"
    saves: list[tuple[datetime, Identity, Fields]] = field(default_factory=list)

    def save(self, who: str, at: datetime, **changes: object) -> "Item":
        merged = {**(self.saves[-1][2] if self.saves else {}), **changes}
        self.saves.append((at, PEOPLE[who], {k: v for k, v in merged.items() if v is not None}))
        return self

    def build(self) -> ListItem:
        versions = tuple(
            ItemVersion(f"{number}.0", at, who, fields)
            for number, (at, who, fields) in enumerate(self.saves, start=1)
        )
        return ListItem(self.item_id, "1", versions[0].saver, versions[-1].fields, versions)


@pytest.fixture
def case() -> Callable[..., Item]:
    """A complete case, changed as asked, proposed by the officer and usually approved by the director."""

    def make(item_id: str = "1", *, approved: bool = True, day: int = 1, **changes: object) -> Item:
        fields = {**COMPLETE, "Title": f"RC-2026-{int(item_id):03}", **changes}
        item = Item(item_id).save("officer", datetime(2026, 9, day, 9, tzinfo=UTC), **fields)
        if approved:
            item.save("director", datetime(2026, 9, day, 15, tzinfo=UTC), Status="Approved")
        return item

    return make


@pytest.fixture
def review() -> Callable[..., ListItem]:
    """A review of the first case, saved once."""

    def make(
        who: str = "director", *, at: datetime = datetime(2026, 12, 1, 9, tzinfo=UTC), **changes: object
    ):
        fields = {**REVIEW, **changes}
        return Item("1").save(who, at, **{k: v for k, v in fields.items() if v is not None}).build()

    return make


@pytest.fixture
def profile() -> Profile:
    """The profile that ships as `default`."""
    return shipped_profile("default")


@pytest.fixture
def shipped() -> Callable[[str], Profile]:
    """A profile that ships, by its name."""
    return shipped_profile


@pytest.fixture
def context() -> CheckContext:
    """A Monday in December 2026 at an invented council."""
    return CheckContext(
        today=date(2026, 12, 7),
        zone=ZoneInfo("Europe/London"),
        approvers={Stage.NONE: frozenset({"id-director", "id-deputy"})},
        council_domains=frozenset({"ashbourne.example"}),
        councillor_addresses=frozenset({"cllr.home@mail.example"}),
        protected_mailboxes=frozenset({"safeguarding@ashbourne.example"}),
    )


@pytest.fixture
def judge(profile: Profile, context: CheckContext) -> Callable[..., Judgement]:
    """Judges a register of items under the default profile, or `under` another that ships."""

    def run(*items: Item, reviews=(), pinned=None, under: str = "", **changes: object) -> Judgement:
        return judge_register(
            [item.build() for item in items],
            reviews,
            profile=shipped_profile(under) if under else profile,
            context=replace(context, **changes),
            pinned=pinned or {},
        )

    return run
