"""What the ledger remembers, as the verb `history` tells it (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from m365_restrict.report.case_history import (
    PastApproval,
    PastLook,
    PastSave,
    approval_lines,
    look_lines,
    save_lines,
)
from m365_restrict.report.documents import Head, Mailbox
from m365_restrict.report.ending import ending_lines
from m365_restrict.report.json_text import instant
from m365_restrict.report.text import Line, counted, shown
from m365_restrict.rules.observed import PropertyValue


class HistoryVerb(StrEnum):
    """The one verb of this document."""

    HISTORY = "history"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """One run. `exit_code` is None for one that has not ended, or was killed; `changes` were made by it."""

    run_id: str
    verb: str
    started_at: datetime
    finished_at: datetime | None
    status: str
    exit_code: int | None
    changes: int


@dataclass(frozen=True, kw_only=True)
class PastRule:
    """A rule that stood on a day. `acts` is false where it was switched off or only logged."""

    name: str
    kind: str
    mailbox: Mailbox
    acts: bool
    written_at: datetime
    run_id: str


@dataclass(frozen=True, kw_only=True)
class PastCase:
    """A case with rules on a day; None for councillors' own choices about senders."""

    case_ref: str | None
    rules: tuple[PastRule, ...]


@dataclass(frozen=True)
class PastField:
    """One property before and after a write. None stands for a property that is not set."""

    field: str
    before: PropertyValue | None
    after: PropertyValue | None


@dataclass(frozen=True, kw_only=True)
class WrittenLine:
    """One write of a run, or what it took over without a write. No fields for a councillor's choice."""

    action: str
    kind: str
    mailbox: Mailbox
    name: str
    case_ref: str | None
    at: datetime
    run_id: str
    result: str
    reason: str
    fields: tuple[PastField, ...]


@dataclass(frozen=True, kw_only=True)
class HistoryDocument:
    """Runs, newest first; or what stood on a day; or the writes of the run `of_run`; or a case.

    What stood is of the end of the day `on` or, with `until`, of any time from `on` to that day. Of the
    case `of_case` it has what all runs wrote, the saves of its items as run `read_by` read them, the
    approvals, and what each run of drift found.
    """

    head: Head
    runs: tuple[RunLine, ...] = ()
    on: date | None = None
    until: date | None = None
    in_force: tuple[PastCase, ...] = ()
    of_run: str = ""
    written: tuple[WrittenLine, ...] = ()
    of_case: str = ""
    read_by: str = ""
    saves: tuple[PastSave, ...] = ()
    approvals: tuple[PastApproval, ...] = ()
    looks: tuple[PastLook, ...] = ()
    notes: tuple[str, ...] = ()
    verb: HistoryVerb = field(default=HistoryVerb.HISTORY, init=False)


def history_lines(document: HistoryDocument) -> Iterator[Line]:
    """The lines for a person."""
    if document.head.error is None and document.on is not None:
        yield Line(_on_summary(document), "bold")
        yield from _case_lines(document)
    for one in document.runs:
        yield Line(_run(one))
    yield from save_lines(document.saves, document.read_by)
    yield from approval_lines(document.approvals)
    if document.of_case and document.written:
        yield Line("What was written", "bold")
    for written in document.written:
        yield from _written_lines(written, of_case=document.of_case)
    yield from look_lines(document.looks)
    for note in document.notes:
        yield Line(f"Note: {note}")
    yield from ending_lines(document.head)


def _on_summary(document: HistoryDocument) -> str:
    cases = sum(one.case_ref is not None for one in document.in_force)
    when = f"at the end of {document.on}"
    if document.until is not None:
        when = f"at any time from {document.on} to {document.until}"
    return f"{counted(cases, 'case').capitalize()} with rules {when}."


def _case_lines(document: HistoryDocument) -> Iterator[Line]:
    for one in document.in_force:
        yield Line(one.case_ref or "Councillors' own choices about senders", "bold")
        for rule in one.rules:
            state = "" if rule.acts else " (switched off, or logging only)"
            text = f"{rule.name}{_where(rule.mailbox)}{state}; written at {instant(rule.written_at)}"
            yield Line(f"{text} by run {rule.run_id}", indent=1)


def _run(one: RunLine) -> str:
    ended = f"exit code {one.exit_code}" if one.exit_code is not None else "did not end"
    return (
        f"{instant(one.started_at)} {one.verb}: {ended}, {counted(one.changes, 'change')}; run {one.run_id}"
    )


def _written_lines(one: WrittenLine, *, of_case: str) -> Iterator[Line]:
    """One write; which case or which run it belongs to is said where the other was asked for."""
    case = f" of case {one.case_ref}" if one.case_ref and not of_case else ""
    run = f" by run {one.run_id}" if of_case else ""
    step = int(bool(of_case))
    text = f"{instant(one.at)} {one.action} {one.name}{_where(one.mailbox)}{case}: {one.result}{run}"
    yield Line(text, indent=step)
    if one.reason:
        yield Line(one.reason, indent=step + 1)
    for change in () if of_case and one.action == "delete" else one.fields:
        yield Line(
            f"{change.field}: was {shown(change.before)}; became {shown(change.after)}", indent=step + 1
        )


def _where(mailbox: Mailbox) -> str:
    if isinstance(mailbox, int):
        return f" in councillor mailbox no. {mailbox}"
    return f" in {mailbox}" if mailbox else ""
