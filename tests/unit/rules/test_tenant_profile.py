from datetime import UTC, datetime

import pytest

from m365_restrict.rules.patterns import PatternAnchors
from m365_restrict.rules.tenant_profile import Question, TenantAnswer, TenantProfile
from m365_restrict.rules.transport_rule import SenderMatch

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CARET, ABSOLUTE = PatternAnchors.CARET, PatternAnchors.ABSOLUTE


def profile(**answers):
    named = {Question(name.replace("_", "-")): value for name, value in answers.items()}
    return TenantProfile(
        {
            question: TenantAnswer(question=question, value=value, source="probe", at=NOW)
            for question, value in named.items()
        }
    )


@pytest.mark.parametrize(
    ("answers", "match"),
    [
        ({}, None),
        ({"from_external": "yes"}, SenderMatch.FROM),
        ({"from_external": "no"}, SenderMatch.PATTERNS),
        ({"from_external": "yes", "from_read_back": "no"}, SenderMatch.PATTERNS),
    ],
)
def test_from_is_used_only_where_it_takes_and_keeps_outside_addresses(answers, match):
    assert profile(**answers).sender_match is match


@pytest.mark.parametrize(
    ("answers", "anchors"),
    [
        ({}, None),
        ({"caret_stored": "yes", "absolute_stored": "yes"}, None),
        ({"caret_stored": "no", "absolute_stored": "yes"}, ABSOLUTE),
        ({"caret_stored": "yes", "absolute_stored": "no"}, CARET),
        ({"caret_stored": "yes", "absolute_stored": "no", "pattern_anchors": "absolute"}, ABSOLUTE),
    ],
)
def test_what_a_canary_showed_counts_before_what_is_stored(answers, anchors):
    assert profile(**answers).pattern_anchors is anchors


def test_the_answers_shape_what_is_compiled(council):
    shaped = profile(from_external="no", pattern_anchors="absolute").shape(
        council.options, set_by_hand=frozenset()
    )
    assert (shaped.sender_match, shaped.pattern_anchors) == (SenderMatch.PATTERNS, ABSOLUTE)


def test_a_setting_wins(council):
    shaped = profile(from_external="no", pattern_anchors="absolute").shape(
        council.options, set_by_hand=frozenset({"sender_match"})
    )
    assert (shaped.sender_match, shaped.pattern_anchors) == (SenderMatch.FROM, ABSOLUTE)


def test_without_answers_nothing_changes(council):
    assert TenantProfile().shape(council.options, set_by_hand=frozenset()) == council.options
