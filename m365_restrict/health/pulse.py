"""A sign that a loop still turns."""

import threading
import time
from collections.abc import Callable


class Pulse:
    """Beaten by a loop each time it turns, asked by whoever watches it. Safe between threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds that never go back. Making it is the first beat."""
        self._clock = clock
        self._lock = threading.Lock()
        self._last = clock()

    def beat(self) -> None:
        """The loop has turned."""
        with self._lock:
            self._last = self._clock()

    def age(self) -> float:
        """Seconds since it last turned."""
        with self._lock:
            return self._clock() - self._last
