"""Waivers as the verb `waive` tells them, as one value (contracts.md 3)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from m365_restrict.plan.change import FieldChange
from m365_restrict.plan.waivers import Waiver
from m365_restrict.report.documents import Head
from m365_restrict.report.ending import ending_lines
from m365_restrict.report.json_text import instant
from m365_restrict.report.text import Line, shown


class WaiveVerb(StrEnum):
    """The one verb of this document."""

    WAIVE = "waive"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class WaiverEntry:
    """One waiver. `fields` are the differences at the values at which they were accepted."""

    number: int
    finding: str
    code: str
    case_ref: str | None
    rule: str
    fields: tuple[FieldChange, ...]
    reason: str
    owner: str
    made_by: str
    since: datetime
    until: date
    ended_by: str
    ended_at: datetime | None
    stands: bool


@dataclass(frozen=True, kw_only=True)
class WaiveDocument:
    """What was done, and the waivers that it is about: the new one, or with --list every one."""

    head: Head
    done: str = ""
    waivers: tuple[WaiverEntry, ...] = ()
    verb: WaiveVerb = field(default=WaiveVerb.WAIVE, init=False)


def waiver_entry(waiver: Waiver, today: date) -> WaiverEntry:
    """A waiver in words, and whether it counts on a day."""
    return WaiverEntry(
        number=waiver.number,
        finding=hashlib.sha256(waiver.finding_key.encode()).hexdigest()[:10],
        code=waiver.code,
        case_ref=waiver.case_reference or None,
        rule=waiver.rule_name,
        fields=waiver.accepted,
        reason=waiver.reason,
        owner=waiver.owner,
        made_by=waiver.made_by,
        since=waiver.since,
        until=waiver.until,
        ended_by=waiver.ended_by,
        ended_at=waiver.ended_at,
        stands=waiver.stands_on(today),
    )


def waive_lines(document: WaiveDocument) -> Iterator[Line]:
    """The lines for a person: what was done, then each waiver with what it accepts."""
    if document.done:
        yield Line(document.done, "bold")
    for one in document.waivers:
        case = f" of case {one.case_ref}" if one.case_ref else ""
        style = "yellow" if one.stands else ""
        yield Line(
            f"Waiver {one.number}, finding {one.finding} ({one.code}): {one.rule or 'no rule'}{case}", style
        )
        for change in one.fields:
            text = f"{change.field}: accepted as {shown(change.observed)}; decided {shown(change.desired)}"
            yield Line(text, indent=1)
        yield Line(f"{one.owner}: {one.reason}", indent=1)
        yield Line(f"Recorded by {one.made_by} at {instant(one.since)}; {_end(one)}", indent=1)
    yield from ending_lines(document.head)


def _end(one: WaiverEntry) -> str:
    if one.ended_at is not None:
        return f"ended by {one.ended_by} at {instant(one.ended_at)}."
    return f"{'counts to the end of' if one.stands else 'ran out at the end of'} {one.until}."
