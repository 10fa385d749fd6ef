"""Shows what fuzzed items say in pages, sheets, letters and a terminal, and looks for what is not inert."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from html.parser import HTMLParser
from typing import Any

from fuzz_council import NOW, TODAY
from fuzz_items import FuzzedItem
from sample_report import sample_report

from m365_restrict.errors import ExitCode
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import FieldChange
from m365_restrict.policy.judgement import AcceptedCase, Judgement
from m365_restrict.report.console import console_for, print_document
from m365_restrict.report.documents import DriftDocument, FindingLine, Head, LiveLine, LiveState, Source
from m365_restrict.report.json_text import to_json
from m365_restrict.report.letters.council import Council
from m365_restrict.report.letters.draft import draft_letter
from m365_restrict.report.letters.facts import CaseSource, LetterRefused
from m365_restrict.report.letters.gather import letter_facts
from m365_restrict.report.letters.kinds import LetterKind, LetterLanguage
from m365_restrict.report.letters.language import Wording
from m365_restrict.report.letters.templates_folder import LetterTemplates, load_templates
from m365_restrict.report.model import Report
from m365_restrict.report.page.html import to_page
from m365_restrict.report.sheet import sheet_text
from m365_restrict.report.text import Line, clean, plain
from settings.profiles import load_profile

_FORMULA = tuple("=+-@|\t\r\n\uff1d\uff0b\uff0d\uff20\u2212")
_LONGEST = 4000
_COUNCIL = Council(
    name=Wording("Ash Council", ""),
    policy_name=Wording("Contact policy", ""),
    policy_url="https://ash.example/policy",
    address=("Town Hall", "Ash"),
    telephone="01632 960000",
    web_form="https://ash.example/form",
    service_route=Wording("Telephone 01632 960001.", ""),
    complaint_route=Wording("Write to Complaints.", ""),
    adjustments_route=Wording("Telephone 01632 960002.", ""),
    signatory_title=Wording("Director of Services", ""),
)


def report_failures(batch: Sequence[FuzzedItem], judged: Judgement) -> Iterator[str]:
    """What of a batch is not inert where people read it."""
    texts = [text[:_LONGEST] for one in batch for text in _texts(one.fields)]
    document = _drift(texts, judged)
    yield from _page_failures(to_page(report_of(document)), _drift_tags())
    yield from _json_failures(document)
    yield from _sheet_failures(texts)
    yield from _terminal_failures(texts, document)
    for accepted in judged.accepted[:2]:
        raw = next(one.fields for one in batch if str(one.number) == accepted.case.item_id)
        yield from _letter_failures(accepted, raw)


def _texts(value: object) -> Iterator[str]:
    """Every text in an item, as a reader of the list hands it on."""
    if isinstance(value, str):
        yield value.encode("utf-8", "replace").decode("utf-8")
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _drift(texts: Sequence[str], judged: Judgement) -> DriftDocument:
    found = tuple(_finding(text, number) for number, text in enumerate(texts[:40]))
    refused = tuple(
        _finding(one.message, number, one.code.value) for number, one in enumerate(judged.refused)
    )
    return DriftDocument(
        head=Head(
            run_id="r1",
            started_at=NOW,
            finished_at=NOW,
            exit_code=ExitCode.DIFFERENCES,
            source=Source(items=len(texts), complete=True, version="1"),
            unknown=tuple(Unknown(text, text) for text in texts[:3]),
        ),
        findings=found + refused,
        live=tuple(
            LiveLine(case_ref=text, measure=text, ends_on=TODAY, next_review_on=None, state=LiveState.DIFFERS)
            for text in texts[:10]
        ),
    )


def report_of(document: DriftDocument) -> Report:
    """A report with something in every part, which tells what the document does."""
    whole = sample_report(cases=len(document.live), findings=len(document.findings))
    lines = zip(whole.findings, document.findings, strict=True)
    live = zip(whole.live, document.live, strict=True)
    return replace(
        whole,
        identity=replace(whole.identity, head=document.head),
        findings=tuple(replace(one, line=line) for one, line in lines),
        live=tuple(replace(one, case_ref=line.case_ref, measure=line.measure) for one, line in live),
    )


def _finding(text: str, number: int, code: str = "drifted") -> FindingLine:
    return FindingLine(
        code=code,
        class_="drifted",
        severity="high",
        case_ref=text,
        mailbox=text,
        rule=text,
        fields=(FieldChange("Name", text, (text, text)),),
        since=NOW,
        changed_by=text,
        changed_at=NOW,
        message=text,
        action=text,
        id=f"{number}",
    )


class _Page(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.comments = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:  # noqa: ARG002 - the parser's own signature
        self.comments += 1


@cache
def _drift_tags() -> frozenset[tuple[str, str]]:
    """The elements and attributes of a page of which every value is harmless."""
    return _shapes(_Page(to_page(report_of(_drift(["x"] * 20, Judgement())))))


def _shapes(page: _Page) -> frozenset[tuple[str, str]]:
    return frozenset((tag, name) for tag, attributes in page.elements for name in ("", *attributes))


def _page_failures(html: str, known: frozenset[tuple[str, str]]) -> Iterator[str]:
    page = _Page(html)
    yield from (f"the page has an element of its own: {one}" for one in _shapes(page) - known)
    if page.comments:
        yield "the page has a comment"
    for tag, attributes in page.elements:
        link = attributes.get("href") or attributes.get("src") or "#"
        if not link.startswith(("#", "https://")):
            yield f"the page links to {link[:60]!r} from {tag}"
    if any(not one.isprintable() and one not in "\n\u00a0\u00ad\u200b\ufeff" for one in set(html)):
        odd = sorted(one for one in set(html) if not one.isprintable() and one != "\n")
        yield f"the page holds characters that nobody sees: {odd}"


def _json_failures(document: DriftDocument) -> Iterator[str]:
    """What is written is read back; every text survives."""
    text = to_json(document)
    read = json.loads(text.encode("utf-8"))
    if [one["message"] for one in read["findings"]] != [one.message for one in document.findings]:
        yield "JSON does not give the messages back"


def _sheet_failures(texts: Sequence[str]) -> Iterator[str]:
    rows = [texts[at : at + 4] for at in range(0, len(texts), 4)]
    read = list(csv.reader(io.StringIO(sheet_text("Notice", ["a", "b"], rows).removeprefix("\ufeff"))))
    if len(read) != len(rows) + 2:
        yield f"a sheet of {len(rows)} rows has {len(read) - 2}"
    for row in read:
        yield from (f"a cell begins a formula: {cell[:40]!r}" for cell in row if cell.startswith(_FORMULA))


def _terminal_failures(texts: Sequence[str], document: DriftDocument) -> Iterator[str]:
    stream = io.StringIO()
    print_document(document, console_for(stream))
    shown = plain(Line(text) for text in texts) + stream.getvalue()
    if "\x1b" in shown or any(
        one != "\n" and clean(f"a{one}b") == "a b" and one != " " for one in set(shown)
    ):
        yield "a terminal is told to do something"


@cache
def _templates() -> LetterTemplates:
    return load_templates()


@cache
def _letter_tags() -> frozenset[tuple[str, str]]:
    texts = _templates().texts["letter.html"]
    page = _Page(texts)
    headings = {("h1", ""), ("h2", ""), ("h3", "")}
    return _shapes(page) | headings


def _letter_failures(accepted: AcceptedCase, raw: Mapping[str, Any]) -> Iterator[str]:
    """A letter says what the item says, and nothing in it becomes markup; or it is refused in a sentence."""
    person = {
        name: "".join(_texts(raw.get(name)))[:_LONGEST] or "P" for name in ("PersonName", "ContactDetails")
    }
    source = CaseSource(
        case=accepted.case,
        dated_on=TODAY,
        person=person,
        signed_by="B Director",
        decided_on=date(2026, 9, 4),
        ended_on=TODAY,
    )
    for kind in (LetterKind.DECISION, LetterKind.LIFT):
        facts = letter_facts(kind, source, load_profile("default"), _COUNCIL)
        letter = (
            facts
            if isinstance(facts, LetterRefused)
            else draft_letter(facts, language=LetterLanguage.ENGLISH, templates=_templates())
        )
        if isinstance(letter, LetterRefused):
            if not letter.message.endswith("."):
                yield f"a letter is refused in no sentence: {letter.message!r}"
            continue
        yield from (f"letter: {one}" for one in _page_failures(letter.html, _letter_tags()))
        if not letter.file_name.isascii() or "/" in letter.file_name:
            yield f"a letter's file is called {letter.file_name!r}"
