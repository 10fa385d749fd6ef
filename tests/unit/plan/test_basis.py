from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.plan.basis import Basis, Piece, moved_since

A, B = Piece("1", "the rule 'A'", "x"), Piece("2", "the rule 'B'", "y")
BEFORE = Basis(
    register_version="1-2-3",
    tool_version="1.0",
    settings={"RULES__MODE": "m"},
    rules=(A, B),
    unread=(),
    changes=(Piece("9", "'RC-1 Redirect'", "z"),),
)


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ({"tool_version": "2.0"}, "this program is version 2.0, and it was 1.0"),
        ({"settings": {"RULES__MODE": "n"}}, "the setting RULES__MODE was changed"),
        ({"settings": {}}, "the setting RULES__MODE was changed"),
        (
            {"register_version": "1-9-9"},
            "the lists Restriction reviews and Councillor mail choices were saved, so the register is "
            "version 1-9-9, and it was 1-2-3",
        ),
        ({"register_version": "5"}, "the register is version 5, and it was 1-2-3"),
        (
            {"unread": ("the transport rules",), "rules": ()},
            "what could not be read was: nothing; now it is: the ",
        ),
        ({"rules": (A,)}, "the rule 'B' is gone"),
        ({"rules": (A, B, Piece("3", "the rule 'C'", "w"))}, "the rule 'C' is new"),
        ({"rules": (A, replace(B, digest="w"))}, "the rule 'B' is another than it was"),
        ({"rules": (B, A)}, "the order of the rules in the tenant was changed"),
        ({"changes": ()}, "the planned change to 'RC-1 Redirect' is gone"),
        ({}, "councillors' own choices, or the rules in their mailboxes, are otherwise than they were"),
    ],
)
def test_each_piece_that_moved_is_named_alone(moved: dict[str, Any], said: str) -> None:
    (sentence,) = moved_since(BEFORE, replace(BEFORE, **moved))
    assert sentence.startswith(said)


def test_a_rule_that_only_has_another_name_to_be_told_by_has_not_moved() -> None:
    shown = replace(BEFORE, rules=(replace(A, name="the rule '(address withheld)'"), B))
    assert moved_since(BEFORE, shown) == moved_since(BEFORE, BEFORE)


def test_several_are_all_named() -> None:
    now = replace(BEFORE, tool_version="2.0", rules=(A,), changes=())
    assert len(moved_since(BEFORE, now)) == 3
