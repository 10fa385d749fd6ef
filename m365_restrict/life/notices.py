"""From what is due to who is told of it: one notice for each role, nobody told the same thing twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from m365_restrict.notify.notice import Notice, NoticeKind, Role
from m365_restrict.policy.life import Audience, CaseFile, ReviewToOpen, Task, TaskKind, Urgency
from m365_restrict.report.text import plain
from m365_restrict.report.worklist import TaskLine, tasks_in_words

_KINDS: Mapping[TaskKind, NoticeKind] = {
    TaskKind.ENDING: NoticeKind.ENDING,
    TaskKind.ENDED_WITHOUT_REVIEW: NoticeKind.ENDED_WITHOUT_REVIEW,
    TaskKind.REVIEW_DUE: NoticeKind.REVIEW_DUE,
    TaskKind.REVIEW_OVERDUE: NoticeKind.REVIEW_OVERDUE,
    TaskKind.LETTER_DUE: NoticeKind.LETTER_DUE,
    TaskKind.LETTER_OVERDUE: NoticeKind.LETTER_OVERDUE,
    TaskKind.ANSWER_OVERDUE: NoticeKind.ANSWER_OVERDUE,
    TaskKind.NOTICE_WAITING: NoticeKind.NOTICE_WAITING,
    TaskKind.BLOCKED_ELSEWHERE: NoticeKind.BLOCKED_ELSEWHERE,
    TaskKind.DELETION_DUE: NoticeKind.DELETION_DUE,
    TaskKind.ANNUAL_LOG_REVIEW: NoticeKind.ANNUAL_LOG_REVIEW,
}
_INSTEAD = {
    Audience.OWNER: Audience.APPROVER,
    Audience.APPROVER: Audience.MONITORING_OFFICER,
    Audience.GOVERNANCE: Audience.MONITORING_OFFICER,
}


@dataclass(frozen=True, kw_only=True)
class Officers:
    """Who is told beside those that the case itself names; "" where the council has named nobody."""

    monitoring_officer: str = ""


def notices_of(task: Task, case: CaseFile | None, officers: Officers) -> Iterator[Notice]:
    """One notice for each role that the task names; a role that nobody holds falls to the next one."""
    kind = _KINDS.get(task.kind)
    if task.telling is None or kind is None:
        return
    told: set[str] = set()
    for audience in task.telling.audiences:
        address = _address(audience, case, officers)
        if address in told:
            continue
        told.add(address)
        yield Notice(
            kind=kind,
            to_role=Role(audience.value),
            recipients=(address,) if address else (),
            case_ref=task.case_ref,
            subject_key=task.telling.key,
            facts=task.facts,
        )


def review_opened(opened: ReviewToOpen, item_id: str, case: CaseFile | None, officers: Officers) -> Notice:
    """Who is to hold the review hears that it is on the list."""
    annual = case is None
    audience = Audience.GOVERNANCE if annual else Audience.OWNER
    address = _address(audience, case, officers)
    return Notice(
        kind=NoticeKind.ANNUAL_LOG_REVIEW if annual else NoticeKind.REVIEW_OPENED,
        to_role=Role(audience.value),
        recipients=(address,) if address else (),
        case_ref="" if annual else opened.title,
        subject_key=opened.due_on.isoformat(),
        facts={"due_on": opened.due_on, "review_item": item_id},
    )


def weekly_lists(lines: Sequence[TaskLine], officers: Officers, day: date) -> Iterator[Notice]:
    """Once a week every owner's own list, and the whole of it for the monitoring officer."""
    for owner in dict.fromkeys(line.owner for line in lines if line.owner):
        own = [line for line in lines if line.owner == owner]
        yield _list_for(Role.CASE_OWNER, owner, own, day)
    if officers.monitoring_officer and lines:
        yield _list_for(Role.MONITORING_OFFICER, officers.monitoring_officer, lines, day)


def _list_for(role: Role, address: str, lines: Sequence[TaskLine], day: date) -> Notice:
    year, week, _ = day.isocalendar()
    counts = {urgency.value: _count(lines, urgency) for urgency in Urgency}
    return Notice(
        kind=NoticeKind.WORKLIST,
        to_role=role,
        recipients=(address,),
        case_ref="",
        subject_key=f"{year}-W{week:02}:{sha256(address.encode()).hexdigest()[:12]}",
        facts={**counts, "text": plain(tasks_in_words(tuple(lines)))},
    )


def _count(lines: Iterable[TaskLine], urgency: Urgency) -> int:
    return sum(line.urgency is urgency for line in lines)


def _address(audience: Audience | None, case: CaseFile | None, officers: Officers) -> str:
    """The address for a role, or of the role that stands in for it; "" where there is nobody at all."""
    while audience is not None:
        known = {
            Audience.OWNER: case.owner if case else "",
            Audience.APPROVER: case.approver if case else "",
            Audience.MONITORING_OFFICER: officers.monitoring_officer,
            Audience.GOVERNANCE: "",
        }[audience]
        if known:
            return known
        audience = _INSTEAD.get(audience)
    return ""
