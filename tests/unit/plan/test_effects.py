from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.plan.difference import difference
from m365_restrict.register.case import Measure
from m365_restrict.register.choice import Handling


def effect(council: Any, *cases: Any, choices: Any = (), **more: Any) -> str:
    desired = council.compile(cases, choices)
    given = council.compare(desired, council.tenant(council.compile([])), [], **more)
    empty = {rule.mailbox: () for rule in desired.inbox}
    observed = type(given.observed)((), empty)
    changes = difference(type(given)(**{**vars(given), "observed": observed})).changes
    return changes[0].effect


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        (Measure.REDIRECT, "goes to contact@ash.example instead"),
        (Measure.COPY, "is delivered, with a blind copy to contact@ash.example"),
        (Measure.REFUSE, "is refused with a neutral notice that names the open route"),
    ],
)
def test_each_measure_in_a_sentence(council: Any, measure: Measure, words: str) -> None:
    case = council.case("RC-1", measure, addresses=("a@mail.example", "b@mail.example"))
    assert effect(council, case) == (
        "Mail from 2 addresses of case RC-1 to any council mailbox except councillors and exempt mailboxes "
        f"{words}, until the end of 7 March 2027."
    )


@pytest.mark.parametrize(
    ("zone", "words"),
    [("Europe/London", "until the end of 28 March 2027."), ("Europe/Paris", "until 2027-03-28 23:00 UTC.")],
)
def test_the_last_day_is_told_where_the_rule_ends_at_that_zones_midnight(
    council: Any, zone: str, words: str
) -> None:
    case = council.case("RC-1", ends_on=date(2027, 3, 28))
    assert effect(council, case, zone=ZoneInfo(zone)).endswith(words)


def test_a_group_says_that_members_own_mail_is_included(council: Any) -> None:
    assert "the members of 1 group (mail to a member alone included)" in effect(
        council, council.case("RC-1", scope_mailboxes=("team@ash.example",))
    )


@pytest.mark.parametrize("handling", [Handling.FOLDER, Handling.JUNK, Handling.CATEGORY])
def test_a_choice_names_neither_mailbox_nor_sender(council: Any, handling: Handling) -> None:
    text = effect(council, choices=[council.choice(handling)])
    assert "@" not in text
    assert "as a councillor chose" in text


def test_no_sender_is_named(council: Any) -> None:
    assert "mail.example" not in effect(council, council.case("RC-1"))
