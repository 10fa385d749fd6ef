"""Exchange's limits with rules of others counted, and the head-room that is left."""

from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Change, LineEntry, Observed
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.difference import difference
from m365_restrict.plan.limits import ServiceLimits, Use, headroom, judge_limits, pattern_characters
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.transport_rule import SenderMatch

LIMITS = ServiceLimits()


def foreign(count: int, **more: Any) -> Observed:
    raw = [{"Name": f"F{number}", "Guid": f"f{number}", "Priority": number} | more for number in range(count)]
    return Observed(tuple(observe_transport_rule(rule) for rule in raw), {})


def one_creation(council: Any, *, match: SenderMatch = SenderMatch.FROM) -> Change:
    council.options = replace(council.options, sender_match=match)
    desired = council.compile([council.case()])
    (change,) = difference(council.compare(desired, council.tenant(council.compile([])), [])).changes
    return change


def codes(changes: tuple[Change, ...], observed: Observed, limits: ServiceLimits = LIMITS) -> list[GuardCode]:
    return [verdict.code for verdict in judge_limits(changes, observed, limits)]


@pytest.mark.parametrize(("standing", "fires"), [(293, False), (294, False), (295, True), (300, True)])
def test_rules_with_foreign_ones_counted(council: Any, standing: int, fires: bool) -> None:
    found = codes((one_creation(council),), foreign(standing))
    assert found == ([GuardCode.TOO_MANY_RULES] if fires else [])


def test_a_full_house_without_a_new_rule_is_no_reason() -> None:
    assert codes((), foreign(300)) == []


@pytest.mark.parametrize(("spare", "fires"), [(1, False), (0, False), (-1, True)])
def test_patterns_of_all_rules_are_counted(council: Any, spare: int, fires: bool) -> None:
    change = one_creation(council, match=SenderMatch.PATTERNS)
    room = LIMITS.most_pattern_characters - pattern_characters(change.target or {}) - spare
    others = foreign(1, ExceptIfSubjectContainsWords=["x" * room])
    assert codes((change,), others) == ([GuardCode.TOO_MANY_PATTERNS] if fires else [])


def test_plain_senders_use_no_patterns(council: Any) -> None:
    assert codes((one_creation(council),), foreign(1, SubjectContainsWords=["x" * 20_480])) == []


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("SubjectContainsWords", True),
        ("ExceptIfSubjectOrBodyMatchesPatterns", True),
        ("ExceptIfFromAddressMatchesPatterns", True),
        ("AttachmentExtensionMatchesWords", True),
        ("SenderDomainIs", True),
        ("ExceptIfRecipientDomainIs", True),
        ("From", False),
        ("ExceptIfSentTo", False),
    ],
)
def test_what_counts_as_words_and_patterns(name: str, counts: bool) -> None:
    assert pattern_characters({name: ("abc", "de")}) == (5 if counts else 0)


@pytest.mark.parametrize(("targets", "fires"), [(1, False), (10, False), (11, True)])
def test_targets_of_a_rule(council: Any, targets: int, fires: bool) -> None:
    change = one_creation(council)
    mailboxes = tuple(f"m{number}@ash.example" for number in range(targets))
    crowded = replace(change, target={**(change.target or {}), "RedirectMessageTo": mailboxes})
    assert codes((crowded,), foreign(0)) == ([GuardCode.TOO_MANY_TARGETS] if fires else [])


def test_the_limits_that_a_tenant_tells_are_those_that_count(council: Any) -> None:
    change = one_creation(council)
    assert codes((change,), foreign(10), ServiceLimits(rules=15)) == [GuardCode.TOO_MANY_RULES]


def test_headroom_now_and_with_the_plan(council: Any) -> None:
    change = one_creation(council, match=SenderMatch.PATTERNS)
    others = foreign(2, SubjectContainsWords=["x" * 30], Size=500, RegexSize=40)
    assert isinstance(others.transport, tuple)
    room = headroom((change,), others, [LineEntry("f0", "RC-1/whole/1"), LineEntry("f1", "")], LIMITS)
    assert room is not None
    assert room.rules == Use(used=2, planned=3, limit=300)
    grown = 80 + pattern_characters(change.target or {})
    assert room.pattern_characters == Use(used=80, planned=grown, limit=20_480)
    assert (room.largest_rule.used, room.largest_rule.limit) == (500, 8_192)


def test_a_size_that_the_service_does_not_give_is_not_guessed() -> None:
    room = headroom((), foreign(1), [LineEntry("f0", "RC-1/whole/1")], LIMITS)
    assert room is not None
    assert room.largest_rule.used is None


def test_rules_that_cannot_be_read_have_no_headroom() -> None:
    assert headroom((), Observed(Unknown("transport rules", "throttled"), {}), [], LIMITS) is None
