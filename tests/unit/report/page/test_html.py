"""The page of a report: what it says, that anyone can read it, and that data stays inert in it."""

import re
import time
from base64 import b64encode
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from m365_restrict.errors import ExitCode
from m365_restrict.plan.beside import Actor, ActorKind
from m365_restrict.plan.change import ChangeClass, FieldChange
from m365_restrict.report.documents import DriftSummary, Failure, GuardLine, LiveState, Source
from m365_restrict.report.edition import Edition, Period, ReportLanguage
from m365_restrict.report.model import ResultWord
from m365_restrict.report.page.html import to_page

VOID = {"meta", "link", "img", "br", "hr", "input"}
SILENT = {"style", "script", "svg"}  # a chart cuts what it repeats
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
    "%(reason)s %s %d",
]
MOST_SECONDS = 30
MOST_BYTES = 10_000_000


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
        self.texts.append((tuple(self.open), data))

    @property
    def text(self):
        shown = (text for at, text in self.texts if not any(self.elements[n][0] in SILENT for n in at))
        return " ".join(" ".join(shown).split())

    def all(self, *tags):
        return [(tag, attrs) for tag, attrs in self.elements if tag in tags]

    def within(self, tag):
        """The text of every element of this kind."""
        wanted = [number for number, (one, _) in enumerate(self.elements) if one == tag]
        return [" ".join(" ".join(text for at, text in self.texts if n in at).split()) for n in wanted]

    def parts(self):
        """The text of each section by its heading."""
        return dict(zip(self.within("h2"), self.within("section"), strict=True))


def page(report):
    return Page(to_page(report))


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


def hostile(report, text):
    wild = with_text(report, text)
    return replace(wild, identity=replace(wild.identity, time_zone="Europe/London"))


def finding(report, **given):
    first = report.findings[0]
    return replace(report, findings=(replace(first, line=replace(first.line, **given)),))


def with_error(report):
    head = replace(report.identity.head, error=FAILURE, unknown=(), source=Source())
    identity = replace(report.identity, head=head, result=ResultWord.FAILED)
    return replace(report, identity=identity, findings=(), live=(), not_covered=())


@pytest.fixture(scope="module")
def report(samples):
    return samples.sample_report()


@pytest.fixture(scope="module")
def in_step(samples):
    return samples.empty_report()


@pytest.fixture(scope="module", params=list(Edition))
def any_edition(request, samples):
    return samples.sample_report(edition=request.param)


@pytest.fixture(scope="module", params=list(ReportLanguage))
def any_language(request, samples):
    return samples.sample_report(language=request.param, period=Period.WEEKLY)


# What it says


@pytest.mark.parametrize(
    ("edition", "period", "headings"),
    [
        (
            Edition.COMPLIANCE,
            Period.MONTHLY,
            "This report|Answer|Findings|Live restrictions|Charts|Councillors|What the tool did"
            "|Exceptions in force|What could not be checked|Sign-off",
        ),
        (
            Edition.ICT,
            Period.WEEKLY,
            "This report|Answer|Findings|What is due|Live restrictions|Charts|Councillors"
            "|What the tool did|Exceptions in force|What could not be checked",
        ),
        (
            Edition.BOARD,
            Period.QUARTERLY,
            "Answer|Numbers|Charts|Councillors|What could not be checked|This report",
        ),
        (Edition.PUBLIC, Period.ANNUAL, "How many restrictions there were|This report"),
    ],
)
def test_the_parts_come_in_the_order_that_policy_asks_for(samples, edition, period, headings):
    made = samples.sample_report(edition=edition, period=period)
    assert page(made).within("h2") == headings.split("|")


def test_the_run_is_identified(report):
    told = page(report).parts()["This report"]
    for part in (
        "Council Northmere Borough Council",
        "Covers One month: 1 November 2026 to the end of 30 November 2026",
        "Partial: not everything was looked at",
        "61 items, read whole",
        "Mode enforce: rules act on mail",
        "Tenant 6b0f0c6e-6f0e-4f0c-9a51-0e7c5a4d1f20",
        "Application (reader) 0c7e7cf0",
        "Run 20261130T060000Z-7f3a",
        "Evidence 9b1c4d5e",
    ):
        assert part in told


def test_start_and_end_are_told_by_both_clocks(report):
    head = replace(report.identity.head, started_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    told = page(replace(report, identity=replace(report.identity, head=head))).parts()["This report"]
    assert "Started 2 July 2026, 00:30 (Europe/London), 1 July 2026, 23:30 UTC" in told


@pytest.mark.parametrize(
    ("numbers", "answer"),
    [
        ((6, 2, 2, 1, 1), "6 live restrictions, 2 enforced exactly, 2 differ, 1 rule without a decision, "
                          "1 could not be checked."),
        ((1, 0, 1, 0, 0), "1 live restriction, 0 enforced exactly, 1 differs, 0 rules without a decision."),
        ((1500, 1500, 0, 0, 0), "1,500 live restrictions, 1,500 enforced exactly, 0 differ, "
                                "0 rules without a decision."),
    ],
)  # fmt: skip
def test_the_answer_is_one_line(in_step, numbers, answer):
    names = ("live", "enforced", "differing", "orphans", "unknown")
    made = replace(in_step, summary=DriftSummary(**dict(zip(names, numbers, strict=True))))
    assert answer in page(made).parts()["Answer"]


def test_a_report_from_a_partial_look_says_so(report):
    assert "Not everything could be checked" in page(report).parts()["Answer"]


def test_a_guard_that_holds_the_run_back_is_told_with_the_answer(report):
    made = replace(report, guards=(GuardLine(code="source-empty", message="No items.", override=""),))
    assert "A guard holds the run back (source-empty): No items." in page(made).parts()["Answer"].replace(
        "( source-empty )", "(source-empty)"
    )


def test_a_run_that_failed_early_gives_no_good_news(report):
    told = page(with_error(report)).parts()
    assert "No answer: " in told["Answer"]
    assert "What to do : Run init." in told["Answer"].replace("do:", "do :")
    assert "No findings, because nothing was compared." in told["Findings"]
    assert "Not known: " in told["Live restrictions"]
    assert "The run ended with an error" in told["What could not be checked"]


def test_settings_that_could_not_be_read_leave_a_page(report):
    identity = replace(with_error(report).identity, council="", time_zone="", tenant_id="", mode="")
    assert "Council not known" in page(replace(report, identity=identity)).parts()["This report"]


def test_empty_states_are_said_in_words(in_step):
    told = page(in_step).parts()
    assert "No findings: nothing in the tenant" in told["Findings"]
    assert "No restriction is in force." in told["Live restrictions"]
    assert "The tool wrote nothing" in told["What the tool did"]
    assert "Nothing: the register" in told["What could not be checked"]
    assert told["Charts"].count("There are no numbers for this yet") == 4


def test_findings_come_worst_first(report):
    words = re.findall(
        r'data-key="\d" class="\w+"><span[^>]*>[^<]+</span> (\w+)</td><td[^>]*>', to_page(report)
    )
    ranks = [("Critical", "High", "Medium", "Low").index(word) for word in words[: len(report.findings)]]
    assert ranks == sorted(ranks)
    assert len(ranks) == len(report.findings)


def test_a_finding_says_everything_that_somebody_needs(report):
    found = replace(
        report.findings[0],
        actors=(
            Actor(
                kind=ActorKind.PARTNER,
                name="p@partner.example",
                at=datetime(2026, 11, 2, 9, tzinfo=UTC),
                source="audit log",
                from_where="192.0.2.9",
            ),
        ),
        due=date(2026, 12, 1),
    )
    told = page(replace(report, findings=(found,))).parts()["Findings"]
    for part in (
        "RC-2026-001 : Rule without a decision",
        "A rule carries our stamp",
        "What to do: Ask who changed it",
        "30 November 2026, 06:00",
        "p@partner.example (an administrator of another organisation), from 192.0.2.9",
        "from 192.0.2.9 , 2 November 2026, 09:00",
        "( says the audit log )",
        "1 December 2026 ICT",
        "Approved by Director of Customers, 3 September 2026",
        "Enabled no yes",
    ):
        assert part.replace(" ", "") in told.replace(" ", "")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (ActorKind.NOT_YET_LOGGED, "not yet in the audit log"),
        (ActorKind.NOT_READABLE, "the audit log cannot be read"),
    ],
)
def test_what_the_log_does_not_tell_is_said(report, kind, told):
    found = replace(report.findings[0], actors=(Actor(kind=kind),))
    assert told in page(replace(report, findings=(found,))).parts()["Findings"]


@pytest.mark.parametrize("of", list(ChangeClass))
def test_every_class_is_told_in_words(report, of):
    html = to_page(finding(report, class_=of.value)).split('id="finding-1"')[1]
    assert re.search(r"<strong>[A-Z][a-z,]+( [a-z,]+)+</strong>", html.split("</p>")[0])


def test_long_lists_that_begin_alike_are_told_apart(report):
    alike = tuple(f"person{number}@outside.example" for number in range(9))
    change = FieldChange("From", (*alike, "odd@outside.example"), (*alike, "new@outside.example"))
    told = page(finding(report, fields=(change,))).parts()["Findings"]
    assert "and 4 more; only here: odd@outside.example" in told
    assert "and 4 more; only here: new@outside.example" in told


def test_a_councillor_is_a_number_and_nobody_is_named(report):
    made = finding(report, mailbox=412, case_ref=None, fields=(), changed_by="Cllr A Person")
    told = page(made).parts()["Findings"]
    assert "councillor mailbox no. 412" in told
    assert "A councillor's own choice is not shown field by field." in told
    assert "Cllr A Person" not in told
    assert "exchange-admin" not in told


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (LiveState.IN_STEP, "✓ Enforced exactly"),
        (LiveState.DIFFERS, "≠ Differs"),
        (LiveState.MISSING, "✗ Missing from the tenant"),
        (LiveState.UNKNOWN, "? Could not be checked"),
        (LiveState.NOT_ON_MAIL, "– In force without a mail rule"),
    ],
)
def test_every_state_has_a_mark_and_words(report, state, told):
    assert (
        told
        in page(replace(report, live=(replace(report.live[0], state=state),))).parts()["Live restrictions"]
    )


@pytest.mark.parametrize(
    ("days", "left"),
    [(104, "104 days"), (1, "1 day"), (0, "ends today"), (-1, "ended 1 day ago"), (None, "no end date")],
)
def test_days_left_are_told_in_words(report, days, left):
    case = replace(report.live[0], days_left=days, ends_on=date(2027, 3, 7) if days is not None else None)
    assert left in page(replace(report, live=(case,))).parts()["Live restrictions"]


def test_a_leak_is_never_passed_over(report):
    case = replace(report.live[0], mail=replace(report.live[1].mail, leaked=3))
    assert "‼ leaked 3" in page(replace(report, live=(case,))).parts()["Live restrictions"]


def test_ict_is_told_how_to_open_a_case_by_hand(samples):
    made = page(samples.sample_report(edition=Edition.ICT)).parts()["Live restrictions"]
    assert "Disable-TransportRule -Identity 'RC-2026-001 Redirect to single contact' -Confirm:$false" in made


def test_numbers_are_compared_in_words(samples):
    told = page(samples.sample_report(edition=Edition.BOARD)).parts()["Numbers"]
    assert "Compared with the report of 31 October 2026." in told
    assert "Live restrictions 12 14 2 fewer" in told
    assert "Rules without a decision 15 14 1 more" in told


def test_the_public_edition_withholds_small_numbers_and_names_nothing(samples):
    made = to_page(samples.sample_report(edition=Edition.PUBLIC))
    assert "Copy to single contact withheld" in Page(made).text
    for told in ("RC-2026", "6b0f0c6e", "northmere-live", "20261130T", "audit log"):
        assert told not in made


def test_a_signed_report_says_by_whom_and_when(report):
    signed = replace(report.sign_off, signed_by="Monitoring Officer", signed_on=date(2026, 12, 3))
    told = page(replace(report, sign_off=signed)).parts()["Sign-off"]
    assert "Signed on 3 December 2026 by Monitoring Officer." in told
    assert "to be filled in" not in told


def test_an_unsigned_report_says_when_it_is_due_and_has_room_to_sign(report):
    told = page(report).parts()["Sign-off"]
    assert "Not signed yet. It is due by 14 December 2026." in told
    assert told.count("to be filled in") == 5


# That anyone can read it


def test_language_and_title_are_set(any_language):
    tag = f"{any_language.language.value}-GB"
    assert ("html", {"lang": tag}) in page(any_language).elements
    assert page(any_language).within("title")[0].endswith(", 06:00")


def test_headings_form_an_outline(any_edition):
    levels = [int(tag[1]) for tag, _ in page(any_edition).all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_every_reference_finds_one(any_edition):
    found = page(any_edition)
    ids = [attrs["id"] for _, attrs in found.elements if "id" in attrs]
    wanted = {attrs["aria-labelledby"] for _, attrs in found.elements if "aria-labelledby" in attrs}
    wanted |= {attrs["href"].removeprefix("#") for _, attrs in found.all("a")}
    assert len(ids) == len(set(ids))
    assert wanted <= set(ids)


def test_the_skip_link_comes_first(any_edition):
    body = page(any_edition).elements
    first = body[[tag for tag, _ in body].index("body") + 1]
    assert first == ("a", {"class": "skip", "href": "#report"})
    assert ("main", {"id": "report", "tabindex": "-1"}) in body


def test_tables_have_captions_and_their_headers_a_scope(any_edition):
    elements = page(any_edition).elements
    tables = [number for number, (tag, _) in enumerate(elements) if tag == "table"]
    assert tables
    assert all(elements[number + 1][0] == "caption" for number in tables)
    assert all(attrs.get("scope") in {"col", "row"} for tag, attrs in elements if tag == "th")


def test_every_mark_stands_beside_words(any_edition):
    assert re.findall(r'aria-hidden="true">[^<]+</span>(?! (?:\w|<strong>))', to_page(any_edition)) == []


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
    [
        *((one, 4.5) for one in ("text", "muted", "link", "bad", "warn", "good")),
        *((one, 3) for one in ("line", "first", "second", "third", "fourth", "fifth")),
    ],
)
def test_colours_stand_out(in_step, scheme, ground, ink, least):
    block = re.findall(r":root \{(.*?)\}", to_page(in_step), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", block))
    assert contrast(colours[ink], colours[ground]) >= least


def test_colours_are_named_in_one_place(in_step):
    style = re.search(r"<style>(.*?)</style>", to_page(in_step), re.DOTALL).group(1)
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgb|hsl", re.sub(r":root \{.*?\}", "", style, flags=re.DOTALL)) == []


# In Welsh


def test_days_have_welsh_months(any_language):
    months = {"en": "30 November 2026", "cy": "30 Tachwedd 2026"}
    assert months[any_language.language.value] in page(any_language).text


@pytest.mark.parametrize(("is_checked", "times"), [(False, 1), (True, 0)])
def test_welsh_that_nobody_has_checked_says_so(samples, is_checked, times):
    welsh = samples.sample_report(language=ReportLanguage.WELSH)
    told = page(replace(welsh, welsh_is_checked=is_checked)).text
    assert told.count("Nid oes cofnod bod neb wedi gwirio Cymraeg y dudalen hon.") == times


def test_english_in_a_welsh_page_is_marked_as_english(samples):
    html = to_page(samples.sample_report(language=ReportLanguage.WELSH))
    assert '<span lang="en-GB">The review was due on 20 November 2026.</span>' in html
    assert 'lang="en-GB">Ask who changed it' not in html


def test_both_languages_say_the_same_numbers(samples):
    told = [page(samples.sample_report(language=one)) for one in ReportLanguage]
    english, welsh = ([*re.findall(r"\d+", " ".join(one.within("td")))] for one in told)
    assert english == welsh
    assert [tag for tag, _ in told[0].all("table", "tr", "details")] == [
        tag for tag, _ in told[1].all("table", "tr", "details")
    ]


# That data stays inert and the page needs nothing else


def test_the_page_asks_for_nothing(any_edition):
    html = to_page(any_edition)
    found = Page(html)
    assert found.all("link", "img", "iframe", "object", "form") == []
    assert all(attrs["href"].startswith("#") for _, attrs in found.all("a"))
    assert not re.search(r"url\(|@import|https?:|\ssrc=|\sstyle=|\son\w+=", html)


def test_nothing_but_its_own_style_and_script_may_run(any_edition):
    html = to_page(any_edition)
    (policy,) = [attrs["content"] for _, attrs in Page(html).all("meta") if "http-equiv" in attrs]
    allowed = []
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        allowed.append(f"{tag}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'")
    assert policy == f"default-src 'none'; {'; '.join(allowed)}; base-uri 'none'; form-action 'none'"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("edition", [Edition.COMPLIANCE, Edition.PUBLIC])
@pytest.mark.parametrize("language", list(ReportLanguage))
def test_hostile_data_is_only_ever_text(samples, text, edition, language):
    whole = samples.sample_report(edition=edition, language=language, period=Period.WEEKLY)
    head = replace(whole.identity.head, error=FAILURE)
    whole = replace(whole, identity=replace(whole.identity, head=head))
    tame, wild = page(hostile(whole, "tame")), page(hostile(whole, text))
    assert [tag for tag, _ in wild.elements] == [tag for tag, _ in tame.elements]
    assert [[*attrs] for _, attrs in wild.elements] == [[*attrs] for _, attrs in tame.elements]
    assert wild.text.count(text) == tame.text.count("tame") > 3


@pytest.mark.parametrize("unsafe", ["a\x00b", "a\u202eb", "a\x1b[31mb", "a\nb"])
def test_control_and_direction_characters_are_left_out(report, unsafe):
    html = to_page(hostile(report, unsafe))
    assert not [one for one in unsafe if not one.isprintable() and one != "\n" and one in html]
    assert re.search(r">a (\[31m)?b<", html)


def test_what_cannot_be_written_as_utf_8_does_not_stop_the_page(report):
    to_page(hostile(report, "a\ud800b")).encode("utf-8")


def test_equal_reports_give_equal_pages(samples):
    assert to_page(samples.sample_report()) == to_page(samples.sample_report())


@pytest.mark.parametrize("code", [ExitCode.IN_STEP, ExitCode.SOURCE_INCOMPLETE])
def test_the_page_of_any_ending_can_be_made(in_step, code):
    head = replace(in_step.identity.head, exit_code=code)
    assert page(replace(in_step, identity=replace(in_step.identity, head=head)))


# That it stays usable when there is much to say


def test_500_cases_and_5000_findings_are_made_in_seconds_and_stay_below_ten_megabytes(samples):
    large = samples.sample_report(cases=500, findings=5000)
    began = time.monotonic()
    html = to_page(large)
    assert time.monotonic() - began < MOST_SECONDS
    assert html.count('<tr id="finding-') == 5000
    assert len(html.encode()) < MOST_BYTES
