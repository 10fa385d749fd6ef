"""What traces say of one case's mail, told from the decision alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.plan.leaks import (
    Confirmed,
    Decision,
    Decisions,
    Handling,
    MailDay,
    Traced,
    TraceReading,
    handling_of,
    judge_traces,
    not_below,
    stands_since,
    summed,
    tally,
)
from m365_restrict.register.case import Measure

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY, LATER = date(2026, 11, 23), date(2026, 11, 24)
LONDON = ZoneInfo("Europe/London")
CLERK, CONTACT, COUNCILLOR = "clerk@ash.example", "contact@ash.example", "cllr.a@ash.example"
REDIRECT = Decision(
    handling=Handling.REDIRECTED,
    contact=CONTACT,
    since=NOON,
    domains=frozenset({"ash.example"}),
    exempt=frozenset({CONTACT, COUNCILLOR, "cllr.b@ash.example"}),
)
NAMED = replace(REDIRECT, within=frozenset({CLERK}))
CHOSEN = replace(REDIRECT, choosers={COUNCILLOR: NOON + timedelta(hours=2)})


def line(recipient=CLERK, status="delivered", *, minutes=60, trace_id="1"):
    return Traced(trace_id=trace_id, recipient=recipient, status=status, at=NOON + timedelta(minutes=minutes))


def suspects(decision, *lines, reading=None):
    judged = judge_traces(Decisions(today=decision), lines, reading or TraceReading())
    return [who for one in judged for who in one.suspects]


@pytest.mark.parametrize(
    ("decision", "recipient", "minutes", "expected"),
    [
        (REDIRECT, CLERK, 0, True),
        (REDIRECT, CLERK, -1, False),
        (REDIRECT, CONTACT, 60, False),
        (REDIRECT, COUNCILLOR, 60, False),
        (REDIRECT, "friend@else.example", 60, False),
        (replace(REDIRECT, since=None), CLERK, 60, False),
        (replace(REDIRECT, handling=Handling.LEFT), CLERK, 60, False),
        (NAMED, CLERK, 60, True),
        (NAMED, "planning@ash.example", 60, False),
        (CHOSEN, COUNCILLOR, 119, False),
        (CHOSEN, COUNCILLOR, 120, True),
        (CHOSEN, "cllr.b@ash.example", 180, False),
    ],
)
def test_whom_a_decision_keeps_mail_from_and_since_when(decision, recipient, minutes, expected):
    assert bool(suspects(decision, line(recipient, minutes=minutes))) is expected


@pytest.mark.parametrize("status", ["failed", "quarantined", "filteredAsSpam", "pending", "unheardOf"])
def test_what_was_not_delivered_reached_nobody(status):
    assert not suspects(REDIRECT, line(status=status))


def test_which_words_mean_delivered_is_a_setting():
    reading = TraceReading(delivered=frozenset({"delivered", "filteredasspam"}))
    assert suspects(REDIRECT, line(status="FilteredAsSpam"), reading=reading) == [CLERK]


def test_members_of_groups_are_covered_and_exempt():
    groups = {"team@ash.example": frozenset({"a@ash.example"}), "safe@ash.example": frozenset({CLERK})}
    asked = replace(NAMED, groups=("team@ash.example",), exempt_groups=("safe@ash.example",))
    decision = asked.knowing(groups)
    assert suspects(decision, line("a@ash.example"), line(CLERK)) == ["a@ash.example"]


@pytest.mark.parametrize(
    ("measure", "by_mailbox", "expected"),
    [
        (Measure.REDIRECT, False, Handling.REDIRECTED),
        (Measure.ALLOWED_ONLY, False, Handling.REDIRECTED),
        (Measure.FILE, False, Handling.FILED),
        (Measure.REFUSE, False, Handling.REFUSED),
        (Measure.COPY, False, Handling.LEFT),
        (Measure.JUNK, True, Handling.LEFT),
        (Measure.REDIRECT, True, Handling.LEFT),
    ],
)
def test_what_a_trace_can_show_of_a_measure(measure, by_mailbox, expected):
    assert handling_of(measure, by_mailbox_rules=by_mailbox) is expected


def counted(decision, lines, confirmed=None):
    judged = judge_traces(Decisions(today=decision), lines, TraceReading())
    return tally(judged, confirmed or {}, LONDON)


def test_a_message_to_several_is_one_message_in_each_column():
    lines = [line(CONTACT), line(CLERK), line("b@ash.example"), line(CONTACT, trace_id="2")]
    confirmed = {("1", CLERK): Confirmed.LEAKED, ("1", "b@ash.example"): Confirmed.LEAKED}
    (day,) = counted(REDIRECT, lines, confirmed)
    assert day == MailDay(day=date(2026, 11, 23), seen=2, redirected=2, leaked=1)


@pytest.mark.parametrize(
    ("verdict", "column"),
    [
        (Confirmed.LEAKED, {"leaked": 1}),
        (Confirmed.HANDLED, {"redirected": 1}),
        (Confirmed.EXEMPT, {}),
        (Confirmed.UNSURE, {"unsure": 1}),
        (Confirmed.UNANSWERED, {}),
        (None, {"unsure": 1}),
    ],
)
def test_a_suspect_is_what_it_was_confirmed_to_be(verdict, column):
    confirmed = {} if verdict is None else {("1", CLERK): verdict}
    assert counted(REDIRECT, [line()], confirmed) == (MailDay(day=date(2026, 11, 23), seen=1, **column),)


def test_a_refusal_counts_where_the_case_refuses():
    decision = replace(REDIRECT, handling=Handling.REFUSED)
    lines = [line(status="failed"), line(COUNCILLOR, "failed", trace_id="2")]
    assert counted(decision, lines) == (MailDay(day=date(2026, 11, 23), seen=2, refused=1),)


def test_days_are_the_councils_own():
    summer = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    (day,) = counted(REDIRECT, [replace(line(), at=summer)])
    assert day.day == date(2026, 7, 2)


def test_a_span_is_summed_from_its_first_to_its_last_day():
    days = [MailDay(day=date(2026, 11, day), seen=1) for day in (1, 2, 2, 3, 4)]
    assert summed(days, first=date(2026, 11, 2), last=date(2026, 11, 3)).seen == 3


FORM = {"Name": "RC-1", "From": ("p@post.example",), "State": "Enabled", "ExpiryDate": NOON}
MADE, HEALED, MOVED = (NOON - timedelta(days=days) for days in (9, 5, 3))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([], None),
        ([(MADE, FORM)], MADE),
        ([(MADE, FORM), (HEALED, FORM)], MADE),
        ([(MADE, {**FORM, "Name": "Old", "Comments": "x"}), (MOVED, FORM)], MADE),
        ([(MADE, {**FORM, "From": ("q@post.example",)}), (MOVED, FORM)], MOVED),
        ([(MADE, FORM), (HEALED, None), (MOVED, FORM)], MOVED),
        ([(MADE, {**FORM, "ExpiryDate": NOON - timedelta(days=2)}), (MOVED, FORM)], MADE),
        ([(MADE, {**FORM, "ExpiryDate": HEALED}), (MOVED, FORM)], MOVED),
    ],
)
def test_a_rule_stands_since_it_was_first_wanted_as_it_is(written, expected):
    assert stands_since(FORM, written) == expected


def test_each_message_is_judged_by_what_stood_when_it_came():
    before = replace(REDIRECT, exempt=frozenset({CONTACT, CLERK}), until=NOON + timedelta(hours=1))
    after = replace(REDIRECT, handling=Handling.REFUSED, since=NOON + timedelta(hours=2))
    decisions = Decisions(today=after, earlier=(before,))
    lines = [line(minutes=minutes, trace_id=str(minutes)) for minutes in (30, 90, 150)]
    found = judge_traces(decisions, lines, TraceReading())
    assert [(one.handling, one.suspects) for one in found] == [
        (Handling.REDIRECTED, ()),
        (Handling.REFUSED, ()),
        (Handling.REFUSED, (CLERK,)),
    ]


@pytest.mark.parametrize(("told", "expected"), [({}, 1), ({DAY: 1}, 1), ({DAY: 3}, 3), ({LATER: 2}, 3)])
def test_leaks_are_never_fewer_than_were_told(told, expected):
    found = not_below([MailDay(day=DAY, seen=4, leaked=1)], told)
    everything = summed(found, first=DAY, last=LATER)
    assert (everything.leaked, everything.seen) == (expected, 4)
