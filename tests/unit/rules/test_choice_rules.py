from datetime import date
from typing import Any

import pytest

from m365_restrict.register.case import Measure
from m365_restrict.register.choice import Handling
from m365_restrict.register.recipient import Unresolved
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.inbox_rule import AssignCategory, MoveToFolder
from m365_restrict.rules.properties import transport_properties

COUNCILLOR, SPOC = "cllr.b@ash.example", "contact@ash.example"


@pytest.mark.parametrize(
    ("handling", "action"),
    [
        (Handling.FOLDER, MoveToFolder("Set aside")),
        (Handling.JUNK, MoveToFolder("junkemail")),
        (Handling.CATEGORY, AssignCategory("Set aside")),
    ],
)
def test_a_choice_is_an_inbox_rule(council: Any, handling: Handling, action: object) -> None:
    (rule,) = council.compile([], [council.choice(handling)]).inbox
    assert (rule.mailbox, rule.senders, rule.action) == (COUNCILLOR, ("someone@mail.example",), action)
    assert rule.chosen_by_holder
    assert rule.case_reference == ""


@pytest.mark.parametrize("handling", [Handling.STOP, Handling.DELEGATE])
def test_handlings_without_a_rule(council: Any, handling: Handling) -> None:
    desired = council.compile([], [council.choice(handling)])
    assert (desired.inbox, desired.transport, desired.choice_refusals) == ((), (), ())


def test_no_address_in_the_rule_name(council: Any) -> None:
    (rule,) = council.compile([], [council.choice()]).inbox
    assert "@" not in rule.display_name


def test_a_choice_by_case_takes_its_addresses(council: Any) -> None:
    case = council.case("RC-9", addresses=("a@mail.example", "b@mail.example"))
    choice = council.choice(sender="", case_reference="rc-9")
    (rule,) = council.compile([case], [choice]).inbox
    assert rule.senders == ("a@mail.example", "b@mail.example")


def as_council(council: Any, **more: Any) -> Any:
    return council.choice(Handling.AS_COUNCIL, sender="", case_reference="RC-9", **more)


def test_same_as_the_council_is_a_second_rule(council: Any) -> None:
    desired = council.compile([council.case("RC-9")], [as_council(council)])
    second, first = desired.transport
    properties = transport_properties(second)
    assert second.name == "RC-9 Redirect to single contact (councillor opted in)"
    assert properties["SentTo"] == (COUNCILLOR,)
    assert not {"ExceptIfSentTo", "ExceptIfSentToMemberOf"} & set(properties)
    assert COUNCILLOR in first.except_sent_to


@pytest.mark.parametrize(
    ("chosen", "day"), [(date(2027, 1, 31), "31 January 2027"), (date(2027, 9, 1), "7 March 2027")]
)
def test_it_ends_at_the_earlier_date(council: Any, chosen: date, day: str) -> None:
    desired = council.compile([council.case("RC-9")], [as_council(council, ends_on=chosen)])
    assert f"ends {day}." in desired.transport[0].comments


def test_no_mailbox_in_key_or_comments(council: Any) -> None:
    rule = council.compile([council.case("RC-9")], [as_council(council)]).transport[0]
    assert "cllr" not in rule.key + rule.comments + rule.name
    assert is_choice_key(rule.key)


def test_several_councillors_have_a_rule_each(council: Any) -> None:
    council.members |= {"cllr.c@ash.example"}
    council.know(council.recipient("cllr.c@ash.example"))
    choices = [as_council(council), as_council(council, item_id="2", holder="cllr.c@ash.example")]
    names = [rule.name for rule in council.compile([council.case("RC-9")], choices).transport]
    assert names[:2] == [
        "RC-9 Redirect to single contact (councillor opted in)",
        "RC-9 Redirect to single contact (councillor opted in) (2)",
    ]


def test_the_councils_junk_becomes_an_inbox_rule_of_the_councillor(council: Any) -> None:
    case = council.case("RC-9", Measure.JUNK, scope_mailboxes=("officer@ash.example",))
    desired = council.compile([case], [as_council(council)])
    assert [(rule.mailbox, rule.chosen_by_holder) for rule in desired.inbox] == [
        ("officer@ash.example", False),
        (COUNCILLOR, True),
    ]


@pytest.mark.parametrize(
    ("case", "choice", "code"),
    [
        ({"measure": Measure.NO_EMAIL}, {}, "choice-case-without-mail-measure"),
        ({"allowed_recipients": (COUNCILLOR,)}, {}, "choice-mailbox-exempt"),
        ({"spoc_mailbox": COUNCILLOR}, {}, "choice-mailbox-exempt"),
        ({"reference": "RC-8"}, {}, "choice-case-not-live"),
    ],
)
def test_refused_choices_name_the_item_only(
    council: Any, case: dict[str, Any], choice: dict[str, Any], code: str
) -> None:
    desired = council.compile([council.case(**{"reference": "RC-9"} | case)], [as_council(council, **choice)])
    (refused,) = desired.choice_refusals
    assert (refused.item_id, refused.code) == ("1", code)
    assert "@" not in refused.message


def test_a_choice_for_a_refused_case_waits_with_it(council: Any) -> None:
    council.know(Unresolved(SPOC, "not found"))
    desired = council.compile([council.case("RC-9")], [as_council(council)])
    assert desired.transport == ()
    assert len(desired.withheld.transport) == 2
