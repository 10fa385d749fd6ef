"""The rows of exchange.md 7.1 and graph.md 1.6."""

from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.rules.normalise import observe_inbox_rule, observe_transport_rule, read_instant
from m365_restrict.rules.token import token_for

PLAIN: dict[str, Any] = {"Name": "R", "Guid": "g", "Priority": 0, "State": "Enabled", "Mode": "Enforce"}
BARE = {"Name": "R", "State": "Enabled", "Mode": "Enforce"}


def props(**more: Any) -> dict[str, Any]:
    return dict(observe_transport_rule(PLAIN | more).properties)


@pytest.mark.parametrize(
    ("row", "raw"),
    [
        (2, {"From": None, "SentTo": [], "Comments": ""}),
        (7, {"Priority": "3"}),
        (9, {"Comments": "\n"}),
        (11, {"SenderAddressLocation": "Header", "RecipientAddressType": "Resolved"}),
        (11, {"RuleErrorAction": "Ignore", "RuleSubType": "None", "DeleteMessage": False}),
        (12, {"SetAuditSeverity": "Medium"}),
        (13, {"RejectMessageEnhancedStatusCode": "5.7.1"}),
        (17, {"Description": "Si le message", "Conditions": ["x"], "Actions": ["y"], "Exceptions": None}),
        (18, {"Identity": "R"}),
        (19, {"Priority@data.type": "System.Int32", "From@odata.type": "#Collection(String)"}),
        (22, {"DlpPolicyId": "0000", "ManuallyModified": False, "Size": 382, "IsValid": True}),
        (25, {"WhenChanged": "2026-07-23T21:51:45.0000000+00:00"}),
    ],
)
def test_what_is_no_difference(row: int, raw: dict[str, Any]) -> None:
    assert props(**raw) == BARE, f"row {row}"


@pytest.mark.parametrize(
    ("raw", "name", "normal"),
    [
        ({"State": "Disabled"}, "State", "Disabled"),
        ({"Mode": "audit"}, "Mode", "Audit"),
        ({"From": ["B@x.example ", "a@X.example"]}, "From", ("a@x.example", "b@x.example")),
        ({"From": "a@x.example"}, "From", ("a@x.example",)),
        ({"FromAddressMatchesPatterns": [""]}, "FromAddressMatchesPatterns", None),
        ({"SubjectContainsWords": "Bins"}, "SubjectContainsWords", ("Bins",)),
        ({"PrependSubject": "EXTERNAL: "}, "PrependSubject", "EXTERNAL: "),
        ({"SetSCL": 5}, "SetSCL", "5"),
        ({"RejectMessageReasonText": "Don’t"}, "RejectMessageReasonText", "Don't"),
        ({"Comments": "a\r\nb "}, "Comments", "a\nb"),
        ({"IsValid": False}, "IsValid", False),
        ({"FutureProperty": {"b": 1}}, "FutureProperty", '{"b": 1}'),
        ({"SenderAddressLocation": "headerorenvelope"}, "SenderAddressLocation", "HeaderOrEnvelope"),
        (
            {"ExpiryDate": "2027-03-28T23:00:00.0000000+00:00"},
            "ExpiryDate",
            datetime(2027, 3, 28, 23, tzinfo=UTC),
        ),
    ],
)
def test_what_values_become(raw: dict[str, Any], name: str, normal: object) -> None:
    assert props(**raw).get(name) == normal


@pytest.mark.parametrize(
    "text", ["2027-03-28T23:00:00Z", "/Date(1806274800000)/", "2027-03-29T00:00:00.0000000+01:00"]
)
def test_spellings_of_one_instant(text: str) -> None:
    assert read_instant(text) == datetime(2027, 3, 28, 23, tzinfo=UTC)


def test_an_unreadable_date_stays_a_difference() -> None:
    assert props(ExpiryDate="soon")["ExpiryDate"] == "soon"


def test_who_changed_a_rule() -> None:
    rule = observe_transport_rule(
        PLAIN | {"LastModifiedBy": "A Admin", "WhenChanged": "2026-07-23T21:51:45.0000000+00:00"}
    )
    assert (rule.changed_by, rule.changed_at) == ("A Admin", datetime(2026, 7, 23, 21, 51, 45, tzinfo=UTC))


TOKEN = token_for("choice-1", "ash-1")
INBOX: dict[str, Any] = {
    "id": "rule-1",
    "displayName": f"Council mail choice [{TOKEN}]",
    "isEnabled": True,
    "conditions": {"fromAddresses": [{"emailAddress": {"name": "", "address": "Bob@X.example"}}]},
    "actions": {"moveToFolder": "AAMk1", "stopProcessingRules": True},
}


def inbox(raw: dict[str, Any], **more: Any) -> Any:
    return observe_inbox_rule(
        raw, mailbox="m@ash.example", instance_id="ash-1", folders={"AAMk1": "junkemail"}, **more
    )


def test_an_inbox_rule_is_reduced_to_what_counts() -> None:
    assert inbox(INBOX).properties == {
        "displayName": INBOX["displayName"],
        "isEnabled": True,
        "conditions.fromAddresses": ("bob@x.example",),
        "actions.moveToFolder": "junkemail",
        "actions.stopProcessingRules": True,
    }


@pytest.mark.parametrize("empty", [None, False, [], {}])
def test_absent_null_false_and_empty_are_one(empty: object) -> None:
    raw = INBOX | {"conditions": INBOX["conditions"] | {"sentToMe": empty}, "exceptions": empty or None}
    assert inbox(raw).properties == inbox(INBOX).properties


def test_an_added_condition_is_kept() -> None:
    raw = INBOX | {"conditions": INBOX["conditions"] | {"subjectContains": ["BINS"]}}
    assert inbox(raw).properties["conditions.subjectContains"] == ("bins",)


def test_the_owners_own_rule_is_not_kept() -> None:
    assert inbox(INBOX | {"displayName": "Newsletters"}) is None


def test_a_rule_of_another_instance_is_not_kept() -> None:
    assert inbox(INBOX | {"displayName": f"x [{token_for('choice-1', 'ash-2')}]"}) is None


def test_a_renamed_rule_is_known_by_its_id() -> None:
    assert inbox(INBOX | {"displayName": "Mine now"}, known_ids=frozenset({"rule-1"})).token == ""
