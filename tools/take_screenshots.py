"""Take the screenshots in docs/images: a report on a desktop, on a phone and in print, light and dark.

Needs Chromium (Debian: chromium). Without a FILE the report is that of the invented council of sample_report.

Usage: python tools/take_screenshots.py [FILE] [--to FOLDER]
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright
from sample_report import sample_report

from m365_restrict.report.page.html import to_page

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
_MOST_BYTES = 300_000


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture: how wide and high the window is, in pixels, and where in the page it begins."""

    name: str
    width: int
    height: int
    media: Literal["screen", "print"] = "screen"
    scheme: Literal["light", "dark"] = "light"
    at: str = ""


SHOTS = (
    Shot(name="report-desktop-light", width=1280, height=1500),
    Shot(name="report-desktop-dark", width=1280, height=1500, scheme="dark"),
    Shot(name="report-desktop-charts", width=1280, height=1100, at="figures"),
    Shot(name="report-320-light", width=320, height=1400),
    Shot(name="report-320-dark", width=320, height=1400, scheme="dark", at="findings"),
    Shot(name="report-print", width=794, height=1123, media="print"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window. SystemExit where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise SystemExit(
            "Chromium was not found. On Debian: apt-get install --no-install-recommends chromium"
        )
    with sync_playwright() as playwright:
        # Root may not sandbox its own pages, and a container often is root.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


def take(browser: Browser, page_file: Path, shot: Shot, folder: Path) -> Path:
    """One picture of the page, as PNG."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.scheme, offline=True
    )
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.emulate_media(media=shot.media)
    if shot.at:
        page.evaluate("(id) => document.getElementById(id).scrollIntoView()", shot.at)
    picture = folder / f"{shot.name}.png"
    page.screenshot(path=picture)
    context.close()
    return picture


def main(arguments: Sequence[str]) -> int:
    """Take all pictures; 1 where one is too heavy for a page of documentation."""
    parser = argparse.ArgumentParser(description="Take the screenshots in docs/images.")
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--to", type=Path, default=IMAGES)
    given = parser.parse_args(arguments)
    given.to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        page = given.file.resolve() if given.file else Path(scratch) / "report.html"
        if given.file is None:
            page.write_text(to_page(sample_report()), encoding="utf-8")
        pictures = [take(browser, page, shot, given.to) for shot in SHOTS]
    heavy = [one for one in pictures if one.stat().st_size > _MOST_BYTES]
    for one in pictures:
        sys.stdout.write(f"{one.name}: {one.stat().st_size:,} bytes\n")
    return 1 if heavy else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
