"""The 28 rows of exchange.md 7.1 and the rows of graph.md 1.6, a test named after each.

Row 27 is about what is asked of Exchange: tests/end_to_end/test_tampering.py.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.difference import difference
from m365_restrict.rules.normalise import observe_inbox_rule, observe_transport_rule, read_instant
from m365_restrict.rules.parameters import new_parameters, set_parameters
from m365_restrict.rules.properties import transport_properties
from m365_restrict.rules.token import token_for

PLAIN: dict[str, Any] = {"Name": "R", "Guid": "g", "Priority": 0, "State": "Enabled", "Mode": "Enforce"}
BARE = {"Name": "R", "State": "Enabled", "Mode": "Enforce"}
OURS: dict[str, Any] = {**BARE, "From": ("a@x.example",), "RedirectMessageTo": ("contact@ash.example",)}


def props(**more: Any) -> dict[str, Any]:
    return dict(observe_transport_rule(PLAIN | more).properties)


def test_row_01_state_is_read_and_enabled_is_sent() -> None:
    assert props(State="Disabled")["State"] == "Disabled"
    assert "Enabled" not in props(Enabled=False)
    assert new_parameters(OURS)["Enabled"] is False


@pytest.mark.parametrize("empty", [None, "", [], [""]])
def test_row_02_every_empty_list_is_the_same(empty: Any) -> None:
    assert props(SentTo=empty, Comments=None if empty == [""] else empty) == BARE


def test_row_03_objects_in_a_list_are_kept_and_not_taken_for_nothing() -> None:
    words = [{"Value": "bins"}, {"Value": "Roads"}]
    assert props(SubjectContainsWords=words)["SubjectContainsWords"] == tuple(
        map(json.dumps, reversed(words))
    )


def test_row_04_order_in_a_list_is_nothing() -> None:
    senders = ["b@x.example", "a@x.example"]
    assert props(From=senders) == props(From=[*reversed(senders), *senders])


def test_row_05_case_and_blanks_count_in_words_and_not_in_addresses() -> None:
    assert props(From=[" B@X.example "])["From"] == ("b@x.example",)
    assert props(SenderDomainIs=["X.Example"])["SenderDomainIs"] == ("x.example",)
    assert props(SubjectContainsWords=["Bins"])["SubjectContainsWords"] == ("Bins",)


def test_row_06_a_bare_string_is_a_list_of_one() -> None:
    assert props(From="a@x.example") == props(From=["a@x.example"])


@pytest.mark.parametrize("priority", ["3", 3])
def test_row_07_priority_is_a_number_and_never_compared_as_such(priority: Any) -> None:
    assert observe_transport_rule(PLAIN | {"Priority": priority}).priority == 3
    assert props(Priority=priority) == BARE


@pytest.mark.parametrize(
    "text", ["2027-03-28T23:00:00Z", "/Date(1806274800000)/", "2027-03-29T00:00:00.0000000+01:00"]
)
def test_row_08_spellings_of_one_instant(text: str) -> None:
    assert props(ExpiryDate=text)["ExpiryDate"] == datetime(2027, 3, 28, 23, tzinfo=UTC)


def test_row_08_an_unreadable_date_stays_a_difference() -> None:
    assert props(ExpiryDate="soon")["ExpiryDate"] == "soon"


@pytest.mark.parametrize(
    ("text", "normal"), [("\n", None), ("a\r\nb ", "a\nb"), ("\na\n", "a")], ids=["blank", "crlf", "outer"]
)
def test_row_09_line_ends_of_comments(text: str, normal: str | None) -> None:
    assert props(Comments=text).get("Comments") == normal


@pytest.mark.parametrize("name", ["RejectMessageReasonText", "Comments", "PrependSubject"])
def test_row_10_smart_quotes_are_plain_ones(name: str) -> None:
    assert props(**{name: "Don’t “ask”"})[name] == 'Don\'t "ask"'


@pytest.mark.parametrize(
    "defaults",
    [
        {"SenderAddressLocation": "Header", "RecipientAddressType": "Resolved", "RuleErrorAction": "Ignore"},
        {"RuleSubType": "None", "Mode": None, "DeleteMessage": False, "ExceptIfHasNoClassification": False},
    ],
)
def test_row_11_defaults_are_no_difference(defaults: dict[str, Any]) -> None:
    assert props(**defaults) == BARE
    assert observe_transport_rule(PLAIN | defaults).out_of_reach == {}


def test_row_12_an_audit_severity_is_a_mark_and_no_difference() -> None:
    rule = observe_transport_rule(PLAIN | {"SetAuditSeverity": "Medium"})
    assert (rule.properties, rule.marks) == (BARE, {"SetAuditSeverity": "Medium"})


def test_row_13_the_default_code_of_a_refusal_is_no_difference() -> None:
    assert props(RejectMessageEnhancedStatusCode="5.7.1") == BARE
    assert props(RejectMessageEnhancedStatusCode="5.7.900") != BARE


@pytest.mark.parametrize("name", ["SetSCL", "SCLOver", "ExceptIfSCLOver"])
def test_row_14_a_number_may_come_as_text(name: str) -> None:
    assert props(**{name: 5}) == props(**{name: "5"}) == BARE | {name: "5"}


def test_row_15_a_recipient_shown_by_name_is_kept_for_whoever_can_tell() -> None:
    """`plan.out_of_reach` reports it and writes nothing (tests/unit/plan/test_out_of_reach.py)."""
    assert props(SentTo=["Planning"])["SentTo"] == ("planning",)


def test_row_16_the_main_address_is_sent_where_the_register_names_an_alias(council: Any) -> None:
    council.know(council.recipient("contact@ash.example", asked="alias@ash.example"))
    (rule,) = council.compile([council.case("RC-1", spoc_mailbox="alias@ash.example")]).transport
    assert transport_properties(rule)["RedirectMessageTo"] == ("contact@ash.example",)


def test_row_17_sentences_and_class_names_are_never_compared() -> None:
    told = {"Description": "Si le message", "Conditions": ["x"], "Actions": ["y"], "Exceptions": None}
    assert props(**told) == BARE


def test_row_18_the_guid_identifies_a_rule_and_its_identity_is_not_compared() -> None:
    rule = observe_transport_rule(PLAIN | {"Identity": "r", "DistinguishedName": "CN=r"})
    assert (rule.guid, rule.properties, rule.out_of_reach) == ("g", BARE, {})


def test_row_19_type_side_cars_are_dropped() -> None:
    cars = {"Priority@data.type": "System.Int32", "From@odata.type": "#Collection(String)"}
    rule = observe_transport_rule(PLAIN | cars)
    assert (rule.properties, rule.out_of_reach) == (BARE, {})


def test_row_20_new_and_set_have_builders_of_their_own() -> None:
    assert "Enabled" in new_parameters(OURS)
    assert "Enabled" not in set_parameters(OURS, OURS)
    assert "UseLegacyRegex" not in new_parameters(OURS | {"UseLegacyRegex": True})


@pytest.mark.parametrize(
    ("set_now", "cleared"),
    [
        ({"HeaderContainsMessageHeader": "X-A"}, {"HeaderContainsWords": []}),
        ({"HeaderContainsWords": ("w",)}, {"HeaderContainsMessageHeader": None}),
        ({"ExceptIfHeaderMatchesPatterns": ("p",)}, {"ExceptIfHeaderMatchesMessageHeader": None}),
        ({"SetHeaderName": "X-A"}, {"SetHeaderValue": None}),
    ],
)
def test_row_21_header_and_words_are_cleared_together(
    set_now: dict[str, Any], cleared: dict[str, Any]
) -> None:
    sent = set_parameters(OURS, OURS | set_now)
    assert {name: sent.get(name, "not sent") for name in cleared} == cleared
    assert not any(sent[name] for name in set_now)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HasSenderOverride", True),
        ("ExceptIfMessageContainsDataClassifications", [{"Name": "Card"}]),
        ("UseLegacyRegex", True),
        ("DlpPolicy", "P"),
        ("NewThing", "x"),
    ],
)
def test_row_22_what_cannot_be_set_or_is_not_known_is_kept_apart(name: str, value: Any) -> None:
    rule = observe_transport_rule(PLAIN | {name: value})
    assert (rule.properties, set(rule.out_of_reach)) == (BARE, {name})
    assert name not in set_parameters(OURS, {**OURS, **rule.all_properties})


def test_row_23_every_field_has_its_own_type() -> None:
    assert props(IncidentReportContent="Subject") == props(IncidentReportContent=["Subject"])
    assert props(GenerateIncidentReport=["M@x.example"])["GenerateIncidentReport"] == "m@x.example"
    assert set_parameters(OURS, OURS | {"GenerateIncidentReport": "m@x"})["GenerateIncidentReport"] is None
    assert set_parameters(OURS, OURS | {"IncidentReportContent": ("Subject",)})["IncidentReportContent"] == []


def test_row_24_a_trailing_blank_of_a_text_counts() -> None:
    assert props(PrependSubject="EXTERNAL: ")["PrependSubject"] == "EXTERNAL: "


def test_row_25_fractions_of_a_second_are_read() -> None:
    raw = PLAIN | {"LastModifiedBy": "A Admin", "WhenChanged": "2026-07-23T21:51:45.0000000+00:00"}
    rule = observe_transport_rule(raw)
    assert (rule.changed_by, rule.changed_at) == ("A Admin", datetime(2026, 7, 23, 21, 51, 45, tzinfo=UTC))
    assert read_instant("2026-07-23T21:51:45.1234567+00:00") is not None


def test_row_26_a_failed_read_is_unknown_and_nothing_follows_from_it(council: Any) -> None:
    desired = council.compile([council.case("RC-1")])
    applied = council.applied(desired, council.tenant(desired))
    given = council.compare(desired, council.tenant(desired), applied)
    unread = Unknown("transport rules", "throttled")
    found = difference(replace(given, observed=replace(given.observed, transport=unread)))
    assert (found.changes, found.unknown) == ((), (unread,))


@pytest.mark.parametrize("senders", [{}, {"From": ()}, {"From": (" ",)}])
def test_row_28_nothing_is_sent_without_a_sender_condition(senders: dict[str, Any]) -> None:
    target = {name: value for name, value in OURS.items() if name != "From"} | senders
    with pytest.raises(ValueError, match="sender condition"):
        set_parameters(target, OURS)


@pytest.mark.parametrize("mode", ["audit", "AUDIT"])
def test_names_of_enumerations_ignore_case(mode: str) -> None:
    assert props(Mode=mode)["Mode"] == "Audit"


def test_that_the_service_cannot_run_a_rule_is_a_difference() -> None:
    assert props(IsValid=False, IsRuleConfigurationSupported=True) == BARE | {"IsValid": False}


@pytest.mark.parametrize("unset", [None, False, 0, "", [], {}])
def test_an_unknown_property_that_looks_unset_is_nothing(unset: Any) -> None:
    assert observe_transport_rule(PLAIN | {"NewThing": unset}).out_of_reach == {}


TOKEN = token_for("choice-1", "ash-1")
INBOX: dict[str, Any] = {
    "id": "rule-1",
    "displayName": f"Council mail choice [{TOKEN}]",
    "isEnabled": True,
    "conditions": {"fromAddresses": [{"emailAddress": {"name": "", "address": "bob@x.example"}}]},
    "actions": {"moveToFolder": "AAMk1", "stopProcessingRules": True},
}


def inbox(raw: dict[str, Any], **more: Any) -> Any:
    return observe_inbox_rule(
        raw, mailbox="m@ash.example", instance_id="ash-1", folders={"AAMk1": "junkemail"}, **more
    )


def conditions(**more: Any) -> dict[str, Any]:
    return INBOX | {"conditions": INBOX["conditions"] | more}


def test_an_inbox_rule_is_reduced_to_what_counts() -> None:
    assert inbox(INBOX).properties == {
        "displayName": INBOX["displayName"],
        "isEnabled": True,
        "conditions.fromAddresses": ("bob@x.example",),
        "actions.moveToFolder": "junkemail",
        "actions.stopProcessingRules": True,
    }


@pytest.mark.parametrize("name", ["senderContains", "subjectContains", "bodyContains", "headerContains"])
def test_graph_row_1_words_come_back_in_capitals(name: str) -> None:
    assert (
        inbox(conditions(**{name: ["BINS"]})).properties == inbox(conditions(**{name: ["bins"]})).properties
    )


@pytest.mark.parametrize("empty", [None, False, [], {}])
def test_graph_row_2_absent_null_false_and_empty_are_one(empty: Any) -> None:
    raw = conditions(sentToMe=empty) | {"exceptions": empty or None}
    assert inbox(raw).properties == inbox(INBOX).properties


def test_graph_row_2_whole_members_may_be_missing() -> None:
    raw = {name: value for name, value in INBOX.items() if name != "conditions"} | {"isReadOnly": True}
    assert "conditions.fromAddresses" not in inbox(raw).properties


@pytest.mark.parametrize(
    "shown", [{"name": "Bob", "address": "bob@x.example"}, {"name": "x", "address": "BOB@X.example "}]
)
def test_graph_row_3_the_name_and_case_of_a_sender_are_nothing(shown: dict[str, str]) -> None:
    assert inbox(conditions(fromAddresses=[{"emailAddress": shown}])).properties == inbox(INBOX).properties


def test_graph_row_3_a_legacy_name_is_kept_for_whoever_can_tell() -> None:
    raw = conditions(fromAddresses=[{"emailAddress": {"address": "/o=ExchangeLabs/cn=Bob"}}])
    assert inbox(raw).properties["conditions.fromAddresses"] == ("/o=exchangelabs/cn=bob",)


def test_an_added_condition_is_kept() -> None:
    assert inbox(conditions(subjectContains=["BINS"])).properties["conditions.subjectContains"] == ("bins",)


def test_the_owners_own_rule_is_not_kept() -> None:
    assert inbox(INBOX | {"displayName": "Newsletters"}) is None


def test_a_rule_of_another_instance_is_not_kept() -> None:
    assert inbox(INBOX | {"displayName": f"x [{token_for('choice-1', 'ash-2')}]"}) is None


def test_a_renamed_rule_is_known_by_its_id() -> None:
    assert inbox(INBOX | {"displayName": "Mine now"}, known_ids=frozenset({"rule-1"})).token == ""
