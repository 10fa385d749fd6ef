"""What `undo` did to the rules that the last run wrote, as one value (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from m365_restrict.report.console_lines import change_lines
from m365_restrict.report.documents import ChangeLine, Head
from m365_restrict.report.ending import ending_lines
from m365_restrict.report.text import Line, counted


class UndoVerb(StrEnum):
    """The one verb of this document."""

    UNDO = "undo"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class NotUndone:
    """A rule that is left as it is, and why."""

    rule: str
    case_ref: str | None
    code: str
    message: str
    action: str


@dataclass(frozen=True, kw_only=True)
class UndoDocument:
    """The changes that bring rules back to their form before the run `undone_run`, and those that are not."""

    head: Head
    undone_run: str = ""
    plan_id: str = ""
    changes: tuple[ChangeLine, ...] = ()
    not_undone: tuple[NotUndone, ...] = ()
    notes: tuple[str, ...] = ()
    verb: UndoVerb = field(default=UndoVerb.UNDO, init=False)


def undo_lines(document: UndoDocument) -> Iterator[Line]:
    """The lines for a person."""
    if document.undone_run:
        changes, left = counted(len(document.changes), "change"), counted(len(document.not_undone), "rule")
        yield Line(f"Undoing run {document.undone_run}: {changes}, {left} left as it is.", "bold")
    for change in document.changes:
        yield from change_lines(change)
    for one in document.not_undone:
        yield Line(f"! left as it is: {one.rule} ({one.code})", "red")
        yield Line(one.message, indent=1)
        yield Line(f"Next step: {one.action}", indent=1)
    if document.plan_id and document.changes:
        yield Line(f"Plan id: {document.plan_id}")
    for note in document.notes:
        yield Line(f"Note: {note}")
    yield from ending_lines(document.head)
