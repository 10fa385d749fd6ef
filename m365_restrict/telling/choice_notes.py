"""What a councillor's own row shows of their choice: its state and how to stop it (contracts.md 1)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from m365_restrict.outcome import Unknown
from m365_restrict.register.choice import Choice, Handling, RefusedChoice
from m365_restrict.register.item import ListItem
from m365_restrict.rules.naming import long_day
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.run_context import Run
from m365_restrict.writes.write_outcome import Result

_STOP = "To stop, delete this row or choose Leave in Inbox."


class ChoiceStanding(StrEnum):
    """ChoiceStatus. The values are what councillors read in the list."""

    IN_PLACE = "In place"
    NOT_IN_PLACE = "Not in place"
    NOT_YET = "Not yet in place"
    NOT_KNOWN = "Not known"
    CHANGED = "Changed in Outlook"
    REPLACED = "Replaced"
    STOPPED = "Stopped"
    ENDED = "Ended"


@dataclass(frozen=True)
class ChoiceNote:
    """ChoiceStatus and ChoiceNote of one row."""

    status: ChoiceStanding
    note: str = ""


_STOPPED = ChoiceNote(ChoiceStanding.STOPPED, "Mail from this sender comes to your Inbox.")
_ENDED = ChoiceNote(ChoiceStanding.ENDED, "Mail comes to your Inbox again. Set a new date in Until to go on.")
_REPLACED = ChoiceNote(ChoiceStanding.REPLACED, "A newer row of yours is about the same sender.")
_CHANGED = ChoiceNote(
    ChoiceStanding.CHANGED,
    "You changed or removed the rule in Outlook, so it is left as you made it.",
)
_NOT_YET = ChoiceNote(ChoiceStanding.NOT_YET, "The next run tries again; ask ICT if it stays like this.")
_NOT_KNOWN = ChoiceNote(ChoiceStanding.NOT_KNOWN, "Your mailbox could not be read; the next run tries again.")


def choice_notes(run: Run, found: Found) -> Mapping[str, ChoiceNote]:
    """The note of every row by its id. Rows that only name a delegate get none."""
    planned = found.planned
    refused = {one.item_id: one for one in found.choices.refused}
    if planned is not None:
        refused |= {one.item_id: one for one in planned.desired.choice_refusals}
    live = {one.item_id: one for one in found.choices.choices}
    ended = frozenset(one.saved for one in run.ledger.rules.all() if one.holder_ended)
    notes: dict[str, ChoiceNote] = {}
    for item in found.register.choices.items:
        if item.fields.get("Handling") == Handling.DELEGATE:
            continue
        notes[item.item_id] = _note(
            found, item, refused.get(item.item_id), live.get(item.item_id), ended=ended
        )
    return notes


def _note(
    found: Found,
    item: ListItem,
    refused: RefusedChoice | None,
    live: Choice | None,
    *,
    ended: Collection[str],
) -> ChoiceNote:
    if refused is not None:
        return ChoiceNote(ChoiceStanding.NOT_IN_PLACE, refused.message)
    if live is not None:
        return _CHANGED if live.saved in ended else _live(found, live)
    if item.item_id in found.choices.superseded:
        return _REPLACED
    return _STOPPED if item.fields.get("Handling") == Handling.STOP else _ENDED


def _live(found: Found, choice: Choice) -> ChoiceNote:
    planned = found.planned
    if planned is None or _is_unread(choice, planned):
        return _NOT_KNOWN
    results = {id(outcome.change): outcome.result for outcome in found.outcomes}
    mine = [
        one
        for one in planned.plan.changes
        if one.chosen_by_holder
        and (one.saved == choice.saved or (one.mailbox, one.case_reference) == _place(choice))
    ]
    if any(results.get(id(one)) is not Result.APPLIED for one in mine):
        return _NOT_YET
    return ChoiceNote(
        ChoiceStanding.IN_PLACE, f"{_effect(choice)} until the end of {long_day(choice.ends_on)}. {_STOP}"
    )


def _place(choice: Choice) -> tuple[str, str]:
    """The mailbox and case of a rule for "Same as the council"; nowhere for a choice about a sender."""
    return (choice.holder, choice.case_reference) if choice.case_reference else ("", "")


def _is_unread(choice: Choice, planned: Planned) -> bool:
    return isinstance(planned.observed.inbox.get(choice.holder), Unknown)


def _effect(choice: Choice) -> str:
    match choice.handling:
        case Handling.FOLDER:
            return f"Mail goes to your folder {choice.folder_name}"
        case Handling.JUNK:
            return "Mail goes to your Junk Email, which is usually emptied after 30 days,"
        case Handling.CATEGORY:
            return "Mail is marked and stays in your Inbox"
        case Handling.AS_COUNCIL:
            return "The council's decision covers your mailbox too"
        case Handling.STOP | Handling.DELEGATE:
            return "Nothing is changed"
        case _:
            assert_never(choice.handling)
