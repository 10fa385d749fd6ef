"""On which day the next review is due: the boundaries of what counts as a review that was due."""

from datetime import date

import pytest

from m365_restrict.policy.review_days import counts_for


@pytest.mark.parametrize(
    ("reviewed_on", "counts"),
    [
        (date(2027, 7, 7), False),  # 61 days before
        (date(2027, 7, 8), True),
        (date(2027, 9, 6), True),
        (date(2027, 12, 1), True),
    ],
)
def test_a_review_counts_from_sixty_days_before_its_day(reviewed_on, counts):
    assert counts_for(reviewed_on, date(2027, 9, 6)) is counts
