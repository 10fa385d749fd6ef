from datetime import UTC, datetime

import pytest

from m365_restrict.notify.effect import (
    Effect,
    Seen,
    blocking_problems,
    effect_sentences,
    groups_to_read,
    likely_effect,
)
from m365_restrict.outcome import Unknown
from m365_restrict.register.case import Measure

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SENDER = "rc-2026-001@mail.example"


def _effect(council, case, *, members=None, **counts):
    seen = Seen(
        days=90, by_address={SENDER: {f"{name}@ash.example": count for name, count in counts.items()}}
    )
    return likely_effect(
        case, seen, directory=council.directory, members=members or {}, options=council.options, now=NOW
    )


def _tally(effect):
    return effect.caught, effect.exempt, effect.outside


@pytest.mark.parametrize("measure", [Measure.REDIRECT, Measure.COPY, Measure.FILE, Measure.REFUSE])
def test_everybody_but_those_exempt_is_caught(council, measure):
    case = council.case(measure=measure)
    effect = _effect(council, case, officer=5, monitoring=2, planning=1)
    assert _tally(effect) == (6, 2, 0)


def test_mail_to_the_single_contact_gets_there_either_way(council):
    assert _tally(_effect(council, council.case(), contact=4)) == (4, 0, 0)


def test_a_refusal_does_not_count_the_open_single_contact_as_caught(council):
    assert _tally(_effect(council, council.case(measure=Measure.REFUSE), contact=4)) == (0, 4, 0)


def test_allowed_recipients_are_untouched(council):
    case = council.case(measure=Measure.ALLOWED_ONLY, allowed_recipients=("planning@ash.example",))
    effect = _effect(council, case, planning=2, officer=3)
    assert _tally(effect) == (3, 2, 0)
    assert "2 to councillors, protected mailboxes and allowed recipients" in effect_sentences(effect)[0]


def test_members_of_a_group_in_scope_are_caught(council):
    case = council.case(scope_mailboxes=("team@ash.example",))
    members = {"team@ash.example": frozenset({"officer@ash.example"})}
    assert groups_to_read(case, council.directory) == ("team@ash.example",)
    assert _tally(_effect(council, case, members=members, officer=3, planning=2)) == (3, 0, 2)


def test_a_case_that_has_ended_or_not_begun_is_told_as_if_in_force(council):
    case = council.case(ends_on=NOW.date().replace(year=2025))
    assert _tally(_effect(council, case, officer=1)) == (1, 0, 0)


def test_a_measure_without_rules_touches_nothing(council):
    effect = _effect(council, council.case(measure=Measure.NO_EMAIL), officer=1)
    assert _tally(effect) == (0, 0, 1)
    assert "leaves e-mail as it is" in effect_sentences(effect)[1]


def test_a_problem_is_told_without_quoting_the_case(council):
    case = council.case(spoc_mailbox="nobody@ash.example")
    problems = blocking_problems(case, council.directory, council.options)
    assert problems
    assert "@" not in " ".join(problems)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"mailboxes": 37, "caught": 199, "exempt": 15},
            "In 90 days this address wrote 214 messages to 37 mailboxes: 199 would have gone to the single "
            "contact, 15 to councillors and protected mailboxes untouched.",
        ),
        ({"mailboxes": 1, "caught": 1}, "wrote 1 message to 1 mailbox: 1 would have gone"),
        ({"mailboxes": 1, "caught": 2}, "wrote 2 messages to 1 mailbox: 2 would have gone"),
        ({"mailboxes": 0}, "Check the spelling"),
        ({"mailboxes": 1, "caught": 1, "addresses": 3}, "these 3 addresses wrote 1 message"),
    ],
)
def test_the_sentence(values, words):
    usual = {"measure": Measure.REDIRECT, "days": 90, "addresses": 1, "unseen_addresses": 0}
    assert words in effect_sentences(Effect(**{**usual, **values}))[0]


def test_unknown_and_not_yet_are_said():
    assert "is not known: not granted." in effect_sentences(Unknown("message trace", "not granted"))[0]
    assert "it can be told once" in effect_sentences(None)[0]
