"""How much mail an address wrote, from the message trace (graph.md 6.1). Counts are all that is kept."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.tenant.graph import GraphReader, path_of
from m365_restrict.tenant.list_values import read_instant

REACH_DAYS = 90
"""How far back the trace goes."""

SCOPE = "message trace"
"""The scope of every Unknown from here."""

NOT_GRANTED = Unknown(SCOPE, "the reader application was not granted ExchangeMessageTrace.Read.All")
"""What is known where the permission is missing."""

WINDOW = timedelta(days=10)
"""The longest span that one question may be about."""

_PATH = "/admin/exchange/tracing/messageTraces"
# The service counts its 90 days from when it is asked, which is a little after we have counted ours.
_MARGIN = timedelta(minutes=5)
_PAGE = "5000"
_REFUSED = frozenset({401, 403})
# A group's own line stands beside those of its members: only they are mailboxes.
_GROUP_LINE = "expanded"
# What identifies an event says nothing of what happened.
_NOT_TOLD = frozenset({"id", "messageId", "dateTime"})
_QUESTIONS = 100
_PERIOD_SECONDS = 300.0


@dataclass(frozen=True)
class TraceCounts:
    """How many messages an address wrote to each recipient; one to two recipients counts once for each."""

    by_recipient: Mapping[str, int]

    @property
    def messages(self) -> int:
        """All of them."""
        return sum(self.by_recipient.values())

    def __add__(self, other: "TraceCounts") -> "TraceCounts":
        return TraceCounts(Counter(self.by_recipient) + Counter(other.by_recipient))


@dataclass(frozen=True, kw_only=True)
class TraceLine:
    """What became of one message for one recipient. `status` is the service's own word.

    `at` is when it was received, None where the service gave no instant.
    """

    trace_id: str
    recipient: str
    subject: str
    status: str
    at: datetime | None = None


class QuestionBudget:
    """Waits where one more question would be more than the service allows: 100 in five minutes."""

    def __init__(
        self,
        *,
        questions: int = _QUESTIONS,
        seconds: float = _PERIOD_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`questions` may be asked in any period of `seconds`."""
        self._questions, self._seconds = questions, seconds
        self._clock, self._sleep = clock, sleep
        self._asked: deque[float] = deque()
        self._turn = asyncio.Lock()

    async def spend(self) -> None:
        """Return once a question may be asked."""
        async with self._turn:
            if len(self._asked) == self._questions:
                await self._sleep(max(0.0, self._asked.popleft() + self._seconds - self._clock()))
            self._asked.append(self._clock())


class QuestionsSpent(ServiceError):
    """A run has asked as many questions as it may; whoever asks on is told so."""


class QuestionLimit(QuestionBudget):
    """So many questions and no wait: what is left is left to another run."""

    def __init__(self, questions: int) -> None:
        """`questions` in all."""
        super().__init__(questions=questions)
        self.left = questions

    async def spend(self) -> None:
        """Return if a question may be asked; QuestionsSpent if not."""
        if self.left <= 0:
            raise QuestionsSpent("this run has asked the message trace as much as it may")
        self.left -= 1


class MessageTraceReader:
    """Counts messages; an address is asked about alone, because Graph ignores `or` (graph.md 6.1)."""

    def __init__(self, graph: GraphReader, budget: QuestionBudget | None = None) -> None:
        """`graph` is the reader application's, which needs ExchangeMessageTrace.Read.All."""
        self._graph = graph
        self._budget = budget or QuestionBudget()

    async def counts(self, address: str, *, since: datetime, until: datetime) -> TraceCounts | Unknown:
        """What `address` wrote to each recipient, lower case, from `since` to `until`, both included.

        What lies more than 90 days before `until` is left out. Unknown where the permission was not
        granted or a window could not be read: then there is no count at all, never a part of one.
        """
        found = await self.lines(address, since=since, until=until)
        if isinstance(found, Unknown):
            return found
        return TraceCounts(Counter(line.recipient for line in found))

    async def lines(
        self, address: str, *, since: datetime, until: datetime
    ) -> tuple[TraceLine, ...] | Unknown:
        """The same, message by message. Subjects are for messages of our own making: keep no others."""
        earliest = max(since, until - timedelta(days=REACH_DAYS) + _MARGIN)
        lines: dict[tuple[str, str], TraceLine] = {}
        try:
            for start, end in _windows(earliest, until):
                lines |= await self._window(address, start, end)
        except ServiceError as error:
            return _unknown(error)
        return tuple(lines.values())

    async def tells_of(self, line: TraceLine, name: str) -> bool | Unknown:
        """Whether the events of one message and recipient name a rule (graph.md 6.1).

        What the events are called is unknown, so their whole text is looked through.
        """
        told = await self.told_of(line.trace_id, line.recipient)
        return told if isinstance(told, Unknown) else name.lower() in told

    async def told_of(self, trace_id: str, recipient: str) -> str | Unknown:
        """What the events of one message and recipient say, a line each, in lower case: keep none of it."""
        escaped = recipient.replace("'", "''")
        call = f"getDetailsByRecipient(recipientAddress='{escaped}')"
        pages = self._graph.get_pages(_PATH + path_of(trace_id, call), before_each=self._budget.spend)
        try:
            events = [event async for event in pages]
        except ServiceError as error:
            return _unknown(error)
        told = ([str(value) for name, value in event.items() if name not in _NOT_TOLD] for event in events)
        return "\n".join(" ".join(" ".join(one).lower().split()) for one in told)

    async def _window(self, address: str, start: datetime, end: datetime) -> dict[tuple[str, str], TraceLine]:
        """Lines by trace id and recipient: windows share their bounds, so a line may come twice."""
        sender = address.replace("'", "''")
        query = {
            "$filter": f"senderAddress eq '{sender}' and receivedDateTime ge {_instant(start)} "
            f"and receivedDateTime le {_instant(end)}",
            "$top": _PAGE,
        }
        found: dict[tuple[str, str], TraceLine] = {}
        pages = self._graph.get_pages(_PATH, query=query, before_each=self._budget.spend)
        async for line in pages:
            recipient = str(line.get("recipientAddress") or "").lower()
            # A filter that is silently ignored must not count other people's mail (graph.md 0.10).
            ours = str(line.get("senderAddress") or "").lower() == address.lower()
            if ours and line.get("status") != _GROUP_LINE:
                found[str(line.get("id")), recipient] = TraceLine(
                    trace_id=str(line.get("id")),
                    recipient=recipient,
                    subject=str(line.get("subject") or ""),
                    status=str(line.get("status") or ""),
                    at=_received(line.get("receivedDateTime")),
                )
        return found


def _windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    start = since
    while start < until:
        end = min(start + WINDOW, until)
        yield start, end
        start = end


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _received(value: object) -> datetime | None:
    try:
        return read_instant(value)
    except ValueError:
        return None


def _unknown(error: ServiceError) -> Unknown:
    if error.status in _REFUSED:
        return NOT_GRANTED
    return Unknown(SCOPE, error.message)
