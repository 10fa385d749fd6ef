"""The person export as text and as one HTML page that can be read, searched and redacted."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from m365_restrict import __version__
from m365_restrict.errors import ExitCode
from m365_restrict.report.person_document import HeldCase, HeldItem, PersonDocument
from m365_restrict.report.text import Line, clean, counted

_MEANINGS = {
    ExitCode.PARTIAL: "not every place could be searched; see above",
    ExitCode.CONFIGURATION: "the settings or permissions are wrong",
    ExitCode.SOURCE_INCOMPLETE: "the register could not be read whole, so nothing is exported",
}
WARNING = (
    "This holds personal data. Before it leaves the council, read every place that is marked "
    "[others] and redact what is about somebody else."
)


def person_lines(document: PersonDocument) -> Iterator[Line]:
    """The export for reading at a terminal or in a file: cases first, what is left out and why at the end."""
    if document.head.error is None:
        yield Line(WARNING, "bold")
        yield Line(answer(document))
        for case in document.cases:
            yield from _case_lines(case)
        yield from _rest(document)
    yield from _end(document)


def to_html(document: PersonDocument) -> str:
    """The export as a self-contained HTML5 page without script or request: equal documents, equal text."""
    style = _read("report.css")
    return (
        _environment()
        .get_template("person.html")
        .render(
            document=document,
            head=document.head,
            warning=WARNING,
            answer=answer(document),
            status=_status(document),
            tool_version=__version__,
            style=Markup(style),  # noqa: S704 - our own file, and inside <style> entities would not be decoded
            style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        )
    )


def answer(document: PersonDocument) -> str:
    """What was found, in one sentence."""
    counts = document.counts
    if not counts["cases"] and not counts["rules"]:
        return "Nothing is held about that person in the register, its reviews, the ledger or the rules."
    parts = (
        counted(counts["cases"], "case"),
        counted(counts["versions"], "saved version"),
        counted(counts["reviews"], "review"),
        counted(counts["rules"], "rule"),
        counted(counts["runs"], "run"),
    )
    return f"Held: {', '.join(parts)}. Places to read for redaction: {counts['places_to_redact']}."


def _case_lines(case: HeldCase) -> Iterator[Line]:
    yield Line("")
    yield Line(f"Case {case.case_ref or 'without a reference'}", "bold")
    for day, word in ((case.ended_on, "Ended"), (case.closed_on, "Closed"), (case.deleted_on, "Deleted")):
        if day is not None:
            yield Line(f"{word} on {day.isoformat()}.", indent=1)
    if case.item is None:
        yield Line("The item has been deleted from the register.", indent=1)
    else:
        yield from _item_lines(case.item)
    for review in case.reviews:
        yield Line(f"Review, item {review.item_id} of '{review.list}'", "bold", indent=1)
        yield from _item_lines(review)
    for one in case.approvals:
        said = (
            f"version {one.version} of {one.item}, saved {_moment(one.saved_at)} by {one.saved_by} [others]"
        )
        yield Line(f"Approval judged {one.verdict} on {one.seen_on.isoformat()}: {said}", indent=1)
    for rule in case.rules:
        where = f" in the mailbox {rule.mailbox} [others]" if rule.mailbox else ""
        yield Line(f"Rule of ours: {rule.name}{where}", indent=1)
    for run in case.runs:
        yield Line(f"Run {run.run_id}: {run.verb}, {_moment(run.started_at)}, {run.status}", indent=1)


def _item_lines(item: HeldItem) -> Iterator[Line]:
    for one in item.fields:
        yield Line(f"{one.label}: {_inline(one.value)}{_mark(one.others)}", indent=1)
    for version in item.versions:
        by = f"saved {_moment(version.saved_at)} by {version.saved_by}"
        yield Line(f"Version {version.number}, {by}{_mark(version.others)}", indent=1)
        for change in version.changes:
            sides = f"{_inline(change.before) or 'empty'} became {_inline(change.after) or 'empty'}"
            yield Line(f"{change.label}: {sides}{_mark(change.others)}", indent=2)


def _rest(document: PersonDocument) -> Iterator[Line]:
    yield Line("")
    for rule in document.other_rules:
        yield Line(f"A rule of others names an address of the person: {rule.name}")
    for address, number in document.messages.items():
        yield Line(f"Messages from {address} in 90 days: {number}")
    for related in document.related:
        yield Line(f"Not exported: {related.case_ref}. {related.why}")
    for one in document.left_out:
        yield Line(f"Left out: {one.what}. {one.why}")


def _end(document: PersonDocument) -> Iterator[Line]:
    head = document.head
    for one in head.unknown:
        yield Line(f"! unknown: {one.scope}: {one.reason}", "yellow")
    if head.error is not None:
        yield Line(f"! error {head.error.code}: {head.error.message}", "red")
        yield Line(f"Next step: {head.error.advice}", indent=1)
    yield Line(f"Status: {_status(document)}", "bold")


def _status(document: PersonDocument) -> str:
    code = document.head.exit_code
    meaning = "exported" if code is ExitCode.IN_STEP else _MEANINGS.get(code, "something failed; see above")
    return f"{code.status} (exit code {int(code)}): {meaning}. Run {document.head.run_id}."


def _mark(others: str) -> str:
    return " [others]" if others else ""


def _inline(text: str) -> str:
    return clean("; ".join(line.strip() for line in text.splitlines() if line.strip()))


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"moment": _moment}
    return environment


def _read(name: str) -> str:
    return files("m365_restrict.report").joinpath("templates", name).read_text(encoding="utf-8")
