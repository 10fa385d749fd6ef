"""Readers, writers and people that answer as they answered a run that was watched."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from m365_restrict.evidence.recording import APPROVAL, OPENING, question, read_once
from m365_restrict.evidence.values import Unreadable, decode, decode_error
from m365_restrict.ledger.evidence_bodies import Json
from m365_restrict.ledger.lease import Lease
from m365_restrict.plan.change import Plan
from m365_restrict.steps.run_context import HandOver, Writing
from m365_restrict.tenant.in_flight import InFlight
from m365_restrict.tenant.session import TenantReaders, TenantWriters


class AskedOtherwise(Exception):
    """The run asks what it did not ask when it was watched. `asked` is the question, without arguments."""

    def __init__(self, asked: str) -> None:
        """For a question as `recording.question` names it."""
        super().__init__(asked)
        self.asked = asked.partition(" ")[0]


class Answers:
    """What a run was answered: questions that are the same, in the order in which they were asked."""

    def __init__(self, kept: Json) -> None:
        """From the part `answers` of a run's evidence. Raises `Unreadable` where it is none."""
        if not isinstance(kept, dict) or not isinstance(kept.get("answers"), dict):
            raise Unreadable("the answers of the run")
        told, stops = kept["answers"], kept.get("stops")
        self._left: dict[str, deque[Json]] = {}
        for key, answers in told.items() if isinstance(told, dict) else ():
            self._left[key] = deque(answers if isinstance(answers, list) else [])
        self._stops: Mapping[str, Json] = stops if isinstance(stops, dict) else {}
        asked = self._stops.get("asked")
        self._signals = deque(asked if isinstance(asked, list) else [])

    def next(self, asked: str) -> Any:  # noqa: ANN401 - of whatever type was answered
        """The next answer to a question; raises the error that was the answer, or `AskedOtherwise`."""
        left = self._left.get(asked)
        answer = left.popleft() if left else None
        match answer:
            case {"value": value}:
                return decode(value)
            case {"error": error}:
                raise decode_error(error)
            case _:
                raise AskedOtherwise(asked)

    def stopping(self) -> str:
        """The signal that the run had heard of by then, or ""."""
        return str(self._signals.popleft() if self._signals else self._stops.get("last") or "")


class Replayed:
    """Stands for a reader or writer and answers as it did."""

    def __init__(self, name: str, answers: Answers) -> None:
        self._name = name
        self._answers = answers

    def __getattr__(self, attribute: str) -> Callable[..., Any]:
        """A question of that name."""

        async def _asked(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - of whatever type was answered
            once = tuple(read_once(one) for one in arguments)
            also = {key: read_once(one) for key, one in named.items()}
            return self._answers.next(question(f"{self._name}.{attribute}", once, also))

        return _asked


def replayed_readers(answers: Answers) -> TenantReaders:
    """Readers that ask nobody."""
    every: dict[str, Any] = {one.name: Replayed(one.name, answers) for one in fields(TenantReaders)}
    return TenantReaders(**{**every, "in_flight": InFlight(1)})


def replayed_writing(answers: Answers, lease: Lease) -> Writing:
    """Writers that write nothing, and the approval as it was given."""

    @asynccontextmanager
    async def _opened() -> AsyncIterator[TenantWriters]:
        answers.next(OPENING)
        every: dict[str, Any] = {one.name: Replayed(one.name, answers) for one in fields(TenantWriters)}
        yield TenantWriters(**every)

    def _approve(_plan: Plan) -> bool:
        return bool(answers.next(APPROVAL))

    return Writing(open_writers=_opened, approve=_approve, lease=lease, stopping=answers.stopping)


def replayed_hand_over(told: Json) -> HandOver | None:
    """Where the script went; nothing is written there again."""
    match told:
        case [file, str(approval)]:
            return HandOver(save=_not_again, file=decode(file), approval=approval)
        case _:
            return None


def _not_again(_file: Path, _text: str) -> None:
    """The script was written when the run was made."""
