"""The worklist: what is due about which case, by owner, as one value (policy.md 5, weekly)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from m365_restrict.errors import ExitCode
from m365_restrict.policy.life import Fact, Task, TaskKind, Urgency
from m365_restrict.report.documents import Head
from m365_restrict.report.said import Said, SaidValue
from m365_restrict.report.text import Line, counted
from m365_restrict.report.worklist_words import CHOICES, TASK_WORDS
from m365_restrict.rules.naming import long_day


class ReviewsVerb(StrEnum):
    """The one verb of this document."""

    REVIEWS = "reviews"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """One thing to do: what is so and what to do. `owner` is the case owner's address or ""."""

    kind: TaskKind
    urgency: Urgency
    case_ref: str | None
    owner: str
    due_on: date | None
    facts: Mapping[str, Fact]
    message: Said
    action: str


@dataclass(frozen=True, kw_only=True)
class OpenedReviewLine:
    """A review item that this run put on the list, or could not; `reason` says why not."""

    case_ref: str | None
    kind: str
    due_on: date
    item_id: str
    opened: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class NoticeLine:
    """A notice of this run. It names the role, never the recipient."""

    kind: str
    role: str
    case_ref: str | None
    sent: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class FrontlineLine:
    """What staff who answer the telephone need to know, and no reasons (policy.md 7)."""

    case_ref: str
    has_single_contact: bool
    single_contact: str
    ways_open: tuple[str, ...]
    until: date | None


@dataclass(frozen=True, kw_only=True)
class WorklistSummary:
    """Counts of tasks by urgency, and of cases in force."""

    overdue: int
    due: int
    waiting: int
    in_force: int


@dataclass(frozen=True, kw_only=True)
class WorklistDocument:
    """What is due, and what this run did about it. `closed` are cases proven gone for the first time."""

    head: Head
    tasks: tuple[TaskLine, ...] = ()
    opened_reviews: tuple[OpenedReviewLine, ...] = ()
    notices: tuple[NoticeLine, ...] = ()
    closed: tuple[str, ...] = ()
    frontline: tuple[FrontlineLine, ...] = ()
    verb: ReviewsVerb = field(default=ReviewsVerb.REVIEWS, init=False)

    @property
    def summary(self) -> WorklistSummary:
        """Counted from the lines, so that it cannot disagree with them."""
        urgencies = [line.urgency for line in self.tasks]
        return WorklistSummary(
            overdue=urgencies.count(Urgency.OVERDUE),
            due=urgencies.count(Urgency.DUE),
            waiting=urgencies.count(Urgency.WAITING),
            in_force=len(self.frontline),
        )


_ORDER = {Urgency.OVERDUE: 0, Urgency.DUE: 1, Urgency.WAITING: 2}


def task_line(task: Task, owner: str) -> TaskLine:
    """A task in words."""
    message, action = _words(task)
    return TaskLine(
        kind=task.kind,
        urgency=task.urgency,
        case_ref=task.case_ref or None,
        owner=owner,
        due_on=task.due_on,
        facts=task.facts,
        message=message,
        action=action,
    )


def in_order(lines: Iterable[TaskLine]) -> tuple[TaskLine, ...]:
    """Overdue first, then by day, case and kind."""
    return tuple(
        sorted(
            lines, key=lambda one: (_ORDER[one.urgency], one.due_on or date.max, one.case_ref or "", one.kind)
        )
    )


def worklist_lines(document: WorklistDocument) -> Iterator[Line]:
    """The document for a person: by owner, the most pressing first. A failed run has no noughts."""
    if document.head.error is not None and document == WorklistDocument(head=document.head):
        yield from _head(document.head)
        return
    summary = document.summary
    yield Line(
        f"{counted(summary.overdue, 'task')} overdue, {counted(summary.due, 'task')} due, "
        f"{counted(summary.waiting, 'task')} waiting; {counted(summary.in_force, 'case')} in force.",
        "bold",
    )
    for owner in dict.fromkeys(line.owner for line in document.tasks):
        yield Line(f"For {owner or 'cases without an owner'}")
        yield from tasks_in_words(tuple(line for line in document.tasks if line.owner == owner))
    for opened in document.opened_reviews:
        done = "put on the list" if opened.opened else f"not put on the list: {opened.reason}"
        yield Line(
            f"{opened.kind} of {opened.case_ref or 'the whole log'}, due {long_day(opened.due_on)}: {done}."
        )
    for ref in document.closed:
        yield Line(f"{ref}: nothing in the mail system names it any more. Set Status to Closed.")
    unsent = [line for line in document.notices if not line.sent]
    sent = len(document.notices) - len(unsent)
    yield Line(f"{counted(sent, 'mail')} sent, {counted(len(unsent), 'mail')} not sent.")
    for reason in dict.fromkeys(line.reason for line in unsent):
        yield Line(reason, indent=1)
    yield from _frontline(document)
    yield from _head(document.head)


def tasks_in_words(lines: tuple[TaskLine, ...]) -> Iterator[Line]:
    """Tasks of one owner, two lines each."""
    for line in lines:
        yield Line(f"{line.urgency}: {line.case_ref or 'All cases'}: {line.message}", indent=1)
        yield Line(line.action, indent=2)


def _frontline(document: WorklistDocument) -> Iterator[Line]:
    if document.frontline:
        yield Line("For frontline staff")
    for one in document.frontline:
        contact = f"single contact {one.single_contact}" if one.has_single_contact else "no single contact"
        until = f" until {long_day(one.until)}" if one.until else ""
        ways = f"; open: {', '.join(one.ways_open)}" if one.ways_open else ""
        yield Line(f"{one.case_ref}: {contact}{until}{ways}.", indent=1)


_MEANINGS = {
    ExitCode.IN_STEP: "nothing is overdue",
    ExitCode.DIFFERENCES: "something is overdue; see above",
    ExitCode.PARTIAL: "something could not be read, sent or put on the list; see above",
    ExitCode.LEASE_HELD: "another run holds the lease",
    ExitCode.CONFIGURATION: "the settings or permissions are wrong",
    ExitCode.SOURCE_INCOMPLETE: "the register could not be read whole",
}


def _head(head: Head) -> Iterator[Line]:
    yield from head_lines(
        head, _MEANINGS.get(head.exit_code, "something failed that this program does not know")
    )


def head_lines(head: Head, meaning: str) -> Iterator[Line]:
    """What could not be read, the error if any, and the status line that agrees with the exit code."""
    for one in head.unknown:
        yield Line(f"! unknown: {one.scope}: {one.reason}", "yellow")
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    code = head.exit_code
    yield Line(f"Status: {code.status} (exit code {int(code)}): {meaning}.", "bold")


def _words(task: Task) -> tuple[Said, str]:
    message, action = TASK_WORDS[task.kind]
    return Said(message, **{name: _told(name, value) for name, value in task.facts.items()}), action


def _told(name: str, value: Fact) -> SaidValue:
    """A fact within a sentence. What an officer picked from a column has words of its own."""
    return Said(value) if name in CHOICES and isinstance(value, str) else value
