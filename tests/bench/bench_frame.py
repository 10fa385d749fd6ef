"""What a benchmark is asked and what it answers; `tools/bench.py` runs them and writes the page.

A benchmark is a module `tests/bench/bench_<name>.py` with `TITLE`, `METHOD` (a paragraph for the page) and
`measure(order) -> Sequence[Result]`. Its samples and those of its reference are taken in turn, in one run.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

FEWEST = 5
"""Samples below which a figure is not published; the tiny order of the tests takes fewer."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a benchmark is asked: how many samples, whether at a tiny size, and a folder of its own.

    `tiny` is for the test of the runner: the smallest council that passes through every step.
    """

    folder: Path
    samples: int = FEWEST
    tiny: bool = False
    say: Callable[[str], None] = lambda _line: None

    def of(self, full: int, tiny: int) -> int:
        """A size: the full one, or the tiny one."""
        return tiny if self.tiny else full


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A file that the page shows whole, for example a reference's code."""

    title: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row: what was measured, against what, and whether it is within its bound.

    `samples` and `reference_samples` are in `unit`; a row without a reference is held against its bound
    alone. `bound` is a sentence, `limit` says what keeps the figure from being better.
    `beside` holds further figures by name, each as it is to be read.
    """

    name: str
    unit: str
    samples: tuple[float, ...]
    bound: str
    met: bool
    limit: str
    reference: str = ""
    reference_samples: tuple[float, ...] = ()
    beside: Mapping[str, str] | None = None
    listings: tuple[Listing, ...] = ()

    @property
    def median(self) -> float:
        """The median sample."""
        return statistics.median(self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest sample."""
        return min(self.samples), max(self.samples)

    @property
    def reference_median(self) -> float | None:
        """The median of the reference; None without one."""
        return statistics.median(self.reference_samples) if self.reference_samples else None

    @property
    def ratio(self) -> float | None:
        """The median over the reference's; None without a reference."""
        return self.median / self.reference_median if self.reference_median else None


def interleaved(samples: int, **acts: Callable[[], float]) -> dict[str, tuple[float, ...]]:
    """Take a sample of each act in turn, `samples` times; each act returns its own figure."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(samples):
        for name, act in acts.items():
            taken[name].append(act())
    return {name: tuple(figures) for name, figures in taken.items()}


def wall(act: Callable[[], object]) -> Callable[[], float]:
    """The act as a sample of its wall time in seconds."""

    def _timed() -> float:
        began = time.perf_counter()
        act()
        return time.perf_counter() - began

    return _timed


def cpu(act: Callable[[], object]) -> Callable[[], float]:
    """The act as a sample of this process's CPU time (user and system) in seconds."""

    def _timed() -> float:
        began = time.process_time()
        act()
        return time.process_time() - began

    return _timed
