"""What the ledger can prove of one case, as `history --case` tells it: saves, approvals, looks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from m365_restrict.report.json_text import instant
from m365_restrict.report.text import Line, counted

NOT_IN_FORCE, NOT_COMPARED = "not_in_force", "not_compared"
_STATES = {
    "in_step": "in step",
    "differs": "differed",
    "missing": "its rule was missing",
    "unknown": "could not be checked",
    "not_on_mail": "in force without a mail rule",
    NOT_IN_FORCE: "not in force",
    NOT_COMPARED: "nothing was compared, because the run ended with an error",
}


@dataclass(frozen=True)
class SavedValue:
    """What one column held. Several lines, or several people, are several values; none is empty."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PastSave:
    """One saved version of a list item, with the columns that it changed. `by` is an address or an id."""

    list: str
    item_id: str
    version: str
    saved_at: datetime
    by: str
    changed: tuple[SavedValue, ...]


@dataclass(frozen=True, kw_only=True)
class PastApproval:
    """One save as it was judged when it was first seen, on the local day `seen_on`; never judged again.

    `values` are what it approves, `fields_hash` their SHA-256. `item_id` of an extension is `review:<id>`.
    """

    item_id: str
    version: str
    saved_at: datetime
    saver_address: str
    saver_object_id: str
    verdict: str
    seen_on: date
    fields_hash: str
    values: tuple[SavedValue, ...]


@dataclass(frozen=True, kw_only=True)
class PastLook:
    """How the case stood when one run of drift compared it: a state of its document, or one of the above.

    `found` are its findings of this case, each a sentence; a case may be in step and have some.
    """

    run_id: str
    at: datetime
    state: str
    found: tuple[str, ...] = ()


def save_lines(saves: tuple[PastSave, ...], read_by: str) -> Iterator[Line]:
    """Who saved what, in each list."""
    if saves:
        yield Line(f"Saved in the lists, as run {read_by} read them", "bold")
    for one in saves:
        where = f"{one.list}, item {one.item_id}, version {one.version}"
        yield Line(f"{instant(one.saved_at)} {one.by}: {where}", indent=1)
        yield from _value_lines(one.changed)


def approval_lines(approvals: tuple[PastApproval, ...]) -> Iterator[Line]:
    """Who approved which values, and how each save was judged. Values that were told are not repeated."""
    told: set[str] = set()
    if approvals:
        yield Line("Saves that could be approvals, as each was judged", "bold")
    for one in approvals:
        who = f"{one.saver_address} ({one.saver_object_id})" if one.saver_address else one.saver_object_id
        verdict = one.verdict.replace("_", " ")
        text = f"{instant(one.saved_at)} {who}: {verdict}; version {one.version} of item {one.item_id}"
        yield Line(f"{text}, first seen on {one.seen_on}", indent=1)
        if one.fields_hash in told:
            yield Line(f"The same values (SHA-256 {one.fields_hash})", indent=2)
            continue
        told.add(one.fields_hash)
        yield from _value_lines(one.values)
        yield Line(f"SHA-256 of these values: {one.fields_hash}", indent=2)


def look_lines(looks: tuple[PastLook, ...]) -> Iterator[Line]:
    """How the case stood and what was found, one line for each time in which both stayed the same."""
    if looks:
        yield Line("What drift found", "bold")
    for (state, found), group in groupby(looks, key=lambda one: (one.state, one.found)):
        same = tuple(group)
        runs = f"run {same[0].run_id}" if len(same) == 1 else f"runs {same[0].run_id} to {same[-1].run_id}"
        until = f" to {instant(same[-1].at)}" if len(same) > 1 else ""
        text = f"{instant(same[0].at)}{until}: {_STATES.get(state, state)}"
        yield Line(f"{text} ({counted(len(same), 'run')}; {runs})", indent=1)
        yield from (Line(one, indent=2) for one in found)


def _value_lines(values: tuple[SavedValue, ...]) -> Iterator[Line]:
    for one in values:
        # Whole, however many: a decision is of exactly these.
        yield Line(f"{one.column}: {', '.join(one.values) or 'empty'}", indent=2)
