"""What `init` would do or did to the lists, as one value (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from m365_restrict.errors import ExitCode
from m365_restrict.report.documents import Head, Outcome
from m365_restrict.report.text import Line, counted


class InitVerb(StrEnum):
    """The one verb of this document."""

    INIT = "init"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


class SetupAction(StrEnum):
    """What a step does."""

    CREATE_LIST = "create_list"
    ADD_COLUMN = "add_column"
    CHANGE_COLUMN = "change_column"
    ADD_PROVING_ROW = "add_proving_row"


@dataclass(frozen=True, kw_only=True)
class SetupLine:
    """One step. `column` is the internal name, "" where the step is about no single column."""

    action: SetupAction
    list: str
    column: str
    effect: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ConflictLine:
    """A column that is there with a type that cannot be used. Nothing is done about it."""

    list: str
    column: str
    message: str
    action: str


@dataclass(frozen=True, kw_only=True)
class ByHandLine:
    """A setting of a list that no application can make: somebody must."""

    list: str
    setting: str
    why: str


@dataclass(frozen=True, kw_only=True)
class InitDocument:
    """The lists as they would become, or became. `approved` says whether anything was to be done."""

    head: Head
    approved: bool = False
    steps: tuple[SetupLine, ...] = ()
    conflicts: tuple[ConflictLine, ...] = ()
    by_hand: tuple[ByHandLine, ...] = ()
    verb: InitVerb = field(default=InitVerb.INIT, init=False)


_MEANINGS = {
    ExitCode.IN_STEP: "the lists are as they must be",
    ExitCode.DIFFERENCES: "the lists are not complete; give --approve to do what is shown above",
    ExitCode.REFUSED: "a column has the wrong type; see above",
    ExitCode.PARTIAL: "some steps were done and some were not; run it again",
    ExitCode.CONFIGURATION: "the settings or permissions are wrong",
    ExitCode.SOURCE_INCOMPLETE: "the reader application cannot read a list whole",
}

_MARKS = {
    Outcome.PLANNED: "would",
    Outcome.APPLIED: "done:",
    Outcome.FAILED: "FAILED:",
    Outcome.SKIPPED: "skipped:",
}


def init_lines(document: InitDocument) -> Iterator[Line]:
    """The lines for a person: what is to do, what cannot be done, what is left to do by hand, the status."""
    for step in document.steps:
        yield Line(f"{_MARKS[step.outcome]} {step.effect}")
        if step.reason:
            yield Line(f"Why: {step.reason}", "red", indent=1)
    for conflict in document.conflicts:
        yield Line(f"! {conflict.list}, column {conflict.column}: {conflict.message}", "red")
        yield Line(f"Next step: {conflict.action}", indent=1)
    for one in document.head.unknown:
        yield Line(f"! unknown: {one.scope}: {one.reason}", "yellow")
    if document.by_hand:
        yield Line("No application can set these; see that somebody has (deploy/sharepoint/README.md):")
    for entry in document.by_hand:
        yield Line(f"{entry.list}: {entry.setting}. {entry.why}", indent=1)
    yield from _end(document)


def _end(document: InitDocument) -> Iterator[Line]:
    head = document.head
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    steps = counted(len(document.steps), "step")
    yield Line(f"{steps[:1].upper()}{steps[1:]}. Run {head.run_id}.")
    meaning = _MEANINGS.get(head.exit_code, "something failed; see above")
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}): {meaning}.", "bold")
