"""What is held against the official descriptions: the product's work on an invented council.

Its verbs run as from the command line, in this process. No fault is injected.
"""

from collections.abc import Callable
from typing import TypeAlias

from contract_by_hand import administration, by_hand, every_behaviour
from contract_council import Council
from crash_council import ADMIN, CHOICES, CONTACTS, COUNCILLORS, OFFICER, seed

from m365_restrict.doctor.document import Doing

Scene: TypeAlias = Callable[[Council], None]


def main_job(council: Council) -> None:
    """The year's middle: plan, apply, drift, what an administrator changed, back again."""
    council.plant(seed())
    council.runs("apply", "--approve")
    council.people_move_on()
    council.runs("plan", codes=frozenset({2}))
    council.runs("apply", "--approve", codes=frozenset({0, 4}))
    rules = council.control("POST", "cmdlet", {"by": ADMIN, "cmdlet": "Get-TransportRule", "parameters": {}})
    ours = next(rule["Name"] for rule in rules["value"] if rule["Name"].startswith("RC-"))
    changed = {"Identity": ours, "Priority": 0, "PrependSubject": "[changed] "}
    council.control("POST", "cmdlet", {"by": ADMIN, "cmdlet": "Set-TransportRule", "parameters": changed})
    council.runs("drift", codes=frozenset({2}))
    council.runs("heal", "--approve", codes=frozenset({0, 3, 4}))
    council.runs("explain", "rc-1@post.example", "--to", "parks@ash.example")
    council.runs("assess", codes=frozenset({0, 2}))
    council.runs("open", "RC-1", "--reason", "INC-1: a trial", codes=frozenset({0, 2}))
    council.runs("history")
    council.runs("undo", "--approve", codes=frozenset({0, 2, 3, 4}))


def inbox_rules(council: Council) -> None:
    """Without any role in Exchange: named mailboxes and councillors' choices, and a choice that stops."""
    document = seed()
    named = {"Scope": "Named mailboxes or services", "ScopeMailboxes": "parks@ash.example",
             "ScopeReason": "Only parks is written to."}  # fmt: skip
    for item in document["lists"][CONTACTS]["items"]:
        item["versions"][0]["fields"] |= {**named, "Measure": "Junk in named mailboxes"}
    council.plant(document, ENFORCE_WITH="inbox_rules")
    council.runs("apply", "--approve", codes=frozenset({0, 4}))
    council.control(
        "POST", f"list/{CHOICES}/1", {"by": COUNCILLORS[0], "fields": {"Handling": "Leave in Inbox"}}
    )
    council.control("POST", f"list/{CONTACTS}/1", {"by": OFFICER, "fields": {"Status": "Lifted"}})
    council.runs("apply", "--approve", codes=frozenset({0, 4}))
    council.runs("drift", codes=frozenset({0, 2}))


def script(council: Council) -> None:
    """Without any right to write rules: PowerShell for an administrator."""
    council.plant(seed(), ENFORCE_WITH="script")
    written = str(council.folder / "changes.ps1")
    council.runs("apply", "--approve", "--output-file", written, codes=frozenset({0, 2, 4}))


def set_up(council: Council) -> None:
    """A tenant without lists, and one whose list lacks columns."""
    document = seed()
    council.plant({**document, "lists": {}})
    council.runs("init", codes=frozenset({0, 2}))
    council.runs("init", "--approve", codes=frozenset({0, 2}))
    council.plant(
        {**document, "lists": {**document["lists"], CONTACTS: {"omit_columns": ["EndsOn", "RouteText"]}}}
    )
    council.runs("init", "--approve", codes=frozenset({0, 2}))


def a_year(council: Council) -> None:
    """Letters, reviews that fall due, retention, the export for the person, an imported rule."""
    document = seed()
    document["lists"][CONTACTS]["items"][0]["versions"][0]["fields"] |= {
        "PersonName": "P Person", "ContactDetails": "1 High Street",
    }  # fmt: skip
    council.plant(document)
    council.runs("apply", "--approve")
    council.runs("letter", "RC-1", "--output-dir", str(council.folder), codes=frozenset({0, 3}))
    for day in ("2027-01-20", "2027-02-01", "2027-04-05"):
        council.control("POST", "clock", {"now": f"{day}T09:00:00Z"})
        council.runs("reviews", codes=frozenset({0, 2, 4}))
        council.runs("apply", "--approve", codes=frozenset({0, 4}))
    council.runs("import", "Known spam", "--case", "RC-900", "--approve", codes=frozenset({0, 3}))
    council.runs("person-export", "RC-1")
    council.control("POST", f"list/{CONTACTS}/1", {"by": OFFICER, "fields": {"Status": "Closed"}})
    council.control("POST", "clock", {"now": "2035-04-05T09:00:00Z"})
    council.runs("retention", "--approve", codes=frozenset({0, 2, 3}))


def examination(council: Council) -> None:
    """`doctor`, its questions to the tenant, and the beginning of a canary."""
    document = seed()
    canary = {"CANARY__ADDRESS": "ict@outside.example", "CANARY__MAILBOXES": "parks@ash.example"}
    council.plant(document, **canary)
    for doing in (Doing.EXAMINE, Doing.PROBE, Doing.CANARY_START, Doing.CANARY_STATUS):
        council.examines(doing)


SHORT: tuple[Scene, ...] = (by_hand, administration, inbox_rules)
"""Scenes of a few seconds that meet every address."""

EVERY: tuple[Scene, ...] = (*SHORT, main_job, script, set_up, a_year, examination, every_behaviour)
"""All scenes."""
