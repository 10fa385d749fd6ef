"""Runs that follow each other, each on the tenant as the one before has left it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from m365_restrict.plan.change import Action, Change, Difference, RuleKind
from m365_restrict.plan.difference import difference
from m365_restrict.plan.healing import healing
from m365_restrict.plan.settling import keep_until_settled
from m365_restrict.plan.wanted import DifferenceInput

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(minutes=60)


class Runs:
    """Runs that follow each other: each plans, and what it plans is then so in the tenant."""

    def __init__(self, council: Any) -> None:
        self.council = council
        self.cases: list[Any] = []
        self.choices: list[Any] = []
        self.now = NOW
        self.tenant = council.tenant(council.compile([]))
        self.applied: list[Any] = []
        self.lifted: frozenset[str] = frozenset()
        self.wait = HOUR
        self.members: dict[str, frozenset[str]] = {}

    def stand(self, *cases: Any, choices: Sequence[Any] = ()) -> None:
        """Start from a tenant in step, written now."""
        self.cases, self.choices = list(cases), list(choices)
        desired = self.council.compile(self.cases, self.choices)
        self.tenant = self.council.tenant(desired)
        written = self.council.applied(desired, self.tenant)
        self.applied = [replace(one, written_at=self.now) for one in written]

    def decide(self, *cases: Any, choices: Sequence[Any] = ()) -> Difference:
        self.cases, self.choices = list(cases), list(choices)
        return self.run()

    def run(self) -> Difference:
        given = self._given()
        return keep_until_settled(difference(given), given, now=self.now, wait=self.wait)

    def heal(self) -> Difference:
        return healing(self._given(), now=self.now, wait=self.wait)

    def _given(self) -> DifferenceInput:
        desired = self.council.compile(self.cases, self.choices)
        known = {"opened_case_refs": self.lifted, "group_members": self.members}
        given: DifferenceInput = self.council.compare(desired, self.tenant, self.applied, **known)
        return given

    def successors_stand_since(self, moment: datetime) -> None:
        """The tenant as the present plan leaves it, written at `moment`."""
        for change in self.run().changes:
            self._carry_out(change, moment)

    def _carry_out(self, change: Change, moment: datetime) -> None:
        wanted = self.council.compile(self.cases, self.choices)
        fresh = self.council.applied(wanted, self.council.tenant(wanted))
        known = next((one for one in (*self.applied, *fresh) if one.key == change.key), None)
        assert known is not None
        self.applied = [one for one in self.applied if one.key != change.key]
        self._replace(known.guid_or_rule_id, change)
        if change.action is not Action.DELETE:
            assert change.target is not None
            named = str(change.target.get("Name") or change.target.get("displayName"))
            form = {"name": named, "properties": change.target, "written_at": moment}
            self.applied.append(replace(known, **form))

    def _replace(self, identity: str, change: Change) -> None:
        made = change.target
        if made is not None and "displayName" in made:
            self.tenant.inbox[change.mailbox] = self.council.tenant(
                self.council.compile(self.cases, self.choices)
            ).inbox[change.mailbox]
            return
        if change.kind is RuleKind.INBOX_RULE:
            standing = self.tenant.inbox[change.mailbox]
            self.tenant.inbox[change.mailbox] = [raw for raw in standing if raw["id"] != identity]
            return
        self.tenant.transport = [raw for raw in self.tenant.transport if raw["Guid"] != identity]
        if made is not None:
            raw = {**made, "Guid": identity, "Priority": len(self.tenant.transport)}
            raw["ExpiryDate"] = f"{made['ExpiryDate']:%Y-%m-%dT%H:%M:%SZ}"
            lists = {name: list(value) for name, value in made.items() if isinstance(value, tuple)}
            self.tenant.transport.append({**raw, **lists})


@pytest.fixture
def runs(council: Any) -> Runs:
    council.options = replace(council.options, max_senders=1)
    return Runs(council)
