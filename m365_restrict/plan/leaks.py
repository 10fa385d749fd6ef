"""Did it work: what message traces say of one case's mail, judged by its decision alone.

This is a second judge beside `mailflow`: it asks who may get the person's mail, never which rule does what.
Pure: lines come from a reader, and leave it as counts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from m365_restrict.register.case import Measure
from m365_restrict.register.dates import local_day
from m365_restrict.rules.observed import Properties

_WITHOUT_EFFECT = frozenset({"Name", "Comments", "ExpiryDate", "RejectMessageReasonText"})
_EXPIRY = "ExpiryDate"


class RedirectTrace(StrEnum):
    """How the trace shows a redirected message, which nobody has documented (graph.md 6.1).

    CONTACT: as delivered to the single contact. RECIPIENT: as delivered to whom it was sent. AUTO: whichever
    it is, a delivered copy counts as a leak only where its events do not tell of a rule of the case. UNTOLD:
    as RECIPIENT, and no event tells of rules, so that nobody can tell a redirect from a leak.
    """

    AUTO = "auto"
    CONTACT = "contact"
    RECIPIENT = "recipient"
    UNTOLD = "untold"


@dataclass(frozen=True, kw_only=True)
class TraceReading:
    """What the words of the trace mean, in lower case. Every other word is neither (graph.md 6.1)."""

    delivered: frozenset[str] = frozenset({"delivered"})
    refused: frozenset[str] = frozenset({"failed"})
    redirect: RedirectTrace = RedirectTrace.AUTO


@dataclass(frozen=True, kw_only=True)
class Traced:
    """What became of one message for one recipient: no subject."""

    trace_id: str
    recipient: str
    status: str
    at: datetime


class Handling(StrEnum):
    """What the decision does with mail, as far as a trace can show it."""

    REDIRECTED = "redirected"
    FILED = "filed"
    REFUSED = "refused"
    LEFT = "left"
    """Mail reaches everybody, or mailbox rules put it away after the trace ends."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whom a case keeps mail from, in primary addresses, lower case.

    `within` is None for the whole council, which is every address of `domains`. `since` is when what was
    written had settled, None where nothing can be judged; `until` is when it no longer stood, None while it
    does. `choosers` are councillors who chose the same as the council, each since when their own rule had
    settled. `groups` and `exempt_groups` are read by whoever asks, and their members added with `knowing`.
    """

    handling: Handling
    contact: str
    since: datetime | None
    domains: frozenset[str]
    exempt: frozenset[str]
    within: frozenset[str] | None = None
    choosers: Mapping[str, datetime] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    exempt_groups: tuple[str, ...] = ()
    until: datetime | None = None

    def covers(self, recipient: str) -> bool:
        """Whether the case keeps mail from this mailbox, once its rules act."""
        if self.handling is Handling.LEFT:
            return False
        if recipient in self.choosers:
            return True
        if recipient in self.exempt:
            return False
        if self.within is None:
            return recipient.rpartition("@")[2] in self.domains
        return recipient in self.within

    def keeps_from(self, recipient: str, at: datetime) -> bool:
        """Whether a message of that moment should not have reached this mailbox."""
        since = self.choosers.get(recipient, self.since)
        is_over = self.until is not None and at >= self.until
        return since is not None and at >= since and not is_over and self.covers(recipient)

    def knowing(self, members: Mapping[str, frozenset[str]]) -> "Decision":
        """The same with the members of its groups, by the group's address."""
        empty = frozenset[str]()
        inside = empty.union(*(members.get(one, empty) for one in self.groups))
        outside = empty.union(*(members.get(one, empty) for one in self.exempt_groups))
        return replace(
            self,
            within=None if self.within is None else self.within | inside,
            exempt=self.exempt | outside,
            groups=(),
            exempt_groups=(),
        )


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """What one case's mail is judged by: as it is decided now, and before that, oldest first."""

    today: Decision
    earlier: tuple[Decision, ...] = ()

    @property
    def all(self) -> tuple[Decision, ...]:
        """Every one of them, the oldest first."""
        return (*self.earlier, self.today)

    def at(self, moment: datetime) -> Decision:
        """By what a message of that moment is judged: what stood then, or was the next to stand."""
        stood = (one for one in self.earlier if one.until is not None and moment < one.until)
        return next(stood, self.today)


def handling_of(measure: Measure, *, by_mailbox_rules: bool) -> Handling:
    """What a trace can show of a measure; what mailbox rules do comes after it (graph.md 1.8)."""
    if by_mailbox_rules:
        return Handling.LEFT
    match measure:
        case Measure.REDIRECT | Measure.ALLOWED_ONLY:
            return Handling.REDIRECTED
        case Measure.FILE:
            return Handling.FILED
        case Measure.REFUSE:
            return Handling.REFUSED
        case Measure.COPY | Measure.JUNK | Measure.REQUESTED | Measure.NO_EMAIL:
            return Handling.LEFT


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One message: what became of it, and the recipients who got it although the case keeps it from them."""

    trace_id: str
    at: datetime
    handling: Handling
    handled: bool = False
    suspects: tuple[str, ...] = ()


class Confirmed(StrEnum):
    """What a suspect turned out to be."""

    LEAKED = "leaked"
    HANDLED = "handled"
    UNSURE = "unsure"
    """Nobody can tell, however often it is asked."""
    UNANSWERED = "unanswered"
    """It was not asked, or not answered: a later run asks again."""
    EXEMPT = "exempt"


def judge_traces(decisions: Decisions, traces: Iterable[Traced], reading: TraceReading) -> tuple[Judged, ...]:
    """Every message by its id, oldest first, each by what stood when it came.

    A line at a shared bound may come twice.
    """
    by_message: dict[str, list[Traced]] = {}
    for line in traces:
        by_message.setdefault(line.trace_id, []).append(line)
    judged = (_judge(decisions, lines, reading) for lines in by_message.values())
    return tuple(sorted(judged, key=lambda one: (one.at, one.trace_id)))


def _judge(decisions: Decisions, lines: Sequence[Traced], reading: TraceReading) -> Judged:
    at = min(line.at for line in lines)
    decision = decisions.at(at)
    got = [line.recipient for line in lines if line.status.lower() in reading.delivered]
    match decision.handling:
        case Handling.REDIRECTED | Handling.FILED:
            handled = decision.contact in got
        case Handling.REFUSED:
            handled = any(
                line.status.lower() in reading.refused and decision.covers(line.recipient) for line in lines
            )
        case Handling.LEFT:
            handled = False
    suspects = sorted({one for one in got if decision.keeps_from(one, at)})
    return Judged(
        trace_id=lines[0].trace_id,
        at=at,
        handling=decision.handling,
        handled=handled,
        suspects=tuple(suspects),
    )


@dataclass(frozen=True, kw_only=True)
class MailDay:
    """Messages of one case on one local day; one may count in several columns, but once in each.

    `unsure`: delivered to somebody from whom the case keeps mail, and nobody could tell whether a rule had
    redirected it.
    """

    day: date
    seen: int = 0
    redirected: int = 0
    refused: int = 0
    filed: int = 0
    leaked: int = 0
    unsure: int = 0


COUNTED = tuple(one.name for one in fields(MailDay) if one.name != "day")
"""The columns that are numbers."""


def tally(
    judged: Iterable[Judged], confirmed: Mapping[tuple[str, str], Confirmed], zone: ZoneInfo
) -> tuple[MailDay, ...]:
    """Counts by local day, oldest first. `confirmed` is by message and suspect; a missing one is unsure.

    What was not answered is in no column but the first: it is never kept.
    """
    days: dict[date, Counter[str]] = {}
    for one in judged:
        found = {confirmed.get((one.trace_id, who), Confirmed.UNSURE) for who in one.suspects}
        counts = days.setdefault(local_day(one.at, zone), Counter())
        counts.update(_columns(one, found))
    return tuple(MailDay(day=day, **days[day]) for day in sorted(days))


def _columns(one: Judged, found: set[Confirmed]) -> Iterator[str]:
    yield "seen"
    if one.handling is not Handling.LEFT and (one.handled or Confirmed.HANDLED in found):
        yield one.handling.value
    if Confirmed.LEAKED in found:
        yield "leaked"
    if Confirmed.UNSURE in found:
        yield "unsure"


def summed(days: Iterable[MailDay], *, first: date, last: date) -> MailDay:
    """All days of a span in one, under its first."""
    counts: Counter[str] = Counter()
    for one in days:
        if first <= one.day <= last:
            counts.update({name: getattr(one, name) for name in COUNTED})
    return MailDay(day=first, **counts)


def not_below(days: Iterable[MailDay], leaked: Mapping[date, int]) -> tuple[MailDay, ...]:
    """The same with the leaks that were told before: what was told once is never taken back unseen."""
    found = tuple(days)
    known: Counter[date] = Counter()
    for one in found:
        known[one.day] += one.leaked
    lost = ((day, count - known[day]) for day, count in sorted(leaked.items()))
    return (*found, *(MailDay(day=day, leaked=count) for day, count in lost if count > 0))


def stands_since(form: Properties, written: Sequence[tuple[datetime, Properties | None]]) -> datetime | None:
    """Since when a rule has been wanted in this form without a break; None where nobody knows.

    `written` are the forms that its writes left, oldest first, None where there was no rule after one. What
    only names or explains the rule makes no break, nor does putting back what somebody else had changed;
    an end that was moved once it had passed does.
    """
    since: datetime | None = None
    later = form
    for at, left in reversed(written):
        if left is None or effect_of(left) != effect_of(form):
            break
        ended = left.get(_EXPIRY)
        if since is not None and isinstance(ended, datetime) and ended <= since and left != later:
            break
        since, later = at, left
    return since


def effect_of(form: Properties) -> Properties:
    """A form without what only names or explains the rule, and without its end."""
    return {name: value for name, value in form.items() if name not in _WITHOUT_EFFECT}
