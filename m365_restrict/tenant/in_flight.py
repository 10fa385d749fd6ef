"""What one run allows itself: so many requests at once, and no wait that ends after its deadline."""

import asyncio
import math
import time
from types import TracebackType


class InFlight:
    """Places for requests; take one with `async with`. One object is shared by all that a run opens."""

    def __init__(self, places: int, *, seconds: float = math.inf) -> None:
        """`places` requests at once; waits may end until `seconds` from now, in real time."""
        self._places = asyncio.Semaphore(places)
        self._ends = time.monotonic() + seconds

    def allows_wait(self, seconds: float) -> bool:
        """Whether a wait of so long, begun now, ends before the run's deadline."""
        return time.monotonic() + seconds <= self._ends

    async def __aenter__(self) -> None:
        """Take a place, once one is free."""
        await self._places.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the place back."""
        self._places.release()
