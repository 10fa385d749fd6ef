"""Write docs/codes.md from the code enums, so that page and program cannot disagree.

Usage: python tools/write_codes.py [PATH]
"""

import importlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from m365_restrict.codes import CatalogueCode

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "codes.md"
_PACKAGES = ("m365_restrict", "jobs", "settings")

_INTRODUCTION = """\
# Codes

Every code that a document, a message or a log can carry, with what it means and what to do.
Codes are stable: one that is no longer used is not given another meaning.
This page is written by `make codes` from the program itself.
"""


def catalogues() -> tuple[type[CatalogueCode], ...]:
    """Every enum of codes, by module and name. Modules that declare none are not imported."""
    modules = [importlib.import_module(name) for name in sorted(_declaring_modules())]
    found = {
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, CatalogueCode) and one.__module__ == module.__name__
    }
    return tuple(
        sorted((one for one in found if len(one)), key=lambda one: (one.__module__, one.__qualname__))
    )


def _declaring_modules() -> Iterator[str]:
    for package in _PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "(CatalogueCode)" in path.read_text(encoding="utf-8"):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def page(found: Iterable[type[CatalogueCode]]) -> str:
    """The page as Markdown."""
    sections = [_INTRODUCTION]
    for catalogue in found:
        about = (catalogue.__doc__ or "").strip().splitlines()[0]
        rows = [f"| `{code.value}` | {_cell(code.meaning)} | {_cell(code.advice)} |" for code in catalogue]
        sections.append(
            "\n".join([f"## {about}", "", "| code | meaning | what to do |", "|---|---|---|", *rows, ""])
        )
    return "\n".join(sections)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    target.write_text(page(catalogues()), encoding="utf-8")
