"""What `replay` and `verify-ledger` found, as one value each (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from m365_restrict.report.documents import Head
from m365_restrict.report.ending import ending_lines
from m365_restrict.report.text import Line, counted


class EvidenceVerb(StrEnum):
    """The verbs of these documents."""

    REPLAY = "replay"
    VERIFY = "verify-ledger"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class ReplayPart:
    """One place where a run that was performed again differs; never what stands there."""

    where: str
    what: str


@dataclass(frozen=True, kw_only=True)
class ReplayDocument:
    """A run performed again. `same`: the document is the recorded one, byte for byte.

    `recorded_by` is the version that made the run; where it is another, its number is not compared.
    """

    head: Head
    of_run: str = ""
    of_verb: str = ""
    recorded_by: str = ""
    evidence_hash: str = ""
    document_sha256: str = ""
    same: bool = False
    differences: tuple[ReplayPart, ...] = ()
    verb: EvidenceVerb = field(default=EvidenceVerb.REPLAY, init=False)


@dataclass(frozen=True, kw_only=True)
class ProblemLine:
    """One thing in the ledger that is not what the chain says. `run` is "" where no run is concerned."""

    code: str
    table: str
    run: str
    message: str


@dataclass(frozen=True, kw_only=True)
class DeletionLine:
    """One case that was deleted: its evidence is gone, and this is the proof that it went and why."""

    case_ref: str
    deleted_on: str
    rules_absent_on: str
    run: str
    bodies: int


@dataclass(frozen=True, kw_only=True)
class VerifyDocument:
    """What the chain proves. `chain_head` is the hash to keep elsewhere; `expected` is one that was kept.

    `expected_entry` is the entry that has that hash, 0 where none has or none was given. `unended` are runs
    that have begun and not ended, `earlier_runs` counts those from before the chain began.
    """

    head: Head
    entries: int = 0
    chain_head: str = ""
    expected: str = ""
    expected_entry: int = 0
    runs: int = 0
    earlier_runs: int = 0
    bodies: int = 0
    unended: tuple[str, ...] = ()
    deletions: tuple[DeletionLine, ...] = ()
    problems: tuple[ProblemLine, ...] = ()
    verb: EvidenceVerb = field(default=EvidenceVerb.VERIFY, init=False)


def replay_lines(document: ReplayDocument) -> Iterator[Line]:
    """The lines for a person."""
    if document.of_run:
        yield Line(
            f"Run {document.of_run} ({document.of_verb}), recorded by version {document.recorded_by}.", "bold"
        )
        yield Line(f"Its entry in the chain: {document.evidence_hash}")
    if document.same:
        yield Line("= performed again without a network: the document is the same, byte for byte.", "green")
    for one in document.differences:
        yield Line(f"~ {one.where}: {one.what}", "red")
    yield from ending_lines(document.head)


def verify_lines(document: VerifyDocument) -> Iterator[Line]:
    """The lines for a person."""
    if document.head.error is None:
        earlier = f", {document.earlier_runs} from before the chain" if document.earlier_runs else ""
        yield Line(
            f"Looked at {counted(document.entries, 'entry', 'entries')} of the chain, "
            f"{counted(document.runs, 'run')}{earlier}, and {counted(document.bodies, 'body', 'bodies')}."
        )
        yield Line(f"The chain ends with {document.chain_head or 'nothing: no run has ended yet'}.")
    if document.expected_entry:
        yield Line(f"= entry {document.expected_entry} has the hash that was kept elsewhere.", "green")
    for one in document.deletions:
        absent = f"; no rule named it on {one.rules_absent_on}" if one.rules_absent_on else ""
        yield Line(
            f"- case {one.case_ref} was deleted on {one.deleted_on} by run {one.run}{absent}; "
            f"{counted(one.bodies, 'body', 'bodies')} went with it."
        )
    for run in document.unended:
        yield Line(f"? run {run} has begun and not ended.", "yellow")
    for problem in document.problems:
        run = f" (run {problem.run})" if problem.run else ""
        yield Line(f"! {problem.code}: {problem.table}{run}: {problem.message}", "red")
    yield from ending_lines(document.head)
