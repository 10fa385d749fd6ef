"""What does not depend on the register is asked for while the register is read, and told after it."""

from typing import Any

import pytest


@pytest.fixture
def live(council: Any) -> Any:
    council.in_force(council.case("RC-1"))
    return council


def names(requests: list[dict[str, Any]]) -> list[str]:
    return [one["cmdlet"] or one["path"].partition("?")[0].rpartition("/")[2] for one in requests]


def test_people_and_rules_are_asked_for_before_the_last_list_is_read(live: Any) -> None:
    live.plan()
    asked = names(live.requests())
    last_items = max(place for place, name in enumerate(asked) if name == "items")
    assert max(asked.index("groups"), asked.index("Get-TransportRule")) < last_items


def test_each_is_asked_for_once(live: Any) -> None:
    live.plan()
    asked = names(live.requests())
    once = ("Get-TransportRule", "Get-TransportConfig", "Get-AcceptedDomain")
    assert [asked.count(name) for name in once] == [1, 1, 1]


@pytest.fixture
def chosen(council: Any) -> Any:
    """Rules of ours stand in the mailboxes of all councillors."""
    council.in_force(
        choices=[council.choice(cllr, "x@post.example", "Junk Email") for cllr in council.councillors]
    )
    return council


def test_mailboxes_with_rules_of_ours_are_asked_before_the_last_list_is_read(chosen: Any) -> None:
    chosen.plan()
    asked = names(chosen.requests())
    assert asked.index("messageRules") < max(place for place, name in enumerate(asked) if name == "items")


@pytest.mark.parametrize("verb", ["plan", "drift", "apply"])
def test_each_mailbox_is_asked_once(chosen: Any, verb: str) -> None:
    chosen.run(verb)
    asked = [one["path"].lower() for one in chosen.requests() if "messagerules" in one["path"].lower()]
    assert len(asked) == len(set(asked)) == len(chosen.councillors)


def test_a_mailbox_in_which_no_rule_stands_yet_is_asked_as_well(council: Any) -> None:
    first, second = council.councillors[:2]
    council.in_force(choices=[council.choice(first, "x@post.example", "Junk Email")])
    council.add(by=second, title="Councillor mail choices", Title="x@post.example", Handling="Junk Email")
    planned = council.plan()
    assert [one["action"] for one in planned.changes] == ["create"]
    assert names(council.requests()).count("messageRules") == 2


def test_where_the_register_cannot_be_read_nobody_waits_for_the_mailboxes(chosen: Any) -> None:
    slow = {"match": {"path_regex": "(?i)messagerules"}, "do": "delay", "ms": 2000, "times": 99}
    denied = {"match": {"path_regex": "(?i)/sites/"}, "do": "status", "status": 403, "times": 9}
    chosen.sandbox.control("POST", "faults", [slow, denied])
    assert chosen.plan().document["error"]["code"] == "permission-missing"
    assert names(chosen.requests()).count("messageRules") < len(chosen.councillors)


def test_a_mailbox_that_cannot_be_read_ahead_is_unknown_alone(chosen: Any) -> None:
    chosen.fault("status", status=403, times=9, path_regex=f"(?i){chosen.councillors[0]}/.*messagerules")
    done = chosen.plan()
    assert len(done.document["unknown"]) == 1
    assert done.changes == []


def test_validate_asks_for_no_rules(live: Any) -> None:
    live.run("validate")
    asked = names(live.requests())
    assert not {"Get-TransportRule", "Get-TransportConfig", "messageRules"} & set(asked)


def test_rules_that_cannot_be_read_leave_their_limits_unasked(live: Any) -> None:
    live.fault("status", status=403, times=9, cmdlet="Get-TransportRule")
    assert [one["scope"] for one in live.plan().document["unknown"]] == ["transport rules"]
    assert "Get-TransportConfig" not in names(live.requests())


def test_of_two_failures_the_register_s_is_told(live: Any) -> None:
    nobody = {"POLICY__APPROVERS": "nobody@ash.example"}
    assert live.plan(settings=nobody).document["error"]["code"] == "settings-invalid"
    live.fault("status", status=403, times=9, path_regex="(?i)/lists/[^/]+/items")
    failed = live.plan(settings=nobody)
    assert failed.document["error"]["code"] == "permission-missing", failed.document["error"]
    assert "list" in failed.document["error"]["message"]
