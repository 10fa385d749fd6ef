"""What somebody needs who takes the installation over, as one value (contracts.md 3)."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from m365_restrict import __version__
from m365_restrict.report.documents import Head
from m365_restrict.report.ending import ending_lines
from m365_restrict.report.json_text import instant
from m365_restrict.report.retire_document import RetirementLine, retirement_sentence
from m365_restrict.report.text import Line, clean, counted


class HandoverVerb(StrEnum):
    """The one verb of this document."""

    HANDOVER = "handover"

    @property
    def schema(self) -> str:
        """The id of the document's JSON Schema."""
        return f"m365-restrict/{self.value}/1"


@dataclass(frozen=True, kw_only=True)
class HandedCase:
    """One case that the last run held to be in force."""

    case_ref: str
    measure: str
    ends_on: date


@dataclass(frozen=True, kw_only=True)
class HandedRule:
    """One rule of the council in the tenant, with the lines that open it, close it again and remove it.

    `ends_on` is its last day by itself, None where nothing ends it. No line holds a sender's address.
    """

    name: str
    kind: str
    mailbox: str
    case_ref: str | None
    ends_on: date | None
    written_at: datetime | None
    open_by_hand: str
    close_by_hand: str
    remove_by_hand: str


@dataclass(frozen=True, kw_only=True)
class HandedChoices:
    """Councillors' choices in numbers: how many rules carry them out, in how many mailboxes."""

    rules: int = 0
    mailboxes: int = 0


@dataclass(frozen=True, kw_only=True)
class HandedRun:
    """A verb's or job's last run: on which computer, when, and how it ended."""

    what: str
    host: str
    at: datetime
    status: str


@dataclass(frozen=True, kw_only=True)
class HandedApplication:
    """One application in Entra ID. `certificate_ends_on` is None where it has none or it cannot be read."""

    role: str
    client_id: str
    signs_in_with: str
    certificate_ends_on: date | None
    note: str


@dataclass(frozen=True, kw_only=True)
class Named:
    """A thing and what it is: a place, an owner, a line of a timetable."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class DueLine:
    """What is due on a day."""

    on: date
    what: str


@dataclass(frozen=True, kw_only=True)
class HandoverDocument:
    """The whole page. Everything in it is from the settings and the ledger; no service was asked."""

    head: Head
    instance_id: str = ""
    tenant_id: str = ""
    time_zone: str = ""
    last_apply: HandedRun | None = None
    retirement: RetirementLine | None = None
    cases: tuple[HandedCase, ...] = ()
    rules: tuple[HandedRule, ...] = ()
    choices: HandedChoices = HandedChoices()
    places: tuple[Named, ...] = ()
    schedule: tuple[Named, ...] = ()
    runs: tuple[HandedRun, ...] = ()
    applications: tuple[HandedApplication, ...] = ()
    owners: tuple[Named, ...] = ()
    due: tuple[DueLine, ...] = ()
    to_stop: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    verb: HandoverVerb = field(default=HandoverVerb.HANDOVER, init=False)


def answer(document: HandoverDocument) -> str:
    """The page in one sentence."""
    if document.retirement is not None:
        return retirement_sentence(document.retirement)
    cases, rules = counted(len(document.cases), "case"), counted(len(document.rules), "rule")
    choices = counted(document.choices.rules, "rule")
    return (
        f"In force: {cases}. In the tenant: {rules} of the council and {choices} of councillors' own choices."
    )


def handover_lines(document: HandoverDocument) -> Iterator[Line]:
    """The page as lines, each readable by itself."""
    if document.head.error is None:
        yield Line(f"Handover of the installation {document.instance_id}", "bold")
        yield Line(answer(document))
        yield from _live_lines(document)
        yield from _section("Where it runs", [_named(one) for one in document.places])
        yield from _section("Timetable", [_named(one) for one in document.schedule])
        yield from _section("Last runs", [run_sentence(one) for one in document.runs])
        yield from _section("Applications", [application_sentence(one) for one in document.applications])
        yield from _section("Who answers for what", [_named(one) for one in document.owners])
        due = [f"{one.on.isoformat()}: {one.what}" for one in document.due]
        yield from _section("Due in the next 30 days", due or ["Nothing."])
        yield from _section("How to stop it", list(document.to_stop))
        yield from _section("How to do it by hand", list(document.by_hand))
    yield from ending_lines(document.head)


def _live_lines(document: HandoverDocument) -> Iterator[Line]:
    yield from _section("Cases in force", [case_sentence(one) for one in document.cases] or ["None."])
    yield Line("")
    yield Line("Rules in the tenant", "bold")
    for rule in document.rules:
        yield Line(rule_sentence(rule), indent=1)
        for words, line in (
            ("Open it", rule.open_by_hand),
            ("Close it again", rule.close_by_hand),
            ("Remove it", rule.remove_by_hand),
        ):
            if line:
                yield Line(f"{words}: {line}", indent=2)
    if not document.rules:
        yield Line("None.", indent=1)
    choices = document.choices
    yield Line(
        f"Councillors' own choices: {counted(choices.rules, 'rule')} in "
        f"{counted(choices.mailboxes, 'mailbox', 'mailboxes')}. Which councillor chose what is told to "
        "nobody.",
        indent=1,
    )


def _section(heading: str, lines: list[str]) -> Iterator[Line]:
    yield Line("")
    yield Line(heading, "bold")
    for line in lines:
        yield Line(line, indent=1)


def _named(one: Named) -> str:
    return f"{one.name}: {one.value}"


def case_sentence(one: HandedCase) -> str:
    """A case with what is done and until when."""
    return f"{one.case_ref}: {one.measure}, until the end of {one.ends_on.isoformat()}"


def rule_sentence(one: HandedRule) -> str:
    """A rule with its place and its end."""
    where = f" in {one.mailbox}" if one.mailbox else ""
    end = f"ends by itself after {one.ends_on.isoformat()}" if one.ends_on else "has no end of its own"
    return f"{one.name}{where}: {one.kind.replace('_', ' ')}, {end}"


def run_sentence(one: HandedRun) -> str:
    """A run with its computer, time and end."""
    return f"{one.what}: {instant(one.at)} on {one.host}, {one.status.replace('_', ' ')}"


def application_sentence(one: HandedApplication) -> str:
    """An application with how it signs in, and until when it can."""
    end = f", which ends on {one.certificate_ends_on.isoformat()}" if one.certificate_ends_on else ""
    note = f". {one.note}" if one.note else ""
    return f"{one.role}: {one.client_id or 'no application id'}, signs in with {one.signs_in_with}{end}{note}"


def to_html(document: HandoverDocument) -> str:
    """The page as self-contained HTML5 without script or request: equal documents, equal text."""
    style = _read("report.css")
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_inert,
    )
    return environment.get_template("handover.html").render(
        document=document,
        head=document.head,
        answer=answer(document),
        finished_at=instant(document.head.finished_at),
        run_lines=[run_sentence(one) for one in document.runs],
        application_lines=[application_sentence(one) for one in document.applications],
        tool_version=__version__,
        style=Markup(style),  # noqa: S704 - our own file, and inside <style> entities would not be decoded
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
    )


def _inert(value: object) -> object:
    """Data without characters that a browser would obey; our own markup stays."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _read(name: str) -> str:
    return files("m365_restrict.report").joinpath("templates", name).read_text(encoding="utf-8")
