"""The report as one HTML page: for compliance, ICT, the board and the public, on a screen and in print.

The page is whole in itself: it asks for nothing, one style sheet and one small script stand in it, and a
content security policy names both by their hash and forbids the rest. Without the script every table is
there and whole; the script sorts, filters and pages. Every value is data from a tenant or a list and is
treated as hostile. WCAG 2.2 AA is what it is held to (policy.md 5; tests/browser).
"""

from base64 import b64encode
from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.json_text import instant
from m365_restrict.report.model import Report
from m365_restrict.report.page import vocabulary
from m365_restrict.report.page.charts import charts_of
from m365_restrict.report.page.sentences import advice, message, sentence
from m365_restrict.report.page.view import (
    SIGNS,
    View,
    findings_in_order,
    is_partial,
    is_unfinished,
    live_in_order,
    severity_counts,
    unread,
)
from m365_restrict.report.page.words import Words, inert, words_in


class Section(StrEnum):
    """The parts of the page. Each value names its template and its place in the page."""

    RUN = "run"
    ANSWER = "answer"
    NUMBERS = "numbers"
    PUBLIC = "public"
    FINDINGS = "findings"
    WORKLIST = "worklist"
    LIVE = "live"
    FIGURES = "figures"
    COUNCILLORS = "councillors"
    ACTIONS = "actions"
    EXCEPTIONS = "exceptions"
    UNCHECKED = "unchecked"
    SIGN_OFF = "sign-off"


_HEADINGS: Mapping[Section, str] = {
    Section.RUN: vocabulary.N_("This report"),
    Section.ANSWER: vocabulary.N_("Answer"),
    Section.NUMBERS: vocabulary.N_("Numbers"),
    Section.PUBLIC: vocabulary.N_("How many restrictions there were"),
    Section.FINDINGS: vocabulary.N_("Findings"),
    Section.WORKLIST: vocabulary.N_("What is due"),
    Section.LIVE: vocabulary.N_("Live restrictions"),
    Section.FIGURES: vocabulary.N_("Charts"),
    Section.COUNCILLORS: vocabulary.N_("Councillors"),
    Section.ACTIONS: vocabulary.N_("What the tool did"),
    Section.EXCEPTIONS: vocabulary.N_("Exceptions in force"),
    Section.UNCHECKED: vocabulary.N_("What could not be checked"),
    Section.SIGN_OFF: vocabulary.N_("Sign-off"),
}

_ALL = tuple(one for one in Section if one not in {Section.NUMBERS, Section.PUBLIC})
_SECTIONS: Mapping[Edition, tuple[Section, ...]] = {
    Edition.COMPLIANCE: _ALL,
    Edition.ICT: tuple(one for one in _ALL if one is not Section.SIGN_OFF),
    Edition.BOARD: (
        Section.ANSWER,
        Section.NUMBERS,
        Section.FIGURES,
        Section.COUNCILLORS,
        Section.UNCHECKED,
        Section.RUN,
    ),
    Edition.PUBLIC: (Section.PUBLIC, Section.RUN),
}


def to_page(report: Report) -> str:
    """The report as a self-contained HTML5 page in the report's language: equal reports, equal text."""
    words = words_in(report.language, time_zone=report.identity.time_zone)
    style, script = _read("report.css"), _read("report.js")
    return (
        _environment(words)
        .get_template("report.html")
        .render(
            report=report,
            identity=report.identity,
            head=report.identity.head,
            sections=sections_of(report),
            headings=_HEADINGS,
            tongue=words.tongue,
            style=Markup(style),  # noqa: S704 - our own file, and inside <style> entities would not be decoded
            script=Markup(script),  # noqa: S704 - our own file, likewise
            style_hash=_hash(style),
            script_hash=_hash(script),
            findings=findings_in_order(report.findings),
            severities=severity_counts(report.findings),
            live=live_in_order(report.live),
            unread=unread(report),
            charts=charts_of(report, words),
            is_unfinished=is_unfinished(report),
            is_partial=is_partial(report),
        )
    )


def sections_of(report: Report) -> tuple[Section, ...]:
    """The parts that this edition has, in their order (policy.md 5)."""
    sections = list(_SECTIONS[report.edition])
    if report.edition is Edition.PUBLIC and report.public is None:
        sections[0] = Section.ANSWER
    if report.period.kind is not Period.WEEKLY and Section.WORKLIST in sections:
        sections.remove(Section.WORKLIST)
    return tuple(sections)


def _environment(words: Words) -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_inert,
    )
    view = View(words)
    environment.globals["_"] = partial(_say, words)
    environment.globals["counted"] = words.counted
    environment.globals["view"] = view
    environment.globals["vocabulary"] = vocabulary
    environment.filters |= SIGNS
    environment.filters |= {
        "known": lambda text: words.say(vocabulary.ACTIONS.get(text, text)),
        "said": partial(sentence, words),
        "meant": partial(message, words),
        "advised": partial(advice, words),
        "clock": lambda at: _time(instant(at), words.moment(at)),
        "universal": lambda at: _time(instant(at), words.universal(at)),
        "dated": lambda day: _time(day.isoformat(), words.day(day)),
        "number": words.number,
        "word": lambda sign: words.say(sign.word),
        "exception": lambda kind: words.say(vocabulary.exception_word(kind)),
    }
    return environment


def _say(words: Words, key: str, **values: object) -> Markup:
    """A wording with values that stay text, for templates."""
    wording = escape(words.find(key))
    return wording % {name: _inert(value) for name, value in values.items()} if values else wording


def _time(machine: str, people: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(machine, people)


def _inert(value: object) -> object:
    """Every value that is to be written; what is markup already is ours."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else inert(value)


def _read(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
