"""Send 100,000 invented messages and list items through the program and count what became of them.

One message in a hundred goes in by SMTP as well. Prints the counts; exits 1 where one crashed the program,
was lost, was refused without a sentence, was shown as anything but text, or met a rule for somebody else.

Usage: python tools/fuzz.py [--count N] [--seed N] [--workers N]
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from fuzz_delivery import DeliveryBench, Tried
from fuzz_items import fuzzed_item
from fuzz_messages import FuzzedMessage, fuzzed_message
from fuzz_register import BATCH, try_items
from fuzz_smtp import SmtpBench, smtp_bench

from m365_restrict.rules.transport_rule import SenderMatch

COUNT, SEED, PART = 100_000, 2026, 1000
_BY_SMTP_EVERY = 100
_REPORTED = 20


@dataclass
class Verdict:
    """How many were tried, what became of them, and what went wrong. A crash is a failure too."""

    messages: int = 0
    items: int = 0
    crashes: int = 0
    slowest: float = 0.0
    classes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Verdict") -> None:
        """Take in what another part found."""
        self.messages += other.messages
        self.items += other.items
        self.crashes += other.crashes
        self.slowest = max(self.slowest, other.slowest)
        self.classes += other.classes
        self.failures += other.failures

    def note(self, what: str, attempt: Callable[[], Iterable[Tried]]) -> None:
        """Try something and keep what became of it."""
        begun = time.process_time()
        try:
            for tried in attempt():
                self.classes.update(tried.classes)
                self.failures += [f"{what}: {one}" for one in tried.failures]
        except Exception as error:  # any exception at all is what is looked for
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.crashes += 1
            self.failures.append(f"{what} crashed: {error!r} in {Path(where.filename).name}:{where.lineno}")
        self.slowest = max(self.slowest, time.process_time() - begun)


def main() -> int:
    """Try them all in several processes; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=max(2, os.cpu_count() or 2))
    options = parser.parse_args()
    begun, whole = time.monotonic(), Verdict()
    parts = [
        (options.seed, first, min(PART, options.count - first)) for first in range(0, options.count, PART)
    ]
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for verdict in pool.map(try_part, *zip(*parts, strict=True)):
            whole.add(verdict)
    for line in lines_of(whole):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{time.monotonic() - begun:.0f} seconds, seed {options.seed}\n")
    return 1 if whole.failures or not whole.classes else 0


def try_part(seed: int, first: int, count: int) -> Verdict:
    """Try `count` of them from number `first` on, half of them messages and half of them list items."""
    verdict = Verdict()
    with _benches() as (bench, smtp):
        for number in range(first, first + count // 2):
            fuzzed = fuzzed_message(seed, number)
            what = f"message {number} ({fuzzed.shape})"
            verdict.note(what, partial(_alone, bench.try_message, fuzzed))
            if number % _BY_SMTP_EVERY == 0:
                verdict.note(f"{what} by SMTP", partial(_alone, smtp.try_message, fuzzed))
            verdict.messages += 1
    for number in range(first + count // 2, first + count, BATCH):
        batch = [fuzzed_item(seed, one) for one in range(number, min(number + BATCH, first + count))]
        verdict.note(f"items from {number}", partial(try_items, batch))
        verdict.items += len(batch)
    return verdict


def _alone(attempt: Callable[[FuzzedMessage], Tried], fuzzed: FuzzedMessage) -> list[Tried]:
    return [attempt(fuzzed)]


@contextmanager
def _benches() -> Iterator[tuple[DeliveryBench, SmtpBench]]:
    with tempfile.TemporaryDirectory() as folder:
        bench = DeliveryBench(Path(folder))
        with smtp_bench(bench.councils[SenderMatch.FROM].tenant.delivery) as smtp:
            yield bench, smtp
        bench.close()


def lines_of(verdict: Verdict) -> Iterator[str]:
    """What is printed: failures first, then the counts, then the one line that sums them up."""
    yield from verdict.failures[:_REPORTED]
    for name, number in sorted(verdict.classes.items()):
        yield f"{number:>9,} {name}"
    lost = sum(" places" in one or "nowhere" in one or "recipients" in one for one in verdict.failures)
    yield (
        f"messages {verdict.messages:,}, list items {verdict.items:,}; crashes {verdict.crashes}, "
        f"silently dropped {lost}, other failures {len(verdict.failures) - verdict.crashes - lost}; "
        f"the slowest took {verdict.slowest:.1f} seconds of the processor"
    )


if __name__ == "__main__":
    sys.exit(main())
