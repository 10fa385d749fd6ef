"""Councillors' choices: whose each is, about which sender, and which count (contracts.md 1; policy.md 4).

A choice belongs to the mailbox holder alone. Messages name the item's number and never
the sender or the holder.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from m365_restrict.register.address import BadAddress, domain_of, read_address
from m365_restrict.register.case import Measure
from m365_restrict.register.choice import DEFAULT_FOLDER, Choice, Handling, RefusedChoice
from m365_restrict.register.choice_holder import Delegations, Holder, find_holder
from m365_restrict.register.codes import ChoiceCode
from m365_restrict.register.dates import add_months, local_day
from m365_restrict.register.item import Identity, ListItem
from m365_restrict.register.reference import reference_key
from m365_restrict.register.values import as_text

_DEFAULT_MONTHS = 12
_OWN_COLUMNS = ("Title", "Handling", "FolderName", "EndsOn", "OnBehalfOf")


@dataclass(frozen=True, kw_only=True)
class ChoiceContext:
    """What choices are judged against. Ids, addresses and domains are lower case.

    `live_cases` maps the reference of each case in force to its measure.
    `councillor_ids` are object ids, `councillor_addresses` sign-in names and e-mail addresses.
    """

    today: date
    zone: ZoneInfo
    term_ends_on: date | None
    councillor_ids: frozenset[str]
    councillor_addresses: frozenset[str]
    council_domains: frozenset[str]
    live_cases: Mapping[str, Measure]

    def measure_of(self, reference: str) -> Measure | None:
        """The measure of the live case with that reference, however it is spelt."""
        wanted = reference_key(reference)
        return next((one for ref, one in self.live_cases.items() if reference_key(ref) == wanted), None)

    def is_councillor(self, holder: Holder) -> bool:
        """Whether the mailbox is a councillor's. A known account counts, never its address alone.

        An address that has been given to somebody else must not carry on the choices of the one before
        (policy.md 4).
        """
        if holder.object_id:
            return holder.object_id in self.councillor_ids
        return holder.address in self.councillor_addresses


@dataclass(frozen=True, kw_only=True)
class ChoiceReading:
    """Choices that count, refused ones, and the ids of those that a later item quietly replaces."""

    choices: tuple[Choice, ...] = ()
    refused: tuple[RefusedChoice, ...] = ()
    superseded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A choice whose holder and sender are known; `subject` is what later items are compared by."""

    choice: Choice
    subject: tuple[str, str]


def read_choices(items: Sequence[ListItem], context: ChoiceContext) -> ChoiceReading:
    """Read the whole list. The latest item wins for one holder and sender; ended ones have no rule."""
    delegations = Delegations.read(items, today=context.today)
    latest: dict[tuple[str, str], Choice] = {}
    refused: list[RefusedChoice] = []
    superseded: list[str] = []
    for item in sorted(items, key=lambda one: _number(one.item_id)):
        if item.fields.get("Handling") == Handling.DELEGATE:
            continue
        read = _read(item, delegations, context)
        if isinstance(read, RefusedChoice):
            refused.append(read)
            continue
        earlier = latest.get(read.subject)
        if earlier:
            superseded.append(earlier.item_id)
        latest[read.subject] = read.choice
    counting = tuple(
        choice
        for choice in latest.values()
        if choice.handling is not Handling.STOP and choice.ends_on >= context.today
    )
    return ChoiceReading(choices=counting, refused=tuple(refused), superseded=tuple(superseded))


def _read(item: ListItem, delegations: Delegations, context: ChoiceContext) -> _Read | RefusedChoice:
    holder = find_holder(item, delegations)
    if isinstance(holder, ChoiceCode):
        return _refused(item, holder)
    if not context.is_councillor(holder):
        return _refused(item, ChoiceCode.NOT_A_COUNCILLOR)
    handling = next((one for one in Handling if item.fields.get("Handling") == one), None)
    if handling is None:
        return _refused(item, ChoiceCode.HANDLING_UNKNOWN)
    ends_on = _ends_on(item, context)
    if ends_on is None:
        return _refused(item, ChoiceCode.DATE_UNREADABLE)
    sender, reference = _subject(item)
    problem = None if ends_on < context.today else _subject_problem(handling, sender, reference, context)
    if problem is None and handling is not Handling.STOP and _changed_by_another(item):
        problem = ChoiceCode.CHANGED_BY_ANOTHER
    if problem:
        return _refused(item, problem)
    choice = Choice(
        item_id=item.item_id,
        holder=holder.address,
        sender=sender,
        case_reference=reference,
        handling=handling,
        folder_name=as_text(item.fields.get("FolderName", "")) or DEFAULT_FOLDER,
        ends_on=ends_on,
        saved=_digest(item),
    )
    return _Read(choice=choice, subject=(holder.address, sender or reference_key(reference)))


def _subject(item: ListItem) -> tuple[str, str]:
    """The sender's address, or else a case reference."""
    title = as_text(item.fields.get("Title", ""))
    address = read_address(title)
    return ("", title) if isinstance(address, BadAddress) else (address, "")


def _subject_problem(
    handling: Handling, sender: str, reference: str, context: ChoiceContext
) -> ChoiceCode | None:
    if handling is Handling.STOP:
        return None
    if sender:
        if handling is Handling.AS_COUNCIL:
            return ChoiceCode.NEEDS_CASE_REFERENCE
        return ChoiceCode.INTERNAL_SENDER if domain_of(sender) in context.council_domains else None
    measure = context.measure_of(reference)
    if measure is None:
        looks_like_an_address = not reference or "@" in reference
        return ChoiceCode.SENDER_UNREADABLE if looks_like_an_address else ChoiceCode.CASE_NOT_LIVE
    if handling is Handling.AS_COUNCIL and not measure.acts_on_mail:
        return ChoiceCode.CASE_NOT_ON_MAIL
    return None


def _ends_on(item: ListItem, context: ChoiceContext) -> date | None:
    """The day on the item; where empty, 12 months from its creation or the end of the term if earlier."""
    value = item.fields.get("EndsOn", "")
    if isinstance(value, date):
        return value
    if as_text(value):
        return None
    year = add_months(_created_on(item, context), _DEFAULT_MONTHS)
    return min(year, context.term_ends_on) if context.term_ends_on else year


def _created_on(item: ListItem, context: ChoiceContext) -> date:
    created: datetime | None = item.created_at
    if created is None and item.versions:
        created = item.versions[0].saved_at
    return local_day(created, context.zone) if created else context.today


def _changed_by_another(item: ListItem) -> bool:
    """Whether the holder's own columns were last changed by someone other than who made the item."""
    changers: list[Identity] = [
        after.saver
        for before, after in zip(item.versions, item.versions[1:], strict=False)
        if _own_values(before.fields) != _own_values(after.fields)
    ]
    if not changers:
        return False
    last, creator = changers[-1], item.created_by
    return last.kind is not creator.kind or last.object_id.lower() != creator.object_id.lower()


def _own_values(fields: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(fields.get(column) for column in _OWN_COLUMNS)


def _digest(item: ListItem) -> str:
    """Changes when the holder chooses anew, never when the tool writes or an old version is pruned."""
    own = [as_text(item.fields.get(column, "")) for column in _OWN_COLUMNS]
    return hashlib.sha256(json.dumps([item.item_id, *own]).encode()).hexdigest()


def _refused(item: ListItem, code: ChoiceCode) -> RefusedChoice:
    return RefusedChoice(item.item_id, code.value, f"Choice {item.item_id}: {code.meaning} {code.advice}")


def _number(item_id: str) -> tuple[int, str]:
    return (int(item_id) if item_id.isdecimal() else 0), item_id
