"""One small tenant, and an administrator who runs cmdlets in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.directory import SandboxDirectory, object_id_for
from m365_restrict.sandbox.exchange.service import Caller, CmdletAnswer, ExchangeService
from m365_restrict.sandbox.store import Store

DOMAIN = "ashbourne.example"
ADMINISTRATOR = Caller(name="A Administrator", object_id="", app_id="", cmdlets=None)
PEOPLE = (
    ("officer", "A Officer", "user"), ("cllr.b", "Councillor B", "user"),
    ("spoc", "Single Contact", "shared"),
    ("old", "Old Mailbox", "on_premises"), ("nobody", "No Mailbox", "none"), ("twin.1", "Same Name", "user"),
    ("twin.2", "Same Name", "user"), ("guest", "A Guest", "guest"), ("contact", "A Contact", "contact"),
)  # fmt: skip
OUTSIDE = {"guest": "guest@elsewhere.example", "contact": "contact@elsewhere.example"}


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, answer: CmdletAnswer) -> None:
        super().__init__(answer.body)
        self.status = answer.status
        self.error = json.loads(answer.body)["error"] if answer.body[:1] == b"{" else {}
        self.text = self.error.get("innererror", {}).get("internalexception", {}).get("message", "")


@dataclass
class Tenant:
    store: Store
    service: ExchangeService
    caller: Caller = ADMINISTRATOR
    base: dict[str, Any] = field(default_factory=lambda: {"From": ["x@out.example"], "DeleteMessage": True})

    def run(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.service.invoke(cmdlet, parameters, self.caller)
        if answer.status != 200:
            raise Refused(answer)
        value: list[dict[str, Any]] = json.loads(answer.body)["value"]
        return value

    def new(self, name: str = "Rule", **parameters: Any) -> dict[str, Any]:
        (rule,) = self.run("New-TransportRule", Name=name, **{**self.base, **parameters})
        return rule

    def changed(self, name: str = "Rule", **parameters: Any) -> dict[str, Any]:
        assert self.run("Set-TransportRule", Identity=name, **parameters) == []
        return self.rule(parameters.get("Name", name))

    def rule(self, name: str = "Rule") -> dict[str, Any]:
        return next(rule for rule in self.rules() if rule["Name"] == name)

    def rules(self) -> list[dict[str, Any]]:
        return self.run("Get-TransportRule")

    def names(self) -> list[str]:
        rules = self.rules()
        assert [rule["Priority"] for rule in rules] == list(range(len(rules)))
        return [rule["Name"] for rule in rules]

    def in_force(self) -> list[str]:
        return [rule["Name"] for rule in self.service.rules_in_force()]

    def behave(self, **behaviour: Any) -> None:
        self.tell(behaviour=behaviour)

    def at(self, now: str) -> None:
        datetime.fromisoformat(now)
        self.tell(now=now)

    def tell(self, **facts: Any) -> None:
        self.store.put("tenant", "tenant", {**(self.store.get("tenant", "tenant") or {}), **facts})

    def edit_user(self, name: str, **facts: Any) -> None:
        key = object_id_for(f"{name}@{DOMAIN}")
        self.store.put("users", key, {**(self.store.get("users", key) or {}), **facts})


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    store = Store(tmp_path / "state.db")
    store.put(
        "tenant",
        "tenant",
        {"accepted_domains": [DOMAIN], "initial_domain": "ashbourne.onmicrosoft.example", "behaviour": {},
         "now": "2026-11-23T09:00:00Z"},
    )  # fmt: skip
    for name, display, mailbox in PEOPLE:
        upn = OUTSIDE.get(name, f"{name}@{DOMAIN}")
        key = object_id_for(f"{name}@{DOMAIN}")
        store.put(
            "users",
            key,
            {"id": key, "upn": upn, "display_name": display, "mailbox": mailbox,
             "enabled": mailbox != "shared",
             "aliases": [f"alias.{name}@{DOMAIN}"], "accepts_external": True, "forwarding": None,
             "mail": None if mailbox == "none" else upn},
        )  # fmt: skip
    for kind in ("distribution", "security", "dynamic", "m365"):
        address = f"{kind}@{DOMAIN}"
        store.put(
            "groups",
            object_id_for(address),
            {"id": object_id_for(address), "address": address, "display_name": f"Group {kind}", "kind": kind,
             "members": [f"cllr.b@{DOMAIN}"]},
        )  # fmt: skip
    directory = SandboxDirectory(store)
    yield Tenant(store, ExchangeService(store, directory, SandboxClock(store)))
    store.close()


@pytest.fixture
def refused() -> type[Refused]:
    return Refused
