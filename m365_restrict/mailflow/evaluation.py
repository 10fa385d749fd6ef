"""Puts one stored rule to a message and says for which recipients it acts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
    NO_MATCH,
    ConditionResult,
    Verdict,
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


@dataclass(frozen=True)
class Reach:
    """Whom a rule acts for; `open_reason` is "" unless something had to be settled by policy."""

    addressees: tuple[Addressee, ...] = ()
    open_reason: str = ""


_NOBODY = Reach()


def reach_of(rule: StoredRule, scene: Scene, addressees: Sequence[Addressee]) -> Reach:
    """For which of `addressees` the rule acts. Conditions AND, values OR, exceptions win (exchange.md 2.1).

    Tests of the whole message are asked once; tests of the recipient of each, so that
    the message forks when only some match (exchange.md 2.4). No conditions match all.
    """
    conditions = all_hold(_whole(rule, scene, rule.conditions))
    if rule.problem and conditions.verdict is not Verdict.NO_MATCH:
        conditions = undecided(rule.problem)
    if conditions.verdict is Verdict.NO_MATCH:
        return _NOBODY
    exceptions = any_holds(_whole(rule, scene, rule.exceptions))
    if exceptions.verdict is Verdict.MATCH:
        return _NOBODY
    matched: list[Addressee] = []
    reason = ""
    for addressee in addressees:
        own_conditions = all_hold((conditions, *_own(rule, scene, rule.conditions, addressee)))
        own_exceptions = NO_MATCH
        if own_conditions.verdict is not Verdict.NO_MATCH:
            own_exceptions = any_holds((exceptions, *_own(rule, scene, rule.exceptions, addressee)))
        reason = reason or rule_applies(own_conditions, own_exceptions).reason
        if settled(own_conditions, own_exceptions, scene.behaviour.undecided):
            matched.append(addressee)
    return Reach(tuple(matched), reason)


def _whole(rule: StoredRule, scene: Scene, tests: Tests) -> Iterator[ConditionResult]:
    anyone = scene.recipients[0] if scene.recipients else Addressee("", "")
    return (_answer(rule, scene, predicate, anyone) for predicate in tests.message)


def _own(rule: StoredRule, scene: Scene, tests: Tests, addressee: Addressee) -> Iterator[ConditionResult]:
    return (_answer(rule, scene, predicate, addressee) for predicate in tests.recipient)


def _answer(rule: StoredRule, scene: Scene, predicate: Predicate, addressee: Addressee) -> ConditionResult:
    test = RECIPIENT_TESTS.get(predicate.name) or MESSAGE_TESTS.get(predicate.name)
    if test is None:
        return undecided(f"{predicate.name} is not known here")
    return test(Asked(scene, predicate, addressee, rule.location, rule.original_address))
