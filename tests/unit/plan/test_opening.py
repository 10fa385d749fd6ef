from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.plan.opening import only_opens, opened

EARLY, LATE = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 3, 8, tzinfo=UTC)
RULE: dict[str, Any] = {
    "Name": "RC-1",
    "State": "Enabled",
    "Mode": "Enforce",
    "From": ("a@x.example", "b@x.example"),
    "ExceptIfSentTo": ("c@ash.example",),
    "RedirectMessageTo": ("contact@ash.example",),
    "ExpiryDate": LATE,
}
OPENINGS: list[dict[str, Any]] = [
    {"From": ("a@x.example",)},
    {"ExceptIfSentTo": ("c@ash.example", "d@ash.example")},
    {"ExceptIfSentToMemberOf": ("g@ash.example",)},
    {"ExpiryDate": EARLY},
    {"SentTo": ("m@ash.example",)},
    {"State": "Disabled"},
    {"Mode": "Audit"},
    {"ActivationDate": EARLY},
]
OTHERS: list[dict[str, Any]] = [
    {"From": ("a@x.example", "b@x.example", "z@x.example")},
    {"From": ("z@x.example",)},
    {"From": None},
    {"ExceptIfSentTo": None},
    {"ExceptIfSentTo": ("d@ash.example",)},
    {"ExpiryDate": None},
    {"ExpiryDate": datetime(2027, 9, 1, tzinfo=UTC)},
    {"RedirectMessageTo": ("other@ash.example",)},
    {"StopRuleProcessing": True},
    {"SenderAddressLocation": "HeaderOrEnvelope"},
]


def changed(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (RULE | change).items() if value is not None}


@pytest.mark.parametrize("change", OPENINGS)
def test_what_only_opens(change: dict[str, Any]) -> None:
    assert only_opens(RULE, changed(change))


@pytest.mark.parametrize("change", OPENINGS)
def test_its_reverse_does_not(change: dict[str, Any]) -> None:
    assert not only_opens(changed(change), RULE)


@pytest.mark.parametrize("change", OTHERS)
def test_what_does_not_only_open(change: dict[str, Any]) -> None:
    assert not only_opens(RULE, changed(change))


def test_removing_the_rule_opens() -> None:
    assert only_opens(RULE, None)


def test_putting_senders_back_into_a_rule_that_meets_all_mail_opens() -> None:
    assert only_opens(changed({"From": None}), RULE)


def test_a_new_name_alone_decides_nothing() -> None:
    assert only_opens(RULE, RULE | {"Name": "RC-1 (1)", "Comments": "…"})


SENDERS = frozenset(RULE["From"])


@pytest.mark.parametrize("change", OPENINGS)
def test_every_opening_is_taken(change: dict[str, Any]) -> None:
    assert opened(RULE, changed(change), SENDERS & set(changed(change)["From"])) == changed(change)


@pytest.mark.parametrize("change", OTHERS[3:])
def test_nothing_else_is_taken(change: dict[str, Any]) -> None:
    result = opened(RULE, changed(change), SENDERS)
    assert result is not None
    assert only_opens(RULE, result)
    assert {"d@ash.example", "c@ash.example"} >= set(result["ExceptIfSentTo"])


def test_a_mixed_change_is_taken_apart() -> None:
    mixed = RULE | {"From": ("a@x.example", "z@x.example"), "ExceptIfSentTo": ("d@ash.example",)}
    assert opened(RULE, mixed, frozenset(mixed["From"])) == RULE | {
        "From": ("a@x.example",),
        "ExceptIfSentTo": ("c@ash.example", "d@ash.example"),
    }


def test_a_rule_without_anyone_left_is_no_rule() -> None:
    assert opened(RULE, RULE | {"From": ("z@x.example",)}, frozenset({"z@x.example"})) is None


def test_a_sender_that_moved_to_another_rule_of_the_case_is_not_let_through() -> None:
    assert opened(RULE, changed(OPENINGS[0]), SENDERS) == RULE


def test_the_exemption_of_a_new_target_waits_with_the_target() -> None:
    rerouted = {
        "RedirectMessageTo": ("other@ash.example",),
        "ExceptIfSentTo": ("c@ash.example", "other@ash.example"),
    }
    assert opened(RULE, changed(rerouted), SENDERS) == RULE


def test_an_exemption_beside_a_new_target_is_taken() -> None:
    exempt = ("c@ash.example", "d@ash.example", "other@ash.example")
    rerouted = changed({"RedirectMessageTo": ("other@ash.example",), "ExceptIfSentTo": exempt})
    assert opened(RULE, rerouted, SENDERS) == RULE | {"ExceptIfSentTo": exempt[:2]}


def test_the_opening_part_never_puts_a_second_sender_condition_beside_the_first() -> None:
    pattern = ("^a@x\\.example$",)
    before = {**RULE, "FromAddressMatchesPatterns": pattern}
    del before["From"]
    form = opened(before, RULE, frozenset(RULE["From"]))
    assert form == before


def test_a_group_that_is_exempt_already_is_not_named_as_a_mailbox_beside() -> None:
    """Where the directory does not answer, nobody knows that an allowed recipient is a group."""
    before = {**RULE, "ExceptIfSentTo": ("b@ash.example",), "ExceptIfSentToMemberOf": ("team@ash.example",)}
    after = {**before, "ExceptIfSentTo": ("b@ash.example", "team@ash.example")}
    assert opened(before, after, SENDERS) == before
