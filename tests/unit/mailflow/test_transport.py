from datetime import UTC, datetime

import pytest

from m365_restrict.mailflow.behaviour import AfterRedirect, StopReach, TransportBehaviour, Undecided
from m365_restrict.mailflow.message import read_message
from m365_restrict.mailflow.stored_rule import read_rules
from m365_restrict.mailflow.transport import LOOP_REPORT, TransportCopy, TransportOutcome, run_transport_rules

SENDER = "resident@mail.example"
TEAM = "team@ashbourne.example"
A, B, C = (f"{name}@ashbourne.example" for name in "abc")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def rule(name: str = "R", priority: int = 0, **parameters: object) -> dict[str, object]:
    return {"Name": name, "Priority": priority, "State": "Enabled", "Mode": "Enforce", **parameters}


def run(town, rules, recipients=(A,), *, sender=SENDER, headers="", **behaviour) -> tuple[TransportCopy, ...]:
    message = read_message(f"From: {sender}\r\nTo: {A}\r\n{headers}\r\n".encode(), sender)
    return run_transport_rules(message, recipients, rules, town, NOW, TransportBehaviour(**behaviour))


def outcomes(copies) -> list[str]:
    return [copy.outcome.value for copy in copies]


def test_without_rules_every_recipient_has_a_copy_in_one_fork(town) -> None:
    copies = run(town, [], (A, B))
    assert [(copy.recipient, copy.target, copy.fork) for copy in copies] == [(A, A, 0), (B, B, 0)]


def test_no_recipient_is_no_copy(town) -> None:
    assert run(town, [rule(From=[SENDER], BlindCopyTo=[TEAM])], ()) == ()


def test_a_recipient_named_twice_has_two_lines_of_one_fork(town) -> None:
    copies = run(town, [], (A, "Alex@ashbourne.example", A))
    assert [(copy.recipient, copy.targets, copy.fork) for copy in copies] == [
        (A, (A,), 0),
        ("Alex@ashbourne.example", (A,), 0),
        (A, (A,), 0),
    ]


def test_a_match_for_some_splits_the_fork(town) -> None:
    copies = run(town, [rule(From=[SENDER], SentTo=[B], RedirectMessageTo=[TEAM])], (A, B, C))
    assert copies[0].fork == copies[2].fork != copies[1].fork


def test_a_recipient_who_has_left_with_another_fork_gets_a_copy_of_this_one(town) -> None:
    """Also where an earlier rule acted on the message while both were its recipients."""
    rules = [
        rule("Disclaimer", 0, ApplyHtmlDisclaimerText="x"),
        rule("Copy", 1, From=[SENDER], ExceptIfSentTo=[B], BlindCopyTo=[B]),
    ]
    assert [(copy.recipient, copy.added_by) for copy in run(town, rules, (A, B))] == [
        (A, None),
        (B, None),
        (B, "Copy"),
    ]


def test_forks_of_two_rules_to_one_target_stay_two_messages(town) -> None:
    rules = [
        rule("First", 0, From=[SENDER], SentTo=[A], RedirectMessageTo=[TEAM]),
        rule("Second", 1, From=[SENDER], SentTo=[B], RedirectMessageTo=[TEAM]),
    ]
    copies = run(town, rules, (A, B))
    assert {(copy.fork, copy.target) for copy in copies} == {(0, TEAM), (1, TEAM)}


def test_an_added_copy_is_a_fork_of_its_own(town) -> None:
    original, added = run(town, [rule(From=[SENDER], BlindCopyTo=[TEAM])])
    assert (added.recipient, added.added_by, added.fork == original.fork) == (TEAM, "R", False)


def test_each_fork_gets_its_own_added_copy(town) -> None:
    rules = [
        rule("Split", 0, SentTo=[A], SetHeaderName="X"),
        rule("Copy", 1, From=[SENDER], BlindCopyTo=[TEAM]),
    ]
    assert len([copy for copy in run(town, rules, (A, B)) if copy.added_by]) == 2


def test_reject_wins_over_redirect_in_one_rule(town) -> None:
    copies = run(town, [rule(RejectMessageReasonText="No.", RedirectMessageTo=[TEAM])])
    assert outcomes(copies) == ["reject"]


def test_a_second_redirect_of_a_continuing_fork_is_refused(town) -> None:
    rules = [rule("One", 0, RedirectMessageTo=[TEAM]), rule("Two", 1, SentTo=[TEAM], RedirectMessageTo=[B])]
    (copy,) = run(town, rules, after_redirect=AfterRedirect.CONTINUE)
    assert (copy.outcome, copy.ndr, copy.targets) == (TransportOutcome.REJECT, LOOP_REPORT, ())


def test_a_continuing_redirect_is_seen_by_later_rules_as_addressed_to_its_target(town) -> None:
    rules = [rule("One", 0, RedirectMessageTo=[TEAM]), rule("Two", 1, SentTo=[A], DeleteMessage=True)]
    (copy,) = run(town, rules, after_redirect=AfterRedirect.CONTINUE)
    assert copy.outcome is TransportOutcome.REDIRECT


def test_a_stop_of_the_whole_message_reaches_the_other_fork(town) -> None:
    rules = [rule("Stop", 0, SentTo=[A], StopRuleProcessing=True), rule("Drop", 1, DeleteMessage=True)]
    assert outcomes(run(town, rules, (A, B))) == ["deliver", "drop"]
    assert outcomes(run(town, rules, (A, B), stop_reach=StopReach.MESSAGE)) == ["deliver", "deliver"]


@pytest.mark.parametrize(
    ("sees_all", "expected"), [(True, ["reject", "deliver"]), (False, ["reject", "drop"])]
)
def test_whether_a_fork_sees_the_recipients_of_the_other(town, sees_all, expected) -> None:
    rules = [
        rule("First", 0, SentTo=[A], RejectMessageReasonText="No."),
        rule("Second", 1, ExceptIfAnyOfRecipientAddressContainsWords=[A], DeleteMessage=True),
    ]
    assert outcomes(run(town, rules, (A, B), sees_all_forks=sees_all)) == expected


def test_a_rule_that_policy_settled_is_named_with_its_reason(town) -> None:
    (copy,) = run(town, [rule(AttachmentSizeOver="1MB", DeleteMessage=True)])
    assert (copy.unsettled[0].rule, "AttachmentSizeOver" in copy.unsettled[0].reason) == ("R", True)


def test_a_rule_that_another_condition_settles_is_not_open(town) -> None:
    (copy,) = run(town, [rule(From=["x@y.example"], SCLOver=5, DeleteMessage=True)])
    assert copy.unsettled == ()


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [(Undecided.ACTS, "drop"), (Undecided.SKIPPED, "deliver"), (Undecided.NOT_MATCHED, "drop")],
)
def test_an_open_exception_is_settled_by_policy(town, policy, outcome) -> None:
    rules = [rule(From=[SENDER], ExceptIfSCLOver=5, DeleteMessage=True)]
    assert outcomes(run(town, rules, undecided=policy)) == [outcome]


def test_an_exception_that_nobody_knows_is_open(town) -> None:
    (copy,) = run(town, [rule(From=[SENDER], ExceptIfMoonIsFull=True, DeleteMessage=True)])
    assert copy.unsettled[0].reason == "MoonIsFull is not known here"


def test_an_unreadable_expiry_is_open(town) -> None:
    rules = [rule(From=[SENDER], ExpiryDate="soon", DeleteMessage=True)]
    assert outcomes(run(town, rules)) == ["deliver"]
    assert outcomes(run(town, rules, undecided=Undecided.ACTS)) == ["drop"]


def test_an_unreadable_expiry_does_not_matter_to_other_senders(town) -> None:
    (copy,) = run(town, [rule(From=["x@y.example"], ExpiryDate="soon", DeleteMessage=True)])
    assert copy.unsettled == ()


@pytest.mark.parametrize(
    ("parameters", "headers", "acts"),
    [
        ({"WithImportance": "High"}, "Importance: high\r\n", True),
        ({"WithImportance": "Low"}, "Importance: high\r\n", False),
        ({"MessageSizeOver": "10 B"}, "", True),
        ({"MessageSizeOver": "10 MB (10,485,760 bytes)"}, "", False),
        (
            {"HeaderMatchesMessageHeader": "X-Kind", "HeaderMatchesPatterns": ["^news"]},
            "X-Kind: newsletter\r\n",
            True,
        ),
        ({"SubjectMatchesPatterns": ["^re:"]}, "Subject: RE: bins\r\n", True),
        ({"SubjectOrBodyContainsWords": ["bins"]}, "Subject: RE: bins\r\n", True),
        ({"MessageTypeMatches": "AutoForward"}, "Auto-Submitted: auto-forwarded\r\n", True),
        ({"SenderDomainIs": ["@mail.example"]}, "", True),
        ({"FromScope": "InOrganization"}, "", False),
        ({"AnyOfToHeaderMemberOf": ["all@ashbourne.example"]}, "", True),
        ({"AnyOfToHeader": ["Alex@Ashbourne.example"]}, "", True),
    ],
)
def test_predicates_of_the_whole_message(town, parameters, headers, acts) -> None:
    assert outcomes(run(town, [rule(**parameters, DeleteMessage=True)], headers=headers)) == [
        "drop" if acts else "deliver"
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"MessageSizeOver": "huge"},
        {"FromScope": "Moon"},
        {"SentToScope": "ExternalPartner"},
        {"MessageTypeMatches": "ApprovalRequest"},
    ],
)
def test_values_that_cannot_be_evaluated_are_open(town, parameters) -> None:
    (copy,) = run(town, [rule(**parameters, DeleteMessage=True)])
    assert len(copy.unsettled) == 1


def test_a_pattern_that_matches_settles_one_that_cannot_be_read(town) -> None:
    (copy,) = run(town, [rule(FromAddressMatchesPatterns=["(?i)x", "^resident@"], DeleteMessage=True)])
    assert (copy.outcome, copy.unsettled) == (TransportOutcome.DROP, ())


def test_only_rules_that_name_the_sender_or_no_sender_are_candidates(town) -> None:
    rules = [rule("Mine", 2, From=[SENDER.upper()]), rule("Other", 1, From=["x@y.example"]), rule("Any", 0)]
    assert [each.name for each in read_rules(rules, town).candidates([SENDER])] == ["Any", "Mine"]


def test_rules_read_once_do_not_ask_the_directory_again(town) -> None:
    read = read_rules([rule(From=[SENDER], ExceptIfSentTo=[B, C], RedirectMessageTo=[TEAM])], town)
    run(town, read)
    asked = town.asked
    run(town, read)
    assert town.asked == asked


def test_rules_without_priority_run_as_listed(town) -> None:
    rules = [{"Name": "One", "SetHeaderName": "X"}, {"Name": "Two", "SetHeaderName": "X"}]
    assert run(town, rules)[0].rules == ("One", "Two")
