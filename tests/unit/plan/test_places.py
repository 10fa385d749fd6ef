from typing import Any

import pytest

from m365_restrict.plan.change import Action, Change, ChangeClass, LineEntry, RuleKind
from m365_restrict.plan.places import Places, left_out_before

LINE = [LineEntry("f1", ""), LineEntry("f2", ""), LineEntry("g", "x"), LineEntry("h", "y")]


def change(key: str, action: Action, priority: int | None = None, **more: Any) -> Change:
    fields: dict[str, Any] = {
        "action": action,
        "kind": RuleKind.TRANSPORT_RULE,
        "key": key,
        "name": key,
        "case_reference": key,
        "mailbox": "",
        "chosen_by_holder": False,
        "change_class": ChangeClass.PENDING,
        "fields": (),
        "effect": "",
        "opens": False,
        "priority": priority,
    }
    return Change(**fields | more)


A, B = change("a", Action.CREATE, 2), change("b", Action.CREATE, 3)
# f1 f2 x y becomes f1 f2 a b y x
MOVE = change("x", Action.UPDATE, 5)
EDIT = change("y", Action.UPDATE)
PLAN = [A, B, MOVE, EDIT]


def sent(made: str, plan: list[Change] | None = None) -> list[int | None]:
    """The priorities that are sent where only these keys are made."""
    places, priorities = Places(plan or PLAN, LINE), []
    for one in plan or PLAN:
        priorities.append(places.turn_of(one))
        places.note(one, made=one.key in made)
    return priorities


@pytest.mark.parametrize(
    ("made", "priorities"),
    [
        ("abx", [2, 3, 5, None]),
        ("bx", [2, 2, 4, None]),
        ("ax", [2, 3, 4, None]),
        ("x", [2, 2, 3, None]),
        ("", [2, 2, 3, None]),
    ],
)
def test_what_was_not_made_leaves_the_others_higher(made: str, priorities: list[int | None]) -> None:
    assert sent(made) == priorities


def test_a_creation_below_that_was_not_made_changes_nothing_above_it() -> None:
    below, above = change("b", Action.CREATE, 4), change("a", Action.CREATE, 2)
    assert sent("a", [below, above]) == [4, 2]
    assert sent("ab", [below, above]) == [4, 2]


def test_what_does_not_go_ahead_counts_as_not_made() -> None:
    assert left_out_before([B, MOVE], PLAN, LINE) == {"b": 1, "x": 1}
    assert left_out_before(PLAN, PLAN, LINE) == {"a": 0, "b": 0, "x": 0}


@pytest.mark.parametrize("made", ["xz", "z"])
def test_nothing_goes_above_what_was_planned_to_stand_above_it(made: str) -> None:
    """Whether or not x left its place: f1 f2 y z x, or f1 f2 x y z."""
    between = change("z", Action.CREATE, 3)
    assert sent(made, [MOVE, between])[1] == (3 if "x" in made else 4)


def test_inbox_rules_and_parts_of_changes_keep_what_they_have() -> None:
    places = Places(PLAN, LINE)
    assert places.turn_of(change("i", Action.CREATE, kind=RuleKind.INBOX_RULE)) is None
    assert places.turn_of(change("x", Action.UPDATE, 7)) == 7
    assert places.turn_of(A) == 2
