"""What became of one case's mail: asked of the message trace, handed out as counts alone (graph.md 6.1).

Who wrote to whom stays in here: neither a document nor the evidence of a run ever sees a line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from m365_restrict.outcome import Unknown
from m365_restrict.plan.leaks import (
    Confirmed,
    Decision,
    Decisions,
    Handling,
    Judged,
    MailDay,
    RedirectTrace,
    Traced,
    TraceReading,
    judge_traces,
    tally,
)
from m365_restrict.plan.mail_forms import RuleStory
from m365_restrict.register.recipient import Recipient, Resolved
from m365_restrict.tenant.directory import DirectoryReader
from m365_restrict.tenant.graph import GraphReader
from m365_restrict.tenant.shared_wait import Part, SharedWait
from m365_restrict.tenant.trace import SCOPE, MessageTraceReader, QuestionLimit

GROUP_UNREAD = Unknown(SCOPE, "the members of a group that the case names could not be read")
TOO_SLOW = Unknown(SCOPE, "the message trace did not answer in the time that a run gives it")

_REDIRECT = "redirect"
_RULE_EVENT = re.compile(r"transport ?rule")
_NAMED = re.compile(r"'[^']+'|\"[^\"]+\"|[0-9a-f]{8}-[0-9a-f]{4}-")


class Lack(StrEnum):
    """Why something that a case was asked about has no answer yet."""

    NOTHING = ""
    SPENT = "spent"
    """More questions were needed than it was given."""
    UNREAD = "unread"
    """A service did not answer."""


@dataclass(frozen=True, kw_only=True)
class MailQuestion:
    """What is asked about one case. All instants are whole seconds, `since` and `until` both included.

    Messages before `settled_until` are told apart from later ones, of which the trace may not know all yet.
    `rules` tell what an event means that names a rule of the case. At most `questions` are asked.
    """

    addresses: tuple[str, ...]
    decisions: Decisions
    reading: TraceReading
    since: datetime
    until: datetime
    settled_until: datetime
    rules: tuple[RuleStory, ...]
    zone: ZoneInfo
    questions: int


@dataclass(frozen=True, kw_only=True)
class MailAnswer:
    """Counts by local day, before and from `settled_until`, and how many questions they took.

    `settled_until` is no later than it was asked for, and no later than the first message that somebody must
    ask about again; `lack` says why.
    """

    settled: tuple[MailDay, ...]
    later: tuple[MailDay, ...]
    settled_until: datetime
    asked: int
    lack: Lack = Lack.NOTHING


class MailSeenReader:
    """Asks about one case at a time. Nothing of it fails or waits for a budget."""

    def __init__(self, graph: GraphReader, directory: DirectoryReader, wait: SharedWait) -> None:
        """Both are the reader application's; `wait` is shared by all that a run reads beside rules."""
        self._graph = graph
        self._directory = directory
        self._wait = wait

    async def seen(self, question: MailQuestion) -> MailAnswer | Unknown:
        """The counts, or Unknown where any part could not be read: never a part of them."""
        return await self._wait.answer(Part.MAIL, lambda: self._seen(question), late=TOO_SLOW)

    async def _seen(self, question: MailQuestion) -> MailAnswer | Unknown:
        decisions, lack = await self._with_members(question.decisions)
        if isinstance(decisions, Unknown):
            return decisions
        limit = QuestionLimit(question.questions)
        reader = MessageTraceReader(self._graph, limit)
        lines = await _lines(question, reader)
        if isinstance(lines, Unknown):
            return lines
        judged = judge_traces(decisions, lines, question.reading)
        confirmed = await self._confirmed(question, decisions, judged, reader)
        open_at = _first_open(judged, confirmed)
        if open_at is not None:
            lack = Lack.SPENT if limit.left <= 0 else Lack.UNREAD
        bounds = (question.settled_until, *([open_at.replace(microsecond=0)] if open_at else []))
        until = max(question.since, min(bounds))
        return MailAnswer(
            settled=tally((one for one in judged if one.at < until), confirmed, question.zone),
            later=tally((one for one in judged if one.at >= until), confirmed, question.zone),
            settled_until=until,
            asked=question.questions - limit.left,
            lack=lack,
        )

    async def _with_members(self, decisions: Decisions) -> tuple[Decisions | Unknown, Lack]:
        """A group of an earlier decision may be gone: by that one nothing can be judged any more."""
        members: dict[str, frozenset[str]] = {}
        unread: set[str] = set()
        for group in dict.fromkeys(one for known in decisions.all for one in _groups(known)):
            people = await self._directory.members(group)
            if isinstance(people, Unknown):
                unread.add(group)
            else:
                members[group] = frozenset(one.address for one in people)
        if not unread.isdisjoint(_groups(decisions.today)):
            return GROUP_UNREAD, Lack.UNREAD
        earlier = [
            one if unread.isdisjoint(_groups(one)) else replace(one, since=None) for one in decisions.earlier
        ]
        whole = Decisions(
            today=decisions.today.knowing(members), earlier=tuple(one.knowing(members) for one in earlier)
        )
        return whole, Lack.UNREAD if unread else Lack.NOTHING

    async def _confirmed(
        self,
        question: MailQuestion,
        decisions: Decisions,
        judged: Sequence[Judged],
        reader: MessageTraceReader,
    ) -> Mapping[tuple[str, str], Confirmed]:
        """What each suspect is. The directory is asked first: the trace may name a mailbox by an alias."""
        known = await self._directory.resolve({who for one in judged for who in one.suspects})
        found: dict[tuple[str, str], Confirmed] = {}
        for one, who in _from_both_ends(tuple(_suspects(judged))):
            verdict = _by_directory(decisions.at(one.at), one, known.get(who))
            # A refused message never shows as delivered.
            if verdict is Confirmed.LEAKED and one.handling is not Handling.REFUSED:
                verdict = await _told(question, one, who, reader)
            found[one.trace_id, who] = verdict
        return found


async def _lines(question: MailQuestion, reader: MessageTraceReader) -> list[Traced] | Unknown:
    lines: list[Traced] = []
    for address in question.addresses:
        found = await reader.lines(address, since=question.since, until=question.until)
        if isinstance(found, Unknown):
            return found
        for one in found:
            at = one.at or question.since
            if at >= question.since:  # Bounds are asked for in whole seconds.
                lines.append(Traced(trace_id=one.trace_id, recipient=one.recipient, status=one.status, at=at))
    return lines


def _first_open(judged: Iterable[Judged], confirmed: Mapping[tuple[str, str], Confirmed]) -> datetime | None:
    """When the first message came that somebody must ask about again."""
    still = (one.at for one, who in _suspects(judged) if confirmed[one.trace_id, who] is Confirmed.UNANSWERED)
    return min(still, default=None)


def _groups(decision: Decision) -> tuple[str, ...]:
    return (*decision.groups, *decision.exempt_groups)


def _suspects(judged: Iterable[Judged]) -> Iterator[tuple[Judged, str]]:
    return ((one, who) for one in judged for who in one.suspects)


def _from_both_ends(suspects: Sequence[tuple[Judged, str]]) -> Iterator[tuple[Judged, str]]:
    """The oldest and the newest in turn: where questions run out, neither a backlog nor a new leak waits."""
    last = len(suspects) - 1
    for number in range(last + 1):
        yield suspects[last - number // 2 if number % 2 else number // 2]


def _by_directory(decision: Decision, one: Judged, entry: Resolved | None) -> Confirmed:
    if isinstance(entry, Recipient):
        return Confirmed.LEAKED if decision.keeps_from(entry.address, one.at) else Confirmed.EXEMPT
    return Confirmed.LEAKED if entry is not None and entry.absent else Confirmed.UNANSWERED


async def _told(question: MailQuestion, one: Judged, who: str, reader: MessageTraceReader) -> Confirmed:
    """What a copy is that shows as delivered, by how this tenant shows a redirect."""
    match question.reading.redirect:
        case RedirectTrace.CONTACT:
            return Confirmed.LEAKED
        case RedirectTrace.UNTOLD:
            return Confirmed.UNSURE
        case RedirectTrace.AUTO | RedirectTrace.RECIPIENT:
            told = await reader.told_of(one.trace_id, who)
            if isinstance(told, Unknown):
                return Confirmed.UNANSWERED
            return _by_events(
                told, [rule.verdict(one.at, who) for rule in question.rules if rule.is_named_in(told)]
            )


_FIRST_OF_RULES = (Confirmed.HANDLED, Confirmed.LEAKED, Confirmed.UNANSWERED)


def _by_events(told: str, of_rules: Sequence[Confirmed]) -> Confirmed:
    """`of_rules` is what the case's rules say that the events name; a name may have been borne by several."""
    if of_rules:
        return next((one for one in _FIRST_OF_RULES if one in of_rules), Confirmed.UNSURE)
    is_silent = not told or _REDIRECT in told
    return Confirmed.UNSURE if is_silent or any(map(_is_nameless, told.split("\n"))) else Confirmed.LEAKED


def _is_nameless(event: str) -> bool:
    """Whether an event is a transport rule's and does not say which: it may be one of ours."""
    return bool(_RULE_EVENT.search(event)) and not _NAMED.search(event)
