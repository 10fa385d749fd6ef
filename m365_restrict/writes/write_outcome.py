"""What a write leaves behind: one outcome per change, and how a rule is held against what was sent."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from m365_restrict.errors import LeaseHeld, RestrictError, ServiceError
from m365_restrict.plan.change import Applied, Change, ObservedRule
from m365_restrict.plan.writes import applied_from
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.parameters import UnwritableRule
from m365_restrict.tenant.session import TenantReaders, TenantWriters

T = TypeVar("T")

_READ_AGAIN_AFTER = (1.0, 2.0)
"""Seconds, while a read-back shows what stood before the write."""

_STATES = frozenset({"State", "isEnabled"})
_NOT_WRITABLE = (
    "It was not written: the rule as it stands in the tenant holds more than one sender condition or a "
    "folder that is not known. Remove that rule by hand and run again."
)
_NOT_UNDERSTOOD = (
    "It is not known whether it was written: an answer of the service could not be understood ({}). The next "
    "run looks at the rule again."
)


class Result(StrEnum):
    """What became of one change."""

    APPLIED = "applied"
    FAILED = "failed"
    SKIPPED = "skipped"
    WAITING = "waiting"
    """Handed over in a script; nobody knows before the next run whether it was run."""


@dataclass(frozen=True)
class ChangeOutcome:
    """One change and what became of it.

    `applied` is what the ledger is to remember, if anything: a failed write may leave a rule as well.
    `gone` says that the rule stands no more, so that the ledger forgets it.
    """

    change: Change
    result: Result
    reason: str
    applied: Applied | None = None
    gone: bool = False


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What apply works with.

    `folders` gives, per mailbox, the id behind each folder name; `folders_to_make` are the (mailbox, name)
    pairs that have none yet and are to be made where a councillor chose them. `begin` is told of a change
    before it is written. `record` keeps an outcome in the ledger at once and `progress` tells a person.
    `still_ours` raises LeaseHeld once another run has taken the lease over. `stopping` names the signal that
    asked the run to stop, or is "".
    """

    readers: TenantReaders
    writers: TenantWriters
    instance_id: str
    folders: Mapping[str, Mapping[str, str]]
    record: Callable[[ChangeOutcome], None]
    progress: Callable[[ChangeOutcome], None]
    still_ours: Callable[[], None]
    begin: Callable[[Change], None] = lambda _change: None
    stopping: Callable[[], str] = lambda: ""
    folders_to_make: frozenset[tuple[str, str]] = frozenset()


class _Write(Protocol):
    def __call__(self, change: Change) -> Awaitable[ChangeOutcome]: ...


async def each(changes: Sequence[Change], write: _Write, tools: Tools) -> list[ChangeOutcome]:
    """Write the changes one after another; a failure is that change's outcome, a lost lease ends the run.

    Once the run is asked to stop the rest is skipped; the next run finds it waiting.
    """
    outcomes = []
    for change in changes:
        tools.still_ours()
        if asked := tools.stopping():
            reason = f"{asked} stopped the run before this change; the next run makes it."
            outcomes.append(ChangeOutcome(change, Result.SKIPPED, reason))
            continue
        tools.begin(change)
        try:
            outcome = await write(change)
        except LeaseHeld:
            raise
        except RestrictError as error:
            outcome = failed(change, error.message)
        except UnwritableRule:
            # `plan.writes` refuses a form that must never be sent; the other changes go on.
            outcome = failed(change, _NOT_WRITABLE)
        except (KeyError, ValueError) as error:
            outcome = failed(change, _NOT_UNDERSTOOD.format(type(error).__name__))
        tools.record(outcome)
        tools.progress(outcome)
        outcomes.append(outcome)
    return outcomes


async def read_back(read: Callable[[], Awaitable[T]], is_old: Callable[[T], bool]) -> T:
    """What is read after a write that was answered, once it no longer shows what stood before.

    Whether a read right after a write can show the old state is unknown (exchange.md 7.2), so it is asked
    again for a few seconds. Whatever else differs from what was sent is returned at once.
    """
    for seconds in _READ_AGAIN_AFTER:
        found = await read()
        if not is_old(found):
            return found
        await asyncio.sleep(seconds)
    return await read()


def failed(change: Change, reason: str) -> ChangeOutcome:
    """The change was not made, or could not be proven."""
    return ChangeOutcome(change, Result.FAILED, reason)


def removed(change: Change) -> ChangeOutcome:
    """The rule is gone and no longer listed."""
    return ChangeOutcome(change, Result.APPLIED, "removed and no longer listed", gone=True)


def removed_at_once(change: Change, names: Sequence[str]) -> ChangeOutcome:
    """The rule came back otherwise than it was sent, and was removed because of that."""
    return ChangeOutcome(change, Result.FAILED, not_as_sent(names, "removed at once"), gone=True)


def left_as_it_came_back(
    change: Change, rule: ObservedRule, names: Sequence[str], *, consequence: str = "left as it came back"
) -> ChangeOutcome:
    """The rule stands otherwise than it was sent; the ledger knows it so, and nobody is blamed for it.

    `rule` is what stands now, after the `consequence`: what was done about the difference in `names`.
    """
    reason = not_as_sent(names, consequence)
    return ChangeOutcome(change, Result.FAILED, reason, applied_from(change, rule))


def proven(change: Change, rule: ObservedRule, reason: str) -> ChangeOutcome:
    """The rule was read back as it was wanted."""
    return ChangeOutcome(change, Result.APPLIED, reason, applied_from(change, rule))


def target_of(change: Change) -> Properties:
    """The normal form that a create or update must lead to. ServiceError for a delete, which has none."""
    if change.target is None:
        raise ServiceError("This change has no rule to write.")
    return change.target


def without_state(properties: Properties) -> Properties:
    """A normal form without its switch: a rule is compared before it is enabled."""
    return {name: value for name, value in properties.items() if name not in _STATES}


def differing(wanted: Properties, found: Properties) -> tuple[str, ...]:
    """Names of the properties in which two normal forms differ, sorted."""
    names = wanted.keys() | found.keys()
    return tuple(sorted(name for name in names if wanted.get(name) != found.get(name)))


def not_as_sent(names: Sequence[str], consequence: str) -> str:
    """The sentence that says which properties came back differently, and what was done about it."""
    return f"What came back differs from what was sent in {', '.join(names)}; the rule was {consequence}."
