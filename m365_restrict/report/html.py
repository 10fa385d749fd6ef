"""The drift document as one HTML page for compliance, audit and print (policy.md 5).

The page is whole in itself: no script, no request, one inlined style sheet, and a content security
policy that forbids the rest. Every value in it is data from a tenant or a list and is treated as
hostile. The wording is made here; the template says only where it goes.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import assert_never

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from m365_restrict import __version__
from m365_restrict.plan.change import ChangeClass, FieldChange, Severity
from m365_restrict.report.console import status_line
from m365_restrict.report.documents import (
    DriftDocument,
    FindingLine,
    Head,
    LiveLine,
    LiveState,
    Mailbox,
    is_empty,
)
from m365_restrict.report.json_text import instant
from m365_restrict.report.text import clean, counted, shown
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.observed import PropertyValue

_TEMPLATES = "templates"

_WHAT: Mapping[str, str] = {
    ChangeClass.PENDING: "The register has moved, the tenant has not followed yet",
    ChangeClass.DRIFTED: "Edited in the tenant",
    ChangeClass.BOTH: "Edited in the tenant while the register moved as well",
    ChangeClass.MISSING: "Rule missing from the tenant",
    ChangeClass.ORPHAN: "Rule without a decision",
    ChangeClass.FOREIGN_EFFECT: "Another rule, left untouched",
    ChangeClass.HOLDERS_CHOICE: "Changed by the councillor who had chosen it",
    ChangeClass.UNKNOWN: "Could not be checked",
    ChangeClass.REGISTER: "Something to put right in the register",
}


@dataclass(frozen=True, kw_only=True)
class Sign:
    """How a status is shown: a mark and a word that say it, and a tone that only repeats it in colour."""

    mark: str
    word: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class SeverityGroup:
    """The findings of one severity, numbered through the page from `first`."""

    sign: Sign
    first: int
    findings: tuple[FindingLine, ...]


_SEVERITIES: Mapping[str, Sign] = {
    Severity.CRITICAL: Sign(mark="‼", word="Critical", tone="bad"),
    Severity.HIGH: Sign(mark="!", word="High", tone="bad"),
    Severity.MEDIUM: Sign(mark="△", word="Medium", tone="warn"),
    Severity.LOW: Sign(mark="○", word="Low", tone="plain"),
}


def to_html(document: DriftDocument) -> str:
    """The document as a self-contained HTML5 page: equal documents give equal text.

    Days left are counted from the UTC day on which the run started.
    """
    style = _read("report.css")
    return (
        _environment()
        .get_template("drift.html")
        .render(
            document=document,
            head=document.head,
            tool_version=__version__,
            style=Markup(style),  # noqa: S704 - our own file, and inside <style> entities would not be decoded
            style_hash=b64encode(sha256(style.encode()).digest()).decode(),
            status=status_line(document).text.removeprefix("Status: "),
            answer=answer(document),
            groups=severity_groups(document.findings),
            no_findings=_no_findings(document),
            no_live=_no_live(document),
            is_unfinished=_is_unfinished(document),
            is_partial=_is_partial(document),
            none_unread=_none_unread(document),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_inert,
    )
    environment.filters |= {
        "moment": moment,
        "instant": instant,
        "long_day": long_day,
        "sides": sides,
        "what": _what,
        "mailbox": _mailbox,
        "sign": sign_of,
        "days_left": days_left,
        "review": review,
        "counted": counted,
    }
    return environment


def _read(name: str) -> str:
    return files(__package__).joinpath(_TEMPLATES, name).read_text(encoding="utf-8")


def _inert(value: object) -> object:
    """Every value on one line, without control characters or what cannot be written as UTF-8."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return clean(value.encode("utf-8", "replace").decode("utf-8"))


def answer(document: DriftDocument) -> str:
    """The one line that a reader wants first (policy.md 5)."""
    if _is_unfinished(document):
        return "No answer: the run ended before anything was compared. This does not mean that all is well."
    numbers = document.summary
    unaffected = sum(line.state is LiveState.NOT_ON_MAIL for line in document.live)
    parts = [
        counted(numbers.live, "live restriction"),
        f"{numbers.enforced or 'none'} enforced exactly",
        f"{numbers.differing or 'none'} {'differs' if numbers.differing == 1 else 'differ'}",
        f"{counted(numbers.orphans, 'rule')} without a decision",
    ]
    if numbers.unknown:
        parts.append(f"{numbers.unknown} could not be checked")
    if unaffected:
        parts.append(f"{unaffected} in force without a mail rule")
    joined = ", ".join(parts)
    return f"{joined[:1].upper()}{joined[1:]}."


def severity_groups(findings: Sequence[FindingLine]) -> tuple[SeverityGroup, ...]:
    """The findings by severity, worst first, in the order of the document within each."""
    others = dict.fromkeys(one.severity for one in findings if one.severity not in _SEVERITIES)
    groups: list[SeverityGroup] = []
    first = 1
    for severity in (*_SEVERITIES, *others):
        members = tuple(one for one in findings if one.severity == severity)
        sign = _SEVERITIES.get(severity) or Sign(mark="?", word=severity, tone="warn")
        if members:
            groups.append(SeverityGroup(sign=sign, first=first, findings=members))
        first += len(members)
    return tuple(groups)


def sign_of(state: LiveState) -> Sign:
    """How the state of a live case is shown."""
    match state:
        case LiveState.IN_STEP:
            return Sign(mark="✓", word="Enforced exactly", tone="good")
        case LiveState.DIFFERS:
            return Sign(mark="≠", word="Differs", tone="bad")
        case LiveState.MISSING:
            return Sign(mark="✗", word="Missing from the tenant", tone="bad")
        case LiveState.UNKNOWN:
            return Sign(mark="?", word="Could not be checked", tone="warn")
        case LiveState.NOT_ON_MAIL:
            return Sign(mark="–", word="In force without a mail rule", tone="plain")
    assert_never(state)


def moment(at: datetime) -> str:
    """An instant for people, in UTC to the minute."""
    utc = at.astimezone(UTC)
    return f"{long_day(utc.date())}, {utc:%H:%M} UTC"


def days_left(line: LiveLine, head: Head) -> str:
    """How long a case still runs. The last day counts as in force (contracts.md 1)."""
    if line.ends_on is None:
        return "no end date"
    left = _days_until(line.ends_on, head)
    if left == 0:
        return "ends today"
    return counted(left, "day") if left > 0 else f"ended {counted(-left, 'day')} ago"


def review(line: LiveLine, head: Head) -> str:
    """The day of the next review, and whether it is past."""
    if line.next_review_on is None:
        return "no date"
    late = -_days_until(line.next_review_on, head)
    overdue = f" (overdue by {counted(late, 'day')})" if late > 0 else ""
    return f"{long_day(line.next_review_on)}{overdue}"


def _days_until(day: date, head: Head) -> int:
    return (day - head.started_at.astimezone(UTC).date()).days


def sides(change: FieldChange) -> tuple[str, str]:
    """Before and after in words. Of two long lists that begin alike, also what only one of them holds."""
    before, after = shown(change.observed), shown(change.desired)
    if before == after:
        before += _only(change.observed, change.desired)
        after += _only(change.desired, change.observed)
    return before, after


def _only(value: PropertyValue | None, other: PropertyValue | None) -> str:
    if not isinstance(value, tuple) or not isinstance(other, tuple):
        return ""
    alone = tuple(one for one in value if one not in other)
    return f"; only here: {shown(alone) if alone else 'nothing'}"


def _what(finding: FindingLine) -> str:
    return _WHAT.get(finding.class_) or finding.class_.replace("_", " ")


def _mailbox(mailbox: Mailbox) -> str:
    return f"councillor mailbox no. {mailbox}" if isinstance(mailbox, int) else mailbox


def _is_unfinished(document: DriftDocument) -> bool:
    """Whether an error came before anything was found out: nothing found is then no good news."""
    return document.head.error is not None and is_empty(document)


def _is_partial(document: DriftDocument) -> bool:
    head = document.head
    unread = bool(head.unknown) or document.summary.unknown > 0 or not head.source.complete
    return unread or head.error is not None


def _no_findings(document: DriftDocument) -> str:
    if _is_unfinished(document):
        return "No findings, because nothing was compared."
    if _is_partial(document):
        return "No findings in what could be checked. Not everything could be."
    return "No findings: nothing in the tenant was found to differ from the register."


def _no_live(document: DriftDocument) -> str:
    if _is_unfinished(document):
        return "Not known: the run ended before the register was compared with the tenant."
    if _is_partial(document):
        return "No restriction is known to be in force. Not everything could be checked."
    return "No restriction is in force."


def _none_unread(document: DriftDocument) -> str:
    """What stands under "What could not be checked" where the run names nothing there."""
    if document.head.error is not None:
        return "The run ended with the error above, so what came after it was not checked."
    if not document.head.source.complete:
        return "The register was not read whole, so nothing may be concluded from what is absent here."
    if unknown := document.summary.unknown:
        return f"{counted(unknown, 'live restriction')} could not be checked; the table above names them."
    return "Nothing: the register and every part of the tenant that it concerns could be read."
