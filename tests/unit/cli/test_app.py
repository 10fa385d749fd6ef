import sys

import pytest

from m365_restrict.cli.app import run


@pytest.fixture
def typed(monkeypatch, capsys):
    """Type a command; its exit code, stdout and stderr."""

    def _type(*words):
        monkeypatch.setattr(sys, "argv", ["m365-restrict", *words])
        code = run()
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return _type


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", "--nonsense"], "--nonsense"),
        (["plam"], "'plan'"),
        (["plan", "--output", "xml"], "text or json, not 'xml'"),
        (["explain"], "address"),
        ([], "Commands:"),
    ],
)
def test_a_mistyped_command_ends_with_64_and_says_what_is_wrong(typed, words, said):
    code, out, err = typed(*words)
    assert code == 64
    assert said in err
    assert "Traceback" not in err
    assert out == ""


def test_help_ends_with_0(typed):
    code, out, _ = typed("plan", "--help")
    assert code == 0
    assert "Usage:" in out


def test_the_version_is_told(typed):
    code, out, _ = typed("--version")
    assert code == 0
    assert out.startswith("m365-restrict ")
