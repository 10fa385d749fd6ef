"""`reviews`: what is due in the lives of all cases, the review items opened, the people reminded.

1. read the register and judge it, as every run does
2. look for what still names cases that have ended, here and in block lists
3. find what is due on this day
4. put review items on the list, each once
5. tell people, each thing once
6. record what became of every case

It changes no rule, no decision and no field that an officer fills in.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from m365_restrict.errors import ExitCode, RestrictError, first_of
from m365_restrict.life.due import reviews_due, tasks_due
from m365_restrict.life.notices import Officers, notices_of, review_opened, weekly_lists
from m365_restrict.life.reading import Lives, read_lives
from m365_restrict.notify.notice import Notice, NoticeOutcome, Notices
from m365_restrict.policy.life import ReviewToOpen, Urgency
from m365_restrict.register.columns import REVIEWS
from m365_restrict.register.review import Outcome
from m365_restrict.report.documents import Head, Source
from m365_restrict.report.worklist import (
    FrontlineLine,
    NoticeLine,
    OpenedReviewLine,
    WorklistDocument,
    in_order,
    task_line,
)
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.session import TenantWriters

NoticesFor = Callable[[Run, Found, TenantWriters], Notices]
"""Gives what sends notices: `telling.notice_post`."""


async def review_lives(
    run: Run, writing: Writing, notices_for: NoticesFor, finished: Callable[[], datetime]
) -> WorklistDocument:
    """Do all of it once; `finished` gives the moment at the end.

    Raises as `reconcile` does while it reads. A notice or a review item that fails is in the document.
    """
    lives = await read_lives(run)
    officers = Officers(monitoring_officer=run.options.notify.monitoring_officer)
    tasks = tasks_due(lives)
    lines = in_order(task_line(task, lives.owner(task)) for task in tasks)
    notices = [one for task in tasks for one in notices_of(task, lives.case(task.item_id), officers)]
    notices += weekly_lists(lines, officers, run.today)
    async with writing.open_writers() as writers:
        writing.lease.check()
        opened, told = await _open_reviews(run, lives, writers, officers)
        outcomes = await _send(run, notices_for(run, lives.found, writers), [*told, *notices])
    for record in lives.records:
        run.ledger.lives.record(record)
    unsent = bool(run.options.notify.sender) and not all(one.sent for one in outcomes)
    broken = unsent or not all(one.opened for one in opened)
    overdue = any(one.urgency is Urgency.OVERDUE for one in lines)
    codes = [
        ExitCode.PARTIAL if broken else ExitCode.IN_STEP,
        ExitCode.DIFFERENCES if overdue else ExitCode.IN_STEP,
    ]
    return WorklistDocument(
        head=head_after(run, lives, finished(), *codes),
        tasks=lines,
        opened_reviews=opened,
        notices=tuple(_notice_line(one) for one in outcomes),
        closed=tuple(one.case_reference for one in lives.records if one.closed_run == run.run_id),
        frontline=tuple(_frontline(lives)),
    )


def head_after(run: Run, lives: Lives, finished_at: datetime, *codes: ExitCode) -> Head:
    """The head of a document about the lives of cases."""
    register = lives.found.register
    return Head(
        run_id=run.run_id,
        started_at=run.now,
        finished_at=finished_at,
        exit_code=first_of(*codes, ExitCode.PARTIAL if lives.unknown else ExitCode.IN_STEP),
        source=Source(items=len(register.cases.items), complete=True, version=register.version),
        unknown=lives.unknown,
    )


async def _open_reviews(
    run: Run, lives: Lives, writers: TenantWriters, officers: Officers
) -> tuple[tuple[OpenedReviewLine, ...], list[Notice]]:
    """Put the items on the list that are due and were never put there; who holds the review hears of it."""
    wanted = reviews_due(lives)
    done = run.ledger.notices.known(one.key for one in wanted)
    lines: list[OpenedReviewLine] = []
    told: list[Notice] = []
    for review in wanted:
        if review.key in done:
            continue
        if run.is_stopping:
            break
        line = await _open_review(run, review, writers)
        lines.append(line)
        if line.opened:
            run.ledger.notices.record(review.key, on=run.today, run_id=run.run_id)
            told.append(review_opened(review, line.item_id, lives.case(review.case_item_id), officers))
    return tuple(lines), told


async def _open_review(run: Run, review: ReviewToOpen, writers: TenantWriters) -> OpenedReviewLine:
    places = run.options.lists
    item_id, reason = "", ""
    try:
        place = await run.readers.lists.locate(places.register_site, places.reviews, REVIEWS)
        fields = {
            "Title": review.title,
            "Kind": review.kind.value,
            "OpenedOn": run.today,
            "Outcome": Outcome.PENDING.value,
        }
        item_id = await writers.list_items.add(place, fields)
    except RestrictError as error:
        reason = error.message
    return OpenedReviewLine(
        case_ref=review.title if review.case_item_id else None,
        kind=review.kind.value,
        due_on=review.due_on,
        item_id=item_id,
        opened=not reason,
        reason=reason,
    )


async def _send(run: Run, notices: Notices, wanted: Sequence[Notice]) -> Sequence[NoticeOutcome]:
    """Send what has not been sent before, and remember it at once."""
    done = run.ledger.notices.known(one.key for one in wanted)
    outcomes: list[NoticeOutcome] = []
    for notice in wanted:
        if notice.key in done:
            continue
        if run.is_stopping:
            break
        for outcome in await notices.send([notice]):
            outcomes.append(outcome)
            if outcome.sent:
                run.ledger.notices.record(notice.key, on=run.today, run_id=run.run_id)
    return outcomes


def _notice_line(outcome: NoticeOutcome) -> NoticeLine:
    notice = outcome.notice
    return NoticeLine(
        kind=notice.kind.value,
        role=notice.to_role.value,
        case_ref=notice.case_ref or None,
        sent=outcome.sent,
        reason=outcome.reason,
    )


def _frontline(lives: Lives) -> Iterator[FrontlineLine]:
    """Cases in force, without a word about why."""
    for one in lives.found.judgement.in_force:
        protected = one.case.protected
        yield FrontlineLine(
            case_ref=one.case.reference,
            has_single_contact=bool(protected.spoc_mailbox),
            single_contact=protected.spoc_mailbox,
            ways_open=tuple(channel.value for channel in one.case.other.channels_open),
            until=protected.ends_on,
        )
