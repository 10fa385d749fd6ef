"""Somebody edits a rule that waits for its successor, or that stays because its case waits."""

import json
from datetime import date
from typing import Any

import pytest

from m365_restrict.cli.by_hand import Waive, run_waive
from m365_restrict.cli.by_hand_session import Asked

NAMED = "Named mailboxes or services"
BOX = "planning@ash.example"
OUTSIDE = "x@elsewhere.example"
REDIRECT = {"Measure": "Redirect to single contact", "Scope": "Whole council", "ScopeMailboxes": ""}
JUNK = {"Measure": "Junk in named mailboxes", "Scope": NAMED, "ScopeMailboxes": BOX}
DRIFTED, MISSING = "rule-drifted", "rule-missing"


def decide(council: Any, **fields: Any) -> None:
    council.clock("2026-11-23T12:00:00Z")
    council.edit(1, by="officer@ash.example", Status="Proposed", **fields)
    council.edit(1, by="director@ash.example", Status="Approved")
    assert council.apply().exit_code == 0
    council.clock("2026-11-23T12:20:00Z")
    assert council.plan().changes == []
    assert len(council.plan().document["settling"]) == 1


def of_rules(drift: Any) -> list[tuple[str, str, list[str]]]:
    return [
        (one["code"], one["severity"], [entry["field"] for entry in one["fields"]])
        for one in drift.document["findings"]
        if one["code"] in {DRIFTED, MISSING, "rule-changed-twice"}
    ]


def sent_to(council: Any, recipient: str) -> tuple[str, str]:
    (copy,) = council.mail("rc-1@post.example", [recipient])
    return copy["outcome"], copy["mailbox"]


@pytest.mark.parametrize("verb", ["apply", "heal"])
@pytest.mark.parametrize(
    "edit",
    [
        {"RedirectMessageTo": [OUTSIDE]},
        {"DeleteMessage": True},
        {"Mode": "Audit"},
        {"SubjectContainsWords": ["z"]},
    ],
)
def test_a_redirect_that_waits_for_junk(council: Any, edit: dict[str, Any], verb: str) -> None:
    council.in_force(council.case("RC-1"))
    decide(council, **JUNK)
    (name,) = council.ours()
    council.cmdlet("Set-TransportRule", Identity=name, **edit)
    drift = council.drift()
    assert (of_rules(drift), drift.exit_code) == ([(DRIFTED, "high", list(edit))], 2)
    done = getattr(council, verb)()
    assert (done.exit_code, [one["class"] for one in done.changes]) == (0, ["drifted"])
    assert sent_to(council, BOX) == ("redirected", "contact@ash.example")
    assert (council.plan().changes, of_rules(council.drift())) == ([], [])


@pytest.mark.parametrize(
    "edit",
    [
        {"isEnabled": False},
        {"actions": {"permanentDelete": True}},
        {"actions": {"redirectTo": [{"emailAddress": {"address": OUTSIDE}}]}},
    ],
)
def test_a_junk_rule_that_waits_for_a_redirect(council: Any, edit: dict[str, Any]) -> None:
    council.in_force(council.case("RC-1", **JUNK))
    decide(council, **REDIRECT)
    (rule,) = council.inbox_rules(BOX)
    council.holder(BOX, "PATCH", f"/me/mailFolders/inbox/messageRules/{rule['id']}", edit)
    drift = council.drift()
    assert ([code for code, _, _ in of_rules(drift)], drift.exit_code) == ([DRIFTED], 2)
    assert council.apply().exit_code == 0
    (after,) = council.inbox_rules(BOX)
    assert {name: after[name] for name in ("isEnabled", "actions", "conditions")} == {
        name: rule[name] for name in ("isEnabled", "actions", "conditions")
    }
    assert (council.plan().changes, of_rules(council.drift())) == ([], [])


def test_a_waiting_rule_that_was_removed_is_missing_and_comes_back(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    decide(council, **JUNK)
    (name,) = council.ours()
    council.cmdlet("Remove-TransportRule", Identity=name)
    assert [code for code, _, _ in of_rules(council.drift())] == [MISSING]
    assert council.apply().exit_code == 0
    assert (list(council.ours()), council.plan().changes) == ([name], [])
    assert sent_to(council, BOX) == ("redirected", "contact@ash.example")
    council.clock("2026-11-23T13:20:00Z")
    assert council.apply().exit_code == 0
    assert council.ours() == {}


def test_heal_leaves_a_rule_that_still_settles(council: Any) -> None:
    addresses = [f"p{number}@post.example" for number in range(260)]
    lags = {"propagation_lags": [0] * 8 + [45] + [0] * 40}
    council.in_force(council.case("RC-1", Addresses="\n".join(addresses)), behaviour=lags)
    council.clock("2026-11-23T12:00:00Z")
    council.edit(1, by="officer@ash.example", Addresses="\n".join(addresses[130:]))
    assert council.apply().exit_code == 0
    council.clock("2026-11-23T12:05:00Z")
    healed = council.heal()
    assert (healed.exit_code, healed.changes) == (0, [])
    (copy,) = council.mail(addresses[259], ["officer@ash.example"])
    assert copy["outcome"] == "redirected"


@pytest.mark.parametrize(
    ("cmdlet", "edit", "code", "state"),
    [
        ("Set", {"RedirectMessageTo": [OUTSIDE]}, DRIFTED, "differs"),
        ("Set", {"Mode": "Audit"}, DRIFTED, "differs"),
        ("Disable", {}, DRIFTED, "differs"),
        ("Remove", {}, MISSING, "missing"),
    ],
)
def test_a_rule_of_a_case_that_waits(
    council: Any, cmdlet: str, edit: dict[str, Any], code: str, state: str
) -> None:
    council.in_force(council.case("RC-1"))
    (name,) = council.ours()
    contact = council.sandbox.tenant.directory.find("contact@ash.example")
    council.sandbox.tenant.store.put("users", contact["id"], {**contact, "forwarding": "parks@ash.example"})
    assert of_rules(council.drift()) == []
    council.cmdlet(f"{cmdlet}-TransportRule", Identity=name, **edit)
    drift = council.drift()
    assert ([one for one, _, _ in of_rules(drift)], drift.exit_code) == ([code], 2)
    assert drift.document["live"][0]["state"] == state
    done = council.apply()
    assert (done.changes, done.refused) == ([], {"RC-1": ["single-contact-forwards"]})


@pytest.mark.parametrize("edit", [{"DeleteMessage": True}, {"DeleteMessage": True, "ExceptIfSentTo": None}])
def test_what_no_run_would_write_cannot_be_waived(council: Any, capsys: Any, edit: dict[str, Any]) -> None:
    council.in_force(council.case("RC-1"))
    (name,) = council.ours()
    contact = council.sandbox.tenant.directory.find("contact@ash.example")
    council.sandbox.tenant.store.put("users", contact["id"], {**contact, "forwarding": "parks@ash.example"})
    council.cmdlet("Set-TransportRule", Identity=name, **edit)
    found = [one for one in council.drift().document["findings"] if one["code"] == DRIFTED]
    (finding,) = (one for one in found if "DeleteMessage" in {entry["field"] for entry in one["fields"]})
    assert len({one["id"] for one in found}) == len(edit)
    order = Waive(finding=finding["id"], until=date(2027, 3, 31), reason="CHG-1", owner="Head of ICT")
    capsys.readouterr()
    assert run_waive(order, Asked(output="json"), council.sandbox.env) == 3
    assert "its case waits" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_rule_of_a_case_that_waits_for_the_directory(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    (name,) = council.ours()
    council.cmdlet("Set-TransportRule", Identity=name, DeleteMessage=True)
    council.fault("status", status=403, times=9999, cmdlet="Get-Recipient")
    assert of_rules(council.drift()) == [(DRIFTED, "high", ["DeleteMessage"])]


def test_an_opening_does_not_make_an_edit_ours(council: Any) -> None:
    """What opens is written beside the edit, which goes on being told, and is not put back by heal."""
    council.in_force(council.case("RC-1", Addresses="rc-1@post.example\nsecond@post.example"))
    (name,) = council.ours()
    council.cmdlet("Set-TransportRule", Identity=name, RedirectMessageTo=[OUTSIDE])
    contact = council.sandbox.tenant.directory.find("contact@ash.example")
    council.sandbox.tenant.store.put("users", contact["id"], {**contact, "forwarding": "parks@ash.example"})
    council.edit(1, by="clerk@ash.example", Addresses="rc-1@post.example")
    assert [[one["field"] for one in change["fields"]] for change in council.apply().changes] == [
        [council.sender_field]
    ]
    assert of_rules(council.drift()) == [(DRIFTED, "high", ["RedirectMessageTo"])]
    council.heal()
    (rule,) = council.ours().values()
    assert rule["RedirectMessageTo"] == ["contact@ash.example"]
    assert of_rules(council.drift()) == []
