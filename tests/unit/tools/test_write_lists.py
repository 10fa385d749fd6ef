import importlib.util
from pathlib import Path

import pytest

from m365_restrict.register.columns import CHOICES, PROTECTED_COLUMNS, RESTRICTED_CONTACTS, REVIEWS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def write_lists():
    spec = importlib.util.spec_from_file_location("write_lists", ROOT / "tools" / "write_lists.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(write_lists):
    """The cells of each table row by list title and internal name."""
    found = {}
    title = ""
    for line in write_lists.page().splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
        elif line.startswith("| ") and "`" in line:
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            found.setdefault(title, []).append((cells[1].strip("`"), cells))
    return found


def test_the_committed_page_is_current(write_lists):
    assert (ROOT / "docs" / "lists.md").read_text(encoding="utf-8") == write_lists.page(), "run `make codes`"


@pytest.mark.parametrize("schema", [RESTRICTED_CONTACTS, REVIEWS, CHOICES], ids=lambda one: one.title)
def test_every_column_is_on_the_page_once(rows, schema):
    assert sorted(name for name, _ in rows[schema.title]) == sorted(schema.names)


def test_what_an_approval_is_of_is_marked(rows):
    marked = {name for name, cells in rows[RESTRICTED_CONTACTS.title] if cells[3].split(";")[0] == "approved"}
    assert marked == set(PROTECTED_COLUMNS)


@pytest.mark.parametrize(
    ("column", "asked"),
    [
        ("EndsOn", "approved; required"),
        ("WarningGivenOn", "required, or Why no warning was given"),
        ("AdjustmentNeedsEmail", "required with an answer other than Not asked"),
        ("EnforcementStatus", "written by the program"),
    ],
)
def test_what_is_asked_of_a_column(rows, column, asked):
    assert dict(rows[RESTRICTED_CONTACTS.title])[column][3] == asked
