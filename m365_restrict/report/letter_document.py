"""What the verb `letter` did, as one value (contracts.md 3). It holds no word of the letter itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from m365_restrict.report.documents import Head
from m365_restrict.report.text import Line


class LetterVerb(StrEnum):
    """The one verb of this document."""

    LETTER = "letter"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True)
class MissingLine:
    """What the letter lacks and the column or setting that it belongs in."""

    what: str
    where: str


@dataclass(frozen=True, kw_only=True)
class RefusedLetter:
    """Why the letter was not written."""

    code: str
    message: str
    missing: tuple[MissingLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LetterDocument:
    """One letter: the files that were written, or why none was. `language` is en, cy or both."""

    head: Head
    case_ref: str = ""
    kind: str = ""
    language: str = ""
    files: tuple[str, ...] = ()
    refused: tuple[RefusedLetter, ...] = ()
    verb: LetterVerb = field(default=LetterVerb.LETTER, init=False)


def letter_lines(document: LetterDocument) -> Iterator[Line]:
    """The lines for a person: the files, or what is missing and where to put it."""
    for name in document.files:
        yield Line(f"Written: {name}")
    for refusal in document.refused:
        yield Line(f"! Not written: {refusal.message}", "red")
        for one in refusal.missing:
            yield Line(f"{one.what}: {one.where}", indent=1)
    head = document.head
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    if document.files:
        yield Line("Check the letter, sign it and send it; then fill in Notice sent on where it is a notice.")
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}).", "bold")
