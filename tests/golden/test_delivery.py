"""Delivery judged by cases that were written from the facts, never recorded from output (design.md 8).

Each file states its fact, the tenant (over `tenant.json`), the stored rules, the message
and the copies expected. Keys that an expected copy leaves out are null, [] or "delivered".
"""

import json
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from m365_restrict.mailflow.behaviour import AfterRedirect, StopReach, TransportBehaviour, Undecided
from m365_restrict.mailflow.delivery import Copy, MailFlow, Trace, trace
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.message import read_message

CASES = Path(__file__).parent / "delivery"
FILES = sorted(CASES.glob("[0-9]*.json"))
LEAST_CASES = 60
FACT = re.compile(r"(exchange|graph|policy|design|contracts)\.md \d+(\.\d+)*|testing\.md [a-z-]+")
CHOICES = {"after_redirect": AfterRedirect, "stop_reach": StopReach, "undecided": Undecided}
DEFAULTS = {"mailbox": None, "folder": None, "rules": [], "ndr": None, "added_by": None}


class Town:
    """A directory of the judge's own, over the tenant of one case."""

    def __init__(self, tenant: dict[str, Any]) -> None:
        self.tenant = tenant

    def primary(self, address: str) -> str:
        return self.tenant["aliases"].get(address.lower(), address.lower())

    def members(self, group: str) -> frozenset[str]:
        found: set[str] = set()
        for member in self.tenant["groups"].get(self.primary(group), []):
            found |= self.members(member) if self.is_group(member) else {self.primary(member)}
        return frozenset(found)

    def is_group(self, address: str) -> bool:
        return self.primary(address) in self.tenant["groups"]

    def has_mailbox(self, address: str) -> bool:
        return self.primary(address) in self.tenant["mailboxes"]

    def is_accepted_domain(self, domain: str) -> bool:
        return domain.lower() in self.tenant["domains"]


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def raw_of(case: dict[str, Any]) -> bytes:
    if "raw" in case:
        return case["raw"].encode("utf-8")
    stated = case["message"]
    lines = [f"From: {stated['from']}"]
    lines += [
        f"{name}: {', '.join(stated[name.lower()])}" for name in ("To", "Cc") if stated.get(name.lower())
    ]
    lines += [f"Subject: {stated.get('subject', 'Bins')}", "Message-ID: <1@mail.example>"]
    lines += [f"{name}: {value}" for name, value in stated.get("headers", {}).items()]
    return "\r\n".join([*lines, "", "Text", ""]).encode()


def run(case: dict[str, Any]) -> Trace:
    tenant = read(CASES / "tenant.json")
    for key, value in case.get("tenant", {}).items():
        tenant[key] = {**tenant[key], **value} if isinstance(value, dict) else value
    behaviour = {
        key: CHOICES.get(key, lambda x: x)(value) for key, value in case.get("behaviour", {}).items()
    }
    flow = MailFlow(
        directory=Town(tenant),
        transport_rules=case.get("transport_rules", []),
        mailboxes=KnownMailboxes(
            rules=case.get("inbox_rules", {}),
            folder_paths={
                each: {"junk-id": "Junk Email", "aside-id": "Set aside"} for each in tenant["mailboxes"]
            },
            forwards=tenant["forwarding"],
            internal_only=frozenset(tenant["internal_only"]),
            elsewhere=frozenset(tenant["elsewhere"]),
        ),
        now=datetime.fromisoformat(case.get("now", "2026-11-23T09:00:00Z")),
        behaviour=TransportBehaviour(**behaviour),
    )
    message = read_message(
        raw_of(case), case["envelope_from"], authenticated=case.get("authenticated", False)
    )
    return trace(message, case["recipients"], flow)


def as_stated(copy: Copy) -> dict[str, Any]:
    return {
        "recipient": copy.recipient,
        "outcome": copy.outcome.value,
        "mailbox": copy.mailbox,
        "folder": copy.folder,
        "rules": list(copy.rules),
        "ndr": copy.ndr,
        "added_by": copy.added_by,
    }


def by_name(copies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(copies, key=lambda copy: json.dumps(copy, sort_keys=True))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_copies_are_those_that_the_facts_demand(path: Path) -> None:
    case = read(path)
    expected = [{**DEFAULTS, **copy} for copy in case["expected"]]
    copies = [as_stated(copy) for copy in run(case).copies]
    count = len(case["recipients"])
    assert copies[:count] == expected[:count]
    assert by_name(copies[count:]) == by_name(expected[count:])


@pytest.mark.parametrize(
    "path", [path for path in FILES if "stored" in read(path)], ids=lambda path: path.stem
)
def test_the_mailboxes_keep_as_many_messages_as_the_facts_demand(path: Path) -> None:
    case = read(path)
    kept = Counter(f"{stored.mailbox} {stored.folder}" for stored in run(case).stored)
    assert dict(kept) == case["stored"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_case_names_its_fact_and_says_why(path: Path) -> None:
    case = read(path)
    assert FACT.fullmatch(case["fact"])
    assert len(case["because"]) > 20


def test_there_are_enough_cases() -> None:
    assert len(FILES) >= LEAST_CASES


def test_every_number_is_used_once() -> None:
    numbers = [path.name.partition("-")[0] for path in FILES]
    assert len(set(numbers)) == len(numbers)
