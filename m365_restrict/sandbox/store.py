"""Where the sandbox tenant lives: JSON documents in SQLite, by kind, in insertion order.

Documents are kept as JSON text in memory as well, so a read never touches the
disk and always hands out a copy of its own. Every write goes to both.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

# Whatever a JSON text can hold; its reader checks what it is.
Json: TypeAlias = Any
# The documents' texts by kind and key, and the counters.
Snapshot: TypeAlias = tuple[dict[str, dict[str, str]], dict[str, int]]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (kind, key));
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Store:
    """JSON documents in SQLite, by kind, in insertion order.

    One process owns the file; a lock guards it, so threads and the event loop may share one store.
    """

    def __init__(self, path: Path) -> None:
        """Open the database at `path`, or make it, and read it into memory."""
        self._lock = threading.RLock()
        self._depth = 0
        self._revisions: dict[str, int] = {}
        self._cache: dict[str, dict[str, str]] = {}
        self._copied: dict[str, tuple[int, dict[str, str]]] = {}
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # The state is invented and a seed restores it: durability against power loss buys nothing.
        self._database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _SCHEMA)
        rows = self._database.execute("SELECT kind, key, body FROM documents ORDER BY place")
        for kind, key, body in rows:
            self._cache.setdefault(kind, {})[key] = body
        self._counters: dict[str, int] = dict(self._database.execute("SELECT name, value FROM counters"))

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """A copy of one document, or None."""
        with self._lock:
            body = self._cache.get(kind, {}).get(key)
        return None if body is None else _decode(body)

    def put(self, kind: str, key: str, document: Mapping[str, Any]) -> None:
        """Insert or replace; a replaced document keeps its place."""
        body = json.dumps(document, ensure_ascii=False)
        with self._lock:
            self._cache.setdefault(kind, {})[key] = body
            self._touch(kind)
            self._database.execute(
                "INSERT INTO documents (kind, key, body) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (kind, key, body),
            )

    def delete(self, kind: str, key: str) -> None:
        """Remove one document; nothing happens when there is none."""
        with self._lock:
            if self._cache.get(kind, {}).pop(key, None) is not None:
                self._touch(kind)
                self._database.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    def all(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Copies of all documents of a kind with their keys, in insertion order."""
        with self._lock:
            rows = list(self._cache.get(kind, {}).items())
        return [(key, _decode(body)) for key, body in rows]

    def keys(self, kind: str) -> list[str]:
        """The keys of a kind, in insertion order."""
        with self._lock:
            return list(self._cache.get(kind, {}))

    def revision(self, kind: str) -> int:
        """A number that grows with every write to a kind, for indexes built over it."""
        with self._lock:
            return self._revisions.get(kind, 0)

    def next_number(self, name: str) -> int:
        """1, 2, 3 and so on under a name, kept over restarts and begun again by `clear`."""
        with self._lock:
            value = self._counters.get(name, 0) + 1
            self._counters[name] = value
            self._database.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (name, value))
        return value

    def clear(self) -> None:
        """Forget the tenant: every document and counter. Credentials live elsewhere."""
        with self._lock:
            for kind in self._cache:
                self._touch(kind)
            self._cache.clear()
            self._counters.clear()
            self._database.execute("DELETE FROM documents")
            self._database.execute("DELETE FROM counters")

    def snapshot(self) -> Snapshot:
        """Everything as it is now, for `restore`. Kinds without a change share their rows: read only."""
        with self._lock:
            for kind, rows in self._cache.items():
                revision = self.revision(kind)
                if self._copied.get(kind, (-1, {}))[0] != revision:
                    self._copied[kind] = (revision, dict(rows))
            return {kind: self._copied[kind][1] for kind in self._cache}, dict(self._counters)

    def restore(self, taken: Snapshot) -> None:
        """Put everything back as it was at a snapshot."""
        documents, counters = taken
        with self.batch():
            self.clear()
            for kind, rows in documents.items():
                for key, body in rows.items():
                    self.put(kind, key, _decode(body))
            for name, value in counters.items():
                self._counters[name] = value
                self._database.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (name, value))

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Hold the lock and write everything inside in one transaction. An exception does not undo it."""
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                self._database.execute("BEGIN")
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._database.execute("COMMIT")

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._database.close()

    def _touch(self, kind: str) -> None:
        self._revisions[kind] = self._revisions.get(kind, 0) + 1


def _decode(body: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(body)
    return document
