"""Run the tests under each answer that a tenant may give where nobody knows (`tenant.behaviour`).

For each answer but the usual ones: the test files that it may touch (tools/behaviour_rows.toml), with every
tenant of theirs answering so. Prints passed, failed and skipped by answer; exits 1 where one failed.

Usage: python tools/behaviour_table.py [--workers N] [--all] [ANSWER ...]
"""

import argparse
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ROWS = Path(__file__).with_name("behaviour_rows.toml")
VARIABLE = "M365_RESTRICT_TEST_BEHAVIOUR"
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")
_LONG = {"test_year.py", "test_trials.py", "test_long_plans.py"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """What the tests said under one answer. `told` names the tests that failed."""

    answer: str
    passed: int
    failed: int
    skipped: int
    seconds: float
    told: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether tests ran and none failed."""
        return self.passed > 0 and not self.failed


def main() -> int:
    """Run every answer, or those named; the exit code."""
    options = _options()
    stated = tomllib.loads(ROWS.read_text(encoding="utf-8"))
    rows = [row for row in stated["answer"] if not options.answers or row["is"] in options.answers]
    begun, lines = time.monotonic(), []
    with ThreadPoolExecutor(options.workers) as pool:
        for line in pool.map(lambda row: tried(row, _files(row, stated["sets"], options)), rows):
            lines.append(line)
            _say(
                f"{line.answer:<45} passed {line.passed:>4}  failed {line.failed:>3}  "
                f"skipped {line.skipped:>3}  {line.seconds:>4.0f} s"
            )
            for test in line.told:
                _say(f"    {test}")
    failed = [line for line in lines if not line.good]
    _say(
        f"answers {len(lines)}, tests {sum(line.passed for line in lines)}, answers with failures "
        f"{len(failed)}; {time.monotonic() - begun:.0f} seconds"
    )
    return 1 if failed or not lines else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("answers", nargs="*", help="such as sequence=renumbered; all where none is named")
    parser.add_argument("--all", action="store_true", help="all end-to-end tests but the longest (hours)")
    parser.add_argument("--workers", type=int, default=max(2, os.cpu_count() or 2))
    return parser.parse_args()


def _files(row: Mapping[str, Any], sets: Mapping[str, list[str]], options: argparse.Namespace) -> list[str]:
    if options.all:
        found = (ROOT / "tests" / "end_to_end").glob("test_*.py")
        return sorted(str(one.relative_to(ROOT)) for one in found if one.name not in _LONG)
    names = dict.fromkeys(name for one in row["touches"] for name in sets[one])
    return [str(Path("tests") / name) for name in names]


def tried(row: Mapping[str, Any], files: list[str]) -> Line:
    """What the tests of these files say in a process of their own, under the answer of this row."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *files]
    begun = time.monotonic()
    done = subprocess.run(  # noqa: S603 (pytest on our own tests)
        command,
        cwd=ROOT,
        env={**os.environ, VARIABLE: row["is"]},
        capture_output=True,
        text=True,
        check=False,
    )
    counts = {
        word.rstrip("s"): int(number)
        for number, word in _COUNT.findall(done.stdout.rstrip().rpartition("\n")[2])
    }
    told = tuple(one for one in done.stdout.splitlines() if one.startswith(("FAILED", "ERROR")))
    return Line(
        answer=row["is"],
        passed=counts.get("passed", 0),
        failed=counts.get("failed", 0) + counts.get("error", 0),
        skipped=counts.get("skipped", 0),
        seconds=time.monotonic() - begun,
        told=told or (() if counts else (done.stderr[-2000:] or done.stdout[-2000:],)),
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
