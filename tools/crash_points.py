"""Kill the program after every single request of a 40-change run, one run per point, and let it finish.

Prints the points and the failures; exits 1 where one failed. After each death one further run, or two, must
lead to the rules, list items and ledger of an undisturbed run: no duplicates, no gap in anybody's mail.

Usage: python tools/crash_points.py [--moment "after request"|"before request"|"before transaction"|all]
                                    [--every N] [--workers N]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_REPORTED = 20


def main() -> int:
    """Run all points in several processes beside each other; the exit code."""
    options = _options()
    if options.part >= 0:
        return _work(options)
    begun = time.monotonic()
    with ThreadPoolExecutor(options.workers) as pool:
        lines = [line for part in pool.map(lambda n: list(_part(n)), range(options.workers)) for line in part]
    failed = [line for line in lines if line.startswith("FAILED")]
    passed = [line for line in lines if line.startswith("ok")]
    for line in failed[:_REPORTED]:
        _say(line)
    twice = sum(" 2 runs" in line for line in passed)
    repeated = sum(int(line.rpartition(" ")[2]) for line in passed)
    crashed = options.workers - sum(line == "complete" for line in lines)
    _say(
        f"points {len(passed) + len(failed)}, failures {len(failed)}; finished by the next run "
        f"{len(passed) - twice}, by the one after it {twice}; mails sent twice {repeated}; "
        f"{time.monotonic() - begun:.0f} seconds"
    )
    if crashed:
        _say(f"{crashed} of {options.workers} parts did not come to their end.")
    return 1 if failed or crashed or not passed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--moment", default="after request")
    parser.add_argument("--every", type=int, default=1, help="try every n-th point only")
    parser.add_argument("--workers", type=int, default=max(2, os.cpu_count() or 2))
    parser.add_argument("--part", type=int, default=-1, help=argparse.SUPPRESS)
    return parser.parse_args()


def _part(number: int) -> Iterator[str]:
    """The lines of one part, which works in a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--part", str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 (this script)
        for line in process.stdout or ():
            yield line.rstrip()


def _work(options: argparse.Namespace) -> int:
    """Every n-th point of each moment, one line each."""
    from crash_bench import CrashBench, Moment, Point  # noqa: PLC0415 (the parts alone need the product)

    moments = list(Moment) if options.moment == "all" else [Moment(options.moment)]
    step = options.every * options.workers
    with tempfile.TemporaryDirectory(dir=_in_memory()) as folder, CrashBench(Path(folder)) as bench:
        for moment in moments:
            number = 1 + options.part * options.every
            while (verdict := bench.try_point(Point(moment, number))) is not None:
                for failure in verdict.failures:
                    _say(f"FAILED {verdict.point}: {failure}")
                if not verdict.failures:
                    _say(
                        f"ok {verdict.point}: {verdict.runs} runs, mails sent twice {verdict.repeated}",
                    )
                number += step
    _say("complete")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _in_memory() -> str | None:
    """A folder in memory, where there is one: thousands of ledger transactions need no disk."""
    shared = Path("/dev/shm")  # noqa: S108
    return str(shared) if os.access(shared, os.W_OK) else None


if __name__ == "__main__":
    sys.exit(main())
