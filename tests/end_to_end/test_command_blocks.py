"""Every command that README, the guides and deploy/ show is run on the sandbox, or named with a reason.

A page is one story: its commands run in their order, in one council, in one folder. A new block is run by
itself; one that cannot be run stands in `data/command_blocks_not_run.toml`.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from m365_restrict.cli.app import app

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))
try:
    import command_blocks
finally:
    sys.path.remove(str(HERE.parent))

BLOCKS = command_blocks.blocks()
NOT_RUN = tomllib.loads((HERE.parent / "data" / "command_blocks_not_run.toml").read_text(encoding="utf-8"))
REASONS: Mapping[str, str] = NOT_RUN["reasons"]
LISTED: list[dict[str, str]] = NOT_RUN["block"]
BY_SHELL = frozenset({"README.md", "docs/install/linux.md"})
"""Pages of which more than the program's own verbs is run: below, and by tools/install_trial.py."""
DONE = {0, 2}
"""What a command that is shown may end with: it did its work, or found differences."""


def _listed(block: command_blocks.Block) -> dict[str, str] | None:
    """The entry that says why a block is not run."""
    first = block.commands[0] if block.commands else ""
    return next(
        (one for one in LISTED if one["page"] == block.page and first.startswith(one["begins"])), None
    )


RUN = [
    block
    for block in BLOCKS
    if block.language != "powershell" and _listed(block) is None and block.page not in BY_SHELL
]
ABOUT = {
    "docs/data-protection.md": pytest.mark.behaviour(
        message_trace=True, reason="without traces the export says that it is not whole"
    ),
    "docs/month-one.md": pytest.mark.behaviour(
        drop_parameter=None, reason="a trial rule that comes up enabled ends the trial"
    ),
}
STORIES = [pytest.param(page, marks=ABOUT.get(page, ())) for page in sorted({block.page for block in RUN})]


EVIDENCE = "evidence/ledger.db"
USUAL = {"NOTIFY__SENDER": "contact@ash.example"}


class Story:
    """One page's council, its folder, and the program as it is typed there."""

    def __init__(self, council: Any, folder: Path) -> None:
        self.council = council
        self.folder = folder
        self.environ = {"M365_RESTRICT_ENV_FILE": "council.env"}
        self.names: dict[str, str] = {}
        self.set()

    def set(self, file: str = "council.env", **settings: str) -> None:
        """Write the council's settings file: the sandbox's, a ledger of its own, and what a page needs."""
        ledger = f"sqlite:///{self.folder / 'ledger.db'}"
        prefixed = {f"M365_RESTRICT_{name}": value for name, value in {**USUAL, **settings}.items()}
        chosen = {**self.council.sandbox.env, "M365_RESTRICT_LEDGER__URL": ledger, **prefixed}
        lines = [f"{name}={value}\n" for name, value in sorted(chosen.items()) if name.startswith("M365_")]
        (self.folder / file).write_text("".join(lines))

    def types(self, arguments: Sequence[str]) -> Any:
        """Run one command; what it printed and how it ended. Ids that are shown give way to real ones."""
        given = [self.names.get(one, one) for one in arguments]
        result = CliRunner().invoke(app, given, env=self.environ, catch_exceptions=False)
        self.council.sandbox.scan.said(result.stdout, result.stderr)
        return result

    def does(self, *arguments: str) -> str:
        """What has to have happened before a page begins; what it printed."""
        result = self.types(arguments)
        assert result.exit_code in DONE, (arguments, result.output)
        return str(result.stdout)

    def first_run(self) -> str:
        """The id of the latest run that the ledger remembers."""
        return str(json.loads(self.does("history", "--json"))["runs"][0]["run_id"])


def _nothing(story: Story) -> None:
    """An approved case is all that most pages need."""


def _in_force(story: Story) -> None:
    story.does("apply", "--approve")


def _block_by_hand(story: Story) -> None:
    """A rule that somebody made before there was a register."""
    council = story.council
    sender = council.senders("rc-2026-014@post.example")
    council.plant()
    council.cmdlet("New-TransportRule", Name="Block J", RedirectMessageTo=["contact@ash.example"], **sender)


def _approved(story: Story) -> None:
    """Somebody says yes to the import; governance completes the draft, and a director approves it."""
    story.does("import", "Block J", "--case", "RC-2026-014", "--approve")
    fields = {**story.council.case("RC-2026-014")["versions"][0]["fields"]}
    story.council.edit(2, by="officer@ash.example", **fields)
    story.council.edit(2, by="director@ash.example", Status="Approved")


def _copied(story: Story) -> None:
    _in_force(story)
    story.does("ledger", "backup", "copy.db")
    story.names["20261123T090000Z-1a2b3c"] = story.first_run()


def _edited(story: Story) -> None:
    """A rule that somebody changed in a way that may be accepted."""
    _in_force(story)
    rule = next(iter(story.council.ours()))
    story.council.cmdlet("Set-TransportRule", Identity=rule, Comments="Changed by hand")
    found = json.loads(story.does("drift", "--json"))["findings"]
    story.names["3fa9c01b7e"] = next(one["id"] for one in found if one["class"] == "drifted")
    story.names["2"] = "1"
    story.names["20270301T060012Z-9f2c11"] = story.first_run()


def _expectations(story: Story) -> None:
    (story.folder / "council.toml").write_text(
        '[[test]]\nname = "It reaches the contact"\ncase = "RC-2026-014"\nto = "planning@ash.example"\n'
        'expect = "redirected"\nmailbox = "contact@ash.example"\n'
    )
    _in_force(story)


def _canary(story: Story) -> None:
    story.set(
        CANARY__ADDRESS="ict.canary@mailpost.example",
        CANARY__MAILBOXES="housing@ash.example,planning@ash.example,parks@ash.example",
        RULES__MODE="audit",
    )


def _folder_of_councils(story: Story) -> None:
    (story.folder / "tenants").mkdir()
    story.set(file="tenants/ashbourne.env")
    story.environ = {}


def _copy(story: Story) -> None:
    _in_force(story)
    story.does("ledger", "backup", "copy.db")
    (story.folder / "question.eml").write_text(
        "From: rc-2026-014@post.example\nTo: planning@ash.example\nSubject: A question\n\nHello.\n"
    )


def _head(story: Story) -> None:
    """The hash that was printed when the evidence was saved."""
    proved = json.loads(story.does("verify-ledger", "--json", "--ledger", EVIDENCE))
    story.names["HASH"] = proved["chain_head"]


BEGINNINGS: Mapping[str, Callable[[Story], None]] = {
    "docs/assess.md": _block_by_hand,
    "docs/evidence.md": _copied,
    "docs/operator-verbs.md": _edited,
    "docs/rule-tests.md": _expectations,
    "docs/leaving.md": _in_force,
    "docs/many-councils.md": _folder_of_councils,
    "docs/month-one.md": _canary,
    "docs/reports.md": _in_force,
    "docs/runbook.md": _copy,
    "docs/upgrade.md": _in_force,
}
"""What has happened before a page's first command, where more than an approved case is needed."""
BETWEEN: Mapping[tuple[str, str], Callable[[Story], None]] = {
    ("docs/leaving.md", "verify-ledger"): _head,
    ("docs/assess.md", "adopt"): _approved,
    ("docs/assess.md", "disown"): _in_force,
}
"""What other people do before a command of a page."""
ENDS: Mapping[tuple[str, str], set[int]] = {
    ("docs/operator-verbs.md", "undo"): {3},  # it asks, and nobody is there
    ("docs/assess.md", "import"): {2},  # the same: it shows the draft
}
"""Commands that end otherwise here, because nobody answers a question."""

GO_ON = frozenset({"schedule", "sandbox", "health"})
HOLD_ADDRESSES = ("blocks.csv", "blocks.json")
"""What a page makes that is meant to name people; it says so itself. No other file may."""


def _id(block: command_blocks.Block) -> str:
    return f"{block.page}:{block.line}"


@pytest.mark.parametrize("page", STORIES)
def test_a_page_can_be_followed(page: str, council: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    council.plant(council.case("RC-2026-014"))
    story = Story(council, tmp_path)
    BEGINNINGS.get(page, _nothing)(story)
    for block in (one for one in RUN if one.page == page):
        assert len(block.ours) == len(block.commands), f"{_id(block)} is more than our verbs: list it"
        assert not any(typed[0] in GO_ON for typed in block.ours), f"{_id(block)} would never end: list it"
        for typed, command in zip(block.ours, block.commands, strict=True):
            BETWEEN.get((page, typed[0]), _nothing)(story)
            result = story.types(typed)
            may = _expected(block, command) or ENDS.get((page, typed[0]), DONE)
            assert result.exit_code in may, f"{_id(block)}: {command}\n{result.output}{result.stderr}"
    for name in HOLD_ADDRESSES:
        (tmp_path / name).unlink(missing_ok=True)


def _expected(block: command_blocks.Block, command: str) -> set[int] | None:
    """The exit code that a comment beside the command promises."""
    line = next((one for one in block.text.splitlines() if one.strip() == command), command)
    words = line.partition("#")[2].replace(":", " ").replace(",", " ").split()
    return {int(words[words.index("exit") + 1])} if "exit" in words else None


@pytest.mark.parametrize("block", BLOCKS, ids=_id)
def test_every_command_of_a_block_is_one_that_the_program_takes(block: command_blocks.Block) -> None:
    assert [(one, command_blocks.usage(one)) for one in block.ours if command_blocks.usage(one)] == []


@pytest.mark.parametrize(
    ("page", "typed"),
    [pytest.param(page, one, id=f"{page}: {' '.join(one)}") for page, one in command_blocks.inline()],
)
def test_every_command_that_a_sentence_names_is_one_of_the_program(page: str, typed: list[str]) -> None:
    assert command_blocks.usage(typed, mentioned=True) is None, page


def test_every_block_of_commands_is_marked_as_one() -> None:
    assert command_blocks.unlabelled() == []


@pytest.mark.parametrize("entry", LISTED, ids=lambda one: f"{one['page']}: {one['begins']}")
def test_what_is_not_run_is_there_and_has_a_reason(entry: dict[str, str]) -> None:
    assert entry["why"] in REASONS
    assert any(_listed(block) is entry for block in BLOCKS), "no block begins so any more"


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language != "powershell"], ids=_id)
def test_every_block_is_shell(block: command_blocks.Block) -> None:
    script = "\n".join(block.commands) if block.language == "console" else block.text
    done = subprocess.run(
        ["bash", "-n"], input=script, text=True, capture_output=True, timeout=60, check=False
    )
    assert done.stderr == ""


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "powershell"], ids=_id)
def test_every_block_is_powershell(block: command_blocks.Block, read_powershell: Any) -> None:
    # The grammar knows a script of this folder by `.\` alone.
    assert read_powershell(re.sub(r"^\./", r".\\", block.text, flags=re.M)).errors == []


SCRIPTS = {path.name: path for path in sorted((ROOT / "deploy").rglob("*.ps1"))}


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "powershell"], ids=_id)
def test_every_script_that_is_called_is_there_and_takes_what_it_is_given(block: command_blocks.Block) -> None:
    for command in block.commands:
        called = re.match(r"(?:& )?\"?[.\w\\/:-]*?([\w-]+\.ps1)", command)
        if called is None or called[1].startswith("m365-restrict-"):  # written by `apply` itself
            continue
        assert called[1] in SCRIPTS, command
        taken = SCRIPTS[called[1]].read_text(encoding="utf-8-sig")
        for name in re.findall(r"(?<= -)[A-Z]\w+", command):
            assert name in {"WhatIf", "Confirm", "Verbose"} or f"${name}" in taken, (called[1], name)
