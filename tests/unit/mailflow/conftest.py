from datetime import UTC, datetime

import pytest


class Town:
    """A few mailboxes, one group and an alias."""

    def __init__(self) -> None:
        self.mailboxes = {f"{name}@ashbourne.example" for name in ("a", "b", "c", "team")}
        self.groups = {"all@ashbourne.example": {"a@ashbourne.example", "b@ashbourne.example"}}
        self.asked = 0

    def primary(self, address: str) -> str:
        self.asked += 1
        return {"alex@ashbourne.example": "a@ashbourne.example"}.get(address.lower(), address.lower())

    def members(self, group: str) -> frozenset[str]:
        return frozenset(self.groups.get(group.lower(), ()))

    def is_group(self, address: str) -> bool:
        return address.lower() in self.groups

    def has_mailbox(self, address: str) -> bool:
        return self.primary(address) in self.mailboxes

    def is_accepted_domain(self, domain: str) -> bool:
        return domain == "ashbourne.example"


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 9, tzinfo=UTC)
