"""One run's time for what it reads beside the rules: shared by all that is read, and never exceeded.

A part that is not there in time is left to a later run. Which instant it is decides nothing outside the
readers: whoever asks is told the answer, or that it came too late, and a replay tells the same.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import TypeVar

T = TypeVar("T")
Late = TypeVar("Late")

LATE = "the service did not answer in the time that a run gives it"
"""Why something is Unknown that was not there in time (DRIFT__WAIT_SECONDS)."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


class Part(IntEnum):
    """What is read beside the rules, in the order in which a run reads it."""

    CHANGES = 0
    SECOND_VIEW = 1
    MAIL = 2
    CONTACTS = 3


class SharedWait:
    """Time that begins with the first question of a run and is over for all of them at once.

    Each part may take an equal share of what is left when it first asks, so that none is starved by one
    before it; what it does not need is left to those after it.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`seconds` in all; `clock` tells seconds that never go back."""
        self._seconds, self._clock = seconds, clock
        self._over: float | None = None
        self._share_over: dict[Part, float] = {}

    def left(self, part: Part | None) -> float:
        """The seconds that a part may still take; of None all that the run has left."""
        now = self._clock()
        if self._over is None:
            self._over = now + self._seconds
        over = self._over
        if part is not None:
            over = self._share_over.setdefault(part, now + max(0.0, over - now) / (len(Part) - part))
        return max(0.0, over - now)

    async def answer(self, part: Part | None, ask: Callable[[], Awaitable[T]], *, late: Late) -> T | Late:
        """The answer, or `late` where it takes longer than there is time."""
        try:
            async with asyncio.timeout(self.left(part)):
                return await ask()
        except TimeoutError:
            return late

    async def ended(
        self, part: Part, look: Callable[[], Awaitable[T]], *, has_ended: Callable[[T], bool]
    ) -> T:
        """Look again and again, ever more slowly; what was seen last where it has not ended in time."""
        pause = _FIRST_PAUSE
        while True:
            found = await look()
            if has_ended(found) or pause >= self.left(part):
                return found
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
