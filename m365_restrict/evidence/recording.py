"""A run watched: every answer that it gets from the tenant and from people is kept as it got it.

Kept is what a document can rest on. Names and addresses of the people whom cases are about, which letters
ask for, are never kept; neither is what follows the changes: letters, notes in lists, mail.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from m365_restrict import __version__
from m365_restrict.errors import RestrictError
from m365_restrict.evidence.values import encode, encode_error
from m365_restrict.ledger.evidence_bodies import Json, canonical, digest_of
from m365_restrict.ledger.evidence_chain import RunEvidence
from m365_restrict.plan.change import Plan
from m365_restrict.report.documents import Document
from m365_restrict.report.json_text import to_json
from m365_restrict.report.verb import Verb
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.tenant.session import TenantReaders, TenantWriters

T = TypeVar("T")

RECORDED = frozenset({Verb.PLAN, Verb.APPLY, Verb.HEAL, Verb.DRIFT})
"""The verbs whose runs can be performed again."""
WATCHED_WRITERS = ("transport_rules", "inbox_rules")
"""Writers whose answers become part of a document."""

OPENING, APPROVAL = "open_writers", "approve"
_PERSONAL = frozenset({"read_personal_fields", "read_personal_versions"})
# A message trace tells who wrote to whom, and about what: counts alone may be kept, by whoever counts.
_NOT_WATCHED = frozenset({"in_flight", "traces"})


def question(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
    """What identifies a question within a run; its arguments are not kept, they may name people."""
    return f"{name} {digest_of(canonical(encode((arguments, named))))[:32]}"


@dataclass
class Recording:
    """What one run has been answered so far. Watch the run, and ask for the evidence when it has ended."""

    _run: Run | None = None
    _state: dict[str, Json] = field(default_factory=dict)
    _answers: dict[str, list[Json]] = field(default_factory=dict)
    _stopping: list[str] = field(default_factory=list)
    _stopped: str = ""
    _is_open: bool = True
    _document: Document | None = None

    def watching(self, run: Run) -> Run:
        """The same run, with everything that answers it watched. The ledger is read as it is now."""
        self._run = run
        self._state = run.ledger.evidence.state()
        writing = None if run.writing is None else self._watched_writing(run.writing)

        def _close() -> bool:
            self._is_open = False
            return run.may_follow_up()

        return replace(run, readers=watched_readers(run.readers, self), writing=writing, may_follow_up=_close)

    def ended_with(self, document: Document) -> None:
        """Keep no more answers; `document` is what can be compared where the run's own is made of more."""
        self._is_open = False
        self._document = document

    def evidence(self, finished_at: datetime, failure: RestrictError | None = None) -> RunEvidence | None:
        """What the run saw and did; None where it ended before it looked. `failure` is what ended it."""
        run = self._run
        if run is None:
            return None
        by_hand, made = run.hand_over, self._document
        told: dict[str, Json] = {
            "verb": run.verb.value,
            "run_id": run.run_id,
            "now": encode(run.now),
            "finished_at": encode(made.head.finished_at if made else finished_at),
            "tool_version": __version__,
            "writes": run.writing is not None,
            "hand_over": None if by_hand is None else [encode(by_hand.file), by_hand.approval],
            "failure": None if failure is None else encode_error(failure),
            "followed_up": not self._is_open,
        }
        answers: dict[str, Json] = {key: list(self._answers[key]) for key in sorted(self._answers)}
        stopping: list[Json] = list(self._stopping) if any(self._stopping) else []
        stops: dict[str, Json] = {"asked": stopping, "last": self._stopped}
        return RunEvidence(
            parts={
                "run": told,
                "document": to_json(made) if made else "",
                "options": encode(run.options),
                "ledger": dict(self._state),
                "answers": {"answers": answers, "stops": stops},
            }
        )

    async def answered(self, asked: str, answer: Callable[[], Awaitable[T]]) -> T:
        """Ask, and keep the answer or the error. What is never answered is not kept."""
        if not self._is_open:
            return await answer()
        place = self._place(asked)
        try:
            found = await answer()
        except RestrictError as error:
            place["error"] = encode_error(error)
            raise
        place["value"] = encode(found)
        return found

    def answered_at_once(self, asked: str, answer: Callable[[], T]) -> T:
        """The same of a question that is not awaited."""
        place = self._place(asked)
        try:
            found = answer()
        except RestrictError as error:
            place["error"] = encode_error(error)
            raise
        place["value"] = encode(found)
        return found

    def _place(self, asked: str) -> dict[str, Json]:
        """Where the answer goes: questions that are the same are answered in the order of asking."""
        place: dict[str, Json] = {}
        self._answers.setdefault(asked, []).append(place)
        return place

    def _watched_writing(self, writing: Writing) -> Writing:
        def _approve(plan: Plan) -> bool:
            return self.answered_at_once(APPROVAL, lambda: writing.approve(plan))

        def _stopping() -> str:
            self._stopped = writing.stopping()
            if self._is_open:
                self._stopping.append(self._stopped)
            return self._stopped

        return replace(
            writing,
            open_writers=lambda: self._opened(writing.open_writers),
            approve=_approve,
            stopping=_stopping,
        )

    @asynccontextmanager
    async def _opened(
        self, open_writers: Callable[[], AbstractAsyncContextManager[TenantWriters]]
    ) -> AsyncIterator[TenantWriters]:
        place = self._place(OPENING)
        async with AsyncExitStack() as stack:
            try:
                writers = await stack.enter_async_context(open_writers())
            except RestrictError as error:
                place["error"] = encode_error(error)
                raise
            place["value"] = None
            watched: dict[str, Any] = {
                name: Watched(getattr(writers, name), name, self) for name in WATCHED_WRITERS
            }
            yield replace(writers, **watched)


def watched_readers(readers: TenantReaders, recording: Recording) -> TenantReaders:
    """The readers, each of whose answers is kept."""
    watched: dict[str, Any] = {
        one.name: Watched(getattr(readers, one.name), one.name, recording)
        for one in fields(readers)
        if one.name not in _NOT_WATCHED
    }
    return replace(readers, **watched)


class Watched:
    """Stands for a reader or writer and keeps what it answers. It can do nothing that the other cannot."""

    def __init__(self, watched: object, name: str, recording: Recording) -> None:
        self._watched = watched
        self._name = name
        self._recording = recording

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - of whatever type the other's is
        """The other's own; a question is asked through the recording."""
        found = getattr(self._watched, attribute)
        if attribute in _PERSONAL or not iscoroutinefunction(found):
            return found

        async def _asked(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as above
            once = tuple(read_once(one) for one in arguments)
            also = {key: read_once(one) for key, one in named.items()}
            asked = question(f"{self._name}.{attribute}", once, also)
            return await self._recording.answered(asked, lambda: found(*once, **also))

        return _asked


def read_once(argument: Any) -> Any:  # noqa: ANN401 - any argument
    """An argument that can be read only once, as a tuple, so that it can be read twice."""
    return tuple(argument) if isinstance(argument, Iterator) else argument
