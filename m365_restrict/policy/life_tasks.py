"""What is due in the life of a case on one day, and who is told of it (policy.md 2, state machine).

Every function is of the day alone: whoever keeps track of what was sent decides nothing here. A run that
was missed is made up for: the latest step that has come is told, earlier ones are not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from m365_restrict.policy.codes import CheckCode
from m365_restrict.policy.judgement import AcceptedCase
from m365_restrict.policy.life import (
    Audience,
    CaseFile,
    LifeRules,
    ReviewToOpen,
    Task,
    TaskKind,
    Telling,
    Urgency,
)
from m365_restrict.policy.review_days import counts_for, next_review_day
from m365_restrict.policy.working_days import add_working_days
from m365_restrict.register.codes import ApprovalCode
from m365_restrict.register.dates import add_months, local_day
from m365_restrict.register.read_review import Review
from m365_restrict.register.review import ReviewKind

REMINDER_DAYS = (60, 28, 14, 7, 1)
"""Days before the end on which people are reminded."""
LATE_DAYS = (1, 7, 28)
"""Days after a missed day on which people are told again."""
REVIEW_LEAD_DAYS = 28
"""The review item is there this many days before the review day, so that the letter is out in time."""

_OWNER, _APPROVER, _OFFICER = Audience.OWNER, Audience.APPROVER, Audience.MONITORING_OFFICER
_ALL = (_OWNER, _APPROVER, _OFFICER)
_BEFORE_END = {60: (_OWNER,), 28: (_OWNER,), 14: (_OWNER, _APPROVER), 7: _ALL, 1: _ALL}
_AFTER_DAY = {1: (_OWNER, _APPROVER), 7: _ALL, 28: _ALL}


@dataclass(frozen=True, kw_only=True)
class Today:
    """The council's calendar day, its time zone and its policy's times."""

    day: date
    zone: ZoneInfo
    rules: LifeRules


def tasks_of(case: CaseFile, today: Today) -> Iterator[Task]:
    """Everything that is due or waits about one case on that day."""
    if case.accepted:
        yield from _ending(case, case.accepted, today.day)
        yield from _review(case, case.accepted, today)
    yield from _ended(case, today)
    for review in case.reviews:
        yield from _letter(case, review, today)
        yield from _answer(case, review, today)
    if _waits_for_notice(case):
        yield _notice_waiting(case, today.day)


def review_to_open(case: CaseFile, today: Today) -> ReviewToOpen | None:
    """The review item that is to be put on the list by now and is not there, if any."""
    if case.accepted is None:
        return None
    due = review_day(case.accepted, case.reviews, today)
    if due is None or today.day < due - timedelta(days=REVIEW_LEAD_DAYS):
        return None
    if any(one.kind is ReviewKind.SCHEDULED and one.is_open for one in case.reviews):
        return None
    return ReviewToOpen(
        kind=ReviewKind.SCHEDULED,
        title=case.case_ref,
        due_on=due,
        key=f"review-item|{case.item.item_id}|{due.isoformat()}",
        case_item_id=case.item.item_id,
    )


def review_day(accepted: AcceptedCase, reviews: Sequence[Review], today: Today) -> date | None:
    """The last day on which the next review is in time; None where none is needed before the end."""
    decided_on = local_day(accepted.evidence.saved_at, today.zone)
    return next_review_day(accepted.case, decided_on=decided_on, reviews=reviews, rules=today.rules)


def _ending(case: CaseFile, accepted: AcceptedCase, day: date) -> Iterator[Task]:
    start, ends_on = accepted.case.protected.effective_from, accepted.case.protected.ends_on
    if ends_on is None or ends_on - day > timedelta(days=REMINDER_DAYS[0]):
        return
    left = (ends_on - day).days
    # A reminder that would have come before the first day is left out: nothing was in force to remind of.
    come = [
        one for one in REMINDER_DAYS if left <= one and (not start or ends_on - timedelta(days=one) >= start)
    ]
    step = min(come, default=None)
    reviewed = any(one.reviewed_on and counts_for(one.reviewed_on, ends_on) for one in case.reviews)
    yield Task(
        kind=TaskKind.ENDING,
        case_ref=case.case_ref,
        item_id=case.item.item_id,
        urgency=Urgency.DUE,
        due_on=ends_on,
        facts={"days_left": left, "ends_on": ends_on, "review_recorded": "yes" if reviewed else "no"},
        telling=Telling(f"{ends_on.isoformat()}:{step}", _BEFORE_END[step]) if step else None,
    )


def _review(case: CaseFile, accepted: AcceptedCase, today: Today) -> Iterator[Task]:
    due = review_day(accepted, case.reviews, today)
    if due is None or today.day < due - timedelta(days=REVIEW_LEAD_DAYS):
        return
    if today.day > due:
        yield _late(TaskKind.REVIEW_OVERDUE, case, due, today.day, subject=due.isoformat())
        return
    told = Telling(due.isoformat(), (_OWNER, _APPROVER)) if today.day == due else None
    yield Task(
        kind=TaskKind.REVIEW_DUE,
        case_ref=case.case_ref,
        item_id=case.item.item_id,
        urgency=Urgency.DUE,
        due_on=due,
        facts={"due_on": due},
        telling=told,
    )


def _ended(case: CaseFile, today: Today) -> Iterator[Task]:
    """Ended by the calendar: a finding until somebody says by a status or a review that it was meant."""
    ended_on = case.ended_on
    if case.opened is None or case.opened.by_status is not None or ended_on is None:
        return
    since = add_months(ended_on, -today.rules.review_months)
    if any(one.reviewed_on and one.reviewed_on > since for one in case.reviews):
        return
    yield Task(
        kind=TaskKind.ENDED_WITHOUT_REVIEW,
        case_ref=case.case_ref,
        item_id=case.item.item_id,
        urgency=Urgency.OVERDUE,
        due_on=ended_on,
        facts={"ends_on": ended_on},
        telling=Telling(ended_on.isoformat(), _ALL),
    )


def _letter(case: CaseFile, review: Review, today: Today) -> Iterator[Task]:
    if review.decided_on is None or review.told_on is not None or not _is_about_the_person(review):
        return
    rules = today.rules
    due = add_working_days(review.decided_on, rules.letter_working_days, rules.nation)
    facts: dict[str, str | date] = {
        "decided_on": review.decided_on,
        "outcome": review.outcome.value if review.outcome else "",
        "review_item": review.item_id,
    }
    subject = f"{review.item_id}:{due.isoformat()}"
    if today.day > due:
        yield _late(TaskKind.LETTER_OVERDUE, case, due, today.day, subject=subject, **facts)
        return
    yield Task(
        kind=TaskKind.LETTER_DUE,
        case_ref=case.case_ref,
        item_id=case.item.item_id,
        urgency=Urgency.DUE,
        due_on=due,
        facts={**facts, "due_on": due},
        telling=Telling(subject, (_OWNER,)),
    )


def _answer(case: CaseFile, review: Review, today: Today) -> Iterator[Task]:
    if not review.asks_for_an_answer or not review.is_open or review.opened_on is None:
        return
    rules = today.rules
    due = add_working_days(review.opened_on, rules.answer_working_days, rules.nation)
    facts: dict[str, str | int | date] = {
        "opened_on": review.opened_on,
        "days_open": (today.day - review.opened_on).days,
        "review_kind": review.kind.value if review.kind else "",
        "review_item": review.item_id,
    }
    if today.day > due:
        yield _late(TaskKind.ANSWER_OVERDUE, case, due, today.day, subject=f"{review.item_id}:{due}", **facts)
        return
    yield Task(
        kind=TaskKind.ANSWER_DUE,
        case_ref=case.case_ref,
        item_id=case.item.item_id,
        urgency=Urgency.WAITING,
        due_on=due,
        facts=facts,
    )


def _late(
    kind: TaskKind, case: CaseFile, due: date, day: date, *, subject: str, **facts: str | int | date
) -> Task:
    """A task whose day has passed, told again at each step of lateness."""
    over = (day - due).days
    step = max((one for one in LATE_DAYS if over >= one), default=LATE_DAYS[0])
    return Task(
        kind=kind,
        case_ref=case.case_ref,
        item_id=case.item.item_id,
        urgency=Urgency.OVERDUE,
        due_on=due,
        facts={**facts, "due_on": due, "days_over": over},
        telling=Telling(f"{subject}:{step}", _AFTER_DAY[step]),
    )


def _waits_for_notice(case: CaseFile) -> bool:
    """Approved, and what is missing is the written notice: only a person can send it."""
    approval_fails = any(isinstance(code, ApprovalCode) for code in case.refused)
    return CheckCode.NOTICE_MISSING in case.refused and not approval_fails


def _notice_waiting(case: CaseFile, day: date) -> Task:
    start = case.item.fields.get("EffectiveFrom")
    first_day = start if isinstance(start, date) else None
    passed = first_day is not None and day >= first_day
    return Task(
        kind=TaskKind.NOTICE_WAITING,
        case_ref=case.case_ref,
        item_id=case.item.item_id,
        urgency=Urgency.OVERDUE if passed else Urgency.WAITING,
        due_on=first_day,
        facts={"effective_from": first_day} if first_day else {},
        telling=Telling(first_day.isoformat(), (_OWNER,)) if first_day and passed else None,
    )


def _is_about_the_person(review: Review) -> bool:
    return review.kind is ReviewKind.SCHEDULED or review.asks_for_an_answer
