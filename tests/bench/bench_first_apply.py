"""The first run of a council: how much longer it takes where one answer in twenty is a refusal."""

import shutil
from collections.abc import Sequence
from statistics import median

from bench_council import Size, seed
from bench_frame import Order, Result, interleaved
from bench_tenant import LATENCY_MS, MOST, Ran, Saw, tenant

SAMPLES = 3

TITLE = "A first run while the service throttles"
METHOD = f"""\
The sandbox answers {LATENCY_MS} ms late and allows {MOST} requests in flight. Measured is the wall time of
the whole process `m365-restrict apply --approve` on a council that nothing is in force in: 200 cases and 300
choices, each run in a tenant of its own, with and without refusals in turn. With them every twentieth request
of Graph and Exchange, writes included, is answered with 429 and `Retry-After: 1`, the same ones in every run
that asks in the same order. The bound is 1.3 times the time without refusals, plus all seconds that the
sandbox asked for, one answer after another. That is the most that they can cost: up to {MOST} requests wait
at once. Beside it stands what the refusals did cost, and the seconds asked for divided by {MOST}. A run takes
minutes, so each figure has {SAMPLES} samples."""

_EVERY, _RETRY_AFTER = 20, 1
_FACTOR = 1.3


def measure(order: Order) -> Sequence[Result]:
    """The one row, and the memory that the run took."""
    size = Size(cases=order.of(200, 3), councillors=order.of(100, 3))
    runs = _Runs(order, size)
    samples = min(order.samples, SAMPLES)
    taken = interleaved(samples, throttled=lambda: runs.take(_EVERY), fault_free=lambda: runs.take(0))
    asked = median([(saw.injected + saw.refused) * _RETRY_AFTER for saw in runs.saw if saw.injected])
    free, throttled = median(taken["fault_free"]), median(taken["throttled"])
    within = _FACTOR * free + asked
    return [
        Result(
            name="first apply with 5 % of answers throttled",
            unit="s",
            samples=taken["throttled"],
            reference="the same without refusals",
            reference_samples=taken["fault_free"],
            bound=f"at most {_FACTOR} × without, plus the waits asked for: {within:.1f} s",
            met=throttled <= within,
            limit="transport rules are written one after another, so a wait of one holds up those after it",
            beside={
                "seconds that refusals asked for": f"{asked:.0f} s; divided by {MOST}: {asked / MOST:.0f} s",
                "seconds that they cost": f"{throttled - free:.0f} s",
                "requests without refusals": f"{runs.requests}",
                "CPU time without refusals": f"{runs.cpu:.1f} s",
            },
        ),
        Result(
            name="peak memory of a first apply",
            unit="MB",
            samples=tuple(runs.peaks),
            bound="at most 250 MB",
            met=max(runs.peaks) <= 250,
            limit="the libraries of Microsoft's services, and the answers that are kept as evidence",
        ),
    ]


class _Runs:
    """First runs, each in a tenant of its own."""

    def __init__(self, order: Order, size: Size) -> None:
        self._order, self._size = order, size
        self.saw: list[Saw] = []
        self.peaks: list[float] = []
        self.requests, self.cpu = 0, 0.0

    def take(self, refuse_every: int) -> float:
        """One sample in seconds."""
        state = self._order.folder / "first"
        with tenant(state, seed=seed(self._size)) as council:
            council.look(refuse_every=refuse_every, retry_after=_RETRY_AFTER)
            done = council.run("apply", "--approve", "--json")
            saw = council.look()
        shutil.rmtree(state)
        self._note(done, saw, free=not refuse_every)
        return done.wall

    def _note(self, done: Ran, saw: Saw, *, free: bool) -> None:
        if done.exit_code != 0 or len(done.document["changes"]) != self._size.cases + self._size.choices:
            raise RuntimeError(f"the first run ended with {done.exit_code}: {done.stderr[-2000:]}")
        self.saw.append(saw)
        self.peaks.append(done.peak_mb)
        if free:
            self.requests, self.cpu = saw.served, done.cpu
