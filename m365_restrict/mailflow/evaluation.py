"""Puts one stored rule to a message and says for which recipients it acts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from m365_restrict.mailflow.predicates import (
    MESSAGE_TESTS,
    RECIPIENT_TESTS,
    Addressee,
    Asked,
    Predicate,
    Scene,
)
from m365_restrict.mailflow.stored_rule import StoredRule, Tests
from m365_restrict.mailflow.verdict import (
    MATCH,
    NO_MATCH,
    ConditionResult,
    all_hold,
    any_holds,
    rule_applies,
    settled,
    undecided,
)


@dataclass(frozen=True)
class OpenRule:
    """A rule of which this model could not tell whether it acts, and why."""

    rule: str
    reason: str


class Reach(NamedTuple):
    """Whom a rule acts for; `open_reason` is "" unless something had to be settled by policy."""

    addressees: tuple[Addressee, ...] = ()
    open_reason: str = ""


_NOBODY = Reach()
_PLAIN = frozenset((MATCH, NO_MATCH))


class Whole(NamedTuple):
    """What the conditions and the exceptions that are asked of the whole message answer."""

    conditions: ConditionResult
    exceptions: ConditionResult


def whole_of(rule: StoredRule, scene: Scene) -> Whole | None:
    """The answers of the whole message; None where they settle that the rule acts for nobody."""
    conditions, exceptions = undecided(rule.problem) if rule.problem else MATCH, NO_MATCH
    for predicate in rule.conditions.message:
        answer = _answer(rule, scene, predicate)
        if answer is NO_MATCH:
            return None
        if conditions is MATCH:
            conditions = answer
    for predicate in rule.exceptions.message:
        answer = _answer(rule, scene, predicate)
        if answer is MATCH:
            return None
        if exceptions is NO_MATCH:
            exceptions = answer
    return Whole(conditions, exceptions)


def reach_of(rule: StoredRule, scene: Scene, whole: Whole | None, addressees: tuple[Addressee, ...]) -> Reach:
    """For which of `addressees` the rule acts. Conditions AND, values OR, exceptions win (exchange.md 2.1).

    Tests of the whole message are asked once; tests of the recipient of each, so that
    the message forks when only some match (exchange.md 2.4). No conditions match all.
    """
    if whole is None:
        return _NOBODY
    if whole.conditions is MATCH and whole.exceptions is NO_MATCH:
        plainly = _plainly_reached(rule, scene, addressees)
        if plainly is not None:
            return Reach(plainly)
    own = zip(
        addressees,
        _by_addressee(rule, scene, rule.conditions, addressees),
        _by_addressee(rule, scene, rule.exceptions, addressees),
        strict=True,
    )
    matched: list[Addressee] = []
    reason = ""
    for addressee, own_conditions, own_exceptions in own:
        conditions = all_hold((whole.conditions, *own_conditions))
        exceptions = any_holds((whole.exceptions, *own_exceptions))
        reason = reason or rule_applies(conditions, exceptions).reason
        if settled(conditions, exceptions, scene.behaviour.undecided):
            matched.append(addressee)
    return Reach(tuple(matched), reason)


def _plainly_reached(
    rule: StoredRule, scene: Scene, addressees: tuple[Addressee, ...]
) -> tuple[Addressee, ...] | None:
    """Whom the tests of the recipient leave; None where one of them is undecided about somebody."""
    left = addressees
    for tests, stays in ((rule.conditions, MATCH), (rule.exceptions, NO_MATCH)):
        for predicate in tests.recipient:
            answer = _own_answer(rule, scene, predicate, left)
            if not _PLAIN.issuperset(answer):
                return None
            left = tuple([one for one, found in zip(left, answer, strict=True) if found is stays])
    return left


def answers(rule: StoredRule, scene: Scene, predicates: Iterable[Predicate]) -> Iterator[ConditionResult]:
    """What tests of the whole message answer, in order."""
    return (_answer(rule, scene, predicate) for predicate in predicates)


def _answer(rule: StoredRule, scene: Scene, predicate: Predicate) -> ConditionResult:
    test = MESSAGE_TESTS.get(predicate.name)
    if test is None:
        return undecided(f"{predicate.name} is not known here")
    return test(Asked(scene, predicate, rule.location, rule.original_address))


def own_answers(
    rule: StoredRule, scene: Scene, tests: Tests, addressees: Sequence[Addressee]
) -> Iterator[list[ConditionResult]]:
    """What each test of the recipient answers of all of them."""
    return (_own_answer(rule, scene, predicate, addressees) for predicate in tests.recipient)


def _own_answer(
    rule: StoredRule, scene: Scene, predicate: Predicate, addressees: Sequence[Addressee]
) -> list[ConditionResult]:
    asked = Asked(scene, predicate, rule.location, rule.original_address)
    return RECIPIENT_TESTS[predicate.name](asked, addressees)


def _by_addressee(
    rule: StoredRule, scene: Scene, tests: Tests, addressees: Sequence[Addressee]
) -> Iterable[tuple[ConditionResult, ...]]:
    """The same by recipient."""
    if not tests.recipient:
        return [()] * len(addressees)
    return zip(*own_answers(rule, scene, tests, addressees), strict=True)
