"""Builders of list items as they are read, for the tests of the register."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from m365_restrict.register.item import Fields, Identity, ItemVersion, ListItem, SaverKind

OFFICER = Identity(SaverKind.USER, "id-officer", "a.officer@ashbourne.example")
COLLEAGUE = Identity(SaverKind.USER, "id-colleague", "b.colleague@ashbourne.example")
DIRECTOR = Identity(SaverKind.USER, "id-director", "director@ashbourne.example")
DEPUTY = Identity(SaverKind.USER, "id-deputy", "deputy@ashbourne.example")
TOOL = Identity(SaverKind.APPLICATION, "id-tool")
PEOPLE = {"officer": OFFICER, "colleague": COLLEAGUE, "director": DIRECTOR, "deputy": DEPUTY, "tool": TOOL}

PROPOSED: Fields = {
    "Title": "RC-2026-001",
    "Status": "Proposed",
    "ItemType": "Person",
    "Addresses": "someone@mail.example",
    "Measure": "Redirect to single contact",
    "Scope": "Whole council",
    "SpocMailbox": "contact-team@ashbourne.example",
    "EffectiveFrom": date(2026, 9, 7),
    "EndsOn": date(2027, 3, 6),
    "CouncillorRoute": "Not affected",
}


@dataclass
class ItemBuilder:
    """An item grown save by save, an hour apart; each save carries the earlier values on."""

    item_id: str = "1"
    saves: list[tuple[Identity, Fields]] = field(default_factory=list)
    start: datetime = datetime(2026, 9, 1, 10, tzinfo=UTC)
    first: int = 1

    def save(self, who: str, **changes: object) -> "ItemBuilder":
        before = self.saves[-1][1] if self.saves else {}
        merged = {**before, **changes}
        self.saves.append((PEOPLE[who], {k: v for k, v in merged.items() if v is not None}))
        return self

    def build(self, *, creator: str = "", keep: int | None = None) -> ListItem:
        versions = tuple(
            ItemVersion(f"{number}.0", self.start + timedelta(hours=number), saver, fields)
            for number, (saver, fields) in enumerate(self.saves, start=self.first)
        )
        return ListItem(
            item_id=self.item_id,
            etag="1",
            created_by=PEOPLE[creator] if creator else self.saves[0][0],
            fields=versions[-1].fields,
            versions=versions[-keep:] if keep else versions,
        )


@pytest.fixture
def item() -> Callable[..., ItemBuilder]:
    """Starts an item."""
    return ItemBuilder


@pytest.fixture
def proposed() -> ItemBuilder:
    """A complete case proposed by the officer."""
    return ItemBuilder().save("officer", **PROPOSED)
