from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.register.item import Identity, ItemVersion, ListItem, SaverKind
from m365_restrict.register.read_review import read_review

OFFICER, TOOL = Identity(SaverKind.USER, "id-officer"), Identity(SaverKind.APPLICATION, "id-tool")
LONDON = ZoneInfo("Europe/London")


def item(*saves):
    """Saves of (day of January 2027, who, fields); each carries the earlier values on."""
    versions, fields = [], {}
    for number, (day, who, changed) in enumerate(saves, start=1):
        fields = {**fields, **changed}
        versions.append(ItemVersion(f"{number}.0", datetime(2027, 1, day, 12, tzinfo=UTC), who, fields))
    return ListItem("5", "1", versions[0].saver, fields, tuple(versions))


OPEN = (4, TOOL, {"Title": "RC-1", "Kind": "Scheduled review", "Outcome": "Pending"})


@pytest.mark.parametrize(
    ("saves", "decided_on"),
    [
        ((OPEN,), None),
        ((OPEN, (11, OFFICER, {"Outcome": "Keep"})), date(2027, 1, 11)),
        ((OPEN, (11, OFFICER, {"Outcome": "Keep", "DecidedOn": date(2027, 1, 8)})), date(2027, 1, 8)),
        # A day that has not come yet does not put the letter off.
        ((OPEN, (11, OFFICER, {"Outcome": "Keep", "DecidedOn": date(2027, 6, 1)})), date(2027, 1, 11)),
        (
            (OPEN, (11, OFFICER, {"Outcome": "Keep"}), (20, OFFICER, {"Considerations": "x"})),
            date(2027, 1, 11),
        ),
        ((OPEN, (11, OFFICER, {"Outcome": "Keep"}), (20, OFFICER, {"Outcome": "Lift"})), date(2027, 1, 20)),
        ((OPEN, (11, OFFICER, {"DecidedOn": date(2027, 1, 8)})), None),
    ],
)
def test_the_day_of_the_decision(saves, decided_on):
    assert read_review(item(*saves), LONDON).decided_on == decided_on


def test_it_was_opened_when_it_was_made_unless_it_says_otherwise():
    assert read_review(item(OPEN), LONDON).opened_on == date(2027, 1, 4)
    said = (4, OFFICER, {"Title": "RC-1", "OpenedOn": date(2026, 12, 24)})
    assert read_review(item(said), LONDON).opened_on == date(2026, 12, 24)


def test_only_people_save():
    assert read_review(item(OPEN), LONDON).saved_on is None
    assert read_review(item(OPEN, (9, OFFICER, {"OfficerTitle": "x"})), LONDON).saved_on == date(2027, 1, 9)


def test_what_cannot_be_read_counts_as_empty():
    found = read_review(
        item((4, OFFICER, {"Kind": "Else", "Outcome": "Maybe", "OutcomeToldOn": "soon"})), LONDON
    )
    assert (found.kind, found.outcome, found.told_on, found.is_open) == (None, None, None, True)
