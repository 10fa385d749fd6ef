"""A replaced rule goes only when its successor has settled; what the register opens never waits for that."""

from typing import Any

import pytest

NAMED = "Named mailboxes or services"
PAT = "pat@post.example"


def decide(council: Any, **fields: Any) -> None:
    council.edit(1, by="officer@ash.example", Status="Proposed", **fields)
    council.edit(1, by="director@ash.example", Status="Approved")


@pytest.fixture
def widened(council: Any) -> Any:
    """A case for a mailbox and a group that now covers the whole council."""
    scope = {"Scope": NAMED, "ScopeMailboxes": "planning@ash.example\nbenefits@ash.example"}
    council.in_force(council.case("RC-1", Addresses=PAT, **scope))
    council.clock("2026-11-23T12:00:00Z")
    decide(council, Scope="Whole council", ScopeMailboxes="")
    done = council.apply()
    assert (done.exit_code, [change["action"] for change in done.changes]) == (0, ["update"])
    return council


def test_the_plan_after_it_is_empty_and_says_what_settles(widened: Any) -> None:
    plan = widened.plan()
    assert (plan.exit_code, plan.changes) == (0, [])
    (settling,) = plan.document["settling"]
    assert (settling["case_ref"], settling["until"]) == ("RC-1", "2026-11-23T13:00:00Z")
    assert settling["name"] in widened.ours()


def test_the_text_says_it_too(widened: Any) -> None:
    told = widened.plan(output="text").stdout
    assert "Settling: " in told
    assert "of case RC-1 stays until 2026-11-23T13:00:00Z" in told


def test_it_is_no_drift(widened: Any) -> None:
    assert widened.drift().exit_code == 0


def test_the_rule_goes_once_its_successor_has_settled(widened: Any) -> None:
    widened.clock("2026-11-23T12:59:00Z")
    assert widened.plan().changes == []
    widened.clock("2026-11-23T13:00:00Z")
    assert [change["action"] for change in widened.apply().changes] == ["delete"]
    assert list(widened.ours()) == ["RC-1 Redirect to single contact"]
    assert widened.plan().document["settling"] == []


def test_a_narrower_scope_is_a_set_on_the_same_rule(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT))
    (before,) = council.ours().values()
    council.edit(1, by="clerk@ash.example", Scope=NAMED, ScopeMailboxes="planning@ash.example")
    assert council.apply().exit_code == 0
    (after,) = council.ours().values()
    assert (after["Guid"], after["SentTo"]) == (before["Guid"], ["planning@ash.example"])
    assert (council.plan().exit_code, council.drift().exit_code) == (0, 0)


def test_what_stays_is_lifted_with_its_case(widened: Any) -> None:
    widened.edit(1, by="clerk@ash.example", Status="Lifted")
    widened.apply()
    assert widened.ours() == {}


def test_without_settling_a_rule_goes_at_once(council: Any) -> None:
    scope = {"Scope": NAMED, "ScopeMailboxes": "planning@ash.example\nbenefits@ash.example"}
    council.in_force(council.case("RC-1", Addresses=PAT, **scope))
    decide(council, Scope="Whole council", ScopeMailboxes="")
    done = council.apply(settings={"RULES__SETTLE_MINUTES": "0"})
    assert sorted(change["action"] for change in done.changes) == ["delete", "update"]


def junk(council: Any, mailbox: str) -> list[str]:
    return [rule["displayName"] for rule in council.inbox_rules(mailbox) if "RC-1" in rule["displayName"]]


def test_who_is_or_comes_into_a_group_that_is_exempt_by_now_is_open_at_once(council: Any) -> None:
    caseworker, surveyor = "caseworker@ash.example", "surveyor@ash.example"
    scope = {"Scope": NAMED, "ScopeMailboxes": f"{caseworker}\n{surveyor}"}
    council.in_force(council.case("RC-1", Addresses=PAT, Measure="Junk in named mailboxes", **scope))
    decide(council, Measure="Redirect to single contact", AllowedRecipients="benefits@ash.example")
    done = council.apply()
    assert (done.exit_code, sorted(one["action"] for one in done.changes)) == (0, ["create", "delete"])
    assert (len(junk(council, caseworker)), len(junk(council, surveyor))) == (0, 1)
    council.join("benefits@ash.example", [caseworker, surveyor])
    assert [one["mailbox"] for one in council.apply().changes] == [surveyor]
    copies = council.mail(PAT, [caseworker, surveyor])
    assert [(one["outcome"], one["folder"]) for one in copies] == [("delivered", "Inbox")] * 2
    assert council.plan().changes == []


def test_what_one_case_knows_of_a_group_fails_no_proof_of_another(council: Any) -> None:
    caseworker, surveyor = "caseworker@ash.example", "surveyor@ash.example"
    more = {"Scope": NAMED, "AllowedRecipients": "benefits@ash.example"}
    council.in_force(
        council.case("RC-1", Measure="Junk in named mailboxes", ScopeMailboxes=surveyor, **more),
        council.case("RC-2", Addresses=PAT, ScopeMailboxes=f"{caseworker}\n{surveyor}", **more),
    )
    assert (council.plan().exit_code, council.drift().exit_code) == (0, 0)
