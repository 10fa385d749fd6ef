"""What people do to rules that wait is told and put right, and never written anew (design.md 2.8 and 7)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from m365_restrict.plan.change import Action, Change, ChangeClass, Difference
from m365_restrict.plan.findings import finding_for
from m365_restrict.register.case import Measure
from m365_restrict.rules.properties import senders_of

A, B, C, D = (f"{letter}@mail.example" for letter in "abcd")
OFFICER, PLANNING, TEAM = "officer@ash.example", "planning@ash.example", "team@ash.example"
OUTSIDE = "x@elsewhere.example"
CONTACT = ("contact@ash.example",)
EDITS: list[dict[str, Any]] = [
    {"RedirectMessageTo": [OUTSIDE]},
    {"RedirectMessageTo": None, "DeleteMessage": True},
    {"Mode": "Audit"},
    {"State": "Disabled"},
    {"SubjectContainsWords": ["bin"]},
    {"ExceptIfSentTo": None},
    {"From": None},
    {"SentTo": None},
    {"SentTo": [OFFICER, PLANNING]},
    {"Comments": "Mine"},
]


def only(found: Difference) -> Change:
    (change,) = found.changes
    return change


def told(change: Change) -> tuple[ChangeClass, list[str]]:
    return change.change_class, sorted(one.field for one in change.fields)


@pytest.fixture
def toward_junk(runs: Any, council: Any) -> Any:
    """A redirect whose case has moved to Junk in one mailbox; it stays there until Junk has settled."""
    runs.stand(council.case("RC-1", addresses=(A,)))
    runs.tenant.inbox[OFFICER] = []
    runs.decide(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    runs.successors_stand_since(runs.now)
    runs.now += timedelta(minutes=20)
    assert runs.run().changes == ()
    return runs


@pytest.mark.parametrize("heals", [False, True])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_a_rule_that_waits_for_junk(toward_junk: Any, edit: dict[str, Any], heals: bool) -> None:
    toward_junk.tenant.transport[0].update(edit)
    change = only(toward_junk.heal() if heals else toward_junk.run())
    assert told(change) == (ChangeClass.DRIFTED, sorted(edit))
    (left,) = (one for one in toward_junk.applied if one.key == change.key)
    assert change.target == left.properties


def test_it_is_as_severe_as_of_any_rule(toward_junk: Any) -> None:
    toward_junk.tenant.transport[0]["RedirectMessageTo"] = [OUTSIDE]
    found = finding_for(only(toward_junk.run()), now=toward_junk.now)
    assert (found.code.value, found.severity.value) == ("rule-drifted", "high")


@pytest.mark.parametrize("edit", [one for one in EDITS if "Comments" not in one])
def test_an_edit_from_before_the_decision_is_not_taken_along(
    runs: Any, council: Any, edit: dict[str, Any]
) -> None:
    runs.stand(council.case("RC-1", addresses=(A,)))
    runs.tenant.inbox[OFFICER] = []
    runs.tenant.transport[0].update(edit)
    found = runs.decide(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    (change,) = (one for one in found.changes if one.action is Action.UPDATE)
    form = change.target or {}
    assert (form["RedirectMessageTo"], form["Mode"], form["State"]) == (CONTACT, "Enforce", "Enabled")
    assert (form["From"], form["SentTo"]) == ((A,), (OFFICER,))
    assert form.keys().isdisjoint({"DeleteMessage", "SubjectContainsWords"})
    assert set(edit) - {"SentTo"} <= {one.field for one in change.fields}


@pytest.mark.parametrize(("edited", "actions"), [(False, [Action.UPDATE]), (True, [Action.DELETE])])
def test_without_a_ledger_the_rule_vouches_for_itself_by_its_digest(
    runs: Any, council: Any, edited: bool, actions: list[Action]
) -> None:
    runs.stand(council.case("RC-1", addresses=(A,)))
    runs.tenant.inbox[OFFICER], runs.applied = [], []
    if edited:
        runs.tenant.transport[0]["RedirectMessageTo"] = [OUTSIDE]
    found = runs.decide(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    assert [one.action for one in found.changes if one.action is not Action.CREATE] == actions


@pytest.mark.parametrize("heals", [False, True])
@pytest.mark.parametrize(
    ("field", "edit"),
    [
        ("isEnabled", {"isEnabled": False}),
        ("actions.permanentDelete", {"actions": {"permanentDelete": True}}),
        ("actions.redirectTo", {"actions": {"redirectTo": [{"emailAddress": {"address": OUTSIDE}}]}}),
    ],
)
def test_an_edit_of_a_junk_rule_that_waits(
    runs: Any, council: Any, field: str, edit: dict[str, Any], heals: bool
) -> None:
    runs.stand(council.case("RC-1", Measure.JUNK, addresses=(A,), scope_mailboxes=(OFFICER,)))
    runs.decide(council.case("RC-1", addresses=(A,)))
    runs.successors_stand_since(runs.now)
    runs.tenant.inbox[OFFICER][0].update(edit)
    change = only(runs.heal() if heals else runs.run())
    assert change.change_class is ChangeClass.DRIFTED
    assert field in {one.field for one in change.fields}
    assert (change.target or {})["actions.moveToFolder"] == "junkemail"
    assert (change.target or {})["isEnabled"] is True


def widened(runs: Any, council: Any) -> None:
    """A case of a mailbox and a group that now covers everybody: the group's rule stays for a while."""
    runs.stand(council.case("RC-1", addresses=(A,), scope_mailboxes=(OFFICER, TEAM)))
    runs.applied = [one for one in runs.applied if one.key != "RC-1/named/1"]
    runs.tenant.transport = [raw for raw in runs.tenant.transport if "SentTo" not in raw]
    runs.decide(council.case("RC-1", addresses=(A,)))
    runs.successors_stand_since(runs.now)
    assert (runs.run().changes, len(runs.run().settling)) == ((), 1)


@pytest.mark.parametrize("edit", [*EDITS[:7], {"SentToMemberOf": None}])
def test_an_edit_of_a_rule_that_waits_for_another(runs: Any, council: Any, edit: dict[str, Any]) -> None:
    widened(runs, council)
    (waiting,) = (raw for raw in runs.tenant.transport if raw.get("SentToMemberOf"))
    waiting.update(edit)
    change = only(runs.run())
    assert told(change) == (ChangeClass.DRIFTED, sorted(edit))


@pytest.mark.parametrize("heals", [False, True])
def test_a_rule_that_waits_and_was_removed_is_missing(runs: Any, council: Any, heals: bool) -> None:
    widened(runs, council)
    runs.tenant.transport = [raw for raw in runs.tenant.transport if not raw.get("SentToMemberOf")]
    found = runs.heal() if heals else runs.run()
    assert (only(found).action, only(found).change_class) == (Action.CREATE, ChangeClass.MISSING)
    assert (only(found).target or {})["SentToMemberOf"] == (TEAM,)
    assert (found.forgotten, only(found).key in found.orders) == ((), True)
    runs.now += timedelta(minutes=60)
    assert (runs.run().changes, runs.run().forgotten) == ((), (only(found).key,))


def test_a_redirect_that_waits_for_junk_and_was_removed_is_missing(toward_junk: Any) -> None:
    toward_junk.tenant.transport.clear()
    found = toward_junk.run()
    assert (only(found).action, only(found).key in found.orders) == (Action.CREATE, True)


def test_an_edit_of_a_rule_that_holds_anothers_sender_is_no_move_of_the_register(
    runs: Any, council: Any
) -> None:
    runs.stand(council.case("RC-1", addresses=(B, C)))
    runs.decide(council.case("RC-1", addresses=(A, B, C)))
    runs.successors_stand_since(runs.now)
    (holding,) = (raw for raw in runs.tenant.transport if raw["From"] == [A, B])
    holding["Mode"] = "Audit"
    assert told(only(runs.run())) == (ChangeClass.DRIFTED, ["Mode"])
    holding["Mode"], holding["From"] = "Enforce", [A]
    assert told(only(runs.run())) == (ChangeClass.DRIFTED, ["From"])


def full(runs: Any, council: Any) -> dict[str, Any]:
    """A rule that waits with no room for another's sender beside its own; as it is stored."""
    council.options = replace(council.options, max_senders=150, rule_size_budget=6144)
    later = [f"m{number:03}{'y' * 110}@mail.example" for number in range(80)]
    runs.stand(council.case("RC-1", addresses=tuple(later)))
    earlier = [f"a{number:03}{'x' * 110}@mail.example" for number in range(30)]
    runs.decide(council.case("RC-1", addresses=(*earlier, *later)))
    runs.successors_stand_since(runs.now)
    assert (runs.run().changes, len(runs.run().settling) > 1) == ((), True)
    raw: dict[str, Any] = runs.tenant.transport[0]
    return raw


@pytest.mark.parametrize("edit", [EDITS[0], EDITS[2], EDITS[3], EDITS[5]])
def test_an_edit_of_a_rule_that_is_too_large_to_change_yet(
    runs: Any, council: Any, edit: dict[str, Any]
) -> None:
    waiting = full(runs, council)
    held = sorted(one.lower() for one in waiting["From"])
    waiting.update(edit)
    change = only(runs.run())
    assert told(change) == (ChangeClass.DRIFTED, sorted(edit))
    assert sorted(senders_of(change.target or {})) == held


def test_it_lets_go_of_whom_the_register_takes_away_meanwhile(runs: Any, council: Any) -> None:
    waiting = full(runs, council)
    gone = min(waiting["From"]).lower()
    (case,) = runs.cases
    left = tuple(one for one in case.protected.addresses if one != gone)
    found = runs.decide(council.case("RC-1", addresses=left))
    (change,) = (one for one in found.changes if one.observed_name == waiting["Name"])
    assert gone not in senders_of(
        (change.target if change.opens else (change.opening or change).target) or {}
    )


@pytest.mark.parametrize(
    "edit",
    [
        {"Mode": "Audit"},
        {"SubjectContainsWords": ["x"]},
        {"ExceptIfFrom": [A]},
        {"RedirectMessageTo": [OUTSIDE]},
    ],
)
def test_a_rule_goes_on_waiting_where_its_successor_is_being_put_right(
    runs: Any, council: Any, edit: dict[str, Any]
) -> None:
    widened(runs, council)
    runs.now += timedelta(minutes=60)
    assert [one.action for one in runs.run().changes] == [Action.DELETE]
    (successor,) = (raw for raw in runs.tenant.transport if not raw.get("SentToMemberOf"))
    successor.update(edit)
    found = runs.run()
    assert [one.action for one in found.changes] == [Action.UPDATE]
    assert [one.until for one in found.settling] == [runs.now + timedelta(minutes=60)]


def test_a_newer_decision_of_the_register_alone_does_not_make_it_wait_longer(runs: Any, council: Any) -> None:
    widened(runs, council)
    runs.now += timedelta(minutes=60)
    found = runs.decide(council.case("RC-1", addresses=(A,), allowed_recipients=(PLANNING,)))
    assert Action.DELETE in {one.action for one in found.changes}


def test_a_rule_shown_with_names_settles_all_the_same(runs: Any, council: Any) -> None:
    runs.stand(council.case("RC-1", addresses=(A,), scope_mailboxes=(OFFICER, TEAM)))
    runs.decide(council.case("RC-1", addresses=(A,), scope_mailboxes=(OFFICER,)))
    runs.stand(council.case("RC-1", addresses=(A, B), scope_mailboxes=(OFFICER,)))
    runs.decide(council.case("RC-1", addresses=(B,), scope_mailboxes=(OFFICER,)))
    runs.successors_stand_since(runs.now)
    for raw in runs.tenant.transport:
        raw["SentTo"] = ["Officer, The"]
    assert [one.until - runs.now for one in runs.run().settling] == [timedelta(minutes=60)]
    runs.now += timedelta(minutes=60)
    assert [one.action for one in runs.run().changes] == [Action.DELETE]


class TestHealing:
    def test_a_rule_that_waits_is_not_removed(self, runs: Any, council: Any) -> None:
        runs.stand(council.case("RC-1", addresses=(A, B)))
        runs.decide(council.case("RC-1", addresses=(B,)))
        runs.successors_stand_since(runs.now)
        runs.now += timedelta(minutes=5)
        assert (runs.heal().changes, len(runs.heal().settling)) == ((), 1)

    def test_a_decision_that_waits_for_apply_removes_nothing(self, runs: Any, council: Any) -> None:
        runs.stand(council.case("RC-1", addresses=(A, B)))
        runs.cases = [council.case("RC-1", addresses=(B,))]
        assert Action.DELETE not in {one.action for one in runs.heal().changes}

    def test_what_the_register_opens_meanwhile_is_open(self, runs: Any, council: Any) -> None:
        runs.stand(council.case("RC-1", addresses=(A, B)))
        runs.decide(council.case("RC-1", addresses=(B,)))
        runs.successors_stand_since(runs.now)
        runs.cases = [council.case("RC-1", addresses=(B,), allowed_recipients=(PLANNING,))]
        assert all(PLANNING in (one.target or {})["ExceptIfSentTo"] for one in runs.heal().changes)
        assert len(runs.heal().changes) == 2

    def test_newer_values_of_its_successor_wait(self, runs: Any, council: Any) -> None:
        council.know(council.recipient("point@ash.example"))
        runs.stand(council.case("RC-1", addresses=(A, B)))
        runs.decide(council.case("RC-1", addresses=(B,)))
        runs.successors_stand_since(runs.now)
        runs.cases = [council.case("RC-1", addresses=(B,), spoc_mailbox="point@ash.example")]
        assert {
            target for one in runs.heal().changes for target in (one.target or {})["RedirectMessageTo"]
        } <= set(CONTACT)
