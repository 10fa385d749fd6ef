"""What rules see of senders and recipients: two of whom they see the same are treated alike.

So one of them can stand for all in a simulation. Whoever adds a test that looks at senders or recipients
adds its name to the sets in `predicates`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from m365_restrict.mailflow.evaluation import answers, own_answers
from m365_restrict.mailflow.predicates import (
    ANY_RECIPIENT_TESTS,
    SENDER_TESTS,
    VISIBLE_RECIPIENT_TESTS,
    Addressee,
    Predicate,
    Scene,
    always_tells,
)
from m365_restrict.mailflow.stored_rule import RuleActions, StoredRule
from m365_restrict.mailflow.verdict import MATCH, NO_MATCH, ConditionResult, Verdict, all_hold


class Telling(NamedTuple):
    """The tests of one rule that look at who sends, or at one of the recipients."""

    rule: StoredRule
    senders: tuple[Predicate, ...]
    excepted_senders: tuple[Predicate, ...]
    recipients: bool
    any_recipient: tuple[Predicate, ...]

    @property
    def looks_at_senders(self) -> bool:
        """Whether it matters to the rule who sends."""
        return bool(self.senders or self.excepted_senders)


def telling(rule: StoredRule) -> Telling:
    """What of a rule may tell two senders or two recipients apart."""
    sides = rule.conditions, rule.exceptions
    conditions, exceptions = (_of(side.message, SENDER_TESTS) for side in sides)
    any_recipient = tuple(one for side in sides for one in _of(side.message, ANY_RECIPIENT_TESTS))
    return Telling(
        rule=rule,
        senders=conditions,
        excepted_senders=exceptions,
        recipients=bool(any_recipient) or any(side.recipient for side in sides),
        any_recipient=any_recipient,
    )


def never_acts(rule: StoredRule, scene: Scene) -> bool:
    """Whether a rule acts on no message like this one, whoever sends it and whoever is to get it."""
    aside = SENDER_TESTS | ANY_RECIPIENT_TESTS | VISIBLE_RECIPIENT_TESTS
    constant = (one for one in rule.conditions.message if one.name not in aside)
    return all_hold(answers(rule, scene, constant)) is NO_MATCH


def is_certain(rule: StoredRule) -> bool:
    """Whether it can always be told whether the rule acts. False where that is not certain."""
    sides = rule.conditions, rule.exceptions
    return not rule.problem and all(
        always_tells(one) for side in sides for one in (*side.message, *side.recipient)
    )


def only_marks(rule: StoredRule) -> bool:
    """Whether the rule, for certain, leaves mail where it goes and goes with whom: it may be left out.

    One that looks at recipients is not: it parts the message, which decides about copies that others add.
    """
    parts = rule.conditions.recipient or rule.exceptions.recipient
    return rule.actions == RuleActions() and not parts and is_certain(rule)


def only_goes_on(rule: StoredRule) -> bool:
    """Whether every rule after it, for certain, sees the same mail as without it."""
    actions = rule.actions
    ends = actions.redirect or actions.reject or actions.hold or actions.drop or actions.stop
    return not ends and is_certain(rule)


def seen_of_sender(one: Telling, scene: Scene) -> tuple[str, ...] | None:
    """What a rule's tests of the sender answer of this message; None where they keep it from acting.

    Senders of whom every rule's tests answer the same are alike.
    """
    told: list[str] = []
    for tests, settles in ((one.senders, NO_MATCH), (one.excepted_senders, MATCH)):
        for answer in answers(one.rule, scene, tests) if tests else ():
            if answer is settles:
                return None
            told.append(answer.reason)
    return tuple(told)


def seen_of_recipients(
    rules: Sequence[Telling], scene: Scene, addressees: Sequence[Addressee]
) -> list[tuple[str | bool, ...]]:
    """What the tests of recipients answer of each, the same for recipients who are alike.

    A test that looks for any recipient of the message answers of all what it answers of some one of them.
    """
    rows = [
        row
        for one in rules
        for side in (one.rule.conditions, one.rule.exceptions)
        for row in own_answers(one.rule, scene, side, addressees)
    ]
    rows += [row for one in rules if one.any_recipient for row in _any_answers(one, scene, addressees)]
    return [tuple(map(_told, column)) for column in zip(*rows, strict=True)] or [()] * len(addressees)


def _any_answers(
    one: Telling, scene: Scene, addressees: Sequence[Addressee]
) -> Iterator[list[ConditionResult]]:
    """What the tests that look for any recipient would answer were each the only one."""
    alone = [replace(scene, recipients=(addressee,)) for addressee in addressees]
    for predicate in one.any_recipient:
        yield [answer for each in alone for answer in answers(one.rule, each, (predicate,))]


def _told(answer: ConditionResult) -> str | bool:
    return answer.reason or answer.verdict is Verdict.MATCH


def _of(predicates: Iterable[Predicate], names: frozenset[str]) -> tuple[Predicate, ...]:
    return tuple(one for one in predicates if one.name in names)
