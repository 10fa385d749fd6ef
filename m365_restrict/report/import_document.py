"""What `import` would write into the register or has written, as one value (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from m365_restrict.report.documents import Head, Outcome
from m365_restrict.report.text import Line


class ImportVerb(StrEnum):
    """The one verb of this document."""

    IMPORT = "import"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True)
class ProposedField:
    """One column of the new item. An address column holds one a line."""

    column: str
    value: str


@dataclass(frozen=True, kw_only=True)
class RefusedImport:
    """Why the rule does not become an item. `property` and `value_kind` are "" where it is no property."""

    code: str
    message: str
    property: str = ""
    value_kind: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportDocument:
    """One rule and the item that it becomes. `item_id` is "" while nothing is written.

    `notes` are the differences between the rule and the case that are allowed.
    """

    head: Head
    rule: str = ""
    guid: str = ""
    case_ref: str = ""
    item_id: str = ""
    outcome: Outcome = Outcome.SKIPPED
    fields: tuple[ProposedField, ...] = ()
    notes: tuple[str, ...] = ()
    refused: tuple[RefusedImport, ...] = ()
    verb: ImportVerb = field(default=ImportVerb.IMPORT, init=False)


def import_lines(document: ImportDocument) -> Iterator[Line]:
    """The lines for a person."""
    head = document.head
    yield from proposal_lines(document)
    for refusal in document.refused:
        where = f"{refusal.property} ({refusal.value_kind}): " if refusal.property else ""
        yield Line(f"! Not imported: {where}{refusal.message}", "red")
    for one in head.unknown:
        yield Line(f"? {one.scope}: {one.reason}", "yellow")
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    if document.outcome is Outcome.PLANNED:
        yield Line("Nothing is written. Give --approve to write the item, as a draft.")
    if document.outcome is Outcome.APPLIED:
        yield Line(
            f"Written as item {document.item_id}, a draft. Governance fills in the rest and proposes it."
        )
        yield Line(
            "The rule stands as it is. Once the case is approved, adopt the rule for it or remove it by hand."
        )
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}).", "bold")


def proposal_lines(document: ImportDocument) -> Iterator[Line]:
    """What would be written, for the question that is asked before it is."""
    if document.fields:
        yield Line(f"From the transport rule “{document.rule}” a draft in the register:", "bold")
    for one in document.fields:
        yield Line(f"{one.column}: {', '.join(one.value.splitlines())}", indent=1)
    for note in document.notes:
        yield Line(f"Note: {note}", indent=1)
