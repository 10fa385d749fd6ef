"""A leak of every kind is planted, and the scan sees it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from m365_restrict.ledger.schema import guard_overrides, metadata

HERE = Path(__file__).parent
NAME, SENDER, CHOSEN = "Quentin Quibble", "q.quibble@elsewhere.example", "chosen.one@elsewhere.example"
OFFICER = "Olive Officer"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SEED = {
    "users": [{"upn": "officer@ash.example", "display_name": OFFICER}],
    "lists": {
        "Restricted contacts": {
            "items": [
                {
                    "created_by": "",
                    "versions": [{"fields": {"PersonName": NAME, "Addresses": f"N <{SENDER}>"}}],
                }
            ]
        },
        "Councillor mail choices": {"items": [{"versions": [{"fields": {"Title": CHOSEN}}]}]},
    },
}


class Store:
    """As much of a sandbox as the scan looks at."""

    def __init__(self, **kinds: Any) -> None:
        self.kinds = kinds
        self.store = self

    def all(self, kind: str) -> list[tuple[str, Any]]:
        return [("1", one) for one in self.kinds.get(kind.partition(":")[0], [])]


def _ledger(scan: Any, folder: Path, word: str) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{folder}/ledger.db")
    metadata.create_all(engine)
    row = {
        "code": "x",
        "reason": f"Asked for by {word}",
        "set_by": "x",
        "since": NOW,
        "until": NOW,
        "ended_by": "",
    }
    with engine.begin() as connection:
        connection.execute(guard_overrides.insert(), row)
    engine.dispose()
    scan.folder(folder)


def _document(scan: Any, folder: Path, word: str) -> None:
    text = json.dumps({"schema": "m365-restrict/plan/1", "guards": [{"message": f"About {word}."}]})
    (folder / "plan.json").write_text(text)
    scan.folder(folder)


def _file(name: str, text: str) -> Callable[[Any, Path, str], None]:
    def leave(scan: Any, folder: Path, word: str) -> None:
        (folder / name).write_text(text % word)
        scan.folder(folder)

    return leave


def _rule(**rule: str) -> Callable[[Any, Path, str], None]:
    def leave(scan: Any, _: Path, word: str) -> None:
        made = {
            "Name": "RC-1",
            "Comments": "[m365-restrict instance=a]",
            **{k: v % word for k, v in rule.items()},
        }
        scan.tenant(Store(transport_rules=[made]))

    return leave


def _note(scan: Any, _: Path, word: str) -> None:
    item = {"versions": [{"fields": {"EnforcementNote": f"Waits for {word}."}}]}
    scan.tenant(Store(lists=[{"id": "1", "title": "Restricted contacts"}], items=[item]))


LEAKS: list[tuple[str, Callable[[Any, Path, str], None]]] = [
    ("ledger guard_overrides.reason", _ledger),
    ("plan document: guards.message", _document),
    ("report page", _file("report.html", '<title>Report</title><a href="#report">Skip</a><p>%s</p>')),
    (".csv file", _file("sheet.csv", "a,%s\r\n")),
    (".txt file", _file("notes.txt", "About %s")),
    ("stderr", lambda scan, _, word: scan.said("", f"Reading {word}")),
    ("report as text", lambda scan, _, word: scan.said(f"Status of {word}", "")),
    ("rule name", _rule(Name="RC-1 %s")),
    ("rule comments", _rule(Comments="Case of %s [m365-restrict instance=a]")),
    (
        "inbox rule name",
        lambda scan, _, word: scan.tenant(
            Store(inbox_rules=[{"rules": [{"displayName": f"{word} [abcdefgh]"}]}])
        ),
    ),
    ("mail subject", lambda scan, _, word: scan.tenant(Store(sent=[{"subject": word, "content": ""}]))),
    ("mail text", lambda scan, _, word: scan.tenant(Store(sent=[{"subject": "", "content": f"On {word}"}]))),
    ("column EnforcementNote", _note),
]


@pytest.fixture
def scan() -> Any:
    """A scan of its own, so that what these tests leave behind fails none of them."""
    from scan_plugin import Scan

    made = Scan()
    made.planted.plant(SEED)
    return made


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.mark.parametrize("word", [NAME, SENDER, CHOSEN, OFFICER])
@pytest.mark.parametrize(("place", "leave"), LEAKS, ids=[place for place, _ in LEAKS])
def test_a_leak_is_seen(
    scan: Any, elsewhere: Path, place: str, leave: Callable[[Any, Path, str], None], word: str
) -> None:
    leave(scan, elsewhere, word.upper())
    from scan_leaks import Whose, allowed_in

    whose = {NAME: Whose.PERSON, SENDER: Whose.SENDER, CHOSEN: Whose.CHOSEN, OFFICER: Whose.STAFF}[word]
    seen = {(leak.place, leak.word) for leak in scan.leaks}
    assert seen == (set() if whose in allowed_in(place) else {(place, word.lower())})


@pytest.mark.parametrize("leave", [leave for _, leave in LEAKS], ids=[place for place, _ in LEAKS])
def test_other_words_are_no_leak(scan: Any, elsewhere: Path, leave: Callable[[Any, Path, str], None]) -> None:
    leave(scan, elsewhere, "RC-1 and contact@ash.example")
    assert scan.leaks == {}
    assert scan.counts.total() > 0


def test_what_is_allowed_in_one_place_is_a_leak_in_the_next(scan: Any) -> None:
    document = {
        "schema": "m365-restrict/plan/1",
        "changes": [{"name": SENDER, "fields": [{"desired": [SENDER]}]}],
    }
    scan.said(json.dumps(document), "")
    assert [leak.place for leak in scan.leaks] == ["plan document: changes.name"]


def test_every_line_of_the_table_names_its_paragraph() -> None:
    from scan_leaks import ALLOWED

    assert all(line.paragraph.startswith(("design.md ", "contracts.md ", "docs/")) for line in ALLOWED)
    assert all(line.whose for line in ALLOWED)


_LEAKING = """
import logging
def test_that_leaks(request):
    plugin = request.config.pluginmanager.get_plugin("scan")
    plugin.current.planted.item("Restricted contacts", {"PersonName": "Quentin Quibble"})
    logging.getLogger("x").warning("asked about Quentin Quibble")
def test_that_does_not():
    logging.getLogger("x").warning("asked about Quentin Quibble, whom nobody planted")
"""
_CONFTEST = """
from scan_plugin import ScanPlugin
def pytest_configure(config):
    config.pluginmanager.register(ScanPlugin(), "scan")
"""


@pytest.mark.parametrize("processes", ["0", "1"])
def test_the_test_that_leaks_fails_and_the_count_is_told(elsewhere: Path, processes: str) -> None:
    (elsewhere / "test_it.py").write_text(_LEAKING)
    (elsewhere / "conftest.py").write_text(_CONFTEST)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        processes,
        "-p",
        "no:cacheprovider",
        str(elsewhere),
    ]
    done = subprocess.run(
        command,
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "2 passed, 1 error" in done.stdout
    assert "log record: the name or the particulars of a restricted person, 'quentin quibble'" in done.stdout
    assert "Scanned for planted names and addresses: 2 log records." in done.stdout
