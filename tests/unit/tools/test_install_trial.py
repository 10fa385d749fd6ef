"""The Linux guide's trial: what was typed is what the guide says, and the page shows what must be seen."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "trials" / "install-linux.md"


@pytest.fixture(scope="module")
def trial() -> ModuleType:
    """The module that plays it."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import install_trial
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return install_trial


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def _typed(page: str) -> list[str]:
    """What stands behind a prompt, continued lines with it."""
    found: list[str] = []
    for line in page.splitlines():
        if line.startswith("$ "):
            found.append(line[2:])
        elif line.startswith("> ") and found:
            found[-1] += f"\n{line[2:]}"
    return found


def test_every_command_of_the_guides_first_parts_was_typed_in_its_order(trial: ModuleType, page: str) -> None:
    guide = trial.parts(trial.GUIDE.read_text(encoding="utf-8"))
    wanted = [command for _, blocks in guide for block in blocks for command in trial.commands(block)]
    by_timer = [one for one in _typed(page) if one.startswith("/home/ict/")]
    assert [one for one in _typed(page) if one not in by_timer] == wanted, "run tools/install_trial.py"
    assert len(by_timer) == len(trial.TIMED)


def test_what_a_timer_starts_is_what_the_unit_says(trial: ModuleType, page: str) -> None:
    unit = (ROOT / "deploy" / "systemd" / "m365-restrict@.service").read_text(encoding="utf-8")
    started = re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    assert started is not None
    assert f"`ExecStart={started[1]}`" in page
    for job in trial.TIMED:
        assert f" job {job} --env-file " in page


@pytest.mark.parametrize(
    "seen",
    [
        "Nothing was started.",
        "12 changes made; 4 cases refused",
        "No changes; 4 cases refused",
        "Status: in_step (exit code 0): the decisions hold.",
        "The report 'daily' is due.",
        '"path": "Inbox"',
        "exchange.admin@northmere.example",
        "Removed, with settings, certificates and the ledger.",
    ],
)
def test_what_the_guide_promises_was_seen(page: str, seen: str) -> None:
    assert seen in page


def test_the_daily_report_is_in_the_administrators_mailbox(page: str) -> None:
    assert re.search(r'"subject": ".*report of the day', page)


def test_nothing_of_the_computer_is_told(page: str) -> None:
    assert re.findall(r"(?:/root|/work|/tmp|/opt/pypi|file:/|https?://(?!localhost)\S*)", page) == []


def test_what_differs_from_time_to_time_is_numbered(trial: ModuleType) -> None:
    page = trial.Transcript(Path("/home/trial1"), "trial1")
    told = page.stable("Run 20261122T104213Z-90ff9c of trial1 in /home/trial1/x; Run 20261122T104213Z-90ff9c")
    assert told == "Run RUN-1 of ict in /home/ict/x; Run RUN-1"
