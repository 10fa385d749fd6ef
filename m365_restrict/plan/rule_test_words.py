"""A rule test that is not met, in plain words: what should happen, what does, and by which rule."""

from collections.abc import Container, Sequence
from typing import assert_never

from m365_restrict.mailflow.delivery import JUNK_EMAIL, Copy, Outcome
from m365_restrict.plan.rule_test_file import Expected, RuleTest, RuleTestState


def what_happened(test: RuleTest, copy: Copy, added: Sequence[Copy], ours: Container[str]) -> str:
    """What is expected and what is met. `ours` are the names of our own rules.

    The recipient is not named: it may be a councillor, and the test says whom it is about.
    """
    would = "is" if test.state is RuleTestState.NOW else "would be"
    copied = ", ".join(dict.fromkeys(one.mailbox or "an outside address" for one in added))
    extra = f", with a copy to {copied}" if copied else ""
    return f"It should be {_wanted(test)}; mail {would} {_met_words(copy)}{extra}, {_by(copy.rules, ours)}."


def _wanted(test: RuleTest) -> str:
    match test.expected:
        case Expected.DELIVERED:
            return "delivered to the Inbox"
        case Expected.JUNK:
            return f"delivered to {JUNK_EMAIL}"
        case Expected.REDIRECTED:
            return f"redirected to {test.mailbox}"
        case Expected.REFUSED:
            return "refused with a notice"
        case Expected.COPY:
            return f"delivered with a copy to {test.mailbox}"
        case _:
            assert_never(test.expected)


def _met_words(copy: Copy) -> str:
    match copy.outcome:
        case Outcome.DELIVERED:
            return f"delivered to {copy.folder}" if copy.folder else "delivered outside the council"
        case Outcome.REDIRECTED:
            return f"redirected to {copy.mailbox or 'an address outside the council'}"
        case Outcome.REJECTED:
            return "refused with a notice" if copy.rules else "refused by the mailbox itself"
        case Outcome.QUARANTINED:
            return "held in quarantine"
        case Outcome.DROPPED:
            return "deleted"
        case _:
            assert_never(copy.outcome)


def _by(rules: Sequence[str], ours: Container[str]) -> str:
    """The rules that acted. The case stands in the name of each of ours."""
    if not rules:
        return "by no rule"
    named = (f"'{name}'" if name in ours else f"'{name}', which is not ours" for name in rules)
    return f"by the rule {' and '.join(named)}"
