"""--tenant for every verb that takes a settings file, --all for those that make sense for all."""

import os
import sys

import pytest
import typer

from m365_restrict.cli.app import app, run
from m365_restrict.cli.tenants_options import FOR_ALL

_MANY = {"--all", "--shard", "--folder"}


def verbs(command, path=()):
    """Every verb with its options, those of groups included."""
    nested = getattr(command, "commands", None)
    if nested is None:
        yield " ".join(path), {option for one in command.params for option in one.opts}
        return
    context = typer.Context(command)
    for name in nested:
        yield from verbs(command.get_command(context, name), (*path, name))


VERBS = dict(verbs(typer.main.get_command(app)))


@pytest.fixture
def typed(monkeypatch, capsys, tmp_path):
    """Type a command in an empty folder; its exit code, stdout and stderr."""
    for name in [one for one in os.environ if one.startswith("M365_RESTRICT")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def _type(*words):
        monkeypatch.setattr(sys, "argv", ["m365-restrict", *words])
        code = run()
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return _type


@pytest.mark.parametrize("verb", [name for name, options in VERBS.items() if "--env-file" in options])
def test_a_verb_that_takes_a_settings_file_takes_a_council(verb):
    assert {"--tenant", "--tenants"} <= VERBS[verb]
    assert (VERBS[verb] >= _MANY) == (verb in FOR_ALL)


def test_a_verb_without_settings_takes_no_council():
    assert "--tenant" not in VERBS["demo"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan", "--tenant", "ash", "--all"], "either --tenant or --all"),
        (["plan", "--tenant", "ash", "--env-file", "x.env"], "either --env-file or a council"),
        (["plan", "--shard", "0/2"], "go with --all"),
        (["schedule", "--shard", "0/2"], "go with --all"),
        (["apply", "--all"], "give --approve"),
        (["apply", "--all", "--approve", "--plan-id", "x"], "--plan-id is about one council"),
        (["doctor", "--all", "--probe"], "--probe is about one council"),
        (["report", "--all", "--output", "all.html"], "names a folder"),
        (["heal", "--all"], "--all"),
    ],
)
def test_what_does_not_go_together_is_said_and_ends_with_64(typed, words, said):
    code, out, err = typed(*words)
    assert (code, out) == (64, "")
    assert said in err


@pytest.mark.parametrize(
    "words", [["plan", "--tenant", "ash"], ["plan", "--all"], ["schedule", "--all"], ["tenants"]]
)
def test_without_a_folder_nothing_is_run(typed, words):
    code, out, err = typed(*words)
    assert code == 5
    assert "no folder of councils" in out + err


def test_a_settings_file_in_the_environment_is_said_to_be_unused(typed, monkeypatch):
    monkeypatch.setenv("M365_RESTRICT_ENV_FILE", "other.env")
    _, _, err = typed("plan", "--tenant", "ash")
    assert "M365_RESTRICT_ENV_FILE is set and not used" in err


def test_a_setting_in_the_environment_stops_all(typed, monkeypatch, tmp_path):
    (tmp_path / "tenants").mkdir()
    (tmp_path / "tenants" / "ash.env").write_text("", encoding="utf-8")
    monkeypatch.setenv("M365_RESTRICT_RULES__MODE", "enforce")
    code, out, _ = typed("plan", "--all")
    assert code == 5
    assert "M365_RESTRICT_RULES__MODE" in out


def test_help_teaches_what_councils_are(typed):
    code, out, _ = typed("tenants", "--help")
    assert code == 0
    assert "_shared.env" in out
    assert "Example:" in out


@pytest.mark.parametrize("words", [["tenants"], ["tenants", "--json"], ["job", "enforce", "--all"]])
def test_no_line_of_all_councils_tells_an_address_that_a_council_s_file_holds(typed, tmp_path, words):
    (tmp_path / "ash.env").write_text("M365_RESTRICT_NOTIFY__SENDER=a@b.example,c@d.example\n")
    code, out, err = typed(*words, "--tenants", str(tmp_path))
    assert code == 4
    assert "NOTIFY__SENDER" in out
    assert "b.example" not in out + err
