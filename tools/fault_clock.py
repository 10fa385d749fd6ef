"""Waits that pass at once: the program believes that it has waited, and every wait is written down."""

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace

import tenacity

from m365_restrict.tenant import in_flight

_at_once = asyncio.sleep
_real = time.monotonic


class QuickClock:
    """A clock that jumps ahead instead of waiting."""

    def __init__(self, noted: Path) -> None:
        """`noted` gets the seconds of each wait, one a line."""
        self._noted = noted
        self._noted.write_text("", encoding="utf-8")
        self._ahead = 0.0

    def monotonic(self) -> float:
        """The time with all the waits in it; those that were waited beside each other count once."""
        return _real() + self._ahead

    async def sleep(self, delay: float, result: object = None) -> object:
        """As `asyncio.sleep`."""
        if delay <= 0:
            return await _at_once(delay, result)
        until = self.monotonic() + delay
        with self._noted.open("a", encoding="utf-8") as file:
            file.write(f"{delay}\n")
        await _at_once(0)
        self._ahead = max(self._ahead, until - _real())
        return result


def quicken(noted: Path) -> None:
    """Let every wait of this process pass at once, and deadlines with them. Time-outs stay real."""
    clock = QuickClock(noted)
    asyncio.sleep = clock.sleep  # type: ignore[assignment] # an overloaded stub
    shim = SimpleNamespace(**{**vars(time), "monotonic": clock.monotonic})
    for module in (tenacity, in_flight):
        vars(module)["time"] = shim
