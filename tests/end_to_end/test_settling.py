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


PLANNING = "planning@ash.example"
SENDERS = ("rc-1.a@post.example", "rc-1.b@post.example")
JUNKED = {"Measure": "Junk in named mailboxes", "Scope": NAMED, "ScopeMailboxes": PLANNING}
REDIRECTED = {"Measure": "Redirect to single contact", "Scope": "Whole council", "ScopeMailboxes": ""}


def moved(council: Any, before: dict[str, str], after: dict[str, str], **fields: Any) -> None:
    """A case of two senders whose measure moves to the other service at 12:00."""
    council.in_force(council.case("RC-1", Addresses="\n".join(SENDERS), **before), **fields)
    council.clock("2026-11-23T12:00:00Z")
    decide(council, **after)
    assert council.apply().exit_code == 0
    council.clock("2026-11-23T12:41:00Z")


@pytest.mark.parametrize("verb", ["heal", "apply"])
@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [(REDIRECTED, JUNKED, "transport_rule"), (JUNKED, REDIRECTED, "inbox_rule")],
)
def test_a_write_that_leaves_a_sender_in_place_lets_the_replaced_rule_go_no_later(
    council: Any, before: dict[str, str], after: dict[str, str], kind: str, verb: str
) -> None:
    moved(council, before, after)
    council.edit(1, by="clerk@ash.example", Addresses=SENDERS[0])
    assert [one["action"] for one in getattr(council, verb)().changes] == ["update", "update"]
    assert [one["until"] for one in council.plan().document["settling"]] == ["2026-11-23T13:00:00Z"]
    council.clock("2026-11-23T13:00:00Z")
    assert [(one["action"], one["kind"]) for one in council.apply().changes] == [("delete", kind)]


def test_a_sender_that_comes_later_lets_the_replaced_rule_go_no_later(council: Any) -> None:
    moved(council, REDIRECTED, JUNKED)
    decide(council, Addresses="\n".join((*SENDERS, PAT)))
    assert [one["kind"] for one in council.apply().changes] == ["inbox_rule"]
    assert [one["until"] for one in council.plan().document["settling"]] == ["2026-11-23T13:00:00Z"]


def test_an_edit_that_is_put_right_begins_the_wait_anew(council: Any) -> None:
    moved(council, JUNKED, REDIRECTED)
    council.cmdlet("Disable-TransportRule", Identity="RC-1 Redirect to single contact")
    assert council.heal().exit_code == 0
    assert [one["until"] for one in council.plan().document["settling"]] == ["2026-11-23T13:41:00Z"]


def test_healing_leaves_a_settled_rule_to_apply_though_it_removes_a_councillors(council: Any) -> None:
    own = council.choice(council.councillors[0], "RC-1", "Same as the council")
    moved(council, REDIRECTED, JUNKED, choices=[own])
    council.clock("2026-11-23T13:00:00Z")
    healed = council.heal()
    assert (healed.exit_code, healed.document["guards"]) == (0, [])
    assert [one["action"] for one in healed.changes] == ["delete"]
    assert list(council.ours()) == ["RC-1 Redirect to single contact"]
    assert [one["action"] for one in council.apply().changes] == ["delete"]
