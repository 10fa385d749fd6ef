"""What `ledger rebuild` found in the tenant and could not find anywhere, as one value (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from m365_restrict.report.documents import Head, Mailbox
from m365_restrict.report.ending import ending_lines
from m365_restrict.report.text import Line, counted


class RebuildVerb(StrEnum):
    """The one verb of this document."""

    REBUILD = "ledger-rebuild"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


class RuleFound(StrEnum):
    """How a rule of ours was found."""

    TAKEN_OVER = "taken_over"
    """It is as decided, so it counts as last applied."""
    DIFFERS = "differs"
    """It is not as decided; what was last applied is not known, and drift reports it."""
    NOT_DECIDED = "not_decided"
    """Nothing decides it any more; the next apply removes it, as far as no guard holds it."""
    NOT_THERE = "not_there"
    """It is decided and not there: somebody opened the case by hand, or removed the rule."""


@dataclass(frozen=True, kw_only=True)
class RebuiltRule:
    """One rule. For councillors' choices `name` says only that, and `mailbox` is an opaque number."""

    name: str
    kind: str
    case_ref: str | None
    mailbox: Mailbox
    found: RuleFound


@dataclass(frozen=True, kw_only=True)
class ToldCounts:
    """Mails that would go out now, by whether they count as sent before."""

    counted_as_told: int = 0
    still_due: int = 0


@dataclass(frozen=True, kw_only=True)
class RebuildDocument:
    """What the new ledger knows. `kept` is where the ledger of before now is, "" where there was none.

    `mailboxes` is how many were looked into. `lost` are sentences about what nothing in the tenant tells.
    """

    head: Head
    done: str = ""
    reason: str = ""
    kept: str = ""
    rules: tuple[RebuiltRule, ...] = ()
    mailboxes: int = 0
    told: ToldCounts = field(default_factory=ToldCounts)
    lost: tuple[str, ...] = ()
    verb: RebuildVerb = field(default=RebuildVerb.REBUILD, init=False)


_MARKS = {
    RuleFound.TAKEN_OVER: ("=", "green"),
    RuleFound.DIFFERS: ("~", "yellow"),
    RuleFound.NOT_DECIDED: ("-", "yellow"),
    RuleFound.NOT_THERE: ("!", "red"),
}


def rebuild_lines(document: RebuildDocument) -> Iterator[Line]:
    """The lines for a person: what was found, what counts as told, what is lost."""
    if document.done:
        yield Line(document.done, "bold")
    for one in document.rules:
        mark, style = _MARKS[one.found]
        where = f" in {one.mailbox}" if isinstance(one.mailbox, str) and one.mailbox else ""
        yield Line(f"{mark} {one.found.value.replace('_', ' ')}: {one.name}{where}", style)
    if document.head.error is None:
        told = document.told
        yield Line(f"Looked into {counted(document.mailboxes, 'mailbox', 'mailboxes')}.")
        yield Line(f"Mails that count as sent: {told.counted_as_told}; still due: {told.still_due}.")
    for sentence in document.lost:
        yield Line(f"? {sentence}", "yellow")
    if document.kept:
        yield Line(f"The ledger of before is {document.kept}: delete it when it is no longer needed.")
    yield from ending_lines(document.head)
