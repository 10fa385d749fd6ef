"""The threats of SECURITY.md: none is left out, and every test that is named is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.partition("## Threats")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| threat")
]
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE.partition("| threat")[2])))
THREATS = {
    "forged approval", "author or editor set", "without a version", "flow identities", "hostile text",
    "compromised editor", "compromised administrator", "stolen ledger", "readers of logs",
    "readers of reports", "hostile mail",
}  # fmt: skip


@cache
def names_in(file: str) -> frozenset[str]:
    """The tests of a file by the names under which pytest collects them, without parameters."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = [("", node) for node in tree.body]
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found += [(f"{node.name}::", inner) for inner in node.body]
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        f"{prefix}{node.name}"
        for prefix, node in found
        if isinstance(node, functions) and node.name.startswith("test_")
    )


def test_every_threat_has_a_row_of_its_own() -> None:
    told = [row[0].lower() for row in ROWS]
    assert len(told) == len(THREATS)
    assert [one for one in THREATS if not any(one in row for row in told)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_all_five(row: list[str]) -> None:
    assert len(row) == 5
    assert all(row)
    assert re.search(r"`tests/\S+::\S+`", row[4])


@pytest.mark.parametrize("named", NAMED)
def test_each_named_test_is_there(named: str) -> None:
    file, _, name = named.partition("::")
    assert name == "" or name in names_in(file)
    assert (ROOT / file).is_file()


def test_the_page_says_how_to_report() -> None:
    assert PAGE.index("## Reporting a vulnerability") < PAGE.index("## Threats")
