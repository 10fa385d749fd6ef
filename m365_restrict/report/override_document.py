"""The journal of guard overrides as the verb `override` tells it, as one value (contracts.md 3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from m365_restrict.report.documents import Head
from m365_restrict.report.json_text import instant
from m365_restrict.report.text import Line, counted


class OverrideVerb(StrEnum):
    """The one verb of this document."""

    OVERRIDE = "override"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class OverrideEntry:
    """One override. `set_by` and `ended_by` are accounts on the computer that the verb was run on."""

    code: str
    reason: str
    limit: int | None
    set_by: str
    since: datetime
    until: datetime
    ended_by: str
    ended_at: datetime | None
    stands: bool


@dataclass(frozen=True, kw_only=True)
class OverrideDocument:
    """What was done, and the overrides that it is about: those that stand, or with --list every one."""

    head: Head
    done: str = ""
    overrides: tuple[OverrideEntry, ...] = ()
    verb: OverrideVerb = field(default=OverrideVerb.OVERRIDE, init=False)


def override_lines(document: OverrideDocument) -> Iterator[Line]:
    """The lines for a person: what was done, then one line for each override."""
    if document.done:
        yield Line(document.done, "bold")
    for one in document.overrides:
        limit = "" if one.limit is None else f", up to {counted(one.limit, 'case')}"
        yield Line(f"{one.code}{limit}: {one.reason}", "yellow" if one.stands else "")
        yield Line(f"Set by {one.set_by} at {instant(one.since)}; {_end(one)}", indent=1)
    head = document.head
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    yield Line(f"Status: {head.exit_code.status} (exit code {int(head.exit_code)}).", "bold")


def _end(one: OverrideEntry) -> str:
    if one.ended_at is not None:
        return f"ended by {one.ended_by} at {instant(one.ended_at)}."
    return f"{'stands until' if one.stands else 'ran out at'} {instant(one.until)}."
