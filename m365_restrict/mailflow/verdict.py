"""The answer of one condition: it holds, it does not, or this model cannot tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from m365_restrict.mailflow.behaviour import Undecided


class Verdict(Enum):
    """Whether a condition holds."""

    MATCH = auto()
    NO_MATCH = auto()
    UNDECIDED = auto()


@dataclass(frozen=True, eq=False)
class ConditionResult:
    """A verdict; `reason` says what could not be evaluated and is "" for the other two.

    Whatever holds is `MATCH` and whatever does not is `NO_MATCH`, so that `is` tells them apart.
    """

    verdict: Verdict
    reason: str = ""


MATCH = ConditionResult(Verdict.MATCH)
NO_MATCH = ConditionResult(Verdict.NO_MATCH)


def undecided(reason: str) -> ConditionResult:
    """The answer to a question that this model cannot evaluate."""
    return ConditionResult(Verdict.UNDECIDED, reason)


def holds(answer: bool) -> ConditionResult:  # noqa: FBT001 - it turns a plain answer into a verdict
    """The verdict of a test that can always tell."""
    return MATCH if answer else NO_MATCH


def all_hold(results: Iterable[ConditionResult]) -> ConditionResult:
    """AND: one that fails settles it, else one that is undecided leaves it open."""
    outcome = MATCH
    for result in results:
        if result.verdict is Verdict.NO_MATCH:
            return NO_MATCH
        if result.verdict is Verdict.UNDECIDED and outcome is MATCH:
            outcome = result
    return outcome


def any_holds(results: Iterable[ConditionResult]) -> ConditionResult:
    """OR: one that holds settles it, else one that is undecided leaves it open."""
    outcome = NO_MATCH
    for result in results:
        if result.verdict is Verdict.MATCH:
            return MATCH
        if result.verdict is Verdict.UNDECIDED and outcome is NO_MATCH:
            outcome = result
    return outcome


def negated(result: ConditionResult) -> ConditionResult:
    """NOT: what is undecided stays so."""
    if result.verdict is Verdict.UNDECIDED:
        return result
    return NO_MATCH if result.verdict is Verdict.MATCH else MATCH


def rule_applies(conditions: ConditionResult, exceptions: ConditionResult) -> ConditionResult:
    """A rule acts when its conditions hold and no exception does: exceptions win (exchange.md 2.1)."""
    return all_hold((conditions, negated(exceptions)))


def settled(conditions: ConditionResult, exceptions: ConditionResult, policy: Undecided) -> bool:
    """Whether the rule acts, with what is undecided settled by `policy`."""
    if conditions is MATCH and exceptions is NO_MATCH:
        return True
    outcome = rule_applies(conditions, exceptions)
    if outcome.verdict is not Verdict.UNDECIDED:
        return outcome.verdict is Verdict.MATCH
    match policy:
        case Undecided.ACTS:
            return True
        case Undecided.SKIPPED:
            return False
        case Undecided.NOT_MATCHED:
            return conditions.verdict is Verdict.MATCH
        case _:
            assert_never(policy)
