"""The tenant as it was before the last writes: what a read from a lagging copy of it shows.

Whether Microsoft 365 can answer a read right after a write with the old value is unknown (exchange.md 7.2),
and group membership is said to lag (graph.md 2): the fault `stale_read` makes it happen.
"""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from m365_restrict.sandbox.store import Snapshot, Store
from m365_restrict.sandbox.tenant import SandboxTenant

_KEPT = 16

Answer = TypeVar("Answer")


class Past:
    """The last states of a store, each as it was before a request that may write."""

    def __init__(self, store: Store) -> None:
        """Begin with nothing remembered."""
        self._store = store
        self._states: deque[Snapshot] = deque(maxlen=_KEPT)

    def remember(self) -> None:
        """Keep the present state; call before anything that may write."""
        state = self._store.snapshot()
        if not self._states or self._states[-1] != state:
            self._states.append(state)

    def forget(self) -> None:
        """Forget everything: another tenant begins."""
        self._states.clear()

    def stale(self, now: Answer, read: Callable[[SandboxTenant], Answer]) -> Answer | None:
        """What `read` answered before the last write that changes its answer; None when none did."""
        for tenant in self._earlier():
            before = read(tenant)
            if before != now:
                return before
        return None

    def _earlier(self) -> Iterator[SandboxTenant]:
        for state in reversed(self._states):
            store = Store(Path(":memory:"))
            try:
                store.restore(state)
                yield SandboxTenant.over(store)
            finally:
                store.close()
