"""Write docs/requirements.md: every row of the requirements table with the tests that show it.

Tests carry `@pytest.mark.requirement("Y1-9", ...)` or `@pytest.mark.story("F1")`; the rows
are in tools/requirements_rows.toml.
Ends 1 and names the rows where one that is in scope and not planned has no test, where a row out of
scope has no reason, or where a test names a row that does not exist.

Usage: python tools/write_requirements.py [--check]
"""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "requirements.md"
ROWS = ROOT / "tools" / "requirements_rows.toml"
_STATUSES = ("enforced", "checked", "reported", "configured", "out of scope")
_OUT = "out of scope"
_SHOWN_TESTS = 4

_INTRODUCTION = """\
# Requirements

What five council documents ask, row by row, what this program does about it, and the test that shows it.
A last section lists what went wrong elsewhere and must not happen here.
This page is written by `make requirements` from the tests themselves.

*enforced*: acts on mail or in the register · *checked*: refused or warned about · *reported* ·
*configured*: a setting or a key of the policy profile · *out of scope*: with the reason.
"""


@dataclass(frozen=True)
class Row:
    """One requirement. `planned` names the later step that shows it."""

    id: str
    place: str
    says: str
    status: str
    reason: str = ""
    planned: str = ""


class MarkerCollector:
    """A pytest plugin that notes which collected tests carry which row."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = {}

    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        """Note every marker; parameters are left out of the names."""
        for item in items:
            for marker in (*item.iter_markers("requirement"), *item.iter_markers("story")):
                for row in marker.args:
                    self.tests.setdefault(str(row), set()).add(item.nodeid.partition("[")[0])


def read_rows(path: Path = ROWS) -> tuple[dict[str, str], tuple[Row, ...]]:
    """The documents by the letters of their ids, and all rows in order."""
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return data["documents"], tuple(Row(id=name, **fields) for name, fields in data["rows"].items())


def collect_tests(folder: Path = ROOT / "tests") -> dict[str, set[str]]:
    """Node ids of the tests that carry each row. SystemExit where the tests cannot be collected."""
    collector = MarkerCollector()
    arguments = ["--collect-only", "--quiet", "--no-summary", "--no-header", "-p", "no:cacheprovider"]
    code = pytest.main([*arguments, "--rootdir", str(ROOT), str(folder)], plugins=[collector])
    if code is not pytest.ExitCode.OK:
        raise SystemExit(f"The tests cannot be collected (pytest ended with {int(code)}).")
    return collector.tests


def problems(rows: Sequence[Row], tests: Mapping[str, set[str]]) -> list[str]:
    """What keeps the page from being whole, a sentence each."""
    found = [f"{row.id}: unknown status {row.status!r}." for row in rows if row.status not in _STATUSES]
    found += [f"{row.id}: out of scope without a reason." for row in rows if _lacks_reason(row)]
    found += [f"{row.id}: no test carries it." for row in rows if not tests.get(row.id) and _needs_test(row)]
    known = {row.id for row in rows}
    for name in sorted(set(tests) - known):
        found.append(f"{name}: carried by {min(tests[name])}, and there is no such row.")
    return found


def _lacks_reason(row: Row) -> bool:
    return row.status == _OUT and not row.reason


def _needs_test(row: Row) -> bool:
    return row.status != _OUT and not row.planned


def page(documents: Mapping[str, str], rows: Sequence[Row], tests: Mapping[str, set[str]]) -> str:
    """The page as Markdown."""
    sections = [_INTRODUCTION]
    for letters, title in documents.items():
        lines = [
            f"| {row.id} | {row.place} | {row.says} | {row.status} | {_shown_by(row, tests)} |"
            for row in rows
            if document_of(row.id) == letters
        ]
        head = [
            f"## {title}",
            "",
            "| id | where | what it asks | status | shown by |",
            "|---|---|---|---|---|",
        ]
        sections.append("\n".join([*head, *lines, ""]))
    return "\n".join(sections)


def document_of(row_id: str) -> str:
    """The document's part of an id: `Y1` of `Y1-9`, `F` of `F12`."""
    return row_id.partition("-")[0] if "-" in row_id else row_id.rstrip("0123456789")


def _shown_by(row: Row, tests: Mapping[str, set[str]]) -> str:
    names = sorted(tests.get(row.id, ()))
    shown = [f"`{name}`" for name in names[:_SHOWN_TESTS]]
    if len(names) > _SHOWN_TESTS:
        shown.append(f"and {len(names) - _SHOWN_TESTS} more")
    if row.planned and not names:
        shown.append(f"planned: {row.planned}")
    return "<br>".join([row.reason, *shown] if row.reason else shown)


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with --check compare it. 0 where all is well."""
    documents, rows = read_rows()
    tests = collect_tests()
    found = problems(rows, tests)
    text = page(documents, rows, tests)
    if "--check" in arguments:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            found.append("docs/requirements.md is not current: run `make requirements`.")
    else:
        PAGE.write_text(text, encoding="utf-8")
    for problem in found:
        print(problem, file=sys.stderr)  # noqa: T201 (a tool for the command line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
