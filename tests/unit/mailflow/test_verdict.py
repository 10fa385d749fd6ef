import pytest

from m365_restrict.mailflow.behaviour import Undecided
from m365_restrict.mailflow.verdict import (
    MATCH,
    NO_MATCH,
    ConditionResult,
    all_hold,
    any_holds,
    settled,
    undecided,
)

OPEN = undecided("cannot tell")


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], MATCH),
        ([MATCH, MATCH], MATCH),
        ([MATCH, OPEN], OPEN),
        ([OPEN, NO_MATCH], NO_MATCH),
        ([NO_MATCH, MATCH], NO_MATCH),
    ],
)
def test_all_hold(results: list[ConditionResult], expected: ConditionResult) -> None:
    assert all_hold(results) == expected


@pytest.mark.parametrize(
    ("results", "expected"),
    [([], NO_MATCH), ([NO_MATCH, MATCH], MATCH), ([OPEN, MATCH], MATCH), ([OPEN, NO_MATCH], OPEN)],
)
def test_any_holds(results: list[ConditionResult], expected: ConditionResult) -> None:
    assert any_holds(results) == expected


@pytest.mark.parametrize(
    ("conditions", "exceptions", "not_matched", "acts", "skipped"),
    [
        (MATCH, NO_MATCH, True, True, True),
        (MATCH, MATCH, False, False, False),
        (NO_MATCH, OPEN, False, False, False),
        (OPEN, MATCH, False, False, False),
        (OPEN, NO_MATCH, False, True, False),
        (MATCH, OPEN, True, True, False),
        (OPEN, OPEN, False, True, False),
    ],
)
def test_what_is_undecided_is_settled_by_policy(
    conditions: ConditionResult, exceptions: ConditionResult, not_matched: bool, acts: bool, skipped: bool
) -> None:
    policies = (Undecided.NOT_MATCHED, Undecided.ACTS, Undecided.SKIPPED)
    answers = tuple(settled(conditions, exceptions, policy) for policy in policies)
    assert answers == (not_matched, acts, skipped)
