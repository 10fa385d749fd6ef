"""The tenant's transport rules in order, and what transport has heard of them so far (exchange.md 3)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.store import Store

_RULES = "transport_rules"
_HISTORY = "transport_history"
_SETTLED = "0001-01-01T00:00:00+00:00"


class StoredRules:
    """Transport rules by Guid. Rules handed out are shared: change a copy and `write` it."""

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        """Read lazily, and again whenever something else writes to the store."""
        self._store = store
        self._clock = clock
        self._revision = -1
        self._rules: dict[str, dict[str, Any]] = {}

    def in_order(self) -> list[dict[str, Any]]:
        """All rules by Priority."""
        return sorted(self._current().values(), key=lambda rule: int(rule["Priority"]))

    @contextmanager
    def change(self) -> Iterator[None]:
        """Make several writes one change: one transaction, one entry of the history."""
        with self._store.batch():
            yield
            self._record(self.in_order())

    def write(self, rule: Mapping[str, Any]) -> None:
        """Insert or replace one rule; inside `change`."""
        current = self._current()
        self._store.put(_RULES, rule["Guid"], rule)
        current[rule["Guid"]] = dict(rule)
        self._revision = self._store.revision(_RULES)

    def remove(self, guid: str) -> None:
        """Remove one rule; inside `change`."""
        current = self._current()
        self._store.delete(_RULES, guid)
        current.pop(guid, None)
        self._revision = self._store.revision(_RULES)

    def renumber(self, ordered: Sequence[Mapping[str, Any]]) -> None:
        """Give the rules the priorities 0, 1, 2 and so on; inside `change`. Moved rules keep WhenChanged."""
        for place, rule in enumerate(ordered):
            if rule["Priority"] != place:
                self.write({**rule, "Priority": place})

    def in_force(self) -> list[dict[str, Any]]:
        """What transport obeys now: the rules as they were `propagation_minutes` ago."""
        lag = self._lag()
        if not lag:
            return self.in_order()
        cutoff = self._clock.now() - lag
        heard: list[dict[str, Any]] = []
        for at, rules in self._history():
            if at <= cutoff:
                heard = rules
        return heard

    def settle(self) -> None:
        """Take the present rules as long known to transport: a seed describes a tenant that was there."""
        with self._store.batch():
            for key in self._store.keys(_HISTORY):
                self._store.delete(_HISTORY, key)
            self._put_history(_SETTLED, self.in_order())

    def _current(self) -> dict[str, dict[str, Any]]:
        revision = self._store.revision(_RULES)
        if revision != self._revision:
            self._rules = dict(self._store.all(_RULES))
            self._revision = revision
        return self._rules

    def _lag(self) -> timedelta:
        tenant = self._store.get("tenant", "tenant") or {}
        minutes = (tenant.get("behaviour") or {}).get("propagation_minutes") or 0
        return timedelta(minutes=minutes)

    def _history(self) -> list[tuple[datetime, list[dict[str, Any]]]]:
        entries = [document for _, document in self._store.all(_HISTORY)]
        return [(datetime.fromisoformat(entry["at"]), entry["rules"]) for entry in entries]

    def _record(self, rules: Iterable[Mapping[str, Any]]) -> None:
        lag = self._lag()
        if not lag:
            return
        now = self._clock.now()
        self._put_history(now.isoformat(), rules)
        self._prune(now - lag)

    def _put_history(self, at: str, rules: Iterable[Mapping[str, Any]]) -> None:
        key = str(self._store.next_number(_HISTORY))
        self._store.put(_HISTORY, key, {"at": at, "rules": list(rules)})

    def _prune(self, cutoff: datetime) -> None:
        """Drop what no clock that only moves on can ask for again."""
        known = [key for key, entry in self._store.all(_HISTORY) if _at(entry) <= cutoff]
        for key in known[:-1]:
            self._store.delete(_HISTORY, key)


def _at(entry: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])
