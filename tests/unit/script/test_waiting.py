from dataclasses import replace

import pytest

from m365_restrict.plan.change import Action, ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.script.waiting import is_left_to_hand, mark_of


@pytest.fixture
def created(council, plan_of):
    (change,) = plan_of(council.compile([council.case()]), council.tenant(council.compile([]))).changes
    return change


def test_a_half_run_creation_is_the_same_change(created):
    assert mark_of(created) == mark_of(replace(created, action=Action.UPDATE, priority=7))


def test_a_register_that_moved_makes_another_change(created):
    assert mark_of(created) != mark_of(replace(created, target={**created.target, "Mode": "Audit"}))


@pytest.mark.parametrize(
    ("change_class", "known", "left"),
    [
        (ChangeClass.PENDING, True, True),
        (ChangeClass.PENDING, False, True),
        (ChangeClass.BOTH, False, True),
        (ChangeClass.BOTH, True, False),
        (ChangeClass.DRIFTED, True, False),
        (ChangeClass.MISSING, True, False),
        (ChangeClass.ORPHAN, False, False),
    ],
)
def test_what_somebody_edited_or_removed_is_never_told_as_merely_waiting(change_class, known, left):
    found = Finding(
        code=FindingCode.RULE_PENDING,
        change_class=change_class,
        severity=Severity.MEDIUM,
        message="",
        key="k",
    )
    assert is_left_to_hand(found, known=frozenset({"k"} if known else ())) is left
