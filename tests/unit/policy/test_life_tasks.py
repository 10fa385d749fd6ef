"""A case by the calendar alone: every day of its life is asked what is due and who is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.policy.codes import CheckCode
from m365_restrict.policy.judgement import AcceptedCase, OpenedCase
from m365_restrict.policy.life import CaseFile, LifeRules, Task, TaskKind, Urgency, life_rules
from m365_restrict.policy.life_tasks import Today, review_day, review_to_open, tasks_of
from m365_restrict.policy.profile import Nation, Profile
from m365_restrict.register.case import Case, CaseState, Status
from m365_restrict.register.codes import ApprovalCode
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.register.item import Identity, ListItem, SaverKind
from m365_restrict.register.read_case import read_open_fields, read_protected
from m365_restrict.register.read_review import Review
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.register.values import protected_values
from settings.profiles import load_profile

LONDON = ZoneInfo("Europe/London")
START, END = date(2026, 9, 7), date(2027, 8, 31)
RULES = LifeRules(nation=Nation.ENGLAND, retention_months=12)


def accepted(start: date = START, end: date = END, **more: Any) -> AcceptedCase:
    fields = {
        "Title": "RC-2026-001", "Status": "Approved", "ItemType": "Person",
        "Measure": "Redirect to single contact", "Scope": "Whole council", "Addresses": "a@mail.example",
        "SpocMailbox": "contact@ash.example", "EffectiveFrom": start, "EndsOn": end, **more,
    }  # fmt: skip
    protected = read_protected(protected_values(fields)).fields
    assert protected is not None
    evidence = ApprovalEvidence(
        item_id="1", version="2.0", saver_object_id="id-director", saver_address="director@ash.example",
        saved_at=datetime(2026, 9, 3, 15, tzinfo=UTC), fields_hash="", values_json="{}",
        seen_on=date(2026, 9, 3), verdict=EvidenceVerdict.ELIGIBLE,
    )  # fmt: skip
    case = Case(
        item_id="1", reference="RC-2026-001", protected=protected, other=read_open_fields(fields).fields
    )
    return AcceptedCase(case=case, state=CaseState.IN_FORCE, evidence=evidence)


def case_file(*reviews: Review, **more: Any) -> CaseFile:
    item = ListItem("1", "1", Identity(SaverKind.USER, "id-officer"), more.pop("fields", {}))
    one = more.pop("accepted", None) if "accepted" in more else accepted()
    return CaseFile(case_ref="RC-2026-001", item=item, reviews=reviews, accepted=one, **more)


def review(kind: ReviewKind = ReviewKind.SCHEDULED, **more: Any) -> Review:
    fields = {
        "item_id": "5", "title": "RC-2026-001", "kind": kind, "outcome": Outcome.PENDING,
        "opened_on": date(2027, 1, 4), "decided_on": None, "told_on": None, "saved_on": None,
    }  # fmt: skip
    return Review(**{**fields, **more})


def on(day: date, rules: LifeRules = RULES) -> Today:
    return Today(day=day, zone=LONDON, rules=rules)


def days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def told(
    case: CaseFile, first: date, last: date, rules: LifeRules = RULES
) -> list[tuple[date, str, tuple[str, ...]]]:
    """When something is first told, what and to whom, if every day is asked."""
    seen: set[tuple[str, str]] = set()
    found = []
    for day in days(first, last):
        for task in tasks_of(case, on(day, rules)):
            if task.telling and (task.kind, task.telling.key) not in seen:
                seen.add((task.kind, task.telling.key))
                found.append((day, task.kind.value, tuple(one.value for one in task.telling.audiences)))
    return found


def kinds(case: CaseFile, day: date) -> dict[TaskKind, Task]:
    return {task.kind: task for task in tasks_of(case, on(day))}


OWNER, BOTH = ("case owner",), ("case owner", "approver")
ALL = (*BOTH, "monitoring officer")


@pytest.mark.requirement("M-28")
def test_reminders_come_60_28_14_7_and_1_days_before_the_end_to_more_and_more_people():
    done = review(outcome=Outcome.KEEP, decided_on=date(2027, 8, 1), told_on=date(2027, 8, 2))
    ending = [entry for entry in told(case_file(done), START, END) if entry[1] == "ending"]
    assert ending == [
        (date(2027, 7, 2), "ending", OWNER),
        (date(2027, 8, 3), "ending", OWNER),
        (date(2027, 8, 17), "ending", BOTH),
        (date(2027, 8, 24), "ending", ALL),
        (date(2027, 8, 30), "ending", ALL),
    ]


def test_a_run_that_was_missed_is_made_up_for_once():
    late = told(case_file(), date(2027, 8, 20), date(2027, 8, 23))
    assert [entry[2] for entry in late if entry[1] == "ending"] == [BOTH]


def test_a_short_case_is_not_reminded_of_before_it_began():
    short = case_file(accepted=accepted(end=START + timedelta(days=20)))
    ending = [entry[0] for entry in told(short, START, START + timedelta(days=20)) if entry[1] == "ending"]
    assert ending == [START + timedelta(days=n) for n in (6, 13, 19)]


@pytest.mark.requirement("Y1-22", "M-49", "W-16")
@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("default", date(2027, 3, 7)),
        ("york-2013", END),
        ("york-2025", date(2027, 3, 7)),
        ("managed-register", date(2027, 3, 3)),
        ("wrexham", date(2027, 3, 7)),
        ("tamworth", date(2027, 3, 7)),
    ],
)
def test_a_year_under_each_profile(name, due):
    rules = life_rules(load_profile(name))
    case = case_file()
    told_of_review = [
        entry for entry in told(case, START, due + timedelta(days=28), rules) if "review" in entry[1]
    ]
    opened = next(day for day in days(START, END) if review_to_open(case, on(day, rules)))
    assert opened == due - timedelta(days=28)
    assert told_of_review == [
        (due, "review-due", BOTH),
        (due + timedelta(days=1), "review-overdue", BOTH),
        (due + timedelta(days=7), "review-overdue", ALL),
        (due + timedelta(days=28), "review-overdue", ALL),
    ]


def test_the_day_on_the_item_is_the_review_day():
    one = accepted(NextReviewOn=date(2026, 12, 1))
    assert review_day(one, (), on(START)) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("decided", "due"),
    [
        (date(2027, 3, 1), date(2027, 8, 31)),  # six months on is past the end, so the end it is
        (date(2027, 1, 15), date(2027, 7, 15)),
        (date(2026, 11, 1), date(2027, 3, 7)),  # too early to be that review
        (date(2027, 7, 10), None),  # within sixty days of the end: the end itself was considered
    ],
)
def test_a_decided_review_moves_the_next_one(decided, due):
    done = review(outcome=Outcome.KEEP, decided_on=decided)
    assert review_day(accepted(), (done,), on(START)) == due


def test_no_second_review_item_while_one_is_open():
    assert review_to_open(case_file(review()), on(date(2027, 3, 1))) is None


@pytest.mark.requirement("M-50")
def test_the_letter_is_due_on_the_seventh_working_day_and_overdue_on_the_eighth():
    case = case_file(review(outcome=Outcome.EXTEND, decided_on=date(2026, 12, 18)))
    due = date(2026, 12, 31)
    assert kinds(case, due)[TaskKind.LETTER_DUE].due_on == due
    late = kinds(case, date(2027, 1, 1))[TaskKind.LETTER_OVERDUE]
    assert (late.urgency, late.facts["days_over"]) == (Urgency.OVERDUE, 1)


def test_a_letter_that_was_sent_is_not_due():
    done = review(outcome=Outcome.KEEP, decided_on=date(2026, 12, 18), told_on=date(2026, 12, 20))
    assert (
        not {TaskKind.LETTER_DUE, TaskKind.LETTER_OVERDUE} & kinds(case_file(done), date(2027, 2, 1)).keys()
    )


@pytest.mark.requirement("Y1-20", "Y1-22b", "W-17")
@pytest.mark.parametrize("kind", [ReviewKind.REPRESENTATION, ReviewKind.APPEAL, ReviewKind.REQUEST_TO_LIFT])
def test_an_answer_is_due_after_twenty_working_days(kind):
    case = case_file(review(kind))
    assert kinds(case, date(2027, 2, 1))[TaskKind.ANSWER_DUE].urgency is Urgency.WAITING
    overdue = [entry for entry in told(case, START, date(2027, 3, 5)) if entry[1] == "answer-overdue"]
    assert overdue == [
        (date(2027, 2, 2), "answer-overdue", BOTH),
        (date(2027, 2, 8), "answer-overdue", ALL),
        (date(2027, 3, 1), "answer-overdue", ALL),
    ]


def ended(*reviews: Review, status: Status | None = None) -> CaseFile:
    opened = OpenedCase(case_ref="RC-2026-001", item_id="1", by_status=status)
    return case_file(*reviews, accepted=None, opened=opened, ended_on=END)


@pytest.mark.requirement("M-22")
def test_an_end_that_nobody_reviewed_is_told_to_all_once():
    first = END + timedelta(days=1)
    assert told(ended(), first, first + timedelta(days=30)) == [(first, "ended-without-review", ALL)]


@pytest.mark.parametrize(
    "case",
    [
        ended(review(outcome=Outcome.KEEP, decided_on=date(2027, 8, 1), told_on=date(2027, 8, 2))),
        ended(status=Status.LIFTED),
    ],
)
def test_an_end_that_was_meant_is_no_finding(case):
    assert not told(case, END, END + timedelta(days=30))


@pytest.mark.requirement("Y1-12", "Y1-19")
def test_an_approved_case_waits_for_its_notice():
    case = case_file(
        accepted=None, refused=frozenset({CheckCode.NOTICE_MISSING}), fields={"EffectiveFrom": START}
    )
    assert kinds(case, START - timedelta(days=1))[TaskKind.NOTICE_WAITING].urgency is Urgency.WAITING
    assert told(case, START - timedelta(days=5), START + timedelta(days=9)) == [
        (START, "notice-waiting", OWNER)
    ]


def test_a_case_that_is_not_approved_does_not_wait_for_its_notice():
    refused = frozenset({CheckCode.NOTICE_MISSING, ApprovalCode.NOT_APPROVED})
    assert not kinds(case_file(accepted=None, refused=refused), START)


def test_a_profile_that_names_no_times_gets_the_usual_ones():
    rules = life_rules(load_profile("wrexham"))
    assert (rules.review_months, rules.letter_working_days, rules.answer_working_days) == (6, 7, 20)
    assert (rules.nation, rules.retention_months) == (Nation.WALES, None)


def test_rules_follow_the_profile():
    profile: Profile = replace(load_profile("default"), review_months=3, outcome_letter_working_days=5)
    rules = life_rules(profile)
    assert (rules.review_months, rules.letter_working_days) == (3, 5)
