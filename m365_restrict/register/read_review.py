"""One item of the reviews list with its fields typed, and the days that its history tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from m365_restrict.register.dates import local_day
from m365_restrict.register.item import ItemVersion, ListItem, SaverKind
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.register.values import as_text

_Choice = TypeVar("_Choice", ReviewKind, Outcome)

_ANSWERS = frozenset({ReviewKind.REPRESENTATION, ReviewKind.APPEAL, ReviewKind.REQUEST_TO_LIFT})
_REVIEWED = frozenset({Outcome.EXTEND, Outcome.AMEND, Outcome.LIFT, Outcome.KEEP})


@dataclass(frozen=True, kw_only=True)
class Review:
    """One review. All days are local; a kind or outcome that is none of ours is None.

    `opened_on` is the day on the item, else that of its first version. `decided_on` is None while the
    outcome is pending; it is the day on the item or, where that is empty or later, the day on which the
    outcome was first saved: a letter is due from whichever came first. `saved_on` is the day of the
    latest version that a person saved.
    """

    item_id: str
    title: str
    kind: ReviewKind | None
    outcome: Outcome | None
    opened_on: date | None
    decided_on: date | None
    told_on: date | None
    saved_on: date | None

    @property
    def is_open(self) -> bool:
        """Whether nothing has been decided yet."""
        return self.decided_on is None

    @property
    def asks_for_an_answer(self) -> bool:
        """Whether the person, or somebody for them, waits for an answer."""
        return self.kind in _ANSWERS

    @property
    def reviewed_on(self) -> date | None:
        """The day on which the restriction itself was looked at and decided about."""
        return self.decided_on if self.outcome in _REVIEWED else None


def read_review(item: ListItem, zone: ZoneInfo) -> Review:
    """Read one item; what cannot be read counts as empty, because a review never stops a case."""
    outcome = _choice(item, "Outcome", Outcome)
    first = item.versions[0].saved_at if item.versions else item.created_at
    people = [one.saved_at for one in item.versions if one.saver.kind is not SaverKind.APPLICATION]
    return Review(
        item_id=item.item_id,
        title=as_text(item.fields.get("Title", "")),
        kind=_choice(item, "Kind", ReviewKind),
        outcome=outcome,
        opened_on=_day(item, "OpenedOn") or (local_day(first, zone) if first else None),
        decided_on=_decided_on(item, outcome, zone),
        told_on=_day(item, "OutcomeToldOn"),
        saved_on=max((local_day(one, zone) for one in people), default=None),
    )


def _decided_on(item: ListItem, outcome: Outcome | None, zone: ZoneInfo) -> date | None:
    if outcome in {None, Outcome.PENDING}:
        return None
    saved = _first_with(item.versions, outcome)
    days = [
        day for day in (_day(item, "DecidedOn"), local_day(saved.saved_at, zone) if saved else None) if day
    ]
    return min(days, default=None)


def _first_with(versions: Sequence[ItemVersion], outcome: Outcome | None) -> ItemVersion | None:
    """The first version of the last unbroken run that has this outcome."""
    found: ItemVersion | None = None
    for version in reversed(versions):
        if version.fields.get("Outcome") != outcome:
            break
        found = version
    return found


def _day(item: ListItem, column: str) -> date | None:
    value = item.fields.get(column)
    return value if isinstance(value, date) else None


def _choice(item: ListItem, column: str, kind: type[_Choice]) -> _Choice | None:
    return next((one for one in kind if item.fields.get(column) == one), None)
