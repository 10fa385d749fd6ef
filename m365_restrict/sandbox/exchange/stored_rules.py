"""The tenant's transport rules in order, and what transport has heard of them so far (exchange.md 3)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from m365_restrict.sandbox.clock import SandboxClock
from m365_restrict.sandbox.store import Store

_RULES = "transport_rules"
_HISTORY = "transport_history"
_WRITES = "transport_writes"
_SETTLED = "settled"


class StoredRules:
    """Transport rules by Guid. Rules handed out are shared: change a copy and `write` it."""

    def __init__(self, store: Store, clock: SandboxClock) -> None:
        """Read lazily, and again whenever something else writes to the store."""
        self._store = store
        self._clock = clock
        self._revision = -1
        self._rules: dict[str, dict[str, Any]] = {}
        self._written: dict[str, Mapping[str, Any] | None] = {}

    def in_order(self) -> list[dict[str, Any]]:
        """All rules by Priority."""
        return sorted(self._current().values(), key=lambda rule: int(rule["Priority"]))

    @contextmanager
    def change(self) -> Iterator[None]:
        """Make several writes one change: one transaction, one entry of the history."""
        with self._store.batch():
            self._written = {}
            yield
            self._record(self._written)

    def write(self, rule: Mapping[str, Any]) -> None:
        """Insert or replace one rule; inside `change`."""
        current = self._current()
        self._store.put(_RULES, rule["Guid"], rule)
        current[rule["Guid"]] = dict(rule)
        self._written[rule["Guid"]] = rule
        self._revision = self._store.revision(_RULES)

    def remove(self, guid: str) -> None:
        """Remove one rule; inside `change`."""
        current = self._current()
        self._store.delete(_RULES, guid)
        current.pop(guid, None)
        self._written[guid] = None
        self._revision = self._store.revision(_RULES)

    def renumber(self, ordered: Sequence[Mapping[str, Any]]) -> None:
        """Give the rules the priorities 0, 1, 2 and so on; inside `change`. Moved rules keep WhenChanged."""
        for place, rule in enumerate(ordered):
            if rule["Priority"] != place:
                self.write({**rule, "Priority": place})

    def in_force(self) -> list[dict[str, Any]]:
        """What transport obeys now: of each rule the latest form that it has heard of."""
        if not self._lags():
            return self.in_order()
        heard = dict(self._heard_of_old())
        now = self._clock.now()
        for _, entry in self._history():
            if datetime.fromisoformat(entry["heard"]) <= now:
                heard.update(entry["rules"])
        return sorted((rule for rule in heard.values() if rule), key=lambda rule: int(rule["Priority"]))

    def settle(self) -> None:
        """Take the present rules as long known to transport: a seed describes a tenant that was there."""
        with self._store.batch():
            for key in self._store.keys(_HISTORY):
                self._store.delete(_HISTORY, key)
            self._store.put(_HISTORY, _SETTLED, {"rules": self._current()})

    def _current(self) -> dict[str, dict[str, Any]]:
        revision = self._store.revision(_RULES)
        if revision != self._revision:
            self._rules = dict(self._store.all(_RULES))
            self._revision = revision
        return self._rules

    def _lags(self) -> tuple[int, ...]:
        """Minutes until transport hears of the first, second and later changes, in turn; () for at once."""
        tenant = self._store.get("tenant", "tenant") or {}
        behaviour = tenant.get("behaviour") or {}
        lags = tuple(behaviour.get("propagation_lags") or (behaviour.get("propagation_minutes") or 0,))
        return lags if any(lags) else ()

    def _heard_of_old(self) -> dict[str, dict[str, Any] | None]:
        rules: dict[str, dict[str, Any] | None] = (self._store.get(_HISTORY, _SETTLED) or {}).get("rules", {})
        return rules

    def _history(self) -> list[tuple[str, dict[str, Any]]]:
        """Every change that transport may not have heard of yet, oldest first."""
        return [(key, entry) for key, entry in self._store.all(_HISTORY) if key != _SETTLED]

    def _record(self, written: Mapping[str, Mapping[str, Any] | None]) -> None:
        lags = self._lags()
        if not lags or not written:
            return
        self._fold()
        number = self._store.next_number(_WRITES)
        heard = self._clock.now() + timedelta(minutes=lags[(number - 1) % len(lags)])
        self._store.put(_HISTORY, str(number), {"heard": heard.isoformat(), "rules": dict(written)})

    def _fold(self) -> None:
        """Put together what every clock that only moves on has heard of. A later form outdates an earlier."""
        known, waiting = self._heard_of_old(), dict(self._history())
        now = self._clock.now()
        for key, entry in tuple(waiting.items()):
            if datetime.fromisoformat(entry["heard"]) > now:
                continue
            known.update(entry["rules"])
            del waiting[key]
            self._store.delete(_HISTORY, key)
            for earlier, other in waiting.items():
                if int(earlier) < int(key):
                    other["rules"] = {
                        guid: rule for guid, rule in other["rules"].items() if guid not in entry["rules"]
                    }
                    self._store.put(_HISTORY, earlier, other)
        self._store.put(_HISTORY, _SETTLED, {"rules": {guid: rule for guid, rule in known.items() if rule}})
