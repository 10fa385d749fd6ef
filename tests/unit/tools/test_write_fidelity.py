import copy
import importlib.util
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def write_fidelity():
    spec = importlib.util.spec_from_file_location("write_fidelity", ROOT / "tools" / "write_fidelity.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def rows(write_fidelity):
    return copy.deepcopy(tomllib.loads(write_fidelity.ROWS.read_text(encoding="utf-8")))


def test_the_committed_page_is_current(write_fidelity, rows):
    page = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")
    assert page == write_fidelity.page(rows), "run `make fidelity`"


@pytest.mark.parametrize(
    ("table", "name"),
    [("behaviour", "subdomains"), ("cmdlets", "get-transportrule"), ("graph", "delta")],
)
def test_what_the_sandbox_has_needs_a_row(write_fidelity, rows, table, name):
    del rows[table][name]
    with pytest.raises(write_fidelity.UnmatchedRow, match=name):
        write_fidelity.page(rows)


def test_a_row_needs_something_in_the_sandbox(write_fidelity, rows):
    rows["cmdlets"]["get-nothing"] = ["exchange.md 1", "documented"]
    with pytest.raises(write_fidelity.UnmatchedRow, match="get-nothing"):
        write_fidelity.page(rows)
