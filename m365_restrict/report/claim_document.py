"""What `adopt` and `disown` have put on record, as one value (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from m365_restrict.plan.change import FieldChange
from m365_restrict.report.documents import Head
from m365_restrict.report.text import Line, shown


class ClaimVerb(StrEnum):
    """The two verbs of this document."""

    ADOPT = "adopt"
    DISOWN = "disown"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True)
class RefusedClaim:
    """Why nothing was put on record."""

    code: str
    message: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class ClaimDocument:
    """One rule whose owner was to change. `recorded` tells whether it has; the tenant is never written.

    `fields` are the differences that the next plan puts right. `key` is the rule key that it stands for.
    """

    verb: ClaimVerb
    head: Head
    rule: str = ""
    guid: str = ""
    case_ref: str = ""
    key: str = ""
    reason: str = ""
    made_by: str = ""
    at: datetime | None = None
    recorded: bool = False
    fields: tuple[FieldChange, ...] = ()
    notes: tuple[str, ...] = ()
    refused: tuple[RefusedClaim, ...] = ()


def claim_lines(document: ClaimDocument) -> Iterator[Line]:
    """The lines for a person."""
    head = document.head
    if document.recorded and document.verb is ClaimVerb.ADOPT:
        yield Line(f"The transport rule “{document.rule}” is ours now, for case {document.case_ref}.", "bold")
        yield from _difference_lines(document)
    elif document.recorded:
        yield Line(f"The transport rule “{document.rule}” is no longer ours and is never touched.", "bold")
    for note in document.notes:
        yield Line(f"Note: {note}")
    for refusal in document.refused:
        yield Line(f"! Not recorded: {refusal.message}", "red")
        yield Line(f"Next step: {refusal.advice}", indent=1)
    for one in head.unknown:
        yield Line(f"? {one.scope}: {one.reason}", "yellow")
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}).", "bold")


def _difference_lines(document: ClaimDocument) -> Iterator[Line]:
    if not document.fields:
        yield Line("It does what the case says. The next apply gives it its name, its stamp and its end.")
        return
    yield Line("It differs from what the case says; the next plan puts this right:")
    for one in document.fields:
        yield Line(f"{one.field}: {shown(one.observed)} becomes {shown(one.desired)}", indent=1)
