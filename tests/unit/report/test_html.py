"""The HTML page: what it says, that anyone can read it, and that data stays inert in it."""

import re
from base64 import b64encode
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from m365_restrict import __version__
from m365_restrict.errors import ExitCode
from m365_restrict.plan.change import ChangeClass, FieldChange
from m365_restrict.report.documents import DriftDocument, Failure, LiveState, Source, Verb
from m365_restrict.report.documents import document_after_failure as after_failure
from m365_restrict.report.html import to_html

VOID = {"meta", "link", "img", "br", "hr", "input"}
FAILURE = Failure(code="source-incomplete", message="The list has no proving row.", advice="Run init.")
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)",
    "</style><style>*{display:none}",
    "</title><script src=//a.example></script>",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "javascript:alert(1)",
    "&lt;b&gt;",
]


class Page(HTMLParser):
    """The page as a reader of the markup meets it; elements that are not closed fail at once."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.texts, self.open = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag):
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else None, data))

    @property
    def text(self):
        shown = (text for at, text in self.texts if at is None or self.elements[at][0] != "style")
        return " ".join(" ".join(shown).split())

    def all(self, *tags):
        return [(tag, attrs) for tag, attrs in self.elements if tag in tags]

    def within(self, tag):
        """The text of every element of one kind, in order."""
        wanted = [number for number, one in enumerate(self.elements) if one[0] == tag]
        return [" ".join("".join(text for at, text in self.texts if at == one).split()) for one in wanted]

    def rows(self):
        """The table rows, as lists of cell texts."""
        table, at = [], None
        for number, (tag, _) in enumerate(self.elements):
            if tag == "tr":
                table.append([])
            if tag in {"th", "td"}:
                at = number
                table[-1].append(" ".join(text for owner, text in self.texts if owner == at).strip())
        return table


def page(document):
    return Page(to_html(document))


def section(document, heading):
    """The text of one section by its heading."""
    html = to_html(document)
    start = html.index(f">{heading}</h2>")
    return Page(html[start + 1 : html.index("</section>", start)].partition("</h2>")[2]).text


def with_text(value, text):
    """The same value with another text in every place that can hold any text."""
    if isinstance(value, Enum | bool | int | date) or value is None:
        return value
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(with_text(one, text) for one in value)
    assert is_dataclass(value)
    inits = [one.name for one in fields(value) if one.init]
    return replace(value, **{name: with_text(getattr(value, name), text) for name in inits})


@pytest.fixture
def in_step(drift_document):
    """Everything read and nothing found."""
    live = tuple(replace(line, state=LiveState.IN_STEP) for line in drift_document.live)
    head = replace(drift_document.head, exit_code=ExitCode.IN_STEP, unknown=())
    return DriftDocument(head=head, live=live)


@pytest.fixture
def failed(drift_document):
    head = replace(
        drift_document.head,
        exit_code=ExitCode.SOURCE_INCOMPLETE,
        error=FAILURE,
        unknown=(),
        source=Source(),
    )
    return after_failure(Verb.DRIFT, head)


@pytest.fixture(params=["drift_document", "in_step", "failed"])
def any_document(request):
    return request.getfixturevalue(request.param)


def finding(document, **given):
    return replace(document, findings=(replace(document.findings[0], **given),))


# What it says


def test_the_sections_come_in_the_order_that_policy_asks_for(any_document):
    assert page(any_document).within("h2") == [
        "This run",
        "Answer",
        "Findings",
        "Live restrictions",
        "What could not be checked",
        "Sign-off",
    ]


def test_the_run_is_identified(drift_document):
    told = dict(zip(page(drift_document).within("dt"), page(drift_document).within("dd"), strict=True))
    assert told["Run"] == "r1"
    assert told["Status"] == "differences (exit code 2): the tenant differs from the register."
    assert told["Register"] == "12 items, read whole"
    assert told["Register version"] == "abc"
    assert told["Tool"] == f"m365-restrict {__version__}"


def test_times_are_in_utc(in_step):
    summer = datetime(2026, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    told = section(replace(in_step, head=replace(in_step.head, started_at=summer)), "This run")
    assert "Started 30 June 2026, 23:30 UTC" in told


def test_a_register_not_read_whole_is_said(in_step):
    torn = replace(in_step, head=replace(in_step.head, source=Source(items=3)))
    assert "3 items, not read whole" in section(torn, "This run")
    assert "not read whole" in section(torn, "What could not be checked")


def test_the_answer_is_one_line(drift_document):
    orphan = finding(drift_document, class_="orphan")
    assert page(orphan).within("p")[1] == (
        "6 live restrictions, 2 enforced exactly, 2 differ, 1 rule without a decision, "
        "1 could not be checked, 1 in force without a mail rule."
    )


def test_the_answer_of_a_council_in_step(in_step):
    assert section(in_step, "Answer") == (
        "6 live restrictions, 6 enforced exactly, none differ, no rules without a decision."
    )


def test_an_answer_from_a_partial_look_says_so(drift_document):
    assert "Not everything could be checked" in section(drift_document, "Answer")


def test_an_empty_register_is_pointed_out(in_step):
    empty = replace(in_step, head=replace(in_step.head, source=Source(complete=True)), live=())
    assert "holds no items at all" in section(empty, "Answer")


def test_findings_come_worst_first_and_numbered_through(drift_document):
    (one,) = drift_document.findings
    given = ["low", "odd", "critical", "medium", "critical", "high"]
    many = replace(drift_document, findings=tuple(replace(one, severity=each) for each in given))
    assert [text.split(":")[0] for text in page(many).within("h3")] == [
        "Critical",
        "High",
        "Medium",
        "Low",
        "odd",
    ]
    assert [int(text.split(".")[0]) for text in page(many).within("h4")] == [1, 2, 3, 4, 5, 6]


def test_a_finding_says_what_where_since_when_who_and_what_to_do(drift_document):
    told = section(drift_document, "Findings")
    for part in (
        "1. Edited in the tenant Someone disabled the rule.",
        "Case RC-2026-014",
        "Rule RC-2026-014 Redirect to single contact",
        "Stands since 23 November 2026, 12:00 UTC",
        "Last changed by Admin, 23 November 2026, 12:00 UTC",
        "What to do: Ask who changed it.",
    ):
        assert part in told


@pytest.mark.parametrize("of", list(ChangeClass))
def test_every_class_is_told_in_a_sentence(drift_document, of):
    assert re.fullmatch(
        r"1\. [A-Z][a-z,]+( [a-z,]+)+", page(finding(drift_document, class_=of)).within("h4")[0]
    )


def test_fields_are_told_before_and_after(drift_document):
    rows = page(drift_document).rows()
    assert ["Field", "Before: in the tenant now", "After: as it should be"] in rows
    assert ["Enabled", "no", "yes"] in rows
    assert ["SetSCL", "9", "not set"] in rows
    assert ["ExpiryDate", "2027-03-07 00:00 UTC", "2027-03-28 23:00 UTC"] in rows


def test_long_lists_that_begin_alike_are_told_apart(drift_document):
    alike = tuple(f"person{number}@outside.example" for number in range(9))
    change = FieldChange("From", (*alike, "odd@outside.example"), (*alike, "new@outside.example"))
    ((_, before, after),) = [
        row for row in page(finding(drift_document, fields=(change,))).rows() if row[0] == "From"
    ]
    assert before.endswith("; only here: odd@outside.example")
    assert after.endswith("; only here: new@outside.example")


def test_nobody_is_named_where_nobody_is_known(drift_document):
    assert "Last changed by not known" in section(
        finding(drift_document, changed_by=None, changed_at=None), "Findings"
    )


def test_a_councillor_is_a_number(drift_document):
    told = section(finding(drift_document, mailbox=412, case_ref=None, fields=()), "Findings")
    assert "Mailbox councillor mailbox no. 412" in told
    assert "Case none" in told
    assert "A councillor's own choice is not shown field by field." in told
    assert "Admin" not in told


@pytest.mark.parametrize(
    ("state", "cell"),
    [
        (LiveState.IN_STEP, ("✓", "Enforced exactly")),
        (LiveState.DIFFERS, ("≠", "Differs")),
        (LiveState.MISSING, ("✗", "Missing from the tenant")),
        (LiveState.UNKNOWN, ("?", "Could not be checked")),
        (LiveState.NOT_ON_MAIL, ("–", "In force without a mail rule")),
    ],
)
def test_every_state_has_a_mark_and_words(in_step, state, cell):
    one = replace(in_step, live=(replace(in_step.live[0], state=state),))
    assert section(one, "Live restrictions").endswith(" ".join(cell))


@pytest.mark.parametrize(
    ("ends_on", "left"),
    [
        (date(2027, 3, 7), "104 days"),
        (date(2026, 11, 24), "1 day"),
        (date(2026, 11, 23), "ends today"),
        (date(2026, 11, 22), "ended 1 day ago"),
        (None, "no end date"),
    ],
)
def test_days_left_are_counted_from_the_start_of_the_run(in_step, ends_on, left):
    one = replace(in_step, live=(replace(in_step.live[0], ends_on=ends_on),))
    assert page(one).rows()[1][3] == left


@pytest.mark.parametrize(
    ("due", "told"),
    [
        (date(2026, 11, 23), "23 November 2026"),
        (date(2026, 11, 20), "20 November 2026 (overdue by 3 days)"),
        (None, "no date"),
    ],
)
def test_an_overdue_review_is_said(in_step, due, told):
    one = replace(in_step, live=(replace(in_step.live[0], next_review_on=due),))
    assert page(one).rows()[1][4] == told


def test_every_live_case_is_listed(drift_document):
    cases = [row[0] for row in page(drift_document).rows() if len(row) == 6][1:]
    assert cases == [line.case_ref for line in drift_document.live]


def test_what_could_not_be_read_is_named(drift_document):
    assert ["inbox rules of mailbox 412", "throttled"] in page(drift_document).rows()


def test_a_case_that_could_not_be_checked_is_never_passed_over(in_step):
    one = replace(in_step, live=(replace(in_step.live[0], state=LiveState.UNKNOWN),))
    assert section(one, "What could not be checked").startswith("1 live restriction could not be checked")


def test_empty_states_are_said_in_words(in_step):
    empty = replace(in_step, live=())
    assert section(empty, "Findings").startswith("No findings: nothing in the tenant")
    assert section(empty, "Live restrictions") == "No restriction is in force."
    assert section(empty, "What could not be checked").startswith("Nothing: ")


def test_a_run_that_failed_early_gives_no_good_news(failed):
    assert section(failed, "Answer").startswith("No answer: ")
    assert "What to do: Run init." in section(failed, "Answer")
    assert section(failed, "Findings") == "No findings, because nothing was compared."
    assert section(failed, "Live restrictions").startswith("Not known: ")
    assert section(failed, "What could not be checked").startswith("The run ended with the error above")


def test_no_findings_of_a_partial_look_is_not_no_findings(drift_document):
    assert "Not everything could be" in section(replace(drift_document, findings=()), "Findings")


def test_there_is_room_to_sign(any_document):
    assert [row[0] for row in page(any_document).rows()[-6:]] == [
        "Statement",
        "Name",
        "Job title",
        "Date",
        "Signature",
        "Comments",
    ]


# That anyone can read it


def test_language_and_title_are_set(any_document):
    assert ("html", {"lang": "en-GB"}) in page(any_document).elements
    assert page(any_document).within("title") == [
        "Restricted contacts: drift report, 23 November 2026, 12:00 UTC"
    ]


def test_headings_form_an_outline(any_document):
    levels = [int(tag[1]) for tag, _ in page(any_document).all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_every_reference_finds_one(drift_document):
    many = page(replace(drift_document, findings=drift_document.findings * 3))
    ids = [attrs["id"] for _, attrs in many.elements if "id" in attrs]
    wanted = {attrs["aria-labelledby"] for _, attrs in many.elements if "aria-labelledby" in attrs}
    wanted |= {attrs["href"].removeprefix("#") for _, attrs in many.all("a")}
    assert len(ids) == len(set(ids))
    assert wanted <= set(ids)


def test_the_skip_link_comes_first(any_document):
    body = page(any_document).elements
    first = body[[tag for tag, _ in body].index("body") + 1]
    assert first == ("a", {"class": "skip", "href": "#report"})
    assert ("main", {"id": "report", "tabindex": "-1"}) in body


def test_tables_have_captions_and_their_headers_a_scope(any_document):
    elements = page(any_document).elements
    tables = [number for number, (tag, _) in enumerate(elements) if tag == "table"]
    assert tables
    assert all(elements[number + 1][0] == "caption" for number in tables)
    assert all(attrs.get("scope") in {"col", "row"} for tag, attrs in elements if tag == "th")


def test_tables_scroll_in_a_labelled_region_that_takes_the_focus(any_document):
    elements = page(any_document).elements
    for number, (tag, _) in enumerate(elements):
        if tag == "table":
            _, region = elements[number - 1]
            assert region["role"] == "region"
            assert region["tabindex"] == "0"
            assert region["aria-labelledby"] == elements[number + 1][1]["id"]


def test_every_mark_stands_beside_words(drift_document):
    html = to_html(drift_document)
    assert re.findall(r'aria-hidden="true">[^<]+</span>(?! (?:\w|<strong>))', html) == []


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
@pytest.mark.parametrize(
    ("ink", "least"),
    [("text", 4.5), ("muted", 4.5), ("link", 4.5), ("bad", 4.5), ("warn", 4.5), ("good", 4.5), ("line", 3)],
)
def test_colours_stand_out(in_step, scheme, ground, ink, least):
    block = re.findall(r":root \{(.*?)\}", to_html(in_step), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", block))
    assert contrast(colours[ink], colours[ground]) >= least


def test_colours_are_named_in_one_place(in_step):
    style = "".join(page(in_step).within("style"))
    rules = re.sub(r":root \{.*?\}", "", style)
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgb|hsl", rules) == []


# That data stays inert and the page needs nothing else


def test_the_page_asks_for_nothing(any_document):
    html = to_html(any_document)
    found = Page(html)
    assert found.all("script", "link", "img", "iframe", "object", "form") == []
    assert all(attrs["href"].startswith("#") for _, attrs in found.all("a"))
    assert not re.search(r"url\(|@import|https?:|src=|style=", html)


def test_nothing_but_its_own_style_may_run(any_document):
    html = to_html(any_document)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL).group(1)
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    (policy,) = [attrs["content"] for _, attrs in Page(html).all("meta") if "http-equiv" in attrs]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{allowed}'; ")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_data_is_only_ever_text(drift_document, hostile):
    full = replace(drift_document, head=replace(drift_document.head, error=FAILURE))
    tame, wild = page(with_text(full, "tame")), page(with_text(full, hostile))
    assert wild.elements == tame.elements
    assert wild.text.count(hostile) == tame.text.count("tame") > 20


def test_no_value_leaves_the_document_unescaped(drift_document):
    html = to_html(with_text(drift_document, HOSTILE[0]))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize("unsafe", ["a\x00b", "a\u202eb", "a\x1b[31mb", "a\nb"])
def test_control_and_direction_characters_are_left_out(drift_document, unsafe):
    told = section(finding(drift_document, rule=unsafe), "Findings")
    assert re.search(r"Rule a (\[31m)?b ", told)


def test_what_cannot_be_written_as_utf_8_does_not_stop_the_page(drift_document):
    to_html(with_text(drift_document, "a\ud800b")).encode("utf-8")


def test_equal_documents_give_equal_pages(drift_document):
    assert to_html(drift_document) == to_html(replace(drift_document))
