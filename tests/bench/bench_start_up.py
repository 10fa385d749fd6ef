"""How long an engineer at a prompt waits for an answer that needs no service."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bench_council import Size, seed
from bench_frame import Order, Result, interleaved
from bench_tenant import Ran, ran, tenant

TITLE = "Start-up"
METHOD = """\
Each is measured as a whole process, from its start to its end, with a bare `python -c pass` in turn, after
one run of each that fills the disk's cache. The ledger is that of a council with 200 cases and 300 choices in
force, as one `apply` left it; the tenant is gone by then, and nothing is asked of it. What takes the most
time to load is by `python -X importtime`, by the library that it belongs to."""

_CLOCK = "M365_RESTRICT_CLOCK__URL"
_FEWEST = 9
_MOST_SHOWN = 5
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
_ADDRESS = "rc-7@post.example"


def measure(order: Order) -> Sequence[Result]:
    """One row for each verb."""
    env = _with_ledger(order)
    rows = (
        (["--help"], 0.25, (0,)),
        (["explain", _ADDRESS, "--from-ledger"], 0.6, (0,)),
        (["status"], 0.6, (0, 2)),
    )
    return [_row(order, env, words, most, codes) for words, most, codes in rows]


def _with_ledger(order: Order) -> Mapping[str, str]:
    """The settings of a council with everything in force; its tenant answers no more."""
    size = Size(cases=order.of(200, 8), councillors=order.of(100, 3))
    with tenant(order.folder / "tenant", seed=seed(size), latency_ms=0) as council:
        done = council.run("apply", "--approve", "--json")
        if done.exit_code != 0:
            raise RuntimeError(f"the apply ended with {done.exit_code}: {done.stderr[-2000:]}")
        # The clock of a sandbox is a service; a council has none.
        return {name: value for name, value in council.env.items() if name != _CLOCK}


def _row(
    order: Order, env: Mapping[str, str], words: list[str], most: float, codes: tuple[int, ...]
) -> Result:
    command = [sys.executable, "-m", "m365_restrict", *words]
    used: list[float] = []

    def _ours() -> float:
        done = _ended(ran(command, env), codes)
        used.append(done.cpu)
        return done.wall

    bare = _walls([sys.executable, "-c", "pass"], env)
    _ours()
    bare()
    used.clear()
    taken = interleaved(order.of(max(order.samples, _FEWEST), 1), ours=_ours, bare=bare)
    return Result(
        name=f"`m365-restrict {' '.join(words)}`",
        unit="s",
        samples=taken["ours"],
        reference="`python -c pass`",
        reference_samples=taken["bare"],
        bound=f"at most {most:g} s",
        met=median(taken["ours"]) <= most,
        limit=f"what is loaded: {_loaded(words, env)}",
        beside={"CPU time": f"{median(used):.2f} s"},
    )


def _walls(command: list[str], env: Mapping[str, str]) -> Callable[[], float]:
    return lambda: _ended(ran(command, env), (0,)).wall


def _ended(done: Ran, codes: tuple[int, ...]) -> Ran:
    if done.exit_code not in codes:
        raise RuntimeError(f"it ended with {done.exit_code}: {done.stderr[-2000:]}")
    return done


def _loaded(words: list[str], env: Mapping[str, str]) -> str:
    """The packages that take the most time to load, with milliseconds."""
    command = [sys.executable, "-X", "importtime", "-m", "m365_restrict", *words]
    done = subprocess.run(command, env={**env}, capture_output=True, text=True, check=False)
    took: dict[str, float] = {}
    for microseconds, module in _LINE.findall(done.stderr):
        package = module.partition(".")[0]
        took[package] = took.get(package, 0) + int(microseconds) / 1000
    most = sorted(took.items(), key=lambda one: -one[1])[:_MOST_SHOWN]
    return ", ".join(f"{package} {spent:.0f} ms" for package, spent in most)
