"""What one run asks message traces, case by case, and what it keeps of the answers.

What the trace may not know all of yet, or somebody must ask about again, is asked about again and is never
kept; the rest is kept in numbers, so that one run may leave cases to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from m365_restrict.ledger.mail_seen import Span, ToldLeaks
from m365_restrict.mail_watch.decisions import Ground, MailDecisions, Traceable
from m365_restrict.outcome import Unknown
from m365_restrict.plan.leaks import MailDay, RedirectTrace, TraceReading
from m365_restrict.rules.tenant_profile import Question
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.mail_seen import Lack, MailAnswer, MailQuestion
from m365_restrict.tenant.trace import NOT_GRANTED, REACH_DAYS, WINDOW

# The service counts its 90 days from when it is asked, which is a little after we have counted ours.
_REACH = timedelta(days=REACH_DAYS) - timedelta(minutes=5)
# Copies that a case may have looked at beside its list, so that none is stuck behind its own list for ever.
_COPIES = 5


@dataclass
class Asked:
    """What this run was told, by item. `days` are not kept: of these the trace may not know all yet.

    References of cases that were left, of those with too many addresses, of those of which some copies could
    not be looked at for want of questions (`spent`) or of an answer (`unanswered`), and by reason of those
    that were not read.
    """

    since: dict[str, datetime] = field(default_factory=dict)
    until: dict[str, datetime] = field(default_factory=dict)
    days: dict[str, tuple[MailDay, ...]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    too_many: list[str] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    unread: dict[str, list[str]] = field(default_factory=dict)
    is_granted: bool = True

    @property
    def unseen(self) -> frozenset[str]:
        """The references of all cases of which something was not seen."""
        unread = (one for found in self.unread.values() for one in found)
        return frozenset((*self.left, *self.too_many, *self.spent, *self.unanswered, *unread))


@dataclass(frozen=True, kw_only=True)
class Known:
    """What earlier runs counted for good, and what they told, by item."""

    spans: Mapping[str, Span]
    told: Mapping[str, ToldLeaks]


async def ask(run: Run, decisions: MailDecisions, cases: Sequence[Traceable], known: Known) -> Asked:
    """The case that was looked at longest ago first, so that none is left for ever; each only its share."""
    asked, left = Asked(), run.options.trace.questions
    reading = _reading(run)
    open_ones = [one for one in cases if _is_open(run, one, known)]
    open_ones.sort(key=lambda one: (_looked(run, one, known), one.item_id))
    for number, case in enumerate(open_ones):
        count = len(case.addresses)
        if left < count:
            few = count > run.options.trace.questions
            (asked.too_many if few else asked.left).append(case.reference)
            continue
        share = min(left, max(count + _COPIES, left // (len(open_ones) - number)))
        question = _question(run, case, decisions.ground(case), known, reading, share)
        answer = await run.readers.mail_seen.seen(question)
        if answer == NOT_GRANTED:
            asked.is_granted = False
            break
        if isinstance(answer, Unknown):
            asked.unread.setdefault(answer.reason, []).append(case.reference)
            continue
        left -= answer.asked
        _take(run, case, question, answer, asked)
    return asked


def _is_open(run: Run, case: Traceable, known: Known) -> bool:
    """Whether there is anything left to ask."""
    if case.case is not None:
        return True
    span = known.spans.get(case.item_id)
    if case.ended_at is None or not case.addresses:
        return False
    return span is None or span.until < _whole(min(case.ended_at, run.now))


def _looked(run: Run, case: Traceable, known: Known) -> datetime:
    told, span = known.told.get(case.item_id), known.spans.get(case.item_id)
    looked = told.until if told else span.until if span else None
    return looked or case.written_at or run.now


def _take(run: Run, case: Traceable, question: MailQuestion, answer: MailAnswer, asked: Asked) -> None:
    if answer.settled_until > question.since:
        run.ledger.mail_seen.add(
            run.options.tenant_id,
            case.item_id,
            since=question.since,
            until=answer.settled_until,
            days=answer.settled,
        )
    asked.since[case.item_id], asked.until[case.item_id] = question.since, question.until
    asked.days[case.item_id] = answer.later
    match answer.lack:
        case Lack.SPENT:
            asked.spent.append(case.reference)
        case Lack.UNREAD:
            asked.unanswered.append(case.reference)
        case Lack.NOTHING:
            pass


def _question(
    run: Run, case: Traceable, ground: Ground, known: Known, reading: TraceReading, share: int
) -> MailQuestion:
    """One question about a case, from where the last one ended, over as many windows as its share allows."""
    span, count = known.spans.get(case.item_id), max(1, len(case.addresses))
    wanted = span.until if span else ground.since or case.written_at or run.now
    since = _whole(max(wanted, run.now - _REACH))
    windows = max(1, (share - _COPIES) // count)
    ends = [run.now, since + windows * WINDOW, *([case.ended_at] if case.ended_at else [])]
    until = max(since, _whole(min(ends)))
    return MailQuestion(
        addresses=case.addresses,
        decisions=ground.decisions,
        reading=reading,
        since=since,
        until=until,
        settled_until=min(until, _whole(run.now - run.options.trace.settled)),
        rules=ground.rules,
        zone=run.options.zone,
        questions=share,
    )


def _reading(run: Run) -> TraceReading:
    """The setting; where it leaves the question open, what a canary has found out."""
    reading = run.options.trace.reading
    if reading.redirect is not RedirectTrace.AUTO:
        return reading
    found = run.ledger.tenant_answers.profile(run.options.tenant_id).value(Question.REDIRECT_TRACE)
    return replace(reading, redirect=RedirectTrace(found or RedirectTrace.AUTO))


def _whole(moment: datetime) -> datetime:
    """The service takes whole seconds."""
    return moment.replace(microsecond=0)
