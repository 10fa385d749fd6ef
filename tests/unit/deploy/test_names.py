"""What deploy/ names exists: settings, commands with their options, files."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from m365_restrict.cli.app import app
from settings.names import known_names

PREFIX = "M365_RESTRICT_"
NO_SETTINGS = {"M365_RESTRICT_ENV_FILE", "M365_RESTRICT_TENANTS"}
"""Variables of the command line."""
FOLDERS = ("windows", "systemd", "docker", "azure", "kubernetes")
PROGRAM = r"(?:m365-restrict(?:\.cmd)?|\S*bin/m365-restrict|docker compose run --rm schedule)"


def texts(deploy: Path) -> Iterator[tuple[str, str]]:
    for path in [deploy / "README.md", deploy / "settings.env.example"]:
        yield path.name, path.read_text(encoding="utf-8")
    for folder in FOLDERS:
        for path in sorted((deploy / folder).rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                encoding = "utf-16" if content.startswith(b"\xff\xfe") else "utf-8"
                yield f"{folder}/{path.name}", content.decode(encoding)


def is_setting(name: str) -> bool:
    """Also a group of settings, and a name below one that takes any."""
    return name in NO_SETTINGS or any(
        name == one or (one.endswith("__") and name.startswith(one)) for one in known_names()
    )


def test_every_setting_is_known(deploy: Path) -> None:
    unknown, seen = set(), set()
    for where, text in texts(deploy):
        spelt = text.replace("${role}", "READER")
        for found in re.findall(r"\b(?:M365_RESTRICT_)?[A-Z][A-Z0-9_]*__[A-Z0-9_]*[A-Z0-9]\b", spelt):
            name = found if found.startswith(PREFIX) else PREFIX + found
            seen.add(name)
            if not is_setting(name):
                unknown.add(f"{where}: {found}")
    assert not unknown
    assert len(seen) > 20


def test_the_example_of_azure_names_settings(deploy: Path) -> None:
    example = json.loads((deploy / "azure/ashbourne.parameters.json").read_text(encoding="utf-8"))
    assert all(is_setting(PREFIX + one) for one in example["parameters"]["settings"]["value"])


def test_the_settings_to_fill_in_ask_for_all_that_is_required(deploy: Path) -> None:
    text = (deploy / "settings.env.example").read_text(encoding="utf-8")
    asked = set(re.findall(r"^(\w+)=", text, re.MULTILINE))
    group = {"REGISTER__SITE", "POLICY__APPROVERS", "POLICY__COUNCILLORS_GROUP", "OWNERSHIP__INSTANCE_ID"}
    assert {PREFIX + one for one in group} <= asked
    assert not [one for one in text.splitlines() if one and not re.match(r"#|\w+=\S*$", one)]


def commands(deploy: Path) -> Iterator[tuple[str, list[str]]]:
    """Every use of the program, as words: in code spans and blocks, units, tasks, manifests and images."""
    for where, text in texts(deploy):
        if where.endswith(".md"):
            for found in re.findall(rf"[`\n']\s*(?:sudo |& '[^'\n]*\\)?{PROGRAM}'? ([a-z][^`\n]*)", text):
                yield where, shlex.split(found)
            for found in re.findall(r"(?:exec|--) \S* ?m365-restrict ([a-z][^`\n]*)", text):
                yield where, shlex.split(found)
        elif where.startswith("systemd/") and where.endswith(".service"):
            for found in re.findall(r"^ExecStart=\S+ (.*)$", text, re.MULTILINE):
                yield where, shlex.split(found.replace("%i", "drift"))
        elif where.endswith(".xml"):
            for found in re.findall(r'run\.cmd" (.*)"<', text):
                yield where, shlex.split(found)
        elif where.endswith("Dockerfile"):
            for found in re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE):
                yield where, json.loads(found)
        elif where.endswith(".yaml"):
            for document in yaml.safe_load_all(text):
                yield from ((where, one) for one in _of_containers(document))


def _of_containers(node: Any) -> Iterator[list[str]]:
    if isinstance(node, dict):
        if str(node.get("image", "")).startswith("m365-restrict"):
            started = node.get("args") or node["command"]
            yield ["job", *started] if node.get("command") == ["run-job"] else started
        for one in node.values():
            yield from _of_containers(one)
    elif isinstance(node, list):
        for one in node:
            yield from _of_containers(one)


def test_every_command_is_one_that_the_program_takes(deploy: Path) -> None:
    group: Any = typer.main.get_command(app)
    seen = set()
    for where, words in commands(deploy):
        command: Any = group
        rest = list(words)
        if rest[0] == "VERB":
            continue
        while hasattr(command, "commands"):
            word = rest.pop(0)
            command = command.get_command(None, word)
            assert command is not None, f"{where}: {word}"
        # Parses and runs nothing; raises for an option or a value that there is not, and for a missing one.
        command.make_context(words[0], rest)
        seen.add(words[0])
    assert {"schedule", "job", "status", "health", "show-config", "doctor", "plan", "retire"} <= seen


@pytest.mark.parametrize("folder", [".", *FOLDERS])
def test_every_link_leads_somewhere(deploy: Path, folder: str) -> None:
    page = deploy / folder / "README.md"
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target
