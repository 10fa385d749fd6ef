from datetime import date

import pytest

from m365_restrict.rules.inbox_rule import AssignCategory, MoveToFolder
from m365_restrict.rules.naming import OPTED_IN, inbox_rule_name, long_day, reject_text, rule_name

DAY = date(2027, 3, 7)


def test_a_name_is_reference_and_measure() -> None:
    assert rule_name("RC-2026-014", "Refuse with notice", "") == "RC-2026-014 Refuse with notice"


def test_only_the_measure_is_shortened() -> None:
    name = rule_name("R" * 34, "Redirect to single contact", OPTED_IN)
    assert name == "R" * 34 + " Redirec"[: 64 - 34 - len(OPTED_IN)] + OPTED_IN
    assert len(name or "") == 64


def test_a_reference_without_room_has_no_name() -> None:
    assert rule_name("R" * 63, "Redirect to single contact", "") is None


def test_the_refusal_is_neutral() -> None:
    text = reject_text("the form at\nhttps://ash.example/contact.", "RC-2026-014")
    assert text == (
        "This message was not delivered. How to reach us: the form at https://ash.example/contact. "
        "Reference RC-2026-014."
    )


def test_days_are_words() -> None:
    assert long_day(DAY) == "7 March 2027"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (MoveToFolder("junkemail"), "to Junk Email"),
        (MoveToFolder("Set aside"), "to Set aside"),
        (MoveToFolder("from bob@mail.example"), "to a folder"),
        (MoveToFolder("a\x1b[31m"), "to a folder"),
        (MoveToFolder("\u202eedisa"), "to a folder"),
        (AssignCategory("Set aside"), "category only"),
    ],
)
def test_inbox_rule_names(action: MoveToFolder | AssignCategory, words: str) -> None:
    name = inbox_rule_name(subject="Council mail choice", action=action, ends_on=DAY, token="k3v7q2mx")
    assert name == f"Council mail choice: {words} until 7 March 2027 [k3v7q2mx]"
