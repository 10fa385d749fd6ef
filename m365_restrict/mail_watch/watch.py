"""Did it work: what became of the mail of cases, as far as traces tell (docs/did-it-work.md).

What was told once is never taken back because a rule was rewritten, a case ended or nobody could look.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from m365_restrict.ledger.mail_seen import Span
from m365_restrict.mail_watch.asking import Asked, Known, ask
from m365_restrict.mail_watch.decisions import MailDecisions, Traceable
from m365_restrict.plan.beside import MailCounts, NotCovered, Point, Unseen
from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.leaks import Handling, MailDay, not_below, summed
from m365_restrict.register.dates import expiry_instant
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.transport_rule import RuleMode
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.trace import NOT_GRANTED

_CODE = FindingCode.MAIL_LEAKED
_SCOPE = "What became of mail"
_WEEKS = 13
# How long after its last day a leak is still known to be past rather than put right.
_REMEMBERED = timedelta(days=30)
_SERIES = (Handling.REDIRECTED, Handling.REFUSED, Handling.FILED)
_GRANT = (
    "Grant the reader application ExchangeMessageTrace.Read.All (docs/did-it-work.md), or read this as a "
    "report about rules alone."
)
_LATER = "The next run asks about them first. If it stays so, raise TRACE__QUESTIONS and DRIFT__WAIT_SECONDS."
_AGAIN = "The next run asks again. If it stays so, look into the message trace in the Exchange admin center."
_MORE = "Raise TRACE__QUESTIONS; 100 in five minutes is the most. The next run goes on where this one ended."
_TELL_APART = (
    "Run `m365-restrict doctor --canary start`, which finds out how this tenant shows a redirect, or set "
    "TRACE__REDIRECT (docs/did-it-work.md)."
)
_TOO_MANY = (
    "Raise TRACE__QUESTIONS above the number of the case's addresses; 100 in five minutes is the most."
)
_LOOK = "Look into one of the mailboxes: the trace ends where mailbox rules begin."


@dataclass(frozen=True, kw_only=True)
class MailWatched:
    """What is told of mail. `received` is how many messages were sent on to each single contact."""

    mail: Mapping[str, MailCounts] = field(default_factory=dict)
    by_week: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    findings: tuple[Finding, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    unseen: frozenset[Unseen] = frozenset()
    received: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Cases:
    """Cases in force, those that are over, and the days of both by item, with what earlier runs told."""

    in_force: Sequence[Traceable]
    over: Sequence[Traceable]
    days: Mapping[str, tuple[MailDay, ...]]

    @property
    def all(self) -> tuple[Traceable, ...]:
        """Both."""
        return (*self.in_force, *self.over)


async def watch_mail(run: Run, found: Found, planned: Planned) -> MailWatched:
    """Ask as much as a run may, oldest first, and tell what is known of every case."""
    if run.options.compile.mode is RuleMode.AUDIT:
        # Nothing is kept from anybody, and the report says so.
        return MailWatched(unseen=frozenset({Unseen(_CODE.value)}))
    tenant, memory = run.options.tenant_id, run.ledger.mail_seen
    known = Known(spans=memory.spans(tenant), told=memory.told(tenant))
    decisions = MailDecisions(run, found, planned, known.told)
    in_force = [one for one in decisions.cases() if one.written_at or one.item_id in known.spans]
    since = _midnight(run, _first(run, run.options.trace.leak_days))
    over = list(decisions.over(_counted(known, since - _REMEMBERED), since))
    asked = await ask(run, decisions, [*in_force, *over], known)
    days = _days(run, [*in_force, *over], asked, known)
    return _told(run, _Cases(in_force=in_force, over=over, days=days), asked)


def _counted(known: Known, since: datetime) -> Iterator[str]:
    """Items of whose mail something was seen or told that ended no earlier than `since`."""
    for found in (known.spans, known.told):
        yield from (item for item, one in found.items() if one.until >= since)


def _days(
    run: Run, cases: Iterable[Traceable], asked: Asked, known: Known
) -> Mapping[str, tuple[MailDay, ...]]:
    """What is known of each case; what is told now of those that were asked about is remembered."""
    tenant, memory = run.options.tenant_id, run.ledger.mail_seen
    first = min(_first_week(run), _first(run, run.options.trace.count_days))
    kept = memory.since(tenant, first)
    found: dict[str, tuple[MailDay, ...]] = {}
    for case in cases:
        item, told = case.item_id, known.told.get(case.item_id)
        now = (*kept.get(item, ()), *asked.days.get(item, ()))
        before = {day: count for day, count in told.leaked.items() if day >= first} if told else {}
        found[item] = not_below(now, before)
        if item in asked.until:
            leaked = {day: summed(now, first=day, last=day).leaked for day in {one.day for one in now}}
            some = {day: count for day, count in leaked.items() if count}
            memory.tell(tenant, item, until=asked.until[item], leaked=some)
    return found


def _told(run: Run, cases: _Cases, asked: Asked) -> MailWatched:
    spans = run.ledger.mail_seen.spans(run.options.tenant_id)
    mail: dict[str, MailCounts] = {}
    received: dict[str, int] = {}
    for case in cases.in_force:
        counts = _counts(run, case, cases.days[case.item_id], spans.get(case.item_id), asked)
        if counts is not None:
            mail[case.reference] = counts
            contact = case.contact
            received[contact] = received.get(contact, 0) + counts.redirected + counts.filed
    everything = [one for case in cases.in_force for one in cases.days[case.item_id]]
    return MailWatched(
        mail=mail,
        by_week=tuple(_by_week(everything, _first_week(run), run.today)) if mail else (),
        findings=tuple(_leaks(run, cases)),
        not_covered=tuple(_not_covered(run, cases, asked)),
        unseen=frozenset(_unseen(run, cases, asked)),
        received=received,
    )


def _counts(
    run: Run, case: Traceable, days: Iterable[MailDay], span: Span | None, asked: Asked
) -> MailCounts | None:
    until = asked.until.get(case.item_id) or (span.until if span else None)
    began = span.since if span else asked.since.get(case.item_id)
    if until is None or began is None:
        return None
    first = _first(run, run.options.trace.count_days)
    found = summed(days, first=first, last=run.today)
    return MailCounts(
        seen=found.seen,
        redirected=found.redirected,
        refused=found.refused,
        filed=found.filed,
        leaked=found.leaked,
        since=max(began, _midnight(run, first)),
        until=until,
    )


def _leaks(run: Run, cases: _Cases) -> Iterator[Finding]:
    first = _first(run, run.options.trace.leak_days)
    for case in cases.all:
        leaking = [one for one in cases.days[case.item_id] if one.leaked and one.day >= first]
        count = sum(one.leaked for one in leaking)
        if count:
            began = min(one.day for one in leaking)
            messages = "1 message" if count == 1 else f"{count} messages"
            yield Finding(
                code=_CODE,
                change_class=ChangeClass.DRIFTED,
                severity=Severity.CRITICAL,
                message=f"{_CODE.meaning} {messages} since {long_day(began)}.",
                case_reference=case.reference,
                key=f"mail:{case.item_id}",
                identity=f"{_CODE.value}|{case.item_id}",
                began_at=_midnight(run, began),
                latest_on=max(one.day for one in leaking),
            )


def _unseen(run: Run, cases: _Cases, asked: Asked) -> Iterator[Unseen]:
    """Of whose mail something was not seen, and whose leaks are too old to be told: none was put right."""
    if not asked.is_granted:
        yield Unseen(_CODE.value)
    yield from (Unseen(_CODE.value, one) for one in asked.unseen)
    first = _first(run, run.options.trace.leak_days)
    for case in cases.all:
        if any(one.leaked and one.day < first for one in cases.days[case.item_id]):
            yield Unseen(_CODE.value, case.reference, is_aged=True)


def _not_covered(run: Run, cases: _Cases, asked: Asked) -> Iterator[NotCovered]:
    if not asked.is_granted:
        yield NotCovered(scope=_SCOPE, reason=f"{_sentence(NOT_GRANTED.reason)}", next_step=_GRANT)
        return
    first = _first(run, run.options.trace.leak_days)
    unsure = [
        one.reference
        for one in cases.all
        if summed(cases.days[one.item_id], first=first, last=run.today).unsure
    ]
    after = [one.reference for one in cases.in_force if one.by_mailbox]
    for reason, references in asked.unread.items():
        yield _about(references, f"{_sentence(reason)}", _LATER)
    yield from (
        _about(references, reason, step)
        for references, reason, step in (
            (asked.left, "A run asks the message trace only so much, and these were left.", _LATER),
            (asked.too_many, "It has more addresses than a run may ask questions.", _TOO_MANY),
            (asked.spent, "A run asks the message trace only so much, and some copies that look like leaks "
             "were not looked at.", _MORE),
            (asked.unanswered, "Nobody could look at some copies that look like leaks: a service did not "
             "answer.", _AGAIN),
            (unsure, "Of some mail nobody can tell whether it was redirected or reached its reader.",
             _TELL_APART),
            (after, "Whether mailbox rules put the mail away does not show in the message trace.", _LOOK),
        )
        if references
    )  # fmt: skip


def _about(references: Sequence[str], reason: str, next_step: str) -> NotCovered:
    return NotCovered(scope=f"{_SCOPE}: {', '.join(sorted(references))}", reason=reason, next_step=next_step)


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}."


def _by_week(days: Sequence[MailDay], first: date, today: date) -> Iterator[tuple[str, tuple[Point, ...]]]:
    mondays = [first + timedelta(weeks=number) for number in range((today - first).days // 7 + 1)]
    begun = min((one.day for one in days), default=today)
    mondays = [one for one in mondays if one >= _monday(begun)]
    for series in _SERIES:
        weeks = ((one, summed(days, first=one, last=one + timedelta(days=6))) for one in mondays)
        points = tuple(Point(day=one, count=getattr(week, series.value)) for one, week in weeks)
        if any(point.count for point in points):
            yield series.value, points


def _first(run: Run, days: int) -> date:
    return run.today - timedelta(days=days)


def _first_week(run: Run) -> date:
    return _monday(run.today) - timedelta(weeks=_WEEKS - 1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _midnight(run: Run, day: date) -> datetime:
    """When a local day begins."""
    return expiry_instant(day - timedelta(days=1), run.options.zone)
