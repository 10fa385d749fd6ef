"""What `open` did, and the openings that there are, as one value (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from m365_restrict.report.documents import Head, Mailbox
from m365_restrict.report.ending import ending_lines
from m365_restrict.report.json_text import instant
from m365_restrict.report.text import Line


class OpenVerb(StrEnum):
    """The one verb of this document."""

    OPEN = "open"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


class RuleFate(StrEnum):
    """What became of one rule of the case."""

    REMOVED = "removed"
    DISABLED = "disabled"
    GONE = "gone"
    """It was not there any more."""
    STANDS = "stands"
    """It could not be removed, or nothing here may remove it: it may still act."""


@dataclass(frozen=True, kw_only=True)
class OpenedRule:
    """One rule. `by_hand` is the line for Exchange Online PowerShell that does the same, or ""."""

    name: str
    kind: str
    mailbox: Mailbox
    outcome: RuleFate
    reason: str
    by_hand: str


@dataclass(frozen=True, kw_only=True)
class OpeningEntry:
    """One opening. `ended_by` is "" where the register ended it, or where it stands."""

    case_ref: str
    reason: str
    opened_by: str
    since: datetime
    ended_by: str
    ended_at: datetime | None
    end_reason: str
    stands: bool


@dataclass(frozen=True, kw_only=True)
class OpenDocument:
    """What was done to the rules of one case, and the openings: its own, or with --list every one.

    `recorded` says that later runs do not enforce the case.
    """

    head: Head
    done: str = ""
    case_ref: str = ""
    recorded: bool = False
    rules: tuple[OpenedRule, ...] = ()
    openings: tuple[OpeningEntry, ...] = ()
    verb: OpenVerb = field(default=OpenVerb.OPEN, init=False)


def open_lines(document: OpenDocument) -> Iterator[Line]:
    """The lines for a person: what was done, the rules, the openings."""
    if document.done:
        yield Line(document.done, "bold")
    for rule in document.rules:
        yield from _rule_lines(rule)
    for one in document.openings:
        yield Line(f"{one.case_ref}: {one.reason}", "yellow" if one.stands else "")
        yield Line(f"Opened by {one.opened_by} at {instant(one.since)}; {_end(one)}", indent=1)
    yield from ending_lines(document.head)


def _rule_lines(rule: OpenedRule) -> Iterator[Line]:
    where = f" in {rule.mailbox}" if isinstance(rule.mailbox, str) and rule.mailbox else ""
    stands = rule.outcome is RuleFate.STANDS
    style = "red" if stands else "green"
    yield Line(f"{'!' if stands else '-'} {rule.outcome.value}: {rule.name}{where}", style)
    if rule.reason:
        yield Line(rule.reason, indent=1)
    if rule.by_hand and stands:
        yield Line(f"By hand, in Exchange Online PowerShell: {rule.by_hand}", indent=1)


def _end(one: OpeningEntry) -> str:
    if one.ended_at is None:
        return "stands until the register follows."
    by = f" by {one.ended_by}" if one.ended_by else ""
    return f"ended{by} at {instant(one.ended_at)}: {one.end_reason}"
