"""Places for children, shared by the schedulers of many councils, so that nobody's job is left waiting."""

import heapq
import threading
from collections.abc import Callable
from datetime import datetime

_LOOK_SECONDS = 0.5


class Room:
    """So many children are at work at once; who waits longest past the due time is let in first.

    `enter` and `leave` may be called from any thread. A semaphore does not do: whoever looks up to see
    whether to stop loses the place in its queue, and others who came later go in before.
    """

    def __init__(self, places: int = 1) -> None:
        """All places are free."""
        self._free = places
        self._waiting: list[tuple[datetime, int]] = []
        self._came = 0
        self._changed = threading.Condition()

    def enter(self, due_at: datetime, *, stopping: Callable[[], bool]) -> bool:
        """Wait for a place for what was due then; False, and no place, where it is to stop."""
        with self._changed:
            self._came += 1
            ticket = (due_at, self._came)
            heapq.heappush(self._waiting, ticket)
            try:
                while not stopping():
                    if self._free and self._waiting[0] == ticket:
                        self._free -= 1
                        return True
                    self._changed.wait(_LOOK_SECONDS)
                return False
            finally:
                self._waiting.remove(ticket)
                heapq.heapify(self._waiting)
                self._changed.notify_all()

    def leave(self) -> None:
        """Give the place to whoever is next."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        with self._changed:
            return len(self._waiting)
