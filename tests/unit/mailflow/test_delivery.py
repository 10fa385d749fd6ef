from datetime import UTC, datetime

import pytest

from m365_restrict.mailflow.delivery import MailFlow, Outcome, deliver, trace
from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.message import read_message

A, B, C, TEAM = (f"{name}@ashbourne.example" for name in ("a", "b", "c", "team"))
SENDER = "resident@mail.example"
MESSAGE = read_message(f"From: {SENDER}\r\nTo: {A}\r\n\r\n".encode(), SENDER)
REDIRECT = {"Name": "R", "From": [SENDER], "ExceptIfSentTo": [TEAM], "RedirectMessageTo": [TEAM]}


def flow(town, *rules, **mailboxes) -> MailFlow:
    return MailFlow(
        directory=town,
        transport_rules=rules,
        mailboxes=KnownMailboxes(**mailboxes),
        now=datetime(2026, 11, 23, 9, tzinfo=UTC),
    )


def sends_on(action: str, address: str) -> list[dict[str, object]]:
    return [{"displayName": "On", "actions": {action: [{"emailAddress": {"address": address}}]}}]


def test_envelope_recipients_come_first_and_in_order(town) -> None:
    copies = deliver(MESSAGE, (B, "all@ashbourne.example", C), flow(town))
    assert [copy.recipient for copy in copies] == [B, "all@ashbourne.example", C, A]


def test_two_redirected_recipients_are_two_lines_and_one_message(town) -> None:
    result = trace(MESSAGE, (A, B), flow(town, REDIRECT))
    assert [copy.mailbox for copy in result.copies] == [TEAM, TEAM]
    assert len(result.stored) == 1


def test_a_recipient_under_two_names_gets_one_message(town) -> None:
    result = trace(MESSAGE, (A, "alex@ashbourne.example"), flow(town))
    assert (len(result.copies), len(result.stored)) == (2, 1)


def test_a_redirect_to_a_group_reaches_its_members(town) -> None:
    result = trace(MESSAGE, (C,), flow(town, {**REDIRECT, "RedirectMessageTo": ["all@ashbourne.example"]}))
    assert [(copy.recipient, copy.mailbox, copy.added_by) for copy in result.copies] == [
        (C, A, None),
        (B, B, "R"),
    ]


def test_a_redirect_to_an_address_that_nobody_has_is_reported(town) -> None:
    (copy,) = deliver(
        MESSAGE, (A,), flow(town, {**REDIRECT, "RedirectMessageTo": ["gone@ashbourne.example"]})
    )
    assert (copy.outcome, copy.ndr is not None and copy.ndr[:10], copy.rules) == (
        Outcome.REJECTED,
        "550 5.1.10",
        ("R",),
    )


def test_a_redirect_outside_ends_in_no_mailbox_here(town) -> None:
    (copy,) = deliver(MESSAGE, (A,), flow(town, {**REDIRECT, "RedirectMessageTo": ["x@else.example"]}))
    assert (copy.outcome, copy.mailbox, copy.folder) == (Outcome.REDIRECTED, None, None)


def test_a_mailbox_closed_to_outsiders_refuses_them_before_any_rule(town) -> None:
    (copy,) = deliver(MESSAGE, (A,), flow(town, REDIRECT, internal_only=frozenset({A})))
    assert (copy.outcome, copy.rules) == (Outcome.REJECTED, ())


def test_mailboxes_that_forward_to_each_other_come_to_an_end(town) -> None:
    result = trace(MESSAGE, (A,), flow(town, forwards={A: B, B: A}))
    assert {copy.added_by for copy in result.copies} == {None, "forwarding"}
    assert len(result.stored) == 5


def test_a_redirecting_inbox_rule_acts_once_on_a_message(town) -> None:
    result = trace(
        MESSAGE, (A,), flow(town, rules={A: sends_on("redirectTo", B), B: sends_on("redirectTo", C)})
    )
    assert [stored.mailbox for stored in result.stored] == [A, B]


@pytest.mark.parametrize(
    ("action", "outcome"), [("redirectTo", Outcome.REDIRECTED), ("forwardTo", Outcome.DELIVERED)]
)
def test_a_redirected_message_keeps_its_sender_and_a_forwarded_one_does_not(town, action, outcome) -> None:
    rule = {**REDIRECT, "ExceptIfSentTo": [A, TEAM]}
    copies = deliver(MESSAGE, (A,), flow(town, rule, rules={A: sends_on(action, B)}))
    assert (copies[1].recipient, copies[1].outcome) == (B, outcome)


def test_what_a_mailbox_keeps_says_which_rules_brought_it_there(town) -> None:
    inbox = [{"displayName": "File", "actions": {"assignCategories": ["Restricted"]}}]
    (stored,) = trace(MESSAGE, (A,), flow(town, REDIRECT, rules={TEAM: inbox})).stored
    assert (stored.rules, stored.categories) == (("R", "File"), ("Restricted",))


@pytest.mark.parametrize("recipient", ["", "@", "no-at-sign", "a@b@c", "\udcff@x.example", "a" * 10_000])
def test_a_hostile_recipient_is_an_answer_not_an_error(town, recipient) -> None:
    assert len(deliver(MESSAGE, (recipient,), flow(town, REDIRECT))) == 1
