import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("write_requirements", ROOT / "tools/write_requirements.py")
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its own module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def row(tool, **changes):
    return tool.Row(**{"id": "Y1-9", "place": "para 6", "says": "A warning.", "status": "checked", **changes})


@pytest.mark.parametrize(
    ("changes", "tests", "said"),
    [
        ({}, {"Y1-9": {"tests/a.py::test_a"}}, []),
        ({}, {}, ["Y1-9: no test carries it."]),
        ({"planned": "reports"}, {}, []),
        ({"status": "out of scope"}, {}, ["Y1-9: out of scope without a reason."]),
        ({"status": "out of scope", "reason": "No quota."}, {}, []),
        ({"status": "hoped for"}, {"Y1-9": {"t"}}, ["Y1-9: unknown status 'hoped for'."]),
        ({}, {"Y1-9": {"t"}, "Y9-9": {"u"}}, ["Y9-9: carried by u, and there is no such row."]),
    ],
)
def test_what_keeps_the_page_from_being_whole_is_named(tool, changes, tests, said):
    assert tool.problems([row(tool, **changes)], tests) == said


def test_a_row_shows_its_status_and_its_tests(tool):
    text = tool.page({"Y1": "York"}, [row(tool)], {"Y1-9": {"tests/a.py::test_a"}})
    assert "| Y1-9 | para 6 | A warning. | checked | `tests/a.py::test_a` |" in text


def test_a_row_of_a_later_step_says_so_and_one_out_of_scope_why(tool):
    rows = [row(tool, planned="reports"), row(tool, id="Y1-11", status="out of scope", reason="No quota.")]
    text = tool.page({"Y1": "York"}, rows, {})
    assert "planned: reports |" in text
    assert "No quota. |" in text


def test_every_row_of_the_five_documents_is_there(tool):
    """As many as the table of requirements has: 11, 26, 13, 54 and 19; and 25 stories."""
    documents, rows = tool.read_rows()
    counted = dict.fromkeys(documents, 0)
    for one in rows:
        counted[tool.document_of(one.id)] += 1
    assert counted == {"Y0": 11, "Y1": 26, "T": 13, "M": 54, "W": 19, "F": 25}


def test_the_committed_page_is_current_and_whole():
    """In a process of its own, because it collects all tests."""
    done = subprocess.run(
        [sys.executable, "tools/write_requirements.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
