"""When a closed case is deleted (policy.md M-52, F25), and the yearly look at the whole log (Y1-22)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from m365_restrict.policy.life import CaseFile, LifeRules, ReviewToOpen
from m365_restrict.policy.life_tasks import REVIEW_LEAD_DAYS
from m365_restrict.register.dates import add_months, local_day
from m365_restrict.register.item import ListItem, SaverKind
from m365_restrict.register.read_review import Review
from m365_restrict.register.review import ReviewKind

_YEAR = 12


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Where a closed case stands. Local days.

    `delete_on` is the first day on which it may be deleted, None where a legal hold stops that or the policy
    names no time. `last_activity_on` is the latest day on which a person saved it or one of its reviews.
    """

    case: CaseFile
    closed_on: date
    last_activity_on: date
    legal_hold: bool
    delete_on: date | None

    def is_due(self, day: date) -> bool:
        """Whether it may be deleted on that day."""
        return self.delete_on is not None and day >= self.delete_on


def retention_of(case: CaseFile, closed_on: date, *, rules: LifeRules, zone: ZoneInfo) -> Retention:
    """The clock of a closed case: it starts at closing and again at every activity that follows."""
    active = max((closed_on, *_activity(case, zone)))
    hold = case.item.fields.get("LegalHold") is True
    months = rules.retention_months
    return Retention(
        case=case,
        closed_on=closed_on,
        last_activity_on=active,
        legal_hold=hold,
        delete_on=None if hold or months is None else add_months(active, months),
    )


def _activity(case: CaseFile, zone: ZoneInfo) -> Iterable[date]:
    """Days on which a person saved the item or a review. What an application saves is no activity."""
    for version in case.item.versions:
        if version.saver.kind is not SaverKind.APPLICATION:
            yield local_day(version.saved_at, zone)
    for review in case.reviews:
        if review.saved_on:
            yield review.saved_on


def annual_log_day(items: Sequence[ListItem], reviews: Sequence[Review], zone: ZoneInfo) -> date | None:
    """The last day for the yearly look at the log: a year after the last one, or after the first item.

    None where the register is empty.
    """
    looked = [one.decided_on for one in reviews if one.kind is ReviewKind.ANNUAL_LOG and one.decided_on]
    first = [item.versions[0].saved_at for item in items if item.versions]
    if not looked and not first:
        return None
    anchor = max(looked) if looked else local_day(min(first), zone)
    return add_months(anchor, _YEAR)


def annual_review_to_open(due_on: date | None, reviews: Sequence[Review], today: date) -> ReviewToOpen | None:
    """The item for the yearly look at the log, four weeks early, unless one is open."""
    if due_on is None or today < due_on - timedelta(days=REVIEW_LEAD_DAYS):
        return None
    if any(one.kind is ReviewKind.ANNUAL_LOG and one.is_open for one in reviews):
        return None
    return ReviewToOpen(
        kind=ReviewKind.ANNUAL_LOG,
        title=f"Log {due_on.year}",
        due_on=due_on,
        key=f"review-item|log|{due_on.isoformat()}",
    )
