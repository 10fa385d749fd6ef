"""Counts that leave the message trace, and what a suspect turns out to be, over the wire."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.leaks import Decision, Decisions, Handling, MailDay, RedirectTrace, TraceReading
from m365_restrict.plan.mail_forms import RuleStory
from m365_restrict.register.recipient import Recipient, RecipientKind, Unresolved
from m365_restrict.tenant.mail_seen import TOO_SLOW, Lack, MailQuestion, MailSeenReader
from m365_restrict.tenant.shared_wait import SharedWait

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENDER, CLERK = "p@post.example", "clerk@ash.example"
DECISION = Decision(
    handling=Handling.REDIRECTED,
    contact="contact@ash.example",
    since=NOW - timedelta(days=5),
    domains=frozenset({"ash.example"}),
    exempt=frozenset({"contact@ash.example", "safe@ash.example"}),
)
QUESTION = MailQuestion(
    addresses=(SENDER,),
    decisions=Decisions(today=DECISION),
    reading=TraceReading(),
    since=NOW - timedelta(days=3),
    until=NOW,
    settled_until=NOW - timedelta(days=1),
    rules=(RuleStory(names=("RC-1 Redirect", "4f0c-guid"), kept=((NOW - timedelta(days=5), None),)),),
    zone=ZoneInfo("Europe/London"),
    questions=5,
)
TODAY = date(2026, 11, 23)


def _line(identifier="1", recipient=CLERK, *, at=NOW, status="delivered"):
    received = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"id": identifier, "recipientAddress": recipient, "senderAddress": SENDER, "status": status,
            "receivedDateTime": received}  # fmt: skip


def _found(address, kind=RecipientKind.USER_MAILBOX, asked=CLERK):
    return {asked: Recipient(asked=asked, address=address, kind=kind, object_id="1")}


def _seen(tenant, *, question=QUESTION, known=None, members=frozenset(), seconds=30):
    async def resolve(addresses):
        entries = _found(CLERK) if known is None else known
        return {one: entries[one] for one in addresses}

    async def in_group(_group):
        return members

    async def run():
        async with tenant.graph() as (reader, _):
            people = SimpleNamespace(resolve=resolve, members=in_group)
            return await MailSeenReader(reader, people, SharedWait(seconds)).seen(question)

    return asyncio.run(run())


def _one(found):
    (day,) = found.later
    return {name: count for name, count in vars(day).items() if count and name not in {"day", "seen"}}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([{"event": "Deliver", "description": "to the mailbox"}], {"leaked": 1}),
        ([{"event": "Transport rule", "data": "ID: 4F0C-GUID"}], {"redirected": 1}),
        ([{"description": "Transport rule: 'RC-1 redirect'"}], {"redirected": 1}),
        ([{"event": "Transport rule", "description": "Transport rule: 'Disclaimer'"}], {"leaked": 1}),
        ([{"event": "Transport rule", "description": ""}], {"unsure": 1}),
        ([{"event": "TransportRule"}, {"event": "Deliver"}], {"unsure": 1}),
        ([{"event": "Redirect", "description": "by somebody"}], {"unsure": 1}),
        ([], {"unsure": 1}),
    ],
)
def test_the_events_of_a_delivered_copy_tell_whether_a_rule_acted(tenant, answer, events, expected):
    tenant.script = [answer({"value": [_line()]}), answer({"value": events})]
    found = _seen(tenant)
    assert _one(found) == expected
    assert found.asked == 2


@pytest.mark.parametrize(
    ("redirect", "expected"), [(RedirectTrace.CONTACT, {"leaked": 1}), (RedirectTrace.UNTOLD, {"unsure": 1})]
)
def test_where_events_settle_nothing_none_is_asked_for(tenant, answer, redirect, expected):
    tenant.script = [answer({"value": [_line()]})]
    found = _seen(tenant, question=replace(QUESTION, reading=TraceReading(redirect=redirect)))
    assert (_one(found), found.asked) == (expected, 1)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (_found("safe@ash.example"), {}),
        ({CLERK: Unresolved(CLERK, "not read", absent=False)}, {}),
        ({CLERK: Unresolved(CLERK, "nobody")}, {"leaked": 1}),
    ],
)
def test_the_directory_says_who_is_behind_an_alias(tenant, answer, entry, expected):
    question = replace(QUESTION, decisions=Decisions(today=replace(DECISION, handling=Handling.REFUSED)))
    tenant.script = [answer({"value": [_line()]})]
    assert _one(_seen(tenant, question=question, known=entry)) == expected


def test_what_no_question_was_left_for_is_said_and_nothing_after_it_is_settled(tenant, answer):
    early = QUESTION.since + timedelta(hours=1)
    tenant.script = [answer({"value": [_line(at=early), _line("2", at=early + timedelta(hours=1))]})]
    found = _seen(tenant, question=replace(QUESTION, questions=1))
    assert (found.settled, found.settled_until, found.lack) == ((), early, Lack.SPENT)
    assert _one(found) == {}
    assert len(tenant.received) == 1


def test_what_was_not_answered_is_asked_again(tenant, answer):
    early = QUESTION.since + timedelta(hours=1)
    lines = [_line("1", "contact@ash.example", at=QUESTION.since), _line("2", at=early)]
    tenant.script = [answer({"value": lines}), answer({}, status=400)]
    found = _seen(tenant)
    assert (found.settled_until, found.lack) == (early, Lack.UNREAD)
    assert [(one.seen, one.redirected) for one in found.settled] == [(1, 1)]


def test_a_rule_that_is_named_says_only_as_much_as_is_known_of_it(tenant, answer):
    altered = RuleStory(names=("RC-1 Redirect",), elsewhere=frozenset({CLERK}))
    unread = RuleStory(names=("RC-1 Redirect",), unread_since=NOW)
    for rule, expected in (
        (altered, {"leaked": 1}),
        (unread, {}),
        (replace(unread, unread_since=None), {"unsure": 1}),
    ):
        named = [{"description": "Transport rule: 'RC-1 redirect'"}]
        tenant.script = [answer({"value": [_line()]}), answer({"value": named})]
        assert _one(_seen(tenant, question=replace(QUESTION, rules=(rule,)))) == expected


def test_what_is_settled_is_told_apart_and_what_came_before_is_left_out(tenant, answer):
    contact = "contact@ash.example"
    lines = [
        _line("1", contact),
        _line("2", contact, at=QUESTION.settled_until),
        _line("3", contact, at=QUESTION.settled_until - timedelta(seconds=1)),
        _line("4", contact, at=QUESTION.since - timedelta(seconds=1)),
    ]
    tenant.script = [answer({"value": lines})]
    found = _seen(tenant)
    yesterday = TODAY - timedelta(days=1)
    assert found.settled == (MailDay(day=yesterday, seen=1, redirected=1),)
    assert found.later == (
        MailDay(day=yesterday, seen=1, redirected=1),
        MailDay(day=TODAY, seen=1, redirected=1),
    )


def test_a_group_that_cannot_be_read_is_unknown_and_nothing_is_asked(tenant, answer):
    tenant.script = [answer({"value": []})]
    question = replace(
        QUESTION, decisions=Decisions(today=replace(DECISION, exempt_groups=("team@ash.example",)))
    )
    assert isinstance(_seen(tenant, question=question, members=Unknown("team", "no")), Unknown)
    assert not tenant.received


def test_no_answer_is_waited_for_beyond_the_time_of_a_run(tenant, answer):
    tenant.script = [answer({"value": []})]
    assert _seen(tenant, seconds=0) == TOO_SLOW


def test_the_oldest_and_the_newest_are_looked_at_where_questions_run_out(tenant, answer):
    lines = [_line(str(hour), at=QUESTION.since + timedelta(hours=hour)) for hour in (1, 2, 3, 4, 5)]
    tenant.script = [answer({"value": lines}), answer({"value": []}), answer({"value": []})]
    _seen(tenant, question=replace(QUESTION, questions=3))
    asked = [one.path.split("/")[-2] for one in tenant.received[1:]]
    assert asked == ["1", "5"]
