"""Which monthly reports are signed: an item `Report sign-off` in the reviews list closes one (policy.md 5).

The item's Title names the month, as 2026-10 or October 2026. It counts where a person saved it, with a day in
DecidedOn or an outcome, after the month was over.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from m365_restrict.policy.profile import Nation
from m365_restrict.policy.working_days import add_working_days
from m365_restrict.register.dates import add_months, local_day
from m365_restrict.register.item import ListItem, SaverKind
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.register.values import as_text

_NUMBERS = re.compile(r"(?<!\d)(\d{4})[-/](\d\d)(?!\d|[-/]\d)")
_WORDS = re.compile(r"([a-z]+)\s+(\d{4})(?!\d)", re.IGNORECASE)
_ENGLISH = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_WELSH = (
    "ionawr", "chwefror", "mawrth", "ebrill", "mai", "mehefin",
    "gorffennaf", "awst", "medi", "hydref", "tachwedd", "rhagfyr",
)  # fmt: skip
_MONTHS = {name: number for names in (_ENGLISH, _WELSH) for number, name in enumerate(names, 1)}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who signed the report of a month, by job title, on which local day, and what they said."""

    month: date
    signed_by: str
    signed_on: date
    comments: str = ""


@dataclass(frozen=True, kw_only=True)
class Unsigned:
    """A month whose report nobody has signed in time. `made_on` is None where none was made."""

    month: date
    due: date
    made_on: date | None


def month_named(text: str) -> date | None:
    """The first day of the one month that a text names; None where it names none or several."""
    named = {(int(found[1]), int(found[2])) for found in _NUMBERS.finditer(text)}
    for found in _WORDS.finditer(text):
        if month := _MONTHS.get(found[1].lower()):
            named.add((int(found[2]), month))
    if len(named) != 1:
        return None
    year, month = next(iter(named))
    return date(year, month, 1) if 1 <= month <= len(_ENGLISH) and year else None


def signatures(items: Iterable[ListItem], zone: ZoneInfo) -> Mapping[date, Signature]:
    """The first signature of each month that has one, by the first day of the month."""
    found: dict[date, Signature] = {}
    for item in items:
        signed = _signature(item, zone)
        if signed is not None and (
            signed.month not in found or signed.signed_on < found[signed.month].signed_on
        ):
            found[signed.month] = signed
    return found


def sign_off_due(month: date, *, working_days: int, nation: Nation) -> date:
    """The last day on which the report of a month is signed in time."""
    return add_working_days(add_months(month, 1) - timedelta(days=1), working_days, nation)


def unsigned_months(
    made: Mapping[date, date],
    signed: Mapping[date, Signature],
    *,
    today: date,
    working_days: int,
    nation: Nation,
) -> tuple[Unsigned, ...]:
    """The months since the first report that are over, due and not signed.

    `made` gives by the first day of a month the day on which its report was made.
    """
    found: list[Unsigned] = []
    month = min(made, default=today)
    while (due := sign_off_due(month, working_days=working_days, nation=nation)) < today:
        if month not in signed:
            found.append(Unsigned(month=month, due=due, made_on=made.get(month)))
        month = add_months(month, 1)
    return tuple(found)


def _signature(item: ListItem, zone: ZoneInfo) -> Signature | None:
    fields = item.fields
    month = month_named(as_text(fields.get("Title", "")))
    if fields.get("Kind") != ReviewKind.SIGN_OFF or month is None:
        return None
    by_people = [one for one in item.versions if one.saver.kind is SaverKind.USER and _is_signed(one.fields)]
    if not by_people or not _is_signed(fields):
        return None
    saved = local_day(by_people[0].saved_at, zone)
    said = fields.get("DecidedOn")
    day = said if isinstance(said, date) and said <= saved else saved
    if day < add_months(month, 1):
        return None  # Nobody can sign for days that are still to come.
    return Signature(
        month=month,
        signed_by=as_text(fields.get("OfficerTitle", "")),
        signed_on=day,
        comments=as_text(fields.get("Considerations", "")),
    )


def _is_signed(fields: Mapping[str, object]) -> bool:
    outcome = fields.get("Outcome", "")
    return isinstance(fields.get("DecidedOn"), date) or outcome not in {"", None, Outcome.PENDING}
