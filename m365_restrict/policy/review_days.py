"""On which day the next review of a case is due: one answer for reminders, lists and letters."""

from collections.abc import Sequence
from datetime import date, timedelta

from m365_restrict.policy.life import LifeRules
from m365_restrict.register.case import Case
from m365_restrict.register.dates import add_months
from m365_restrict.register.read_review import Review

_EARLY_DAYS = 60


def counts_for(reviewed_on: date, day: date) -> bool:
    """Whether a review on that day is the one that was due on `day`: at most 60 days before, or after."""
    return reviewed_on >= day - timedelta(days=_EARLY_DAYS)


def next_review_day(
    case: Case, *, decided_on: date | None, reviews: Sequence[Review], rules: LifeRules
) -> date | None:
    """The last day on which the next review is in time; None where none is needed before the end.

    The day on the item wins until that review is held; where it is empty, the policy's interval counts from
    the first day or the decision. The end is always a review day: a restriction ends by decision, not by
    being forgotten (policy.md 1, conflict 5).
    """
    start, ends_on = case.protected.effective_from, case.protected.ends_on
    if start is None or ends_on is None:
        return None
    if rules.reviews_from_decision and decided_on:
        start = min(start, decided_on)
    day = min(case.other.next_review_on or add_months(start, rules.review_months), ends_on)
    reviewed = max((one.reviewed_on for one in reviews if one.reviewed_on), default=None)
    if reviewed is None or not counts_for(reviewed, day):
        return day
    if counts_for(reviewed, ends_on):
        return None
    return min(add_months(reviewed, rules.review_months), ends_on)
