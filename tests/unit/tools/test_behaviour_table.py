"""Every answer that a tenant may give is asked for, and the table says what the tests said."""

import enum
import importlib.util
import subprocess
import sys
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from m365_restrict.sandbox.seed import Behaviour

ROOT = Path(__file__).parents[3]
TOOL = ROOT / "tools" / "behaviour_table.py"
TESTS = """
import os, pytest
def test_good(): assert os.environ["TENANT_BEHAVIOUR"] == "sequence=renumbered"
def test_bad(): assert False
@pytest.mark.skip
def test_left(): pass
"""


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table() -> ModuleType:
    return load(TOOL)


@pytest.fixture(scope="module")
def switch() -> ModuleType:
    return load(ROOT / "tests" / "behaviour_switch.py")


def others(name: str) -> set[Any]:
    """The answers to a question with few answers, without the usual one."""
    field = Behaviour.model_fields[name]
    kind: Any = field.annotation
    if kind is bool:
        answers: set[Any] = {True, False}
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        answers = {one.value for one in kind}
    else:
        answers = set(typing.get_args(kind)) if typing.get_origin(kind) is typing.Literal else set()
    return answers - {field.default}


@pytest.mark.parametrize("name", Behaviour.model_fields)
def test_every_question_is_asked_with_every_other_answer(switch: ModuleType, name: str) -> None:
    asked = [read[name] for row in switch.rows() if name in (read := switch.read(row["is"]))]
    assert asked
    assert others(name) <= set(map(str, asked)) | {one for one in asked if not isinstance(one, list)}
    assert Behaviour.model_fields[name].default not in asked


def test_the_sets_name_files_that_there_are_and_every_set_is_used(switch: ModuleType) -> None:
    sets = switch.table()["sets"]
    assert {name for row in switch.rows() for name in row["touches"]} == set(sets)
    missing = [file for files in sets.values() for file in files if not (ROOT / "tests" / file).is_file()]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", {}),
        ("from_external=false clears_with=null", {"from_external": False, "clears_with": "null"}),
        (
            "junk_from_scl=null duplicate_name_status=409",
            {"junk_from_scl": None, "duplicate_name_status": 409},
        ),
        ("propagation_lags=[30,5]", {"propagation_lags": [30, 5]}),
    ],
)
def test_answers_are_read_from_one_text(switch: ModuleType, text: str, read: dict[str, Any]) -> None:
    assert switch.read(text) == read


@pytest.mark.parametrize("text", ["colour=3", "sequence=7"])
def test_what_is_no_answer_is_an_error(switch: ModuleType, text: str) -> None:
    with pytest.raises(ValidationError):
        switch.read(text)


def test_a_seed_gets_the_answers_and_the_settings_that_belong_to_them(switch: ModuleType) -> None:
    seed = switch.answered({"tenant": {"id": "1"}, "settings": {"X": "y"}}, {"from_external": False})
    assert seed["tenant"] == {"id": "1", "behaviour": {"from_external": False}}
    assert seed["settings"] == {"X": "y", "RULES__SENDER_MATCH": "patterns"}


def test_what_a_seed_states_itself_goes_before(switch: ModuleType) -> None:
    stated = {"tenant": {"behaviour": {"from_external": True}}}
    seed = switch.answered(stated, {"from_external": False})
    assert (seed["tenant"], seed["settings"]) == (stated["tenant"], {})


@pytest.mark.behaviour(sequence="renumbered", reason="a marked test has its own answer")
def test_a_marked_test_runs_in_a_tenant_with_its_answer(sandbox: Any) -> None:
    sandbox.seed({})
    assert sandbox.tenant.behaviour.sequence == "renumbered"


def test_the_table_counts_what_the_tests_say(table: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "test_one.py"
    file.write_text(TESTS)
    line = table.tried(table.Task(name="one", answer="sequence=renumbered", files=(str(file),)))
    assert (line.passed, line.failed, line.skipped, line.good) == (1, 1, 1, False)
    assert "test_bad" in line.told[0]


def test_the_variable_is_none_that_the_program_would_refuse(table: ModuleType, switch: ModuleType) -> None:
    """A run in the process of a test sees its environment, and refuses settings that there are not."""
    assert table.VARIABLE == switch.VARIABLE
    assert not table.VARIABLE.startswith("M365_RESTRICT")


def test_one_tenant_gives_one_answer_to_each_question_and_every_answer_is_given(
    table: ModuleType, switch: ModuleType
) -> None:
    groups = table.groups(switch.rows())
    assert sorted(row["is"] for group in groups for row in group) == sorted(
        row["is"] for row in switch.rows()
    )
    for group in groups:
        asked = [name for row in group for name in switch.read(row["is"])]
        hidden = {name for row in group for name in row.get("hides", ())}
        assert len(asked) == len(set(asked))
        assert hidden.isdisjoint(asked)


def test_what_would_hide_an_answer_gets_another_tenant(table: ModuleType) -> None:
    rows = [{"is": "message_trace=false", "hides": ["redirect_trace"]}, {"is": "redirect_trace=recipient"}]
    assert table.groups(rows) == [[rows[0]], [rows[1]]]


def test_what_is_hidden_is_a_question(switch: ModuleType) -> None:
    assert {name for row in switch.rows() for name in row.get("hides", ())} <= set(Behaviour.model_fields)


class Marked:
    """As much of a test as the switch looks at."""

    def __init__(self, **about: Any) -> None:
        self.markers = [pytest.mark.behaviour(reason="so", **about).mark]
        self.added: list[Any] = []

    def iter_markers(self, _name: str) -> list[Any]:
        return self.markers

    def add_marker(self, mark: Any) -> None:
        self.added.append(mark)


@pytest.mark.parametrize(
    ("asked", "skipped", "kept"),
    [
        ({}, False, 0),
        ({"subdomains": True}, False, 0),
        ({"subdomains": False}, True, 0),
        ({"subdomains": False, "sequence": "renumbered"}, False, 1),
    ],
)
def test_a_test_about_one_answer_is_skipped_or_run_under_the_rest(
    switch: ModuleType, asked: dict[str, Any], *, skipped: bool, kept: int
) -> None:
    test = Marked(subdomains=True)
    assert switch.skip_what_is_about_another([test], asked) == kept
    assert [mark.kwargs["reason"] for mark in test.added] == ["about subdomains=True: so"] * skipped


def test_the_table_says_how_many_kept_their_own_answer(table: ModuleType, tmp_path: Path) -> None:
    text = "def test_one(capsys):\n    with capsys.disabled():\n        print({!r})\n"
    file = tmp_path / "test_kept.py"
    file.write_text(text.format("\nKept an answer of their own: 3 tests."))
    assert table.tried(table.Task(name="one", answer="", files=(str(file),))).kept == 3


def test_a_run_that_asked_nothing_has_failed() -> None:
    done = subprocess.run([sys.executable, str(TOOL), "no=such"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(",")[0]) == (1, "answers 0")
