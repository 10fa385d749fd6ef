from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.policy.life import CaseFile, LifeRules
from m365_restrict.policy.profile import Nation
from m365_restrict.policy.retention import annual_log_day, annual_review_to_open, retention_of
from m365_restrict.register.item import Identity, ItemVersion, ListItem, SaverKind
from m365_restrict.register.read_review import Review
from m365_restrict.register.review import Outcome, ReviewKind

LONDON = ZoneInfo("Europe/London")
CLOSED = date(2027, 4, 1)
OFFICER, TOOL = Identity(SaverKind.USER, "id-officer"), Identity(SaverKind.APPLICATION, "id-tool")


def version(number: int, day: date, saver: Identity = OFFICER, **fields: object) -> ItemVersion:
    return ItemVersion(f"{number}.0", datetime(day.year, day.month, day.day, 12, tzinfo=UTC), saver, fields)


def case(*versions: ItemVersion, reviews: tuple[Review, ...] = (), **fields: object) -> CaseFile:
    return CaseFile(case_ref="RC-1", item=ListItem("1", "1", OFFICER, fields, versions), reviews=reviews)


def review(kind: ReviewKind = ReviewKind.SCHEDULED, **more: object) -> Review:
    plain = {
        "item_id": "5", "title": "RC-1", "kind": kind, "outcome": Outcome.PENDING,
        "opened_on": None, "decided_on": None, "told_on": None, "saved_on": None,
    }  # fmt: skip
    return Review(**{**plain, **more})


def clock(one: CaseFile, months: int | None = 12):
    return retention_of(
        one, CLOSED, rules=LifeRules(nation=Nation.ENGLAND, retention_months=months), zone=LONDON
    )


@pytest.mark.requirement("M-52")
@pytest.mark.parametrize(
    ("one", "delete_on"),
    [
        (case(version(1, date(2026, 9, 1))), date(2028, 4, 1)),
        (case(version(1, date(2027, 6, 10))), date(2028, 6, 10)),
        (case(version(1, date(2026, 9, 1)), version(2, date(2027, 6, 10), TOOL)), date(2028, 4, 1)),
        (case(reviews=(review(saved_on=date(2027, 5, 31)),)), date(2028, 5, 31)),
        (case(LegalHold=True), None),
    ],
    ids=["closing", "a later save", "the tool's own save is no activity", "a review", "legal hold"],
)
def test_the_clock_starts_at_closing_and_again_at_every_activity(one, delete_on):
    assert clock(one).delete_on == delete_on


@pytest.mark.story("F25")
def test_it_is_due_on_the_day_and_not_before():
    found = clock(case())
    assert (found.is_due(date(2028, 3, 31)), found.is_due(date(2028, 4, 1))) == (False, True)


def test_a_policy_that_names_no_time_deletes_nothing():
    assert not clock(case(), months=None).is_due(date(2099, 1, 1))


@pytest.mark.requirement("Y1-22")
@pytest.mark.parametrize(
    ("reviews", "due"),
    [
        ((), date(2027, 9, 1)),
        ((review(ReviewKind.ANNUAL_LOG, decided_on=date(2027, 8, 20)),), date(2028, 8, 20)),
        ((review(ReviewKind.SIGN_OFF, decided_on=date(2027, 8, 20)),), date(2027, 9, 1)),
    ],
)
def test_the_log_is_looked_at_every_year(reviews, due):
    items = (case(version(1, date(2026, 9, 1))).item, case(version(1, date(2026, 10, 1))).item)
    assert annual_log_day(items, reviews, LONDON) == due


def test_an_empty_register_needs_no_yearly_look():
    assert annual_log_day((), (), LONDON) is None


@pytest.mark.parametrize(
    ("day", "reviews", "opens"),
    [
        (date(2027, 8, 3), (), False),
        (date(2027, 8, 4), (), True),
        (date(2027, 8, 4), (review(ReviewKind.ANNUAL_LOG),), False),
    ],
)
def test_the_item_for_the_yearly_look_comes_four_weeks_early_and_once(day, reviews, opens):
    assert (annual_review_to_open(date(2027, 9, 1), reviews, day) is not None) == opens
