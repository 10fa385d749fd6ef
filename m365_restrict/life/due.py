"""Everything that is due on one day, case by case and for the register at large."""

from collections.abc import Iterator
from datetime import date

from m365_restrict.life.closing import leftover_tasks
from m365_restrict.life.reading import Lives
from m365_restrict.policy.life import Audience, CaseFile, ReviewToOpen, Task, TaskKind, Telling, Urgency
from m365_restrict.policy.life_tasks import review_to_open, tasks_of
from m365_restrict.policy.retention import Retention, annual_log_day, annual_review_to_open, retention_of


def tasks_due(lives: Lives) -> tuple[Task, ...]:
    """All tasks of all cases, then the yearly look at the log."""
    found: list[Task] = []
    for case in lives.cases.files:
        found += tasks_of(case, lives.today)
        if case.accepted or case.opened:
            found += leftover_tasks(case, lives.traces[case.item.item_id])
        found += _deletion(lives, case)
    return (*found, *_annual(lives))


def reviews_due(lives: Lives) -> tuple[ReviewToOpen, ...]:
    """The review items that are to be on the list by now and are not."""
    of_cases = (review_to_open(case, lives.today) for case in lives.cases.files)
    annual = annual_review_to_open(_annual_day(lives), lives.cases.other_reviews, lives.today.day)
    return tuple(one for one in (*of_cases, annual) if one is not None)


def retentions(lives: Lives) -> tuple[Retention, ...]:
    """The clock of every closed case."""
    return tuple(one for case in lives.cases.files if (one := retention(lives, case)) is not None)


def retention(lives: Lives, case: CaseFile) -> Retention | None:
    """The clock of one case; None where it has not been proven closed."""
    record = lives.record_of(case)
    if record is None or record.closed_on is None:
        return None
    return retention_of(case, record.closed_on, rules=lives.today.rules, zone=lives.today.zone)


def _deletion(lives: Lives, case: CaseFile) -> Iterator[Task]:
    clock = retention(lives, case)
    if clock is None or clock.delete_on is None or not clock.is_due(lives.today.day):
        return
    yield Task(
        kind=TaskKind.DELETION_DUE,
        case_ref=case.case_ref,
        item_id=case.item.item_id,
        urgency=Urgency.DUE,
        due_on=clock.delete_on,
        facts={"due_on": clock.delete_on},
        telling=Telling(clock.delete_on.isoformat(), (Audience.GOVERNANCE,)),
    )


def _annual_day(lives: Lives) -> date | None:
    return annual_log_day(lives.found.register.cases.items, lives.cases.other_reviews, lives.today.zone)


def _annual(lives: Lives) -> Iterator[Task]:
    due = _annual_day(lives)
    # As if no item were open: the task stands until the look has been taken.
    if due is None or annual_review_to_open(due, (), lives.today.day) is None:
        return
    yield Task(
        kind=TaskKind.ANNUAL_LOG_REVIEW,
        case_ref="",
        item_id="",
        urgency=Urgency.OVERDUE if lives.today.day > due else Urgency.DUE,
        due_on=due,
        facts={"due_on": due},
    )
