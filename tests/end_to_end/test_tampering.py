"""Everything that an administrator or a mailbox owner can change about our rules is found, once each.

One edit for every parameter of Set-TransportRule that can be read back, all of them listed here.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from m365_restrict.sandbox.exchange.catalogue import readable_after_set

NAMES = json.loads((Path(__file__).parents[1] / "data" / "exchange_names.json").read_text())

BOX, GROUP = "surveyor@ash.example", "benefits@ash.example"
TESTS: list[tuple[Any, str]] = [
    (["else@post.example"], "From"),
    ([BOX], "SentTo ManagerAddresses AnyOfToHeader AnyOfCcHeader AnyOfToCcHeader"),
    (
        [GROUP],
        """FromMemberOf SentToMemberOf BetweenMemberOf1 BetweenMemberOf2 AnyOfToHeaderMemberOf
        AnyOfCcHeaderMemberOf AnyOfToCcHeaderMemberOf""",
    ),
    ("NotInOrganization", "FromScope SentToScope"),
    ("Recipient", "ManagerForEvaluatedUser"),
    ("Manager", "SenderManagementRelationship"),
    ("Department", "ADComparisonAttribute"),
    ("Equal", "ADComparisonOperator"),
    ("High", "WithImportance"),
    ("OOF", "MessageTypeMatches"),
    ("secret", "HasClassification"),
    ("1 MB", "AttachmentSizeOver MessageSizeOver"),
    (5, "SCLOver"),
    (["192.0.2.1"], "SenderIpRanges"),
    (
        True,
        """HasNoClassification AttachmentIsUnsupported AttachmentProcessingLimitExceeded
        AttachmentHasExecutableContent AttachmentIsPasswordProtected""",
    ),
    (
        ["urgent"],
        """SenderADAttributeContainsWords RecipientADAttributeContainsWords SubjectContainsWords
        SubjectOrBodyContainsWords FromAddressContainsWords SenderDomainIs RecipientDomainIs
        AttachmentExtensionMatchesWords AttachmentPropertyContainsWords ContentCharacterSetContainsWords
        RecipientAddressContainsWords SenderInRecipientList RecipientInSenderList AttachmentContainsWords
        AnyOfRecipientAddressContainsWords""",
    ),
    (
        ["urgent$"],
        """SenderADAttributeMatchesPatterns RecipientADAttributeMatchesPatterns SubjectMatchesPatterns
        SubjectOrBodyMatchesPatterns FromAddressMatchesPatterns AttachmentNameMatchesPatterns
        RecipientAddressMatchesPatterns AttachmentMatchesPatterns AnyOfRecipientAddressMatchesPatterns""",
    ),
]
# What must be set and cleared together is edited together, and both are told.
PAIRS = [
    ({"HeaderContainsMessageHeader": "X-Test"}, {"HeaderContainsWords": ["w"]}),
    ({"HeaderMatchesMessageHeader": "X-Test"}, {"HeaderMatchesPatterns": ["p"]}),
]
OTHERS: list[tuple[Any, str]] = [
    ("Mended by hand", "Name"),
    ("Mended by hand", "Comments"),
    ("Audit", "Mode"),
    ("2026-12-24T00:00:00Z", "ActivationDate"),
    ("2028-01-01T00:00:00Z", "ExpiryDate"),
    ("Defer", "RuleErrorAction"),
    ("HeaderOrEnvelope", "SenderAddressLocation"),
    ("Original", "RecipientAddressType"),
    ("Dlp", "RuleSubType"),
    ([BOX], "RedirectMessageTo AddToRecipients CopyTo BlindCopyTo ModerateMessageByUser"),
    (BOX, "GenerateIncidentReport"),
    (["Subject"], "IncidentReportContent"),
    ("To", "AddManagerAsRecipientType"),
    ("Append", "ApplyHtmlDisclaimerLocation"),
    ("Ignore", "ApplyHtmlDisclaimerFallbackAction"),
    (5, "SetSCL"),
    (
        "text",
        """PrependSubject ApplyClassification ApplyHtmlDisclaimerText ApplyRightsProtectionTemplate
        ApplyRightsProtectionCustomizationTemplate RemoveHeader SmtpRejectMessageRejectText
        SmtpRejectMessageRejectStatusCode LogEventText RouteMessageOutboundConnector GenerateNotification""",
    ),
    (
        True,
        """ModerateMessageByManager DeleteMessage Disconnect Quarantine RouteMessageOutboundRequireTls
        ApplyOME RemoveOME RemoveOMEv2 RemoveRMSAttachmentEncryption""",
    ),
    (False, "StopRuleProcessing"),
]
REFUSALS = {"RejectMessageReasonText": "Go away.", "RejectMessageEnhancedStatusCode": "5.7.900"}
MARK = {"SetAuditSeverity": "High"}
COPIED = (
    "Comments", "RedirectMessageTo", "ExceptIfSentTo", "ExceptIfSentToMemberOf", "ExpiryDate",
    "StopRuleProcessing",
)  # fmt: skip
REDIRECT, REFUSE = "Redirect to single contact", "Refuse with notice"


def edits() -> list[dict[str, Any]]:
    """The edits of redirects: the parameters of one Set each."""
    found = [{name: value} for value, names in (*TESTS, *OTHERS) for name in names.split()]
    found += [{f"ExceptIf{name}": value} for value, names in TESTS for name in names.split()]
    pairs = [{**one, **other} for one, other in PAIRS]
    found += pairs + [{f"ExceptIf{name}": value for name, value in pair.items()} for pair in pairs]
    return [*found, {"SetHeaderName": "X-Test", "SetHeaderValue": "v"}]


def test_the_list_of_edits_is_whole() -> None:
    """Every parameter that Microsoft documents and the sandbox reads back; Priority has its own test."""
    edited = [name for edit in (*edits(), REFUSALS, MARK) for name in edit]
    readable = set(NAMES["Set-TransportRule"]) & set(readable_after_set())
    assert sorted([*edited, "Priority"]) == sorted(readable)


def told(findings: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, str, list[str]]]:
    """Class, code and fields by case, each case once."""
    found = [(one["case_ref"], (one["class"], one["code"], _fields(one))) for one in findings]
    assert len(dict(found)) == len(found), found
    return dict(found)


def _fields(finding: Mapping[str, Any]) -> list[str]:
    return sorted(one["field"] for one in finding["fields"])


def lasting(rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The rules without what every write changes."""
    moving = {"WhenChanged", "LastModifiedBy"}
    return {
        name: {key: value for key, value in rule.items() if key not in moving} for name, rule in rules.items()
    }


BATCH = 42


@pytest.mark.behaviour(
    from_external=True,
    rejects_with_both=True,
    reason="From, and the text and the code of a refusal, are edited each on its own",
)
@pytest.mark.requirement("Y0-8", "M-14")
def test_every_parameter_that_can_be_read_back(council: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [council.case(f"RC-{number}") for number in range(1, BATCH + 1)]
    refusals = [council.case(f"RC-{90 + number}", Measure=REFUSE) for number in range(len(REFUSALS))]
    council.in_force(*cases, *refusals)
    before = lasting(council.rules())
    assert council.drift().findings() == []
    wanted = edits()
    batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
    for number, batch in enumerate(batches):
        expected = {}
        for place, edit in enumerate(batch, 1):
            expected[f"RC-{place}"] = ("drifted", "rule-drifted", sorted(edit))
            council.cmdlet("Set-TransportRule", Identity=f"RC-{place} {REDIRECT}", **edit)
        if number == 0:
            for place, name in enumerate(REFUSALS):
                expected[f"RC-{90 + place}"] = ("drifted", "rule-drifted", [name])
                council.cmdlet(
                    "Set-TransportRule", Identity=f"RC-{90 + place} {REFUSE}", **{name: REFUSALS[name]}
                )
        found = council.drift()
        assert told(found.findings()) == expected
        assert {one["changed_by"] for one in found.findings()} == {"E Admin"}
        assert {one["changed_at"] for one in found.findings()} == {"2026-11-23T09:00:00Z"}
        assert council.heal().exit_code == 0
        assert lasting(council.rules()) == before
    assert council.drift().findings() == []
    with capsys.disabled():
        here = sum(map(len, (*wanted, REFUSALS)))
        sys.stdout.write(
            f"\n{here + 2} parameters edited, each found once: {here} here, 2 in the next test\n"
        )


def test_state_order_name_stamp_copies_and_deletion(council: Any) -> None:
    """Each in a case of its own, all at once: each its own class and fields, none twice."""
    names = [f"RC-{number}" for number in range(1, 12)]
    council.in_force(*(council.case(name) for name in names))
    rules = council.ours()
    rule = {name: f"{name} {REDIRECT}" for name in names}

    def change(name: str, cmdlet: str = "Set-TransportRule", **parameters: Any) -> None:
        council.cmdlet(cmdlet, Identity=rule[name], **parameters)

    change("RC-1", "Disable-TransportRule")
    change("RC-2", "Enable-TransportRule", Mode="Audit")
    change("RC-3", "Remove-TransportRule")
    change("RC-4", Comments="")
    change("RC-5", Comments=rules[rule["RC-5"]]["Comments"][:-20])
    change("RC-6", Name="Old rule", Comments=None)
    change("RC-7", From=[])
    whole = {name: rules[rule["RC-8"]][name] for name in COPIED}
    whole |= council.senders("rc-8@post.example")
    council.cmdlet("New-TransportRule", **whole | {"Name": "Copy of a rule"})
    council.cmdlet(
        "New-TransportRule", Name="Above", From=["rc-9@post.example"], PrependSubject="[X] ",
        StopRuleProcessing=True, Priority=0,
    )  # fmt: skip
    change("RC-10", **MARK)
    change("RC-11", Priority=1)

    found = council.drift()
    assert found.exit_code == 2
    assert sorted((one["class"], one["code"], one["case_ref"], _fields(one)) for one in found.findings()) == [
        ("drifted", "rule-drifted", "RC-1", ["State"]),
        ("drifted", "rule-drifted", "RC-11", ["order"]),
        ("drifted", "rule-drifted", "RC-2", ["Mode"]),
        ("drifted", "rule-drifted", "RC-4", ["Comments"]),
        ("drifted", "rule-drifted", "RC-5", ["Comments"]),
        ("drifted", "rule-drifted", "RC-6", ["Comments", "Name"]),
        ("drifted", "rule-drifted", "RC-7", [council.sender_field]),
        ("foreign_effect", "foreign-rule-acts", "RC-9", []),
        ("foreign_effect", "rule-marked", "RC-10", ["SetAuditSeverity"]),
        ("foreign_effect", "stamp-copied", "RC-8", []),
        ("missing", "rule-missing", "RC-3", _fields(found.findings("missing")[0])),
    ]
    states = {line["case_ref"]: line["state"] for line in found.document["live"]}
    assert [name for name in names if states[name] == "in_step"] == ["RC-8", "RC-9", "RC-10"]


BOX_RULES = "/me/mailFolders/inbox/messageRules"
JUNK = {
    "Measure": "Junk in named mailboxes",
    "Scope": "Named mailboxes or services",
    "ScopeMailboxes": "planning@ash.example",
    "SpocMailbox": "",
}
STOPS = {
    "displayName": "All mail",
    "sequence": 1,
    "isEnabled": True,
    "actions": {"markAsRead": True, "stopProcessingRules": True},
}


def sender(address: str) -> dict[str, Any]:
    return {"fromAddresses": [{"emailAddress": {"address": address}}]}


# An edit of the rule's owner, and the fields that it changes in a case's Junk rule.
HOLDERS_EDITS: list[tuple[dict[str, Any], list[str]]] = [
    ({"displayName": "Mine"}, ["displayName"]),
    ({"isEnabled": False}, ["isEnabled"]),
    ({"actions": {"moveToFolder": "deleteditems", "stopProcessingRules": True}}, ["actions.moveToFolder"]),
    (
        {"actions": {"moveToFolder": "junkemail", "stopProcessingRules": True, "markAsRead": True}},
        ["actions.markAsRead"],
    ),
    ({"conditions": sender("else@post.example")}, ["conditions.fromAddresses"]),
    ({"exceptions": {"subjectContains": ["urgent"]}}, ["exceptions.subjectContains"]),
]


def test_what_the_owner_of_a_named_mailbox_does_to_its_rules(council: Any) -> None:
    box = "planning@ash.example"
    names = [f"RC-{number}" for number in range(1, len(HOLDERS_EDITS) + 2)]
    council.in_force(*(council.case(name, **JUNK) for name in names))
    assert council.drift().findings() == []
    rules = {name: _rule_of(council, box, f"{name.lower()}@post.example") for name in names}
    expected = {}
    for name, (edit, fields) in zip(names, HOLDERS_EDITS, strict=False):
        council.holder(box, "PATCH", f"{BOX_RULES}/{rules[name]['id']}", edit)
        expected[name] = ("drifted", "rule-drifted", fields)
    council.holder(box, "DELETE", f"{BOX_RULES}/{rules[names[-1]]['id']}")
    found = council.drift()
    (missing,) = found.findings("missing")
    assert (missing["case_ref"], missing["code"], missing["mailbox"]) == (names[-1], "rule-missing", box)
    assert told(found.findings("drifted")) == expected
    assert len(found.findings()) == len(names)
    assert council.heal().exit_code == 0
    assert council.drift().findings() == []


def _rule_of(council: Any, box: str, address: str) -> dict[str, Any]:
    return next(one for one in council.inbox_rules(box) if address in json.dumps(one))


def test_a_rule_that_is_put_below_one_that_stops_is_said_without_a_word_about_that_one(council: Any) -> None:
    box = "planning@ash.example"
    council.in_force(council.case("RC-1", **JUNK), inbox_rules={box: [{**STOPS, "sequence": 5}]})
    assert council.drift().findings() == []
    (ours,) = [one for one in council.inbox_rules(box) if one["displayName"] != "All mail"]
    council.holder(box, "PATCH", f"{BOX_RULES}/{ours['id']}", {"sequence": 9})
    found = council.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["class"], finding["case_ref"]) == (2, "foreign_effect", "RC-1")
    assert (finding["code"], finding["severity"]) == ("rule-stopped-above", "medium")
    assert "All mail" not in found.stdout
    assert council.plan().changes == []


def test_another_order_that_stops_nothing_is_no_difference(council: Any) -> None:
    box = "planning@ash.example"
    narrow = {**STOPS, "conditions": sender("else@post.example")}
    council.in_force(council.case("RC-1", **JUNK), inbox_rules={box: [narrow]})
    (ours,) = [one for one in council.inbox_rules(box) if one["displayName"] != "All mail"]
    council.holder(box, "PATCH", f"{BOX_RULES}/{ours['id']}", {"sequence": 9})
    assert council.drift().findings() == []


def test_what_councillors_do_to_their_own_rules_is_said_once_each_and_stands(council: Any) -> None:
    holders = council.councillors[: len(HOLDERS_EDITS) + 2]
    council.in_force(
        choices=[council.choice(one, "pat@post.example", "Junk Email") for one in holders],
        inbox_rules={holders[-1]: [{**STOPS, "sequence": 5}]},
    )
    assert council.drift().findings() == []
    for holder, (edit, _) in zip(holders, HOLDERS_EDITS, strict=False):
        (rule,) = council.inbox_rules(holder)
        body = {"conditions": edit["conditions"]} if "conditions" in edit else edit
        council.holder(holder, "PATCH", f"{BOX_RULES}/{rule['id']}", body)
    (rule,) = council.inbox_rules(holders[-2])
    council.holder(holders[-2], "DELETE", f"{BOX_RULES}/{rule['id']}")
    moved = next(one for one in council.inbox_rules(holders[-1]) if one["displayName"] != "All mail")
    council.holder(holders[-1], "PATCH", f"{BOX_RULES}/{moved['id']}", {"sequence": 9})
    found = council.drift()
    assert found.exit_code == 0
    assert {(one["class"], len(one["fields"])) for one in found.findings()} == {("holders_choice", 0)}
    assert len({one["mailbox"] for one in found.findings()}) == len(found.findings()) == len(holders)
    assert council.plan().changes == []


def test_row_27_no_rule_is_ever_asked_for_by_name(council: Any) -> None:
    """exchange.md 7.1 row 27: an unknown Identity answers with all rules."""
    council.plant(council.case("RC-1"))
    council.apply()
    asked = [one for one in council.requests() if one["cmdlet"] == "Get-TransportRule"]
    assert {one["target"] for one in asked} <= {"", None}
    assert asked


def test_a_property_from_after_our_time_is_told_and_left_until_the_rule_is_removed(council: Any) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    name = f"RC-1 {REDIRECT}"
    store, guid = council.sandbox.tenant.store, council.rules()[name]["Guid"]
    store.put("transport_rules", guid, {**store.get("transport_rules", guid), "SendToAssistant": "yes"})
    found = council.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["class"], finding["severity"]) == (2, "drifted", "high")
    assert (finding["code"], _fields(finding)) == ("unknown-property", ["SendToAssistant"])
    assert {one["case_ref"]: one["state"] for one in found.document["live"]}["RC-1"] == "differs"
    assert (council.plan().changes, council.heal().changes, council.rule_writes()) == ([], [], [])
    council.cmdlet("Remove-TransportRule", Identity=name)
    assert council.heal().exit_code == 0
    assert council.drift().findings() == []


def test_a_name_that_somebody_else_has_taken_is_not_fought_over(council: Any) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    name = f"RC-1 {REDIRECT}"
    council.cmdlet("Set-TransportRule", Identity=name, Name="Old rule")
    council.cmdlet("New-TransportRule", Name=name.upper(), SentTo=["parks@ash.example"], SetSCL=5)
    (finding,) = council.drift().findings()
    assert (finding["class"], finding["code"], finding["case_ref"]) == (
        "foreign_effect",
        "name-taken",
        "RC-1",
    )
    before = lasting(council.rules())
    assert (council.heal().changes, council.apply().changes) == ([], [])
    assert lasting(council.rules()) == before
    assert council.mail("rc-1@post.example", ["officer@ash.example"])[0]["outcome"] == "redirected"
