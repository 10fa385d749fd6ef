"""Run the benchmarks of tests/bench and write build/bench.json and docs/performance.md.

Usage: python tools/bench.py [NAME ...] [--samples N] [--list] [--tiny] [--json FILE] [--page FILE]

A benchmark that is not named keeps its figures of the last run. Exits 1 where a bound is missed, 2 where a
benchmark did not come to its end.
"""

import argparse
import importlib
import json
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).resolve().parents[1]
BENCHES = ROOT / "tests" / "bench"
PAGE = ROOT / "docs" / "performance.md"
DOCUMENT = ROOT / "build" / "bench.json"
SCHEMA = "m365-restrict/bench/1"

sys.path.insert(0, str(BENCHES))
from bench_frame import FEWEST, Order, Result  # noqa: E402 (the folder is no package)

Json: TypeAlias = dict[str, Any]


def names() -> tuple[str, ...]:
    """The names of all benchmarks: the modules `bench_<name>.py` that have a function `measure`."""
    found = sorted(path.stem for path in BENCHES.glob("bench_*.py"))
    return tuple(one.removeprefix("bench_") for one in found if "\ndef measure(" in _text(one))


def run(name: str, order: Order) -> Json:
    """Measure one benchmark; its part of the document."""
    module = importlib.import_module(f"bench_{name}")
    results: Sequence[Result] = module.measure(order)
    return {
        "title": module.TITLE,
        "method": module.METHOD,
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": machine(),
        "rows": [_row(result) for result in results],
    }


def machine() -> str:
    """What the figures were taken on."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, load {load}"


def table(part: Json) -> Iterator[str]:
    """The rows of one benchmark as plain lines."""
    for row in part["rows"]:
        yield f"  {row['name']}"
        yield f"    {figures(row)}"
        yield f"    bound: {row['bound']}: {'met' if row['met'] else 'NOT MET'}"
        yield from (f"    {name}: {value}" for name, value in row["beside"].items())
        yield f"    limited by: {row['limit']}"


def figures(row: Json) -> str:
    """Median and spread, and the reference's and the ratio where there is one."""
    text = f"{_spread(row['samples'], row['unit'])} over {len(row['samples'])} samples"
    if row["reference_samples"]:
        text += f"; {row['reference']} {_spread(row['reference_samples'], row['unit'])}"
        text += f"; ratio {row['ratio']:.2f}"
    return text


def page(document: Json) -> str:
    """docs/performance.md."""
    parts = document["benchmarks"]
    lines = [
        "# Performance",
        "",
        "Written by `make bench`; the figures as JSON are in `build/bench.json`. Each benchmark takes its",
        "own samples and those of its reference in turn, in one run on one machine, and gives medians with",
        "the smallest and the largest sample. Seconds depend on the machine; the ratios carry over.",
        "",
        "| benchmark | measured | reference | ratio | bound | |",
        "|---|---|---|---|---|---|",
    ]
    for part in parts.values():
        lines += [_page_row(row) for row in part["rows"]]
    for part in parts.values():
        lines += ["", f"## {part['title']}", "", part["method"], ""]
        lines += [f"Measured at {part['measured_at']} on {part['machine']}."]
        for row in part["rows"]:
            lines += ["", f"**{row['name']}**: {figures(row)}.", ""]
            lines += [f"- {name}: {value}" for name, value in row["beside"].items()]
            lines += [f"- Limited by: {row['limit']}"]
    for part in parts.values():
        for listing in (one for row in part["rows"] for one in row["listings"]):
            lines += ["", f"### {listing['title']}", "", "```python", listing["code"].rstrip(), "```"]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write; the exit code."""
    options = _options(arguments)
    if options.list:
        _say(" ".join(names()))
        return 0
    document = _before(options.json)
    failed = False
    for name in options.names or names():
        _say(f"{name}:")
        try:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                order = Order(folder=Path(folder), samples=options.samples, tiny=options.tiny, say=_say)
                document["benchmarks"][name] = run(name, order)
        except Exception:
            traceback.print_exc()
            failed = True
            continue
        for line in table(document["benchmarks"][name]):
            _say(line)
        _write(document, options)
    missed = [
        row["name"] for part in document["benchmarks"].values() for row in part["rows"] if not row["met"]
    ]
    for one in () if options.tiny else missed:
        _say(f"Bound missed: {one}")
    return 2 if failed else 1 if missed and not options.tiny else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *names()], metavar="NAME")
    parser.add_argument("--samples", type=int, default=FEWEST)
    parser.add_argument("--list", action="store_true", help="say which there are")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes, to see that they run")
    parser.add_argument("--json", type=Path, default=DOCUMENT)
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args(arguments)
    if options.samples < FEWEST and not options.tiny:
        parser.error(f"fewer than {FEWEST} samples say nothing")
    return options


def _before(file: Path) -> Json:
    document: Json = json.loads(file.read_text("utf-8")) if file.exists() else {}
    kept = document.get("benchmarks", {}) if document.get("schema") == SCHEMA else {}
    return {"schema": SCHEMA, "benchmarks": {name: kept[name] for name in names() if name in kept}}


def _write(document: Json, options: argparse.Namespace) -> None:
    document["benchmarks"] = {name: document["benchmarks"][name] for name in sorted(document["benchmarks"])}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    options.page.write_text(page(document), "utf-8")


def _row(result: Result) -> Json:
    return {
        **asdict(result),
        "beside": dict(result.beside or {}),
        "median": result.median,
        "spread": list(result.spread),
        "ratio": result.ratio,
    }


def _page_row(row: Mapping[str, Any]) -> str:
    measured = _spread(row["samples"], row["unit"])
    reference = (
        f"{row['reference']}: {_median(row['reference_samples'], row['unit'])}" if row["ratio"] else ""
    )
    ratio = f"{row['ratio']:.2f}" if row["ratio"] else ""
    verdict = "met" if row["met"] else "**not met**"
    return f"| {row['name']} | {measured} | {reference} | {ratio} | {row['bound']} | {verdict} |"


def _median(samples: Sequence[float], unit: str) -> str:
    ordered = sorted(samples)
    middle = len(ordered) // 2
    value = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return f"{_number(value)} {unit}"


def _spread(samples: Sequence[float], unit: str) -> str:
    if min(samples) == max(samples):
        return _median(samples, unit)
    return f"{_median(samples, unit)} ({_number(min(samples))} to {_number(max(samples))})"


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 1000:  # noqa: PLR2004 (no decimals where they say nothing)
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _text(module: str) -> str:
    return (BENCHES / f"{module}.py").read_text("utf-8")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
