"""Writes whose answer never arrives: the rule is read again and judged by what stands, not by the silence."""

from typing import Any

import pytest

OFFICER, CONTACT = "officer@ash.example", "contact@ash.example"
REDIRECT = "RC-1 Redirect to single contact"
RULES = "/messageRules"
LOST = "reset_after_commit"
NO_SECOND_ATTEMPT = {"EXCHANGE__DEADLINE_SECONDS": "0.01"}
DONE = ("applied", 0)


def outcome(answer: Any) -> tuple[str, int]:
    (change,) = answer.changes
    return change["outcome"], answer.exit_code


def in_step(council: Any) -> bool:
    planned = council.plan()
    return (planned.exit_code, planned.changes) == (0, [])


@pytest.mark.parametrize(
    "cmdlet", ["New-TransportRule", "Enable-TransportRule", "Set-TransportRule", "Remove-TransportRule"]
)
def test_a_transport_rule_is_judged_by_what_stands(council: Any, cmdlet: str) -> None:
    case = council.case("RC-1")
    if cmdlet in {"New-TransportRule", "Enable-TransportRule"}:
        council.plant(case)
    else:
        council.in_force(case)
        status = "Lifted" if cmdlet == "Remove-TransportRule" else "Approved"
        council.edit(1, by=OFFICER, Status=status, EndsOn="2027-03-01")
    council.fault(LOST, cmdlet=cmdlet)
    assert outcome(council.apply(settings=NO_SECOND_ATTEMPT)) == DONE
    assert in_step(council)


@pytest.mark.parametrize("cmdlet", ["Set-TransportRule", "Remove-TransportRule"])
def test_a_transport_write_that_was_not_done_has_failed(council: Any, cmdlet: str) -> None:
    council.in_force(council.case("RC-1"))
    status = "Lifted" if cmdlet == "Remove-TransportRule" else "Approved"
    council.edit(1, by=OFFICER, Status=status, EndsOn="2027-03-01")
    council.fault("status", status=500, cmdlet=cmdlet)
    failed = council.apply()
    assert outcome(failed) == ("failed", 4)
    assert f"Exchange answered {cmdlet} with HTTP 500" in failed.changes[0]["reason"]
    assert outcome(council.apply()) == DONE


def choose(council: Any, *handlings: str) -> str:
    """A councillor's choice in force, changed to the last of `handlings`."""
    holder = str(council.councillors[0])
    first, *later = handlings
    chosen = [council.choice(holder, "x@post.example", first)]
    if later:
        council.in_force(choices=chosen)
        council.edit(1, by=holder, title="Councillor mail choices", Handling=later[0])
    else:
        council.plant(choices=chosen)
    return holder


WRITES = [
    ("POST", ("Junk Email",)),
    ("PATCH", ("Junk Email", "Move to folder")),
    ("DELETE", ("Junk Email", "Leave in Inbox")),
]


@pytest.mark.parametrize(("method", "handlings"), WRITES)
def test_an_inbox_rule_is_judged_by_what_stands(
    council: Any, method: str, handlings: tuple[str, ...]
) -> None:
    holder = choose(council, *handlings)
    council.fault(LOST, method=method, path_regex=RULES)
    assert outcome(council.apply()) == DONE
    assert len(council.inbox_rules(holder)) == (method != "DELETE")
    assert in_step(council)


@pytest.mark.parametrize(("method", "handlings"), WRITES)
def test_an_inbox_write_that_was_not_done_has_failed(
    council: Any, method: str, handlings: tuple[str, ...]
) -> None:
    choose(council, *handlings)
    council.fault("reset_before", method=method, path_regex=RULES)
    assert outcome(council.apply()) == ("failed", 4)
    assert outcome(council.apply()) == DONE


def test_a_silence_that_nobody_can_look_behind_has_failed(council: Any) -> None:
    choose(council, "Junk Email", "Move to folder")
    council.fault(LOST, method="PATCH", path_regex=RULES)
    council.fault("status", status=403, method="GET", path_regex=RULES)
    answer = council.apply()
    assert answer.document["error"] is None


def test_a_new_choice_that_reads_back_differently_is_never_blamed_on_its_holder(council: Any) -> None:
    holder = council.councillors[0]
    choices = [council.choice(holder, "x@post.example", "Junk Email")]
    council.plant(choices=choices, behaviour={"drop_parameter": "stopProcessingRules"})
    for _ in range(2):
        assert outcome(council.apply()) == ("failed", 4)
        assert council.inbox_rules(holder) == []
        assert council.drift().findings("holders_choice") == []


def test_a_changed_choice_that_reads_back_differently_is_never_blamed_on_its_holder(council: Any) -> None:
    holder = choose(council, "Category only", "Junk Email")
    behaviour = council.sandbox.tenant.document["behaviour"]
    store = council.sandbox.tenant.store
    document = {**council.sandbox.tenant.document}
    document["behaviour"] = {**behaviour, "drop_parameter": "stopProcessingRules"}
    store.put("tenant", "tenant", document)
    for _ in range(2):
        assert outcome(council.apply()) == ("failed", 4)
        assert council.drift().findings("holders_choice") == []
    store.put("tenant", "tenant", {**document, "behaviour": behaviour})
    assert outcome(council.apply()) == DONE
    assert len(council.inbox_rules(holder)) == 1
