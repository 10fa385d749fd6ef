"""Run the tests under each answer that a tenant may give where nobody knows (`tenant.behaviour`).

For each answer but the usual ones: the test files that it may touch (tools/behaviour_rows.toml), with every
tenant of theirs answering so. With --together: every end-to-end file but the longest, in as few tenants as
give every answer, each of which gives all that do not exclude each other. Prints passed, failed and skipped
of each; exits 1 where one failed.

Usage: python tools/behaviour_table.py [--workers N] [--all | --together] [--file NAME] [ANSWER ...]
"""

import argparse
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ROWS = Path(__file__).with_name("behaviour_rows.toml")
VARIABLE = "TENANT_BEHAVIOUR"
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")
_KEPT = re.compile(r"^Kept an answer of their own: (\d+) tests", re.MULTILINE)
_LONG = {"test_year.py", "test_trials.py", "test_long_plans.py"}


@dataclass(frozen=True, kw_only=True)
class Task:
    """Tests to be run in a process of their own: `name` stands in the table, `answer` is asked for."""

    name: str
    answer: str
    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Line:
    """What the tests said of one task. `told` names the tests that failed.

    `kept` are those that are about another answer and were run with it under the rest of what was asked for;
    they are among the passed.
    """

    name: str
    passed: int
    failed: int
    skipped: int
    kept: int
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
    tasks = _together(rows, options) if options.together else _apart(rows, stated["sets"], options)
    begun, lines = time.monotonic(), []
    with ThreadPoolExecutor(options.workers) as pool:
        for line in pool.map(tried, tasks):
            lines.append(line)
            _tell(line)
    failed = [line for line in lines if not line.good]
    _say(
        f"{'runs' if options.together else 'answers'} {len(lines)}, "
        f"tests {sum(line.passed for line in lines)}, with failures {len(failed)}, "
        f"skipped {sum(line.skipped for line in lines)}; {time.monotonic() - begun:.0f} seconds"
    )
    return 1 if failed or not lines else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("answers", nargs="*", help="such as sequence=renumbered; all where none is named")
    parser.add_argument("--all", action="store_true", help="all end-to-end tests but the longest (hours)")
    parser.add_argument(
        "--together", action="store_true", help="the same under many answers at once (an hour)"
    )
    parser.add_argument("--file", action="append", help="such as test_mail.py; for --all and --together")
    parser.add_argument("--workers", type=int, default=max(2, os.cpu_count() or 2))
    return parser.parse_args()


def _apart(
    rows: Iterable[Mapping[str, Any]], sets: Mapping[str, list[str]], options: argparse.Namespace
) -> list[Task]:
    """One task for each answer."""
    return [
        Task(
            name=row["is"],
            answer=row["is"],
            files=_end_to_end(options.file) if options.all else _touched(row, sets),
        )
        for row in rows
    ]


def _together(rows: Sequence[Mapping[str, Any]], options: argparse.Namespace) -> list[Task]:
    """One task for each group of answers and end-to-end file, the groups printed first."""
    tasks: list[Task] = []
    for number, group in enumerate(groups(rows), start=1):
        answer = " ".join(row["is"] for row in group)
        _say(f"tenant {number}, {len(group)} answers: {answer}")
        tasks += [
            Task(name=f"tenant {number} {Path(file).name}", answer=answer, files=(file,))
            for file in _end_to_end(options.file)
        ]
    return tasks


def groups(rows: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The answers, together where one tenant can give them: one to each question, none that hides another."""
    found: list[list[Mapping[str, Any]]] = []
    for row in rows:
        for group in found:
            if not any(_apart_from(row, other) for other in group):
                group.append(row)
                break
        else:
            found.append([row])
    return found


def _apart_from(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    asked, others = _questions(row), _questions(other)
    return bool(asked & others or asked & {*other.get("hides", ())} or others & {*row.get("hides", ())})


def _questions(row: Mapping[str, Any]) -> set[str]:
    return {one.partition("=")[0] for one in row["is"].split()}


def _end_to_end(named: Sequence[str] | None) -> tuple[str, ...]:
    found = sorted((ROOT / "tests" / "end_to_end").glob("test_*.py"))
    wanted = named or [one.name for one in found if one.name not in _LONG]
    return tuple(str(one.relative_to(ROOT)) for one in found if one.name in wanted)


def _touched(row: Mapping[str, Any], sets: Mapping[str, list[str]]) -> tuple[str, ...]:
    return tuple(
        str(Path("tests") / name) for name in dict.fromkeys(n for one in row["touches"] for n in sets[one])
    )


def tried(task: Task) -> Line:
    """What the tests of these files say in a process of their own, under what is asked for."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *task.files]
    begun = time.monotonic()
    done = subprocess.run(  # noqa: S603 (pytest on our own tests)
        command,
        cwd=ROOT,
        env={**os.environ, VARIABLE: task.answer},
        capture_output=True,
        text=True,
        check=False,
    )
    counts = {
        word.rstrip("s"): int(number)
        for number, word in _COUNT.findall(done.stdout.rstrip().rpartition("\n")[2])
    }
    told = tuple(one for one in done.stdout.splitlines() if one.startswith(("FAILED", "ERROR")))
    kept = _KEPT.search(done.stdout)
    return Line(
        name=task.name,
        passed=counts.get("passed", 0),
        failed=counts.get("failed", 0) + counts.get("error", 0),
        skipped=counts.get("skipped", 0),
        kept=int(kept[1]) if kept else 0,
        seconds=time.monotonic() - begun,
        told=told or (() if counts else (done.stderr[-2000:] or done.stdout[-2000:],)),
    )


def _tell(line: Line) -> None:
    kept = f"  own answer kept {line.kept}" if line.kept else ""
    _say(
        f"{line.name:<45} passed {line.passed:>4}  failed {line.failed:>3}  "
        f"skipped {line.skipped:>3}  {line.seconds:>4.0f} s{kept}"
    )
    for test in line.told:
        _say(f"    {test}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
