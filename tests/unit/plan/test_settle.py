"""What opens in a rule that is to go although a guard may keep it in place (design.md 2)."""

from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.plan.change import Action, Change, RuleKind
from m365_restrict.plan.difference import difference
from m365_restrict.register.case import Measure
from m365_restrict.register.recipient import RecipientKind, Unresolved
from m365_restrict.rules.transport_rule import SenderMatch

A, B = "a@mail.example", "b@mail.example"
OFFICER, PLANNING = "officer@ash.example", "planning@ash.example"


def going(council: Any, before: Any, after: Any) -> Change:
    """The one rule that goes when a case moves to the other service."""
    stood = council.compile([before])
    tenant = council.tenant(stood)
    wanted = council.compile([after])
    for rule in wanted.inbox:
        tenant.inbox.setdefault(rule.mailbox, [])
    given = council.compare(wanted, tenant, council.applied(stood, tenant))
    (change,) = (one for one in difference(given).changes if one.action is Action.DELETE)
    assert not change.opens
    return change


def junk(council: Any, *addresses: str) -> Any:
    return council.case("RC-1", Measure.JUNK, addresses=addresses, scope_mailboxes=(OFFICER,))


@pytest.mark.parametrize(
    "uncovered",
    [
        {"scope_mailboxes": (PLANNING,)},
        {"spoc_mailbox": OFFICER},
        {"allowed_recipients": (OFFICER,)},
    ],
)
def test_an_inbox_rule_goes_where_no_rule_of_the_case_reaches_its_mailbox(
    council: Any, uncovered: dict[str, Any]
) -> None:
    opening = going(council, junk(council, A), council.case("RC-1", addresses=(A,), **uncovered)).opening
    assert opening is not None
    assert (opening.action, opening.opens) == (Action.DELETE, True)


def test_an_inbox_rule_that_is_merely_replaced_opens_nothing(council: Any) -> None:
    assert going(council, junk(council, A), council.case("RC-1", addresses=(A,))).opening is None


def test_an_inbox_rule_lets_go_of_the_senders_that_the_case_no_longer_names(council: Any) -> None:
    opening = going(council, junk(council, A, B), council.case("RC-1", addresses=(B,))).opening
    assert opening is not None
    assert opening.target is not None
    assert (opening.action, opening.kind, opening.opens) == (Action.UPDATE, RuleKind.INBOX_RULE, True)
    assert opening.target["conditions.fromAddresses"] == (B,)


def test_a_transport_rule_lets_go_of_senders_and_recipients(council: Any) -> None:
    opening = going(council, council.case("RC-1", addresses=(A, B)), junk(council, B)).opening
    assert opening is not None
    assert opening.target is not None
    assert (opening.kind, opening.opens) == (RuleKind.TRANSPORT_RULE, True)
    assert (opening.target["From"], opening.target["SentTo"]) == ((B,), (OFFICER,))


def test_a_transport_rule_for_nobody_who_is_left_goes(council: Any) -> None:
    before = council.case("RC-1", addresses=(A,), scope_mailboxes=(PLANNING,))
    opening = going(council, before, junk(council, A)).opening
    assert opening is not None
    assert (opening.action, opening.opens) == (Action.DELETE, True)


def test_a_sender_is_the_same_as_a_pattern_and_as_an_address(council: Any) -> None:
    council.options = replace(council.options, sender_match=SenderMatch.PATTERNS)
    assert going(council, junk(council, A), council.case("RC-1", addresses=(A,))).opening is None


MAIN = "main@mail.example"


def know_a_guest(council: Any) -> None:
    """The directory has an entry for A, under another main address."""
    council.senders[A] = replace(council.recipient(A, RecipientKind.GUEST), address=MAIN)


@pytest.mark.parametrize("toward_junk", [True, False])
@pytest.mark.parametrize("patterns", [True, False])
def test_a_guest_is_the_same_by_the_main_address_and_by_that_of_the_case(
    council: Any, toward_junk: bool, patterns: bool
) -> None:
    know_a_guest(council)
    if patterns:
        council.options = replace(council.options, sender_match=SenderMatch.PATTERNS)
    redirect = council.case("RC-1", addresses=(A,), scope_mailboxes=(OFFICER,))
    pair = (redirect, junk(council, A))
    assert going(council, *(pair if toward_junk else pair[::-1])).opening is None


def test_nothing_opens_where_the_directory_does_not_tell_who_a_sender_is(council: Any) -> None:
    know_a_guest(council)
    redirect = council.case("RC-1", addresses=(A,), scope_mailboxes=(OFFICER,))
    stood = council.compile([redirect])
    tenant = council.tenant(stood)
    council.senders[A] = Unresolved(A, "no answer", absent=False)
    council.standing_senders[A] = (MAIN,)
    wanted = council.compile([junk(council, A)])
    tenant.inbox.setdefault(OFFICER, [])
    given = council.compare(wanted, tenant, council.applied(stood, tenant))
    (change,) = (one for one in difference(given).changes if one.action is Action.DELETE)
    assert (change.opens, change.opening) == (False, None)


def test_a_guest_whom_the_case_no_longer_names_is_let_go(council: Any) -> None:
    know_a_guest(council)
    before = council.case("RC-1", addresses=(A, B), scope_mailboxes=(OFFICER,))
    opening = going(council, before, junk(council, B)).opening
    assert opening is not None
    assert opening.target is not None
    assert opening.target["From"] == (B,)


def test_an_inbox_rule_goes_where_its_mailbox_is_in_a_group_that_is_exempt_now(council: Any) -> None:
    team = "team@ash.example"
    stood = council.compile([junk(council, A)])
    tenant, wanted = council.tenant(stood), council.case("RC-1", addresses=(A,), allowed_recipients=(team,))
    for members, opens in ((frozenset({OFFICER}), True), (frozenset({PLANNING}), False)):
        given = council.compare(
            council.compile([wanted]),
            tenant,
            council.applied(stood, tenant),
            group_members={team: members},
        )
        (change,) = (one for one in difference(given).changes if one.action is Action.DELETE)
        assert bool(change.opening and change.opening.opens) == opens
