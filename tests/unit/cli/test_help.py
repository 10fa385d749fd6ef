"""What `--help` of every verb teaches: what for, an example that works, how it ends, each option in words."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from m365_restrict.cli.app import app

sys.path.insert(0, str(Path(__file__).parents[2]))
try:
    import command_blocks
finally:
    sys.path.pop(0)

VERBS = sorted(command_blocks.verbs(), key=lambda one: one[0])
ENDING = [(path, verb) for path, verb in VERBS if not hasattr(verb, "commands")]
_WIDTH = 80
_LONGEST_PURPOSE = 140
# Words that only a programmer or an American reads without stopping.
_ODD = re.compile(
    r"\b(idempotent|stdin|regex|payload|upsert|backend|boolean|serialis\w+|instantiat\w+|daemon|"
    r"colors?|behaviors?|favor\w*|centers?|cancell?ed by user|analyz\w+|organiz\w+|recogniz\w+|authoriz\w+|"
    r"initializ\w+|customiz\w+|summariz\w+|licensed? file|utilize\w*|leverage\w*|seamless\w*)\b",
    re.I,
)


def _words(path: tuple[str, ...]) -> str:
    return " ".join(path)


def _shown(path: tuple[str, ...]) -> str:
    result = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": str(_WIDTH)}, terminal_width=_WIDTH)
    assert result.exit_code == 0
    return result.stdout


def _taught(verb: Any) -> str:
    return " ".join(verb.help.split())


def _each(verbs: Any, *names: str) -> pytest.MarkDecorator:
    """Every verb as the parameters that are named: its words (`path`), itself (`verb`), or both."""
    values = [dict(zip(("path", "verb"), one, strict=True)) for one in verbs]
    rows = [tuple(value[name] for name in names) for value in values]
    return pytest.mark.parametrize(names, rows, ids=[_words(path) for path, _ in verbs])


@_each(VERBS, "verb")
def test_the_first_sentence_says_what_it_is_for(verb: Any) -> None:
    purpose = " ".join(verb.help.split("\n\n")[0].split())
    assert purpose.endswith(".")
    assert len(purpose) <= _LONGEST_PURPOSE


@_each(ENDING, "path", "verb")
def test_an_example_is_one_that_the_program_takes(path: tuple[str, ...], verb: Any) -> None:
    examples = re.findall(r"Example: (m365-restrict [^\n]+)", verb.help)
    assert examples
    for example in examples:
        typed = command_blocks.arguments_of(command_blocks.words(example.rstrip(".")))
        assert typed is not None
        assert tuple(typed[: len(path)]) == path
        assert command_blocks.usage(typed) is None


@_each(ENDING, "verb")
def test_it_says_how_it_ends(verb: Any) -> None:
    assert re.search(r"\bExits? (code )?(\d|as )", _taught(verb))


@_each(ENDING, "verb")
def test_every_option_is_told_in_words(verb: Any) -> None:
    told = {one.name: " ".join((getattr(one, "help", None) or "").split()) for one in verb.params}
    assert [name for name, text in told.items() if len(text.split()) < 2] == []


@_each(VERBS, "path")
def test_it_fits_a_terminal_of_80_columns(path: tuple[str, ...]) -> None:
    assert [line for line in _shown(path).splitlines() if len(line) > _WIDTH] == []


@_each(VERBS, "path")
def test_it_is_plain_british_english(path: tuple[str, ...]) -> None:
    assert _ODD.findall(_shown(path)) == []
