"""Transport rules over the wire: made disabled, proven, judged by what stands when nobody answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from m365_restrict.rules.transport_rule import SenderMatch

MADE = [("RC-1", "applied")]
SHORT = {"EXCHANGE__TIMEOUT_SECONDS": "0.5", "EXCHANGE__DEADLINE_SECONDS": "0.1"}
ONE, TWO = ("a@mail.example",), ("a@mail.example", "b@mail.example")
WRITES = ["New", "Enable", "Set", "Remove"]
NAME = "RC-1 Redirect to single contact"
ONE_SET = pytest.mark.behaviour(
    clears_with="both", reason="the fault meets the first Set, which elsewhere may only find out how to clear"
)
CONTACT = {"contact@ash.example": "The contact point"}


def scene(desk: Any, write: str) -> None:
    """Something to do that needs this cmdlet, and no more than one change."""
    desk.cases = [desk.council.case("RC-1", addresses=ONE)]
    if write in {"New", "Enable"}:
        return
    assert desk.carry_out(desk.plan()) == MADE
    desk.cases = [desk.council.case("RC-1", addresses=TWO)] if write == "Set" else []


def stands(desk: Any, write: str) -> None:
    """One rule as wanted, or none, never two, and nothing left to do."""
    ours = [name for name in desk.rules() if name.startswith("RC-1")]
    assert len(ours) == (write != "Remove")
    assert desk.in_step()


@pytest.mark.parametrize(
    ("write", "fault"),
    # The others answer with nothing, which cannot be cut short.
    [
        ("New", "truncate"),
        *(
            pytest.param(write, fault, marks=[ONE_SET] if write == "Set" else [])
            for write in WRITES
            for fault in ("reset_after_commit", "delay")
        ),
    ],
)
def test_an_answer_that_is_lost_after_the_write_duplicates_nothing(desk: Any, write: str, fault: str) -> None:
    scene(desk, write)
    more = {"ms": 1500} if fault == "delay" else {}
    desk.settings = SHORT
    desk.fault(fault, cmdlet=f"{write}-TransportRule", **more)
    assert desk.carry_out(desk.plan()) == MADE
    stands(desk, write)


@pytest.mark.parametrize("write", WRITES)
def test_503_after_the_write_duplicates_nothing(desk: Any, answered_503: Any, write: str) -> None:
    scene(desk, write)
    answered_503(lambda _method, _path, body: f"{write}-TransportRule".encode() in body)
    assert desk.carry_out(desk.plan()) == MADE
    stands(desk, write)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_was_not_done_has_failed_and_the_next_run_does_it(desk: Any, write: str) -> None:
    scene(desk, write)
    desk.fault("status", status=500, cmdlet=f"{write}-TransportRule")
    assert desk.carry_out(desk.plan()) == [("RC-1", "failed")]
    assert desk.carry_out(desk.plan()) == MADE
    stands(desk, write)


def test_a_new_rule_is_made_disabled_read_back_and_enabled(desk: Any) -> None:
    scene(desk, "New")
    plan = desk.plan()
    desk.requests()
    desk.carry_out(plan)
    cmdlets = [one["cmdlet"] for one in desk.requests() if one["cmdlet"]]
    assert cmdlets == ["New-TransportRule", "Get-TransportRule", "Enable-TransportRule", "Get-TransportRule"]
    assert desk.rules()[NAME]["State"] == "Enabled"


@pytest.mark.parametrize("dropped", ["From", "RedirectMessageTo", "ExceptIfSentToMemberOf", "ExpiryDate"])
def test_a_new_rule_that_lost_a_parameter_is_removed_and_never_enabled(desk: Any, dropped: str) -> None:
    desk.behave(drop_parameter=dropped)
    scene(desk, "New")
    desk.requests()
    assert desk.carry_out(desk.plan()) == [("RC-1", "failed")]
    assert f"differs from what was sent in {dropped}" in desk.recorded[0].reason
    assert "Enable-TransportRule" not in {one["cmdlet"] for one in desk.requests()}
    assert list(desk.rules()) == ["Foreign 1", "Foreign 2"]


@pytest.mark.parametrize("lost", [False, True])
def test_a_new_rule_that_came_up_enabled_without_its_sender_does_not_stay(desk: Any, *, lost: bool) -> None:
    """The answer may be lost as well: what stands is judged, not what was heard."""
    scene(desk, "New")
    plan = desk.plan()
    desk.fault("drop_parameter", cmdlet="New-TransportRule", parameter="Enabled")
    desk.behave(drop_parameter="From")
    if lost:
        desk.fault("reset_after_commit", cmdlet="New-TransportRule")
    assert desk.carry_out(plan) == [("RC-1", "failed")]
    assert list(desk.rules()) == ["Foreign 1", "Foreign 2"]


def ungated(desk: Any) -> Any:
    """A plan that puts back a sender condition; Exchange will ignore it, so the rule acts on all mail."""
    scene(desk, "Set")
    empty = None if desk.sandbox.tenant.behaviour.clears_with == "null" else []
    parameters = {"Identity": NAME, "From": empty}
    body = {"by": "officer@ash.example", "cmdlet": "Set-TransportRule", "parameters": parameters}
    assert desk.sandbox.control("POST", "cmdlet", body).is_success
    plan = desk.plan()
    desk.behave(drop_parameter="From")
    return plan


def test_a_rule_that_lost_its_sender_in_an_update_is_disabled_at_once(desk: Any) -> None:
    assert desk.carry_out(ungated(desk)) == [("RC-1", "failed")]
    assert desk.rules()[NAME]["State"] == "Disabled"
    assert "disabled at once" in desk.recorded[0].reason


@ONE_SET
def test_a_rule_that_only_ends_later_than_was_sent_stays_enabled(desk: Any) -> None:
    scene(desk, "Set")
    desk.cases = [desk.council.case("RC-1", addresses=ONE, ends_on=date(2026, 12, 31))]
    desk.fault("drop_parameter", cmdlet="Set-TransportRule", parameter="ExpiryDate")
    assert desk.carry_out(desk.plan()) == [("RC-1", "failed")]
    assert desk.rules()[NAME]["State"] == "Enabled"


def test_every_write_of_a_rule_carries_its_whole_sender_condition(desk: Any) -> None:
    scene(desk, "Set")
    desk.carry_out(desk.plan())
    assert sorted(desk.rules()[NAME]["From"]) == list(TWO)
    assert desk.recorded[0].applied.properties["From"] == TWO


def test_a_rule_that_was_disabled_at_once_is_remembered_so(desk: Any) -> None:
    desk.carry_out(ungated(desk))
    (rule,) = [one for one in desk.observed().transport if one.name == NAME]
    assert desk.recorded[0].applied.properties == rule.properties
    assert rule.properties["State"] == "Disabled"


def test_a_rule_that_could_not_be_disabled_is_said_to_be_on(desk: Any) -> None:
    plan = ungated(desk)
    desk.fault("status", status=400, cmdlet="Disable-TransportRule")
    assert desk.carry_out(plan) == [("RC-1", "failed")]
    assert "disable it by hand" in desk.recorded[0].reason
    assert desk.recorded[0].applied.properties["State"] == "Enabled"


def test_a_rule_that_is_left_as_it_came_back_is_remembered_so(desk: Any) -> None:
    scene(desk, "Set")
    desk.behave(drop_parameter="Comments")
    assert desk.carry_out(desk.plan()) == [("RC-1", "failed")]
    assert "left as it came back" in desk.recorded[0].reason
    assert desk.recorded[0].applied.properties["From"] == TWO


def test_an_update_of_a_rule_whose_recipient_is_shown_by_name_leaves_it_on(
    desk: Any, shown_by_name: Any
) -> None:
    scene(desk, "Set")
    shown_by_name(CONTACT)
    assert desk.carry_out(desk.plan()) == MADE
    assert desk.rules()[NAME]["State"] == "Enabled"
    assert desk.recorded[0].applied.properties["RedirectMessageTo"] == tuple(CONTACT)


def test_another_contact_of_a_rule_that_shows_names_leaves_it_on(desk: Any, shown_by_name: Any) -> None:
    scene(desk, "Set")
    shown_by_name({**CONTACT, "planning@ash.example": "The planners"})
    desk.cases = [desk.council.case("RC-1", addresses=TWO, spoc_mailbox="planning@ash.example")]
    assert desk.carry_out(desk.plan()) == MADE
    assert desk.rules()[NAME]["State"] == "Enabled"
    assert desk.recorded[0].applied.properties["RedirectMessageTo"] == ("planning@ash.example",)


def test_a_contact_that_did_not_change_although_it_was_to_is_not_taken_for_the_other(
    desk: Any, shown_by_name: Any
) -> None:
    scene(desk, "Set")
    shown_by_name(CONTACT)
    desk.behave(drop_parameter="RedirectMessageTo")
    desk.cases = [desk.council.case("RC-1", addresses=ONE, spoc_mailbox="planning@ash.example")]
    assert desk.carry_out(desk.plan()) == [("RC-1", "failed")]
    assert "RedirectMessageTo" in desk.recorded[0].reason


def test_a_name_too_many_that_was_taken_away_leaves_the_rule_on(desk: Any, shown_by_name: Any) -> None:
    scene(desk, "Remove")
    desk.cases = [desk.council.case("RC-1", addresses=ONE)]
    both = {"Identity": NAME, "RedirectMessageTo": ["contact@ash.example", "officer@ash.example"]}
    body = {"by": "officer@ash.example", "cmdlet": "Set-TransportRule", "parameters": both}
    assert desk.sandbox.control("POST", "cmdlet", body).is_success
    shown_by_name({**CONTACT, "officer@ash.example": "An officer"})
    assert desk.carry_out(desk.plan()) == MADE
    assert desk.rules()[NAME]["State"] == "Enabled"


def test_a_name_that_the_rule_did_not_show_before_stands_for_nobody(desk: Any, shown_by_name: Any) -> None:
    scene(desk, "Set")
    plan = desk.plan()
    shown_by_name(CONTACT)
    assert desk.carry_out(plan) == [("RC-1", "failed")]
    assert "RedirectMessageTo" in desk.recorded[0].reason


def test_a_refused_update_of_a_rule_that_shows_a_name_leaves_it_on(desk: Any, shown_by_name: Any) -> None:
    """Fewer senders are wanted; that the old ones still stand is no reason to switch the rule off."""
    desk.cases = [desk.council.case("RC-1", addresses=TWO)]
    assert desk.carry_out(desk.plan()) == MADE
    desk.cases = [desk.council.case("RC-1", addresses=ONE)]
    shown_by_name(CONTACT)
    desk.fault("status", status=400, cmdlet="Set-TransportRule")
    assert desk.carry_out(desk.plan()) == [("RC-1", "failed")]
    assert desk.rules()[NAME]["State"] == "Enabled"


def resting(plan: Any) -> list[Any]:
    """The plan's one change, with a rule that is to be switched off; `undo` asks for that."""
    (change,) = plan.changes
    return [replace(change, target={**change.target, "State": "Disabled"})]


@pytest.mark.parametrize("write", ["New", "Set"])
def test_a_rule_that_is_to_rest_is_switched_off(desk: Any, write: str) -> None:
    scene(desk, write)
    plan = desk.plan()
    assert desk.carry_out(plan, resting(plan)) == MADE
    assert desk.rules()[NAME]["State"] == "Disabled"


def test_a_new_rule_that_is_to_rest_is_never_enabled(desk: Any) -> None:
    scene(desk, "New")
    plan = desk.plan()
    desk.requests()
    desk.carry_out(plan, resting(plan))
    assert "Enable-TransportRule" not in {one["cmdlet"] for one in desk.requests()}


@pytest.mark.parametrize("fault", ["reset_after_commit", "status"])
def test_a_rule_that_is_to_rest_is_judged_by_what_stands(desk: Any, fault: str) -> None:
    scene(desk, "Set")
    plan = desk.plan()
    desk.fault(fault, cmdlet="Disable-TransportRule", **({"status": 400} if fault == "status" else {}))
    done = fault == "reset_after_commit"
    assert desk.carry_out(plan, resting(plan)) == [("RC-1", "applied" if done else "failed")]
    assert desk.recorded[0].applied.properties["State"] == ("Disabled" if done else "Enabled")


@pytest.fixture
def own_clock(desk: Any) -> Any:
    """A rule in a tenant that takes no offset, in summer time: each of its ends is sent twice."""
    desk.behave(expiry_offset="ignored")
    desk.cases = [desk.council.case("RC-1", addresses=ONE, ends_on=date(2027, 6, 30))]
    assert desk.carry_out(desk.plan()) == MADE
    return desk


@pytest.fixture
def second_set_fails(desk: Any, put_between: Any) -> Callable[[str], None]:
    """Let Exchange refuse the Set that follows this cmdlet."""

    def _refuse(cmdlet: str) -> None:
        pending = [True]

        def _pass_on(_method: str, _path: str, body: bytes, answer: Any) -> tuple[int, bytes]:
            if pending and f"{cmdlet}-TransportRule".encode() in body:
                pending.clear()
                desk.fault("status", status=400, cmdlet="Set-TransportRule")
            return answer.status_code, answer.content

        put_between(_pass_on)

    return _refuse


@pytest.mark.behaviour(from_external=True, reason="the sender condition moves from From to patterns")
def test_a_rule_that_lost_its_sender_is_disabled_before_its_end_is_sent_again(own_clock: Any) -> None:
    desk = own_clock
    desk.council.options = replace(desk.council.options, sender_match=SenderMatch.PATTERNS)
    plan = desk.plan()
    desk.behave(drop_parameter="FromAddressMatchesPatterns")
    desk.requests()
    assert desk.carry_out(plan) == [("RC-1", "failed")]
    calls = [(one["cmdlet"], one["status"]) for one in desk.requests() if one["cmdlet"]]
    # A Set that was refused only found out how this tenant clears a property.
    taken = [cmdlet for cmdlet, status in calls if status < 400]
    assert taken == ["Set-TransportRule", "Get-TransportRule", "Disable-TransportRule", "Get-TransportRule"]
    assert desk.rules()[NAME]["State"] == "Disabled"


@ONE_SET
def test_an_end_that_an_earlier_run_left_as_the_service_took_it_is_put_right(
    own_clock: Any, second_set_fails: Any
) -> None:
    """Nothing but the end differs, and the first Set of it comes back as what stood before."""
    desk = own_clock
    desk.cases = [desk.council.case("RC-1", addresses=TWO, ends_on=date(2027, 6, 30))]
    plan = desk.plan()
    second_set_fails("Set")
    assert desk.carry_out(plan) == [("RC-1", "failed")]
    assert desk.carry_out(desk.plan()) == MADE
    assert desk.in_step()


@ONE_SET
def test_a_rule_whose_end_could_not_be_sent_again_is_remembered_as_it_stands(
    own_clock: Any, second_set_fails: Any
) -> None:
    desk = own_clock
    desk.cases = [desk.council.case("RC-1", addresses=TWO, ends_on=date(2027, 6, 30))]
    plan = desk.plan()
    second_set_fails("Set")
    assert desk.carry_out(plan) == [("RC-1", "failed")]
    assert "differs from what was sent in ExpiryDate" in desk.recorded[0].reason
    (rule,) = [one for one in desk.observed().transport if one.name == NAME]
    assert desk.recorded[0].applied.properties == rule.properties
    assert (rule.enabled, rule.properties["From"]) == (True, TWO)


def test_a_new_rule_whose_end_could_not_be_sent_again_is_removed(desk: Any, second_set_fails: Any) -> None:
    desk.behave(expiry_offset="ignored")
    desk.cases = [desk.council.case("RC-1", addresses=ONE, ends_on=date(2027, 6, 30))]
    second_set_fails("New")
    assert desk.carry_out(desk.plan()) == [("RC-1", "failed")]
    assert list(desk.rules()) == ["Foreign 1", "Foreign 2"]


@pytest.mark.parametrize("more", [{"addresses": ONE}, {"allowed_recipients": ("officer@ash.example",)}])
def test_a_change_that_does_not_show_for_long_switches_nothing_off(desk: Any, more: dict[str, Any]) -> None:
    """What stood before acts on more than is wanted now; that it still shows proves nothing."""
    desk.cases = [desk.council.case("RC-1", addresses=TWO)]
    assert desk.carry_out(desk.plan()) == MADE
    desk.cases = [desk.council.case("RC-1", **{"addresses": TWO, **more})]
    plan = desk.plan()
    desk.fault("stale_read", times=9, cmdlet="Get-TransportRule")
    assert desk.carry_out(plan) == [("RC-1", "failed")]
    assert "still shows the rule as it stood before" in desk.recorded[0].reason
    assert desk.recorded[0].applied is None
    assert desk.sandbox.control("DELETE", "faults").is_success
    assert desk.rules()[NAME]["State"] == "Enabled"
    assert desk.in_step()
