"""`history --case`: who saved, approved, wrote and found what about one case, from the ledger alone.

What the lists held is told as the latest run read them whose evidence is there: it is in the chain, so
nobody can have altered it afterwards (docs/evidence.md).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from m365_restrict.by_hand.history_run import written_lines_of_case
from m365_restrict.errors import RequestRefused
from m365_restrict.evidence.values import Unreadable, decode
from m365_restrict.ledger.evidence_bodies import BodyLost, Json
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.plan.by_hand_codes import ByHandCode
from m365_restrict.register.columns import PROTECTED_COLUMNS
from m365_restrict.register.evidence import ApprovalEvidence
from m365_restrict.register.item import Fields, FieldValue, Identity, ListItem, ListSnapshot
from m365_restrict.register.reference import same_reference
from m365_restrict.register.review import ReviewKind
from m365_restrict.register.values import as_lines, as_text, values_from_json
from m365_restrict.report.case_history import (
    NOT_COMPARED,
    NOT_IN_FORCE,
    PastApproval,
    PastLook,
    PastSave,
    SavedValue,
)
from m365_restrict.report.history_document import WrittenLine
from m365_restrict.report.verb import Verb
from m365_restrict.steps.options import RunOptions

_ASKED = "lists.read_list "
_TRIED = 40
_BEFORE = datetime(1970, 1, 1, tzinfo=UTC)
_AFTER = datetime(9999, 1, 1, tzinfo=UTC)
_DATED = ("NoticeSentOn", "NoticeMethod", "NoticeDocId", "NextReviewOn", "EnforcementStatus")
_REVIEW = ("Kind", "OpenedOn", "DecidedOn", "OutcomeToldOn", "NewEndsOn", "OfficerTitle", "Outcome")
#: A column that the register and one that the reviews have; the list of councillors' choices has neither.
_PUBLIC = frozenset({"Measure", "Kind"})
#: Not the free texts, which may name people.
_TOLD_COLUMNS = ("Status", *PROTECTED_COLUMNS, *_DATED, *_REVIEW)


@dataclass(frozen=True, kw_only=True)
class CaseHistory:
    """All of it. `read_by` is the run that read the saves, "" where none is left that did."""

    saves: tuple[PastSave, ...]
    read_by: str
    approvals: tuple[PastApproval, ...]
    written: tuple[WrittenLine, ...]
    looks: tuple[PastLook, ...]
    notes: tuple[str, ...]


def case_history(ledger: Ledger, reference: str) -> CaseHistory:
    """What the ledger knows of a case, or of what is titled so. RequestRefused where that is nothing."""
    read_by, snapshots = _latest_lists(ledger, reference)
    items = [(one.title, item) for one in snapshots for item in one.items if _is(item, reference)]
    written = written_lines_of_case(ledger, reference)
    known = {item.item_id for _, item in items if "Kind" not in item.fields}
    known |= {one.item_id for one in ledger.lives.all().values() if _same(one.case_reference, reference)}
    known |= {one.item_id for one in ledger.register.live() if _same(one.case_reference, reference)}
    found = CaseHistory(
        saves=tuple(sorted(_saves(items), key=lambda one: one.saved_at)),
        read_by=read_by,
        approvals=tuple(_approvals(ledger, known, reference)),
        written=written,
        looks=tuple(_looks(ledger, reference)),
        notes=tuple(_notes(ledger, reference)),
    )
    if not (found.saves or found.approvals or found.written or found.looks or found.notes):
        raise RequestRefused(f"The ledger knows nothing of {reference}.", code=ByHandCode.CASE_NOT_REMEMBERED)
    return found


def recorded_zone(ledger: Ledger) -> ZoneInfo | None:
    """The council's time zone as the latest run had it whose evidence is there, None where none is."""
    for run in ledger.runs.latest(limit=_TRIED):
        try:
            options = decode(_part(ledger, run.run_id, "options"))
        except (BodyLost, Unreadable):
            continue
        if isinstance(options, RunOptions):
            return options.zone
    return None


def _latest_lists(ledger: Ledger, reference: str) -> tuple[str, tuple[ListSnapshot, ...]]:
    """The lists of the latest run that read something titled so; councillors' choices are left out.

    An item that has been gone from the lists for long was last read by a run that told of the case.
    """
    telling = ledger.runs.mentioning(reference)[-_TRIED:]
    for run in (*ledger.runs.latest(limit=_TRIED), *reversed(telling)):
        snapshots = tuple(_lists_of(ledger, run.run_id))
        if any(_is(item, reference) for one in snapshots for item in one.items):
            return run.run_id, snapshots
    return "", ()


def _lists_of(ledger: Ledger, run_id: str) -> Iterator[ListSnapshot]:
    try:
        match _part(ledger, run_id, "answers"):
            case {"answers": dict(answers)}:
                asked = [told for key, told in answers.items() if key.startswith(_ASKED)]
            case _:
                return
        for told in asked:
            for answer in told if isinstance(told, list) else ():
                snapshot = decode(answer["value"]) if isinstance(answer, dict) and "value" in answer else None
                if isinstance(snapshot, ListSnapshot) and _PUBLIC & snapshot.choices.keys():
                    yield snapshot
    except (BodyLost, Unreadable):
        return


def _part(ledger: Ledger, run_id: str, name: str) -> Json:
    entry = ledger.evidence.entry_of(run_id)
    return ledger.evidence.value(entry.parts[name]) if entry and name in entry.parts else None


def _is(item: ListItem, reference: str) -> bool:
    return _same(as_text(item.fields.get("Title", "")), reference)


def _same(one: str, reference: str) -> bool:
    return same_reference(one, reference)


def _saves(items: list[tuple[str, ListItem]]) -> Iterator[PastSave]:
    for title, item in items:
        before: dict[str, tuple[str, ...]] = {}
        for version in item.versions:
            now = {name: _values(version.fields.get(name, "")) for name in _columns_of(version.fields)}
            changed = (SavedValue(name, now[name]) for name in now if now[name] != before.get(name, ()))
            yield PastSave(
                list=title,
                item_id=item.item_id,
                version=version.number,
                saved_at=version.saved_at,
                by=_who(version.saver),
                changed=tuple(changed),
            )
            before = now


def _columns_of(fields: Fields) -> tuple[str, ...]:
    """A sign-off is about a month and nobody's case, so its comments are told."""
    return (
        (*_TOLD_COLUMNS, "Considerations")
        if fields.get("Kind") == ReviewKind.SIGN_OFF.value
        else _TOLD_COLUMNS
    )


def _values(value: FieldValue) -> tuple[str, ...]:
    return tuple(line.strip() for line in as_text(value).splitlines() if line.strip())


def _who(saver: Identity) -> str:
    named = saver.address or saver.object_id or "somebody whom the list does not name"
    return f"{saver.kind.value} {named}" if saver.kind.value == "application" else named


def _approvals(ledger: Ledger, items: set[str], reference: str) -> Iterator[PastApproval]:
    for one in sorted(ledger.register.evidence().values(), key=lambda other: other.saved_at):
        values = values_from_json(one.values_json)
        title = values.get("Title", "")
        if one.item_id in items or (isinstance(title, str) and title and _same(title, reference)):
            told = (SavedValue(name, as_lines(value)) for name, value in values.items() if value)
            yield _approval(one, tuple(told))


def _approval(one: ApprovalEvidence, values: tuple[SavedValue, ...]) -> PastApproval:
    return PastApproval(
        item_id=one.item_id,
        version=one.version,
        saved_at=one.saved_at,
        saver_address=one.saver_address,
        saver_object_id=one.saver_object_id,
        verdict=one.verdict.value,
        seen_on=one.seen_on,
        fields_hash=one.fields_hash,
        values=values,
    )


def _looks(ledger: Ledger, reference: str) -> Iterator[PastLook]:
    """Every run of drift from the first that found the case in force, oldest first."""
    known = False
    drifts = ledger.runs.documented([Verb.DRIFT.value], since=_BEFORE, until=_AFTER)
    for run in reversed(drifts):
        document = json.loads(ledger.runs.document(run.run_id))
        states = [one["state"] for one in document["live"] if _same(one["case_ref"], reference)]
        known = known or bool(states)
        if known:
            absent = NOT_COMPARED if document["error"] else NOT_IN_FORCE
            found = (one for one in document["findings"] if _same(one["case_ref"] or "", reference))
            yield PastLook(
                run_id=run.run_id,
                at=run.started_at,
                state=states[0] if states else absent,
                found=tuple(_finding(one) for one in found),
            )


def _finding(told: Mapping[str, Any]) -> str:
    """A finding of a document of drift in words: which, where, what was otherwise, and by whom."""
    fields = (f"{one['field']} was {one['observed']}, not {one['desired']}" for one in told["fields"])
    by = f"changed by {told['changed_by']}" if told["changed_by"] else ""
    at = f" at {told['changed_at']}" if by and told["changed_at"] else ""
    where = f" '{told['rule']}'" if told["rule"] else ""
    said = "; ".join(one for one in (*fields, by + at) if one) or told.get("message", "")
    return f"{told['severity']}, {told['class'].replace('_', ' ')}{where} ({told['code']}): {said}"


def _notes(ledger: Ledger, reference: str) -> Iterator[str]:
    for life in ledger.lives.all().values():
        if _same(life.case_reference, reference) and life.ended_on:
            yield f"The last day of its effect was {life.ended_on}."
        if _same(life.case_reference, reference) and life.closed_on:
            yield f"Since {life.closed_on} nothing names its addresses any more (run {life.closed_run})."
    for deletion in ledger.deletions.all().values():
        if _same(deletion.case_reference, reference):
            yield f"Run {deletion.run_id} deleted it on {deletion.deleted_on}, and its addresses from here."
    for opening in ledger.openings.all():
        if _same(opening.case_reference, reference):
            ended = f", until {opening.ended_at:%Y-%m-%d %H:%M} UTC" if opening.ended_at else ""
            yield f"It was opened by hand at {opening.since:%Y-%m-%d %H:%M} UTC{ended}: {opening.reason}"
