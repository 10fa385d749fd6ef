from datetime import date, timedelta

import pytest

from m365_restrict.policy.deletion import DeletionFacts, PlaceState, certificate_for


def certificate(**more):
    facts = {
        "case_ref": "RC-1", "deleted_on": date(2028, 4, 1), "run_id": "run-9", "closed_on": date(2027, 4, 1),
        "last_activity_on": date(2027, 4, 1), "reviews_deleted": 2,
    }  # fmt: skip
    return certificate_for(DeletionFacts(**{**facts, **more}))


@pytest.mark.parametrize(
    ("place", "days"),
    [("Restricted contacts", 93), ("Exchange message trace", 90), ("Microsoft 365 audit log", 180)],
)
def test_what_remains_has_its_last_day(place, days):
    until = {one.place: one.until for one in certificate().places}
    assert until[place] == date(2028, 4, 1) + timedelta(days=days)


def test_reviews_that_could_not_be_deleted_are_named():
    kept = [one.what for one in certificate(reviews_kept=("7",)).places if one.state is PlaceState.REMAINS]
    assert any("Items 7 " in what for what in kept)


def test_every_place_says_what_became_of_it():
    assert all(one.what and one.place for one in certificate().places)
