import re
from pathlib import Path

import pytest
import typer.main

from m365_restrict.cli.app import app
from m365_restrict.errors import ExitCode
from settings.names import known_names

COMMAND = typer.main.get_command(app)
ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
_LONGEST = 250


def section(heading):
    """The text between a heading of the second level and the next."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found.group(1)


def first_cells(text):
    return [line.strip("|").split("|")[0].strip().strip("`") for line in text.splitlines() if "|" in line]


def anchors(page):
    """The anchors that headings get where Markdown is shown."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links():
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"[a-z]+:", target):
                yield pytest.param(page, target, id=f"{page.name}: {target}")


def test_every_verb_of_help_is_documented_and_no_other():
    documented = first_cells(section("Verbs and exit codes").split("| code |")[0])[2:]
    assert sorted(documented) == sorted(COMMAND.commands)


def test_the_table_of_exit_codes_is_that_of_the_program():
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", section("Verbs and exit codes"), re.MULTILINE)
    assert rows == [(str(int(code)), code.status) for code in ExitCode]


def test_help_names_the_same_exit_codes():
    help_text = COMMAND.help
    assert set(re.findall(r"\b(\d+) [a-z]", help_text.split("Exit codes:")[1])) == {
        *(str(int(code)) for code in ExitCode),
        "64",
    }


@pytest.mark.parametrize("verb", sorted(COMMAND.commands))
def test_every_verb_teaches_by_an_example_of_its_own(verb):
    taught = " ".join(COMMAND.commands[verb].help.split())
    assert f"Example: m365-restrict {verb}" in taught


def test_the_settings_that_are_required_are_those_of_the_program():
    sentence = section("Settings").split("Required are ")[1].split(";")[0]
    required = {name for name, field in known_names().items() if field.is_required()}
    assert {f"M365_RESTRICT_{name}" for name in re.findall(r"`([A-Z_]+)`", sentence)} == required


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([A-Z]+(?:__[A-Z_]+)+)[=`]", README))))
def test_every_setting_that_is_named_exists(name):
    assert f"M365_RESTRICT_{name}" in known_names()


@pytest.mark.parametrize(
    "page", [*PAGES, *sorted((ROOT / "deploy").rglob("*.md"))], ids=lambda page: page.name
)
def test_every_setting_that_a_page_names_exists(page):
    named = re.findall(r"`(?:M365_RESTRICT_)?([A-Z][A-Z0-9]*(?:__[A-Z0-9_]+)+)[=`]", page.read_text("utf-8"))
    unknown = {name for name in named if f"M365_RESTRICT_{name}" not in known_names()}
    assert unknown == set()


@pytest.mark.parametrize(("page", "target"), list(links()))
def test_every_relative_link_leads_somewhere(page, target):
    path, _, anchor = target.partition("#")
    linked = (page.parent / path).resolve() if path else page
    assert linked.exists()
    assert not anchor or anchor in anchors(linked)


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", README, re.MULTILINE))
def test_every_make_target_that_is_named_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_readme_is_short_enough_to_be_read():
    assert len(README.splitlines()) < _LONGEST
