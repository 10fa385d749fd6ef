"""What is sent comes back as it was meant: our normal form against the sandbox's Exchange cmdlets."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from m365_restrict.plan.change import Action, Difference, Observed
from m365_restrict.plan.difference import difference
from m365_restrict.plan.place import Place
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.writes import applied_from, cmdlet_parameters
from m365_restrict.register.case import Measure
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.directory import SandboxDirectory, object_id_for
from m365_restrict.sandbox.exchange.service import Caller, ExchangeService
from m365_restrict.sandbox.store import Store

CALLER = Caller(name="A Administrator", object_id="", app_id="", cmdlets=None)
PEOPLE = {"contact": "shared", "officer": "user", "cllr.b": "user", "monitoring": "user"}
FOREIGN = {"From": ["x@out.example"], "PrependSubject": "[x] "}


class Exchange:
    """An organisation whose rules are written by our parameters."""

    def __init__(self, store: Store) -> None:
        tenant = {
            "id": "11111111-1111-4111-8111-111111111111",
            "accepted_domains": ["ash.example"],
            "time_zone": "Europe/London",
            "initial_domain": "ash.onmicrosoft.example",
            "behaviour": {},
            "now": "2026-11-23T09:00:00Z",
            "settings": {},
        }
        store.put("tenant", "tenant", tenant)
        for local, mailbox in PEOPLE.items():
            self._person(store, f"{local}@ash.example", mailbox)
        for address in ("councillors@ash.example", "team@ash.example"):
            key = object_id_for(address)
            group = {
                "id": key,
                "address": address,
                "display_name": address,
                "kind": "distribution",
                "members": [],
            }
            store.put("groups", key, group)
        self._service = ExchangeService(store, SandboxDirectory(store), SandboxClock(store))

    @staticmethod
    def _person(store: Store, upn: str, mailbox: str) -> None:
        person = {
            "id": object_id_for(upn),
            "upn": upn,
            "display_name": upn,
            "mailbox": mailbox,
            "enabled": True,
            "aliases": [],
            "accepts_external": True,
            "forwarding": None,
            "mail": upn,
        }
        store.put("users", object_id_for(upn), person)

    def run(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self._service.invoke(cmdlet, parameters, CALLER)
        assert answer.status == 200, answer.body
        value: list[dict[str, Any]] = json.loads(answer.body)["value"]
        return value

    def rules(self) -> tuple[ObservedTransportRule, ...]:
        return tuple(observe_transport_rule(raw) for raw in self.run("Get-TransportRule"))

    def names(self) -> list[str]:
        return [rule.name for rule in self.rules()]


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    store = Store(tmp_path / "state.db")
    yield Exchange(store)
    store.close()


class Runner:
    """Plans against the organisation and writes what is planned."""

    def __init__(self, council: Any, exchange: Exchange) -> None:
        self.council, self.exchange = council, exchange
        self.cases: list[Any] = []
        self.applied: dict[str, Any] = {}

    def compare(self) -> Difference:
        desired = self.council.compile(self.cases)
        given = self.council.compare(desired, self.council.tenant(desired), self.applied.values())
        self.observed = Observed(self.exchange.rules(), {})
        return difference(replace(given, observed=self.observed))

    def apply(self) -> None:
        plan = build_plan(
            self.compare(), guards=(), observed=self.observed, source_version="1", place=Place.LAST
        )
        for change in plan.allowed:
            self._write(change)

    def _write(self, change: Any) -> None:
        if change.action is Action.DELETE:
            self.exchange.run("Remove-TransportRule", Identity=change.observed.guid, Confirm=False)
            self.applied.pop(change.key, None)
            return
        if change.action is Action.CREATE:
            self.exchange.run("New-TransportRule", **cmdlet_parameters(change))
        else:
            identity = change.observed.guid
            self.exchange.run("Set-TransportRule", Identity=identity, **cmdlet_parameters(change))
        name = change.target["Name"]
        self.exchange.run("Enable-TransportRule", Identity=name, Mode=change.target["Mode"])
        rule = next(rule for rule in self.exchange.rules() if rule.name == name)
        assert rule.properties == change.target
        self.applied[change.key] = applied_from(change, rule)


@pytest.fixture
def runner(council: Any, exchange: Exchange) -> Runner:
    found = Runner(council, exchange)
    found.cases = [
        council.case("RC-1"),
        council.case("RC-2", Measure.REFUSE, route_text="the form at https://ash.example/contact"),
        council.case("RC-3", Measure.COPY, scope_mailboxes=("officer@ash.example", "team@ash.example")),
    ]
    exchange.run("New-TransportRule", Name="Foreign", **FOREIGN)
    found.apply()
    return found


def test_every_measure_comes_back_as_it_was_sent(runner: Runner) -> None:
    assert runner.compare().changes == ()


def test_ours_stand_below_the_foreign_rule_named_mailboxes_first(runner: Runner) -> None:
    assert runner.exchange.names() == [
        "Foreign",
        "RC-3 Copy to single contact (1)",
        "RC-3 Copy to single contact (2)",
        "RC-1 Redirect to single contact",
        "RC-2 Refuse with notice",
    ]


@pytest.mark.parametrize(
    "edit",
    [
        {"From": ["z@out.example"]},
        {"FromAddressMatchesPatterns": ["x"]},
        {"ExceptIfSentTo": []},
        {"ExceptIfFrom": ["rc-1@mail.example"]},
        {"SubjectContainsWords": ["bins"], "SetSCL": 9},
        {"HeaderContainsMessageHeader": "X-Test", "HeaderContainsWords": ["yes"]},
        {"SenderAddressLocation": "Envelope", "Mode": "Audit"},
        {"ExpiryDate": None, "StopRuleProcessing": False},
        {"Name": "Renamed", "Comments": None},
        {"Priority": 0},
    ],
)
def test_every_edit_is_seen_and_undone(runner: Runner, edit: dict[str, Any]) -> None:
    before = runner.exchange.rules()
    runner.exchange.run("Set-TransportRule", Identity="RC-1 Redirect to single contact", **edit)
    assert len(runner.compare().changes) == 1
    runner.apply()
    assert [(rule.guid, rule.properties) for rule in runner.exchange.rules() if rule.name != "Foreign"] == [
        (rule.guid, rule.properties) for rule in before if rule.name != "Foreign"
    ]


def test_a_changed_measure_is_set_on_the_same_rule(runner: Runner, council: Any) -> None:
    guid = next(rule.guid for rule in runner.exchange.rules() if rule.name.startswith("RC-1"))
    runner.cases[0] = council.case("RC-1", Measure.REFUSE)
    runner.apply()
    assert runner.compare().changes == ()
    assert {rule.guid for rule in runner.exchange.rules() if rule.name == "RC-1 Refuse with notice"} == {guid}


def test_a_wider_scope_replaces_the_rules(runner: Runner, council: Any) -> None:
    runner.cases[2] = council.case("RC-3", Measure.COPY)
    runner.apply()
    assert runner.compare().changes == ()
    assert runner.exchange.names()[-1] == "RC-3 Copy to single contact"


def test_an_ended_case_leaves_the_foreign_rule_alone(runner: Runner) -> None:
    runner.cases = []
    runner.apply()
    assert runner.exchange.names() == ["Foreign"]
