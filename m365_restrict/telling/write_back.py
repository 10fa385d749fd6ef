"""What the tool writes into the lists: what it found, in its own columns, and a review day where none is.

Only what has changed is written, and only if nobody has saved the item since it was read: a version costs
a place in the history, and an officer's edit is worth more than the tool's note (contracts.md 1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from m365_restrict.errors import RestrictError, ServiceError
from m365_restrict.policy.life import life_rules
from m365_restrict.policy.life_tasks import Today, review_day
from m365_restrict.register.columns import CHOICES, RESTRICTED_CONTACTS
from m365_restrict.register.item import FieldValue, ListItem
from m365_restrict.register.read_review import read_review
from m365_restrict.register.reference import same_reference
from m365_restrict.register.schema import ListSchema
from m365_restrict.register.values import as_text
from m365_restrict.steps.found import Found
from m365_restrict.steps.run_context import Run
from m365_restrict.telling.case_notes import case_notes
from m365_restrict.telling.choice_notes import choice_notes
from m365_restrict.tenant.lists import ListLocation
from m365_restrict.tenant.session import TenantWriters
from m365_restrict.writes.write_outcome import Result

_GONE_OR_MOVED = frozenset({404, 412})


@dataclass(frozen=True, kw_only=True)
class ItemWritten:
    """What became of one item. `columns` names what was to be written; `list_title` names the list.

    Skipped means that somebody saved or deleted the item meanwhile: the next run reads it again.
    """

    list_title: str
    item_id: str
    columns: tuple[str, ...]
    result: Result
    reason: str = ""


async def write_back(
    run: Run,
    found: Found,
    writers: TenantWriters,
    *,
    extra_notes: Mapping[str, Sequence[str]] | None = None,
) -> tuple[ItemWritten, ...]:
    """Write every item whose own columns no longer say what is so. Never raises for one item or one list.

    `extra_notes` adds lines to the notes of cases by item id. A list without the tool's columns is
    left alone.
    """
    places = run.options.lists
    cases = found.register.cases.items
    wanted_of_cases = _case_fields(run, found, extra_notes)
    wanted_of_choices = {
        item_id: {"ChoiceStatus": note.status.value, "ChoiceNote": note.note}
        for item_id, note in choice_notes(run, found).items()
    }
    written = await write_list(
        run, writers, (places.register_site, places.register, RESTRICTED_CONTACTS), cases, wanted_of_cases
    )
    written += await write_list(
        run,
        writers,
        (places.choices_site, places.choices, CHOICES),
        found.register.choices.items,
        wanted_of_choices,
    )
    return tuple(written)


def _case_fields(
    run: Run, found: Found, extra: Mapping[str, Sequence[str]] | None
) -> dict[str, dict[str, FieldValue]]:
    wanted: dict[str, dict[str, FieldValue]] = {
        item_id: {"EnforcementStatus": note.status, "EnforcementNote": note.note}
        for item_id, note in case_notes(run, found, extra=extra).items()
    }
    today = Today(day=run.today, zone=run.options.zone, rules=life_rules(run.options.profile))
    reviews = [read_review(item, run.options.zone) for item in found.register.reviews.items]
    empty = {item.item_id for item in found.register.cases.items if "NextReviewOn" not in item.fields}
    for accepted in found.judgement.accepted:
        about = [one for one in reviews if same_reference(one.title, accepted.case.reference)]
        day = review_day(accepted, about, today)
        if accepted.case.item_id in empty and day is not None:
            wanted[accepted.case.item_id]["NextReviewOn"] = day
    return wanted


async def write_list(
    run: Run,
    writers: TenantWriters,
    where: tuple[str, str, ListSchema],
    items: Sequence[ListItem],
    wanted: Mapping[str, Mapping[str, FieldValue]],
) -> list[ItemWritten]:
    """Write what differs, one item after another: a hundred writes at once would be throttled.

    `where` is the site, the title and the columns of the list; `wanted` gives the fields by item id.
    """
    try:
        place = await run.readers.lists.locate(*where)
    except RestrictError as error:
        return [
            ItemWritten(
                list_title=where[1], item_id="", columns=(), result=Result.FAILED, reason=error.message
            )
        ]
    written = []
    for item in items:
        changed = _changed(item, wanted.get(item.item_id, {}), place)
        if changed and not run.is_stopping:
            written.append(await _write_item(writers, place, item, changed))
    return written


def _changed(
    item: ListItem, wanted: Mapping[str, FieldValue], place: ListLocation
) -> dict[str, FieldValue | None]:
    """What differs from the item as read. Line ends and outer spaces of texts do not count."""
    return {
        name: None if value == "" else value
        for name, value in wanted.items()
        if name in place.names and _lines(item.fields.get(name, "")) != _lines(value)
    }


def _lines(value: FieldValue) -> list[str]:
    return [line.strip() for line in as_text(value).splitlines()]


async def _write_item(
    writers: TenantWriters, place: ListLocation, item: ListItem, fields: Mapping[str, FieldValue | None]
) -> ItemWritten:
    result, reason = Result.APPLIED, ""
    try:
        await writers.lists.patch_fields(place, item.item_id, fields, item.etag)
    except ServiceError as error:
        moved = error.status in _GONE_OR_MOVED
        result = Result.SKIPPED if moved else Result.FAILED
        reason = "somebody saved or deleted the item meanwhile" if moved else error.message
    return ItemWritten(
        list_title=place.title, item_id=item.item_id, columns=tuple(fields), result=result, reason=reason
    )
