"""Inject every fault at every step of a run, one run each, let the next run finish, and print the table.

Exits 1 where one failed: the rule of docs/faults.md was not kept, the end was not that of an undisturbed
run, something was made twice, a rule that is not ours was touched, or somebody's mail met a gap.

Usage: python tools/fault_table.py [--step TEXT] [--kind TEXT] [--every N] [--workers N]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fault_page import table_of

_REPORTED = 30


def main() -> int:
    """Run all trials in several processes beside each other; the exit code."""
    options = _options()
    if options.part >= 0:
        return _work(options)
    begun = time.monotonic()
    with ThreadPoolExecutor(options.workers) as pool:
        lines = [line for part in pool.map(lambda n: list(_part(n)), range(options.workers)) for line in part]
    found = [json.loads(line) for line in lines if line.startswith("{")]
    failed = [one for one in found if one["failures"]]
    for one in failed[:_REPORTED]:
        _say(f"FAILED {one['trial']}: {'; '.join(one['failures'])}")
    cells = {(one["step"], one["kind"], one["lasting"]): not one["failures"] for one in found}
    _say(table_of(lambda trial: _shown(cells.get((trial.step.name, trial.kind.value, trial.lasting)))))
    crashed = options.workers - lines.count("complete")
    at_once = sum(one["runs"] == 1 for one in found)
    _say(
        f"trials {len(found)}, failures {len(failed)}; finished by the same run {at_once}, by the next "
        f"{len(found) - at_once}; mails twice {sum(one['repeated'] for one in found)}, each after a lost "
        f"answer; waits passed over {sum(one['waited'] for one in found):.0f} seconds; "
        f"{time.monotonic() - begun:.0f} seconds"
    )
    if crashed:
        _say(f"{crashed} of {options.workers} parts did not come to their end.")
    return 1 if failed or crashed or not found else 0


def _shown(passed: bool | None) -> str:  # noqa: FBT001 (a result and nothing to switch)
    return {None: "", True: "ok", False: "FAILED"}[passed]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--step", default="", help="only steps whose name holds this")
    parser.add_argument("--kind", default="", help="only faults whose name holds this")
    parser.add_argument("--every", type=int, default=1, help="try every n-th only")
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
    """The trials of this part, one line each."""
    from fault_bench import FaultBench  # noqa: PLC0415 (the parts alone need the product)
    from fault_rules import all_trials  # noqa: PLC0415 (as above)

    trials = [
        one for one in all_trials() if options.step in one.step.name and options.kind in one.kind.value
    ][:: options.every]
    with tempfile.TemporaryDirectory(dir=_in_memory()) as folder, FaultBench(Path(folder)) as bench:
        for trial in trials[options.part :: options.workers]:
            found = bench.try_one(trial)
            _say(
                json.dumps(
                    {
                        "trial": str(trial),
                        "step": trial.step.name,
                        "kind": trial.kind.value,
                        "lasting": trial.lasting,
                        "runs": found.runs,
                        "repeated": found.repeated,
                        "waited": found.waited,
                        "failures": found.failures,
                    }
                )
            )
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
