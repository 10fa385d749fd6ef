"""What `assess` found, as one value: for governance to decide on, so it names addresses (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from m365_restrict.assess.block import Block, Direction, Explained, NamedByCases, NamedKind, Source
from m365_restrict.assess.codes import BlockCode
from m365_restrict.report.documents import Head
from m365_restrict.report.sheet import sheet_text
from m365_restrict.report.text import Line, counted

NOTICE = (
    "For governance to decide on. This page holds personal data of people outside the council: keep it where "
    "cases are kept, send it to nobody else, and delete it once everything in it is decided."
)
UNKNOWN = "unknown"
_URGENT = (BlockCode.PUBLIC_PROVIDER, BlockCode.UNDECIDED, BlockCode.BROAD, BlockCode.OTHER_INSTALLATION)
_DAY = 86400
_COLUMNS = (
    "Decision (fill in: keep as a case / remove)",
    "Decided by",
    "Who",
    "Kind",
    "Mail",
    "Where",
    "What it does",
    "Acting now",
    "Ends on",
    "Made by",
    "Last changed by",
    "Last changed on",
    "Days since",
    "Live cases",
    "Cases not in force",
    "Suggestion",
    "Code",
    "Rule id",
)
_DIRECTIONS = {Direction.FROM: "from", Direction.TO: "to", Direction.ABOUT: "about"}


class AssessVerb(StrEnum):
    """The one verb of this document."""

    ASSESS = "assess"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class BlockLine:
    """One block. `made_by` and `changed_by` are "unknown" and the instants None where nobody tells.

    `age_days` are whole days since the last change.
    """

    source: Source
    place: str
    rule: str
    guid: str
    names: tuple[NamedByCases, ...]
    effect: str
    acts: bool
    ends_at: datetime | None
    made_by: str
    changed_by: str
    changed_at: datetime | None
    age_days: int | None
    explained: Explained
    code: BlockCode
    suggestion: str


@dataclass(frozen=True, kw_only=True)
class AssessSummary:
    """How much was found. `ours` are rules of this installation, which `drift` judges."""

    blocks: int = 0
    addresses: int = 0
    domains: int = 0
    explained: int = 0
    ours: int = 0


@dataclass(frozen=True, kw_only=True)
class AssessDocument:
    """All blocks that name somebody outside the council. `notes` says what was taken for granted."""

    head: Head
    notice: str = NOTICE
    blocks: tuple[BlockLine, ...] = ()
    notes: tuple[str, ...] = ()
    summary: AssessSummary = AssessSummary()
    verb: AssessVerb = field(default=AssessVerb.ASSESS, init=False)


def summary_of(blocks: tuple[BlockLine, ...], *, ours: int) -> AssessSummary:
    """The counts; an address that stands in several places counts once."""
    names = {(one.kind, one.value) for block in blocks for one in block.names}
    return AssessSummary(
        blocks=len(blocks),
        addresses=sum(kind is NamedKind.ADDRESS for kind, _ in names),
        domains=sum(kind is NamedKind.DOMAIN for kind, _ in names),
        explained=sum(one.explained is Explained.YES for one in blocks),
        ours=ours,
    )


def block_line(block: Block, now: datetime) -> BlockLine:
    """One block with its age and what to do about it."""
    since = block.changed_at
    return BlockLine(
        source=block.source,
        place=block.place,
        rule=block.rule,
        guid=block.guid,
        names=block.names,
        effect=block.effect,
        acts=block.acts,
        ends_at=block.ends_at,
        made_by=block.made_by or UNKNOWN,
        changed_by=block.changed_by or UNKNOWN,
        changed_at=since,
        age_days=None if since is None else max(0, int((now - since).total_seconds() // _DAY)),
        explained=block.explained,
        code=block.code,
        suggestion=block.code.advice,
    )


def urgent_first(lines: tuple[BlockLine, ...]) -> tuple[BlockLine, ...]:
    """Those that act without a decision first, among them the oldest first."""

    def _rank(line: BlockLine) -> tuple[int, int]:
        place = _URGENT.index(line.code) if line.code in _URGENT else len(_URGENT)
        return place, -(line.age_days or 0)

    return tuple(sorted(lines, key=_rank))


def assess_lines(document: AssessDocument) -> Iterator[Line]:
    """The lines for a person at a terminal."""
    head, summary = document.head, document.summary
    if document.blocks:
        yield Line(document.notice, "bold")
    for block in document.blocks:
        yield from _block_lines(block)
    for note in document.notes:
        yield Line(f"Note: {note}")
    for one in head.unknown:
        yield Line(f"? {one.scope}: {one.reason}", "yellow")
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    else:
        addresses = counted(summary.addresses, "outside address", "outside addresses")
        yield Line(
            f"Found {counted(summary.blocks, 'block')} that name {addresses} and "
            f"{counted(summary.domains, 'domain')}; live cases explain {summary.explained}."
        )
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}).", "bold")


def _block_lines(block: BlockLine) -> Iterator[Line]:
    yield Line(f"! {block.place}" if block.code in _URGENT else f"  {block.place}")
    yield Line(f"Names {', '.join(_named(one) for one in block.names)}.", indent=2)
    yield Line(block.effect, indent=2)
    yield Line(f"{_maker(block)} {_end(block)}", indent=2)
    yield Line(f"{block.code.meaning} {block.suggestion}", indent=2)


def _named(one: NamedByCases) -> str:
    refs = [f"live case {ref}" for ref in one.case_refs] + [
        f"{ref}, not in force" for ref in one.pending_refs
    ]
    kind = {NamedKind.ADDRESS: "", NamedKind.DOMAIN: "the whole domain ", NamedKind.TEXT: "the text "}[
        one.kind
    ]
    return f"{kind}{one.value}" + (f" ({'; '.join(refs)})" if refs else "")


def _maker(block: BlockLine) -> str:
    if block.changed_at is None:
        return f"Made by {block.made_by}; since when is unknown."
    ago = f"{counted(block.age_days, 'day')} ago" if block.age_days else "today"
    day = f"{block.changed_at:%Y-%m-%d}"
    return f"Made by {block.made_by}, last changed on {day} by {block.changed_by} ({ago})."


def _end(block: BlockLine) -> str:
    return "It has no end." if block.ends_at is None else f"It ends on {block.ends_at:%Y-%m-%d}."


def assess_sheet(document: AssessDocument) -> str:
    """The same as CSV: one row for each address, domain or text, with columns for the decision."""
    notes = [*document.notes, *(f"Not read: {one.scope}: {one.reason}" for one in document.head.unknown)]
    notice = " ".join([document.notice, *notes])
    rows = (_row(block, one) for block in document.blocks for one in block.names)
    return sheet_text(notice, _COLUMNS, rows)


def _row(block: BlockLine, one: NamedByCases) -> tuple[str, ...]:
    return (
        "",
        "",
        one.value,
        one.kind.value,
        _DIRECTIONS[one.direction],
        block.place,
        block.effect,
        "yes" if block.acts else "no",
        f"{block.ends_at:%Y-%m-%d}" if block.ends_at else "never",
        block.made_by,
        block.changed_by,
        f"{block.changed_at:%Y-%m-%d}" if block.changed_at else UNKNOWN,
        UNKNOWN if block.age_days is None else str(block.age_days),
        ", ".join(one.case_refs) if block.explained is not Explained.UNKNOWN else UNKNOWN,
        ", ".join(one.pending_refs),
        f"{block.code.meaning} {block.suggestion}",
        block.code.value,
        block.guid,
    )
