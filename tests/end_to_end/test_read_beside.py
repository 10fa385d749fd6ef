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
