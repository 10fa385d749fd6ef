"""What `retire` would do or did, as one value (contracts.md 3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from m365_restrict.report.documents import Head, Mailbox
from m365_restrict.report.ending import ending_lines
from m365_restrict.report.json_text import instant
from m365_restrict.report.text import Line


class RetireVerb(StrEnum):
    """The one verb of this document."""

    RETIRE = "retire"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


class RetireFate(StrEnum):
    """What is to become, or became, of one rule."""

    TO_REMOVE = "to_remove"
    TO_LEAVE = "to_leave"
    UNDECIDED = "undecided"
    """Nobody has said yet whether it is removed or left to its end."""
    REMOVED = "removed"
    DISABLED = "disabled"
    GONE = "gone"
    LEFT = "left"
    STANDS = "stands"
    """It was to go and is there, or could not be looked at."""


@dataclass(frozen=True, kw_only=True)
class RetiredRule:
    """One rule. `ends_on` is the last day on which it acts by itself, None where nothing ends it.

    `by_hand` is the line for Exchange Online PowerShell that removes a transport rule, "" for others.
    """

    name: str
    kind: str
    mailbox: Mailbox
    case_ref: str | None
    outcome: RetireFate
    ends_on: date | None
    reason: str
    by_hand: str


@dataclass(frozen=True, kw_only=True)
class ToldLine:
    """One mail that was due. `about` is a case reference or a choice's number, never a person."""

    about: str
    outcome: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExportedEvidence:
    """Where the evidence is, which files, and the hash in which the chain of its ledger ends."""

    folder: str
    files: tuple[str, ...]
    evidence_hash: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RetirementLine:
    """The retirement that stands; `completed_at` is None until nothing more has to go."""

    reason: str
    set_by: str
    since: datetime
    completed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RetireDocument:
    """The rules and what becomes of them, the evidence, who was told, and how the grants are taken back.

    `approved` says whether anything was to be done, or only told.
    """

    head: Head
    done: str = ""
    approved: bool = False
    rules_choice: str = ""
    retirement: RetirementLine | None = None
    rules: tuple[RetiredRule, ...] = ()
    evidence: ExportedEvidence | None = None
    told: tuple[ToldLine, ...] = ()
    permissions_undo: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    verb: RetireVerb = field(default=RetireVerb.RETIRE, init=False)


_WORDS: Mapping[RetireFate, tuple[str, str, str]] = {
    RetireFate.TO_REMOVE: ("-", "would be removed", ""),
    RetireFate.TO_LEAVE: ("=", "would be left to its own end", ""),
    RetireFate.UNDECIDED: ("?", "removed with --rules remove, left with --rules leave", "yellow"),
    RetireFate.REMOVED: ("-", "removed", "green"),
    RetireFate.DISABLED: ("-", "could not be removed and was switched off", "yellow"),
    RetireFate.GONE: ("-", "was not there any more", "green"),
    RetireFate.LEFT: ("=", "left to its own end", ""),
    RetireFate.STANDS: ("!", "still stands", "red"),
}


def retire_lines(document: RetireDocument) -> Iterator[Line]:
    """The lines for a person: the answer, each rule, the evidence, who was told, the grants."""
    if document.done:
        yield Line(document.done, "bold")
    for rule in document.rules:
        yield from _rule_lines(rule)
    if document.evidence is not None:
        yield from _evidence_lines(document.evidence)
    for one in document.told:
        reason = f": {one.reason}" if one.reason else ""
        yield Line(f"Mail about {one.about}: {one.outcome.replace('_', ' ')}{reason}")
    for note in document.notes:
        yield Line(note)
    if document.permissions_undo:
        yield Line("To take the grants back, in deploy/permissions, in PowerShell 7:", "bold")
        for line in document.permissions_undo:
            yield Line(line, indent=1)
    yield from ending_lines(document.head)


def _rule_lines(rule: RetiredRule) -> Iterator[Line]:
    mark, words, style = _WORDS[rule.outcome]
    where = f" in {rule.mailbox}" if isinstance(rule.mailbox, str) and rule.mailbox else ""
    end = f" (it acts until the end of {rule.ends_on.isoformat()})" if rule.ends_on else ""
    yield Line(f"{mark} {rule.name}{where}: {words}{end}", style)
    if rule.reason:
        yield Line(rule.reason, indent=1)
    if rule.by_hand and rule.outcome in {RetireFate.STANDS, RetireFate.LEFT}:
        yield Line(f"By hand, in Exchange Online PowerShell: {rule.by_hand}", indent=1)


def _evidence_lines(evidence: ExportedEvidence) -> Iterator[Line]:
    yield Line(f"Evidence in {evidence.folder}: {', '.join(evidence.files)}.")
    if evidence.evidence_hash:
        yield Line(f"Its ledger ends in the hash {evidence.evidence_hash}: keep it elsewhere.", indent=1)
    for note in evidence.notes:
        yield Line(note, indent=1)


def retirement_sentence(line: RetirementLine) -> str:
    """That the installation is out of use, since when, and by whom."""
    began = f"{instant(line.since)} by {line.set_by}: {line.reason}"
    if line.completed_at is None:
        return f"This installation is being taken out of use, begun {began}. Not everything is done."
    return f"This installation is out of use, begun {began}; complete since {instant(line.completed_at)}."
