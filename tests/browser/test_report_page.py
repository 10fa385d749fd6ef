"""The page of a report in a browser: read, searched and sorted by anybody, and asking for nothing.

Needs Chromium (Debian: chromium). Where it is missing the tests are skipped, unless REQUIRE_CHROMIUM is set.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from m365_restrict.report.edition import Edition, Period, ReportLanguage
from m365_restrict.report.model import Report
from m365_restrict.report.page.html import to_page

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from sample_report import empty_report, failed_report, sample_report

sys.path.pop(0)

DESKTOP, PHONE = 1280, 320
SMALLEST_TARGET = 24
PAGED = 450
MANY = 5000
MOST_MILLISECONDS = 60_000
INTERACTIVE = "nav a, button, input, select, summary"
FOUND = "table.findings > tbody > tr"

ENGLISH, WELSH = ReportLanguage.ENGLISH, ReportLanguage.WELSH


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module alone: while it runs, nothing else in the process can have an event loop."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        message = "Chromium is not installed (Debian: apt-get install chromium): no page was looked at"
        if os.environ.get("REQUIRE_CHROMIUM"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


class Opened:
    """A page in a window of its own, and what it asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.said: list[str] = []
        page.on("request", lambda one: self.asked.append(one.url))
        page.on("console", lambda one: self.said.append(one.text))
        page.on("pageerror", lambda one: self.said.append(str(one)))


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Any]:
    """Opens a report as a file, in a window without a network."""
    contexts: list[BrowserContext] = []

    def _show(report: Report, *, width: int = DESKTOP, anchor: str = "", **window: Any) -> Opened:
        file = tmp_path / f"report-{len(contexts)}.html"
        file.write_text(to_page(report), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **window)
        contexts.append(context)
        context.set_default_timeout(MOST_MILLISECONDS)
        opened = Opened(context.new_page())
        opened.page.goto(f"{file.as_uri()}{anchor}")
        return opened

    yield _show
    for context in contexts:
        context.close()


def open_all(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")


def visible_rows(page: Page) -> int:
    return page.locator(f"{FOUND}:visible").count()


def numbers(page: Page) -> list[int]:
    return [int(one) for one in page.locator(f"{FOUND}:visible > th").all_inner_texts()]


@pytest.mark.requirement("W-1")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("language", [ENGLISH, WELSH])
def test_axe_finds_nothing(show: Any, language: ReportLanguage, width: int, scheme: str) -> None:
    made = sample_report(language=language, period=Period.WEEKLY)
    page = show(made, width=width, color_scheme=scheme, bypass_csp=True).page
    open_all(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("edition", [Edition.ICT, Edition.BOARD, Edition.PUBLIC])
def test_axe_finds_nothing_in_any_edition(show: Any, edition: Edition) -> None:
    page = show(sample_report(edition=edition, language=WELSH), bypass_csp=True).page
    open_all(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("made", [empty_report, failed_report], ids=["nothing found", "failed"])
def test_axe_finds_nothing_where_there_is_nothing_to_tell(show: Any, made: Any) -> None:
    found = Axe().run(show(made(), bypass_csp=True).page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("edition", list(Edition))
@pytest.mark.parametrize("language", [ENGLISH, WELSH])
def test_nothing_is_cut_off_at_320_pixels(show: Any, language: ReportLanguage, edition: Edition) -> None:
    page = show(sample_report(language=language, edition=edition), width=PHONE).page
    open_all(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE
    wide = (
        "() => [...document.querySelectorAll('.scroll')].filter((o) => o.scrollWidth > o.clientWidth).length"
    )
    assert page.evaluate(wide) == 0


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_what_can_be_pressed_is_large_enough(show: Any, width: int) -> None:
    page = show(sample_report(), width=width).page
    boxes = [one.bounding_box() for one in page.locator(INTERACTIVE).all() if one.is_visible()]
    assert len(boxes) > 30
    assert [one for one in boxes if one and min(one["height"], one["width"]) < SMALLEST_TARGET] == []


def test_the_page_asks_for_nothing_and_complains_of_nothing(show: Any) -> None:
    opened = show(sample_report())
    open_all(opened.page)
    opened.page.locator("table.findings thead button").first.click()
    assert [one for one in opened.asked if not one.startswith("file:")] == []
    assert len(opened.asked) == 1
    assert opened.said == []


def test_the_keyboard_alone_reaches_everything_and_is_seen_there(show: Any) -> None:
    page = show(sample_report()).page
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    assert skip.evaluate("(one) => one === document.activeElement")
    assert skip.bounding_box()["x"] >= 0
    met = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        met.add(page.evaluate("() => document.activeElement.tagName + document.activeElement.type"))
        style = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none"
    assert {"INPUTsearch", "SELECTselect-one", "BUTTONbutton"} <= met


def test_the_skip_link_leads_to_the_report(show: Any) -> None:
    page = show(sample_report()).page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "report"


def test_enter_on_a_heading_sorts_one_way_and_then_the_other(show: Any) -> None:
    page = show(sample_report(findings=30)).page
    button = page.locator("table.findings thead button").first
    button.focus()
    for way in ("ascending", "descending"):
        page.keyboard.press("Enter")
        assert page.locator("table.findings thead th").first.get_attribute("aria-sort") == way
        assert numbers(page) == sorted(range(1, 31), reverse=way == "descending")
        assert button.evaluate("(one) => one === document.activeElement")


@pytest.mark.parametrize("language", [ENGLISH, WELSH])
def test_days_are_sorted_as_days(show: Any, language: ReportLanguage) -> None:
    page = show(sample_report(findings=40, language=language)).page
    page.locator("table.findings thead button").nth(4).click()
    days = page.locator(f"{FOUND} > td:nth-child(5) > time").evaluate_all(
        "(all) => all.map((o) => o.dateTime)"
    )
    first = [one for one in days if one]
    assert len(first) == 40
    assert first == sorted(first)


def test_words_and_choices_filter_and_the_number_is_said(show: Any) -> None:
    page = show(sample_report(findings=30)).page
    list_ = page.locator(".list", has=page.locator("table.findings"))
    list_.locator("select").first.select_option(index=1)
    critical = visible_rows(page)
    assert 0 < critical < 30
    assert list_.locator("[role=status]").inner_text() == f"Rows shown: 1 to {critical} of {critical}"
    list_.locator("input").fill("no such word")
    assert visible_rows(page) == 0
    assert list_.locator("[role=status]").inner_text() == "No row has all of that."


def test_a_long_table_is_paged_and_a_link_into_it_finds_its_row(show: Any) -> None:
    page = show(sample_report(findings=PAGED)).page
    assert visible_rows(page) == 200
    list_ = page.locator(".list", has=page.locator("table.findings"))
    list_.locator("[data-step='1']").click()
    assert list_.locator("[role=status]").inner_text() == "Rows shown: 201 to 400 of 450"
    list_.locator("[data-step='1']").click()
    assert visible_rows(page) == 50
    assert list_.locator("[data-step='1']").is_disabled()
    far = show(sample_report(findings=PAGED), anchor=f"#finding-{PAGED}").page
    assert far.locator(f"#finding-{PAGED}").is_visible()


def test_without_scripts_every_row_and_every_detail_is_there(show: Any) -> None:
    page = show(sample_report(findings=PAGED), java_script_enabled=False).page
    assert visible_rows(page) == PAGED
    assert page.locator(".tools:visible").count() == 0
    page.locator(f"{FOUND} summary").first.click()
    assert page.locator(f"{FOUND} details table.fields").first.is_visible()


def test_what_is_printed_is_whole_whatever_is_shown_on_the_screen(show: Any) -> None:
    page = show(sample_report(findings=PAGED)).page
    page.locator("table.findings").locator("xpath=ancestor::*[@class='list']").locator("input").fill(
        "RC-2026-001"
    )
    assert visible_rows(page) < PAGED
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert visible_rows(page) == PAGED
    assert page.locator("nav:visible, .tools:visible, summary:visible").count() == 0
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_5000_findings_can_be_searched_and_sorted(show: Any) -> None:
    page = show(sample_report(cases=500, findings=MANY)).page
    list_ = page.locator(".list", has=page.locator("table.findings"))
    page.locator("table.findings thead button").first.click()
    assert numbers(page)[:3] == [1, 2, 3]
    list_.locator("input").fill("RC-2026-123")
    assert visible_rows(page) == sum(1 for at in range(MANY) if at % 500 == 122 and at % 7 != 5)
