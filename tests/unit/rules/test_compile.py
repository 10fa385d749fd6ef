"""The table of measures, and what refuses a case."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from m365_restrict.register.case import Measure, Scope
from m365_restrict.register.recipient import RecipientKind, Unresolved
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.compilation import Blocks
from m365_restrict.rules.properties import transport_properties
from m365_restrict.rules.stamp import Stamp, digest_of, parse_stamp
from m365_restrict.rules.transport_rule import SenderMatch

SPOC, OFFICER, PLANNING = "contact@ash.example", "officer@ash.example", "planning@ash.example"
COUNCILLOR, PROTECTED, TEAM = "cllr.b@ash.example", "monitoring@ash.example", "team@ash.example"


@pytest.mark.parametrize(
    ("measure", "action", "stops"),
    [
        (Measure.REDIRECT, {"RedirectMessageTo": (SPOC,)}, True),
        (Measure.FILE, {"RedirectMessageTo": (SPOC,)}, True),
        (Measure.ALLOWED_ONLY, {"RedirectMessageTo": (SPOC,)}, True),
        (Measure.COPY, {"BlindCopyTo": (SPOC,)}, False),
        (
            Measure.REFUSE,
            {
                "RejectMessageReasonText": "This message was not delivered. How to reach us: "
                "the contact route given in our letter to you. "
                "Reference RC-2026-001."
            },
            True,
        ),
    ],
)
def test_each_measure_has_one_action(
    council: Any, measure: Measure, action: dict[str, Any], stops: bool
) -> None:
    properties = council.one(council.case(measure=measure))
    actions = {"RedirectMessageTo", "BlindCopyTo", "RejectMessageReasonText"}
    assert {name: properties[name] for name in actions & set(properties)} == action
    assert properties.get("StopRuleProcessing", False) is stops


@pytest.mark.parametrize("measure", [Measure.REQUESTED, Measure.NO_EMAIL])
def test_measures_without_rules(council: Any, measure: Measure) -> None:
    desired = council.compile([council.case(measure=measure)])
    assert (desired.transport, desired.inbox, desired.problems) == ((), (), ())


@pytest.mark.requirement("M-17", "W-4", "Y1-23")
@pytest.mark.parametrize(
    "measure", [Measure.REDIRECT, Measure.COPY, Measure.ALLOWED_ONLY, Measure.FILE, Measure.REFUSE]
)
def test_exempt_recipients_under_every_measure(council: Any, measure: Measure) -> None:
    properties = council.one(council.case(measure=measure, allowed_recipients=(OFFICER, TEAM)))
    assert properties["ExceptIfSentTo"] == tuple(sorted((SPOC, OFFICER, PROTECTED, COUNCILLOR)))
    assert properties["ExceptIfSentToMemberOf"] == ("councillors@ash.example", TEAM)


def test_the_whole_council_has_no_recipient_condition(council: Any) -> None:
    assert not {"SentTo", "SentToMemberOf"} & set(council.one(council.case()))


def test_named_mailboxes_and_groups_need_a_rule_each(council: Any) -> None:
    rules = council.compile([council.case(scope_mailboxes=(OFFICER, TEAM))]).transport
    first, second = (transport_properties(rule) for rule in rules)
    assert (first["SentTo"], second["SentToMemberOf"]) == ((OFFICER,), (TEAM,))
    assert OFFICER in second["ExceptIfSentTo"]
    assert [rule.name[-4:] for rule in rules] == [" (1)", " (2)"]


def test_named_rules_stand_above_whole_council_ones(council: Any) -> None:
    cases = [council.case("RC-1"), council.case("RC-2", scope_mailboxes=(OFFICER,))]
    assert [rule.case_reference for rule in council.compile(cases).transport] == ["RC-2", "RC-1"]


@pytest.mark.parametrize(
    ("ends_on", "instant"),
    [
        (date(2027, 3, 27), datetime(2027, 3, 28, 0, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 26, 0, tzinfo=UTC)),
        (date(2026, 10, 24), datetime(2026, 10, 24, 23, tzinfo=UTC)),
    ],
)
def test_native_expiry_over_both_clock_changes(council: Any, ends_on: date, instant: datetime) -> None:
    assert council.one(council.case(ends_on=ends_on))["ExpiryDate"] == instant


def test_the_stamp_names_case_key_and_what_was_applied(council: Any) -> None:
    properties = council.one(council.case())
    assert str(properties["Comments"]).startswith(
        "Case RC-2026-001, ends 7 March 2027. Change it in the register, not here.\n"
    )
    assert parse_stamp(str(properties["Comments"])) == Stamp(
        "ash-1", "RC-2026-001", "RC-2026-001/whole/1", digest_of(properties)
    )


def test_no_person_in_name_or_comments(council: Any) -> None:
    properties = council.one(council.case(addresses=("jane.doe@mail.example",)))
    assert "jane" not in f"{properties['Name']}{properties['Comments']}".lower()


def test_many_addresses_are_split(council: Any) -> None:
    addresses = tuple(f"a{number:04}@long-domain-of-mail.example" for number in range(400))
    rules = council.compile([council.case(addresses=addresses)]).transport
    assert sorted(sender for rule in rules for sender in rule.senders) == sorted(addresses)
    assert rules[0].name == "RC-2026-001 Redirect to single contact (1)"
    assert len({rule.key for rule in rules}) == len(rules) > 2


def test_patterns_where_the_tenant_takes_no_outside_from(council: Any) -> None:
    council.options = replace(council.options, sender_match=SenderMatch.PATTERNS)
    properties = council.one(council.case(addresses=("a.b@mail.example",)))
    assert properties["FromAddressMatchesPatterns"] == (r"^a\.b@mail\.example$",)
    assert "From" not in properties


def spoc_with(council: Any, kind: RecipientKind = RecipientKind.SHARED_MAILBOX, **more: Any) -> None:
    council.know(council.recipient(SPOC, kind, **more))


@pytest.mark.requirement("M-45")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": RecipientKind.GROUP}, RuleCode.SINGLE_CONTACT_NOT_A_MAILBOX),
        ({"kind": RecipientKind.GUEST}, RuleCode.SINGLE_CONTACT_NOT_A_MAILBOX),
        ({"kind": RecipientKind.ON_PREMISES_MAILBOX}, RuleCode.SINGLE_CONTACT_NOT_A_MAILBOX),
        (
            {"kind": RecipientKind.USER_MAILBOX, "account_enabled": False},
            RuleCode.SINGLE_CONTACT_DISABLED,
        ),
        ({"accepts_outside_senders": False}, RuleCode.SINGLE_CONTACT_CLOSED),
        ({"forwards": True}, RuleCode.SINGLE_CONTACT_FORWARDS),
        ({"moderated": True}, RuleCode.SINGLE_CONTACT_MODERATED),
    ],
)
def test_an_unfit_single_contact_refuses_the_case(
    council: Any, fault: dict[str, Any], code: RuleCode
) -> None:
    spoc_with(council, **fault)
    desired = council.compile([council.case()])
    assert [problem.code for problem in desired.problems] == [code]
    assert desired.transport == ()


def test_a_shared_mailbox_may_have_a_disabled_account(council: Any) -> None:
    spoc_with(council, account_enabled=False)
    assert council.compile([council.case()]).problems == ()


@pytest.mark.parametrize(
    ("absent", "code"),
    [(True, RuleCode.SINGLE_CONTACT_NOT_FOUND), (False, RuleCode.RECIPIENT_UNREADABLE)],
)
def test_a_single_contact_that_does_not_resolve(council: Any, absent: bool, code: RuleCode) -> None:
    council.know(Unresolved(SPOC, "no answer", absent=absent))
    assert council.compile([council.case()]).problems[0].code is code


def test_a_single_contact_that_is_itself_restricted(council: Any) -> None:
    desired = council.compile([council.case("RC-1"), council.case("RC-2", addresses=(SPOC,))])
    assert RuleCode.SINGLE_CONTACT_RESTRICTED in {problem.code for problem in desired.problems}


def test_one_bad_case_leaves_the_others_alone(council: Any) -> None:
    bad = council.case("RC-1", allowed_recipients=("gone@ash.example",))
    council.know(Unresolved("gone@ash.example", "not found"))
    desired = council.compile([bad, council.case("RC-2")])
    assert [rule.case_reference for rule in desired.transport] == ["RC-2"]
    assert desired.blocked_cases == {"RC-1"}
    assert [problem.code for problem in desired.problems] == [RuleCode.RECIPIENT_NOT_FOUND]


def test_a_refused_case_keeps_its_rules_for_openings_only(council: Any) -> None:
    desired = council.compile([council.case(allowed_recipients=("gone@ash.example",))])
    assert [rule.key for rule in desired.withheld.transport] == ["RC-2026-001/whole/1"]


def test_junk_goes_to_each_named_mailbox(council: Any) -> None:
    desired = council.compile([council.case(measure=Measure.JUNK, scope_mailboxes=(OFFICER, PLANNING))])
    assert [rule.mailbox for rule in desired.inbox] == [OFFICER, PLANNING]
    assert not any(rule.chosen_by_holder for rule in desired.inbox)
    assert desired.transport == ()


def test_junk_never_filters_a_councillor(council: Any) -> None:
    desired = council.compile([council.case(measure=Measure.JUNK, scope_mailboxes=(OFFICER, COUNCILLOR))])
    assert [rule.mailbox for rule in desired.inbox] == [OFFICER]
    (problem,) = desired.problems
    assert (problem.code, problem.blocks) == (RuleCode.SCOPE_NAMES_COUNCILLOR, Blocks.NOTHING)
    assert COUNCILLOR not in problem.message


@pytest.mark.parametrize("scope", [(TEAM,), ()])
def test_junk_needs_mailboxes(council: Any, scope: tuple[str, ...]) -> None:
    desired = council.compile([council.case(measure=Measure.JUNK, scope_mailboxes=scope)])
    assert RuleCode.JUNK_NEEDS_MAILBOXES in {problem.code for problem in desired.problems}
    assert desired.inbox == ()


@pytest.mark.parametrize("measure", [Measure.REDIRECT, Measure.JUNK])
def test_a_scope_of_exempt_mailboxes_only_is_refused(council: Any, measure: Measure) -> None:
    case = council.case(measure=measure, scope=Scope.NAMED, scope_mailboxes=(PROTECTED, COUNCILLOR))
    assert RuleCode.SCOPE_EMPTY in {problem.code for problem in council.compile([case]).problems}


def test_a_scope_outside_the_council_is_refused(council: Any) -> None:
    council.know(council.recipient("guest@mail.example", RecipientKind.GUEST))
    case = council.case(scope_mailboxes=("guest@mail.example",))
    assert council.compile([case]).problems[0].code is RuleCode.SCOPE_NOT_A_MAILBOX


def in_directory(council: Any, kind: RecipientKind = RecipientKind.CONTACT) -> None:
    council.senders["old@mail.example"] = council.recipient(
        "new@mail.example", kind, asked="old@mail.example"
    )


@pytest.mark.parametrize(
    ("kind", "code", "blocks"),
    [
        (RecipientKind.CONTACT, RuleCode.SENDER_IN_DIRECTORY, Blocks.NOTHING),
        (RecipientKind.GUEST, RuleCode.SENDER_IN_DIRECTORY, Blocks.NOTHING),
        (RecipientKind.ON_PREMISES_MAILBOX, RuleCode.SENDER_IN_DIRECTORY, Blocks.NOTHING),
        (RecipientKind.USER_MAILBOX, RuleCode.SENDER_IS_OURS, Blocks.CASE),
        (RecipientKind.GROUP, RuleCode.SENDER_IS_OURS, Blocks.CASE),
    ],
)
def test_a_sender_in_the_directory_is_said(
    council: Any, kind: RecipientKind, code: RuleCode, blocks: Blocks
) -> None:
    in_directory(council, kind)
    (problem,) = council.compile([council.case(addresses=("old@mail.example",))]).problems
    assert (problem.code, problem.blocks) == (code, blocks)
    assert "@" not in problem.message


def test_a_sender_in_the_directory_is_compared_by_its_main_address(council: Any) -> None:
    in_directory(council)
    desired = council.compile([council.case(addresses=("old@mail.example",))])
    assert desired.transport[0].senders == ("new@mail.example",)


def test_a_pattern_compares_the_address_itself(council: Any) -> None:
    in_directory(council)
    council.options = replace(council.options, sender_match=SenderMatch.PATTERNS)
    desired = council.compile([council.case(addresses=("old@mail.example",))])
    assert desired.transport[0].senders == (r"^old@mail\.example$",)


def test_an_inbox_rule_compares_the_address_itself(council: Any) -> None:
    in_directory(council)
    case = council.case(measure=Measure.JUNK, addresses=("old@mail.example",), scope_mailboxes=(OFFICER,))
    assert council.compile([case]).inbox[0].senders == ("old@mail.example",)


def test_a_sender_that_could_not_be_asked_about_only_keeps_what_stands(council: Any) -> None:
    council.senders["old@mail.example"] = Unresolved("old@mail.example", "timeout", absent=False)
    council.standing_senders["old@mail.example"] = ("new@mail.example",)
    desired = council.compile([council.case(addresses=("old@mail.example",))])
    assert [problem.code for problem in desired.problems] == [RuleCode.SENDERS_UNKNOWN]
    assert desired.transport == ()
    assert desired.withheld.transport[0].senders == ("new@mail.example", "old@mail.example")


def test_a_long_route_text_is_refused(council: Any) -> None:
    case = council.case(measure=Measure.REFUSE, route_text="x" * 1000)
    assert council.compile([case]).problems[0].code is RuleCode.ROUTE_TEXT_TOO_LONG


def test_two_cases_cannot_have_one_rule_name(council: Any) -> None:
    desired = council.compile([council.case("RC-1"), council.case("rc-1")])
    assert [rule.case_reference for rule in desired.transport] == ["RC-1"]
    assert [problem.code for problem in desired.problems] == [RuleCode.NAME_NOT_UNIQUE]


def test_exemptions_may_not_fill_the_rule(council: Any) -> None:
    council.members = frozenset(f"councillor.{number:03}@ash.example" for number in range(300))
    assert council.compile([council.case()]).problems[0].code is RuleCode.EXEMPTIONS_TOO_LARGE
