"""One folder in several spellings is one folder."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    "spellings",
    [
        ("Set aside", "set ASIDE"),
        ("Set aside", "/Set aside"),
        ("Junk Email", "junkemail"),
        ("JUNK EMAIL", "Junk Email"),
    ],
)
def test_choices_into_one_folder_are_in_step(council: Any, spellings: tuple[str, ...]) -> None:
    holder = council.councillors[0]
    chosen = [
        council.choice(holder, f"{number}@post.example", "Move to folder", FolderName=name)
        for number, name in enumerate(spellings)
    ]
    council.in_force(choices=chosen)
    assert len({rule["actions"]["moveToFolder"] for rule in council.inbox_rules(holder)}) == 1
    again = council.apply()
    assert (again.exit_code, again.changes) == (0, [])
    assert council.drift().findings() == []


def test_a_later_spelling_does_not_change_what_the_holder_chose_before(council: Any) -> None:
    holder = council.councillors[0]
    council.in_force(
        choices=[council.choice(holder, "x@post.example", "Move to folder", FolderName="set aside")]
    )
    council.add(
        by=holder,
        title="Councillor mail choices",
        Title="y@post.example",
        Handling="Move to folder",
        FolderName="Set aside",
    )
    assert council.apply().exit_code == 0
    assert len(council.inbox_rules(holder)) == 2
    assert council.drift().findings() == []


def test_junk_as_a_folder_beside_junk_as_a_handling(council: Any) -> None:
    holder = council.councillors[0]
    council.in_force(
        choices=[council.choice(holder, "x@post.example", "Move to folder", FolderName="Junk Email")]
    )
    council.add(by=holder, title="Councillor mail choices", Title="y@post.example", Handling="Junk Email")
    assert council.apply().exit_code == 0
    assert council.drift().findings() == []
    assert council.plan().changes == []
