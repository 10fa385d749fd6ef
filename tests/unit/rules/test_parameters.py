from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.rules.parameters import UnwritableRule, message_rule_body, new_parameters, set_parameters

TARGET: dict[str, Any] = {
    "Name": "RC-1 Redirect to single contact",
    "State": "Enabled",
    "Mode": "Enforce",
    "Comments": "Case …",
    "From": ("a@x.example",),
    "RedirectMessageTo": ("contact@ash.example",),
    "StopRuleProcessing": True,
    "ExpiryDate": datetime(2027, 3, 28, 23, tzinfo=UTC),
}


def test_a_rule_is_created_disabled() -> None:
    assert new_parameters(TARGET)["Enabled"] is False


def test_creating_sends_no_nulls() -> None:
    assert None not in new_parameters(TARGET).values()


def test_set_has_no_parameter_for_the_state() -> None:
    assert not {"State", "Enabled"} & set(set_parameters(TARGET, TARGET))


def test_set_always_carries_the_sender_condition() -> None:
    assert set_parameters(TARGET, TARGET)["From"] == ["a@x.example"]


@pytest.mark.parametrize("name", ["SentTo", "SentToMemberOf", "ExceptIfSentTo", "ExceptIfSentToMemberOf"])
def test_owned_lists_are_cleared_by_name(name: str) -> None:
    assert set_parameters(TARGET, TARGET)[name] == []


@pytest.mark.parametrize(
    ("current", "name", "cleared"),
    [
        ({"SubjectContainsWords": ("x",)}, "SubjectContainsWords", []),
        ({"DeleteMessage": True}, "DeleteMessage", False),
        ({"SetSCL": "9"}, "SetSCL", None),
        ({"ActivationDate": datetime(2027, 1, 1, tzinfo=UTC)}, "ActivationDate", None),
        ({"HeaderContainsMessageHeader": "X-A"}, "HeaderContainsWords", []),
        ({"RejectMessageReasonText": "No"}, "RejectMessageEnhancedStatusCode", None),
        ({"FromAddressMatchesPatterns": ("^a$",)}, "FromAddressMatchesPatterns", []),
        ({"SenderAddressLocation": "Envelope"}, "SenderAddressLocation", "Header"),
        ({"RuleSubType": "Dlp"}, "RuleSubType", "None"),
    ],
)
def test_what_an_administrator_added_is_cleared(current: dict[str, Any], name: str, cleared: object) -> None:
    assert set_parameters(TARGET, TARGET | current)[name] == cleared


def test_what_cannot_be_set_is_never_sent() -> None:
    current = TARGET | {"IsValid": False, "DlpPolicy": "P", "UseLegacyRegex": True}
    assert not {"IsValid", "DlpPolicy", "UseLegacyRegex"} & set(set_parameters(TARGET, current))


def test_instants_go_out_in_utc() -> None:
    assert new_parameters(TARGET)["ExpiryDate"] == "2027-03-28T23:00:00Z"


@pytest.mark.parametrize(
    "senders",
    [{}, {"From": ()}, {"From": ("",)}, {"From": ("a@x",), "FromAddressMatchesPatterns": ("^b$",)}],
)
def test_a_rule_without_one_sender_condition_is_never_written(senders: dict[str, Any]) -> None:
    target = {name: value for name, value in TARGET.items() if name != "From"} | senders
    with pytest.raises(ValueError, match="sender condition"):
        set_parameters(target, TARGET)
    with pytest.raises(ValueError, match="sender condition"):
        new_parameters(target)


INBOX: dict[str, Any] = {
    "displayName": "Council mail choice [k3v7q2mx]",
    "isEnabled": True,
    "conditions.fromAddresses": ("a@x.example",),
    "actions.moveToFolder": "Set aside",
    "actions.stopProcessingRules": True,
}


def test_the_whole_message_rule_is_sent() -> None:
    sender = {"emailAddress": {"name": "a@x.example", "address": "a@x.example"}}
    assert message_rule_body(INBOX, folders={"Set aside": "AAMk2"}, sequence=1) == {
        "displayName": "Council mail choice [k3v7q2mx]",
        "sequence": 1,
        "isEnabled": True,
        "conditions": {"fromAddresses": [sender]},
        "exceptions": None,
        "actions": {"moveToFolder": "AAMk2", "stopProcessingRules": True},
    }


def test_a_folder_without_an_id_is_an_error() -> None:
    with pytest.raises(UnwritableRule, match="folder"):
        message_rule_body(INBOX, folders={}, sequence=1)


def test_an_inbox_rule_without_senders_is_never_written() -> None:
    with pytest.raises(ValueError, match="senders"):
        message_rule_body(INBOX | {"conditions.fromAddresses": ()}, folders={}, sequence=1)
