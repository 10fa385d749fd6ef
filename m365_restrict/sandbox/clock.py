"""The sandbox's own time: it stands still where the seed put it."""

from datetime import UTC, datetime

from m365_restrict.sandbox.store import Store


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant with a zone; `ValueError` when it has none or cannot be read."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write for example 2026-11-23T09:00:00Z")
    return instant.astimezone(UTC)


def format_instant(instant: datetime) -> str:
    """The form Graph uses: whole seconds and a Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class SandboxClock:
    """Tenant time: the seed's `now`, frozen, or real time when the seed gives none (contracts.md 2)."""

    def __init__(self, store: Store) -> None:
        """Read the time from `store` at every call, because a seed replaces it."""
        self._store = store

    def now(self) -> datetime:
        """The tenant's time, aware, in UTC."""
        tenant = self._store.get("tenant", "tenant") or {}
        frozen = tenant.get("now")
        return parse_instant(frozen) if frozen else datetime.now(UTC)

    def set(self, instant: datetime) -> None:
        """Freeze the clock at `instant`."""
        with self._store.batch():
            tenant = self._store.get("tenant", "tenant") or {}
            self._store.put("tenant", "tenant", {**tenant, "now": format_instant(instant)})
