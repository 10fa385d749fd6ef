"""After every test: no planted name or address in its rules' names, ledgers, reports, mails and logs.

A test that leaves one in a place that `scan_leaks.ALLOWED` does not name fails at its end. What was looked
at is counted and told at the end of the run.
"""

import json
import logging
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from scan_leaks import CHOICES, CONTACTS, Leak, Planted, leaks_in

_LEDGER_HEAD = b"SQLite format 3\x00"
_LARGEST = 20_000_000
_STAMP = "[m365-restrict "
_TOKEN = re.compile(r"\[[a-z2-7]{8}\]\s*\Z")
_NOTES = {"EnforcementStatus", "EnforcementNote", "ChoiceStatus", "ChoiceNote"}
_PAGES = {'href="#report"': "report page", "<title>What is held about one person": "person page"}
_COUNTS = "scanned"


class Scan:
    """What one test has planted, and what it left behind so far."""

    def __init__(self) -> None:
        self.planted = Planted()
        self.counts: Counter[str] = Counter()
        self.leaks: dict[Leak, None] = {}

    def look(self, kind: str, place: str, text: str) -> None:
        """Look at one text; `kind` is what it is counted as."""
        self.leaks |= dict.fromkeys(leaks_in(place, text, self.planted))
        self.counts[kind] += 1

    def said(self, stdout: str, stderr: str) -> None:
        """Look at what a verb printed."""
        self.look("outputs", "stderr", stderr)
        self._report(stdout, "report as text")

    def tenant(self, tenant: Any) -> None:
        """Look at what the program wrote into a sandbox: rules, notes, mails."""
        lists = [made for _, made in tenant.store.all("lists")]
        items = {made["title"]: [one for _, one in tenant.store.all(f"items:{made['id']}")] for made in lists}
        for title in (CONTACTS, CHOICES):
            for version in (version for item in items.get(title, ()) for version in item["versions"]):
                self.planted.item(title, version["fields"])
        for _, rule in tenant.store.all("transport_rules"):
            if _STAMP in str(rule.get("Comments") or ""):
                self.look("rules", "rule name", str(rule.get("Name")))
                self.look("rules", "rule comments", str(rule.get("Comments")))
        for _, held in tenant.store.all("inbox_rules"):
            names = [str(rule.get("displayName") or "") for rule in held["rules"]]
            for name in filter(_TOKEN.search, names):
                self.look("rules", "inbox rule name", name)
        for _, sent in tenant.store.all("sent"):
            self.look("mails", "mail subject", sent["subject"])
            self.look("mails", "mail text", sent["content"])
        for _, posted in tenant.store.all("cards"):
            self.look("cards", "card", json.dumps(posted["card"], ensure_ascii=False))
        for _, file in tenant.store.all("files"):
            self.look("files", "name of a file in the library", file["path"])
        for item in (item for found in items.values() for item in found):
            fields = item["versions"][-1]["fields"] if item["versions"] else {}
            for name in _NOTES & fields.keys():
                self.look("notes", f"column {name}", str(fields[name]))

    def folder(self, folder: Path) -> None:
        """Look at every ledger and report in a folder."""
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and 0 < path.stat().st_size < _LARGEST:
                self._file(path)

    def _file(self, path: Path) -> None:
        if path.suffix in {".json", ".html", ".csv", ".ps1", ".txt"}:
            text = path.read_text(encoding="utf-8", errors="replace")
            self.look("reports", f"name of a {path.suffix} file", path.name)
            self._report(text, "script" if path.suffix == ".ps1" else f"{path.suffix} file")
        elif path.suffix == ".db" or ".db" in path.name:
            with path.open("rb") as stream:
                begins = stream.read(len(_LEDGER_HEAD))
            if begins == _LEDGER_HEAD:
                self._ledger(path)

    def _report(self, text: str, otherwise: str) -> None:
        if text.startswith("{"):
            document = _document(text)
            if document is not None:
                self.counts["reports"] += 1
                verb = document["schema"].split("/")[1]
                for place, found in _texts(document):
                    self.leaks |= dict.fromkeys(leaks_in(f"{verb} document: {place}", found, self.planted))
                return
        if "<title>" in text[:5000]:
            otherwise = next((page for mark, page in _PAGES.items() if mark in text), "letter")
        if text:
            self.look("reports", otherwise, text)

    def _ledger(self, path: Path) -> None:
        """Every text of every table. A file that is no ledger, or broken on purpose, is left alone."""
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.1)) as database:
                tables = [
                    row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                ]
                if "applied_rules" not in tables:
                    return
                self.counts["ledgers"] += 1
                for table in tables:
                    self._table(database, table)
        except (sqlite3.Error, zlib.error):
            return

    def _table(self, database: sqlite3.Connection, table: str) -> None:
        rows = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name from the database itself
        columns = [one[0] for one in rows.description]
        for row in rows:
            for column, value in zip(columns, row, strict=True):
                if (table, column) == ("evidence_bodies", "content") and value is not None:
                    self._cell(f"ledger {table}.{column}", zlib.decompress(value).decode())
                if isinstance(value, str) and len(value) > 1:
                    self._cell(f"ledger {table}.{column}", value)

    def _cell(self, place: str, value: str) -> None:
        if value.startswith("{") and _document(value) is not None:
            self._report(value, place)
        else:
            self.leaks |= dict.fromkeys(leaks_in(place, value, self.planted))


def _document(text: str) -> dict[str, Any] | None:
    """A document of ours, or None for any other text."""
    try:
        read = json.loads(text)
    except ValueError:
        return None
    ours = isinstance(read, dict) and str(read.get("schema", "")).startswith("m365-restrict/")
    return read if ours else None


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a document with the keys that lead to it."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, place)


class _Records(logging.Handler):
    """Whatever any library logs in this process, at the levels that are on."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


class ScanPlugin:
    """Gives every test a scan, and sums up at the end. One object in each process."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.current: Scan | None = None
        self._records = _Records()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        self.current = Scan()
        self._records.texts.clear()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """Look before the fixtures are gone, and fail after they are."""
        scan = self.current or Scan()
        arguments = getattr(item, "funcargs", {})
        if "sandbox" in arguments:
            scan.tenant(arguments["sandbox"].tenant)
        if "tmp_path" in arguments:
            scan.folder(arguments["tmp_path"])
        for text in self._records.texts:
            scan.look("log records", "log record", text)
        self.counts += scan.counts
        result = yield
        if scan.leaks:
            pytest.fail("\n".join(["What was planted was left in", *map(str, scan.leaks)]), pytrace=False)
        return result

    def pytest_sessionstart(self) -> None:
        logging.getLogger().addHandler(self._records)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        logging.getLogger().removeHandler(self._records)
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_COUNTS] = dict(self.counts)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """One of the processes of pytest-xdist has ended."""
        self.counts += Counter(getattr(node, "workeroutput", {}).get(_COUNTS, {}))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        told = ", ".join(f"{number:,} {kind}" for kind, number in sorted(self.counts.items()))
        terminalreporter.write_line(
            f"Scanned for planted names and addresses: {told or 'nothing was left behind'}."
        )
