"""The program with a profile of each council's thread: where their CPU time goes, as a text in a file.

Give one council at a time (TENANTS__AT_ONCE=1): from Python 3.12 on one profile sees all threads. A profile
makes what is written in Python look dearer than what is compiled; its times are shares and no figures.

Usage: python profiled_councils.py FILE ARGUMENT ...
"""

import cProfile
import pstats
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

_OURS = "m365_restrict"
_MOST = 10


def by_package(stats: pstats.Stats) -> dict[str, float]:
    """Own seconds of all functions, by the package that they are in."""
    found: dict[str, float] = defaultdict(float)
    for (file, _line, _name), (_calls, _all, own, *_rest) in stats.stats.items():
        found[_package(file)] += own
    return found


def _package(file: str) -> str:
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    if _OURS in parts:
        return _OURS
    return "Python's own library" if file.endswith(".py") or file.startswith("<") else "compiled functions"


def ours(stats: pstats.Stats) -> list[tuple[float, float, str]]:
    """Own seconds and those with all that is called, of our functions; the dearest first."""
    found = [
        (own, whole, f"{_module(file)}:{name}")
        for (file, _line, name), (_calls, _all, own, whole, _callers) in stats.stats.items()
        if _package(file) == _OURS
    ]
    return sorted(found, reverse=True)


def _module(file: str) -> str:
    parts = Path(file).with_suffix("").parts
    last = len(parts) - 1 - parts[::-1].index(_OURS)
    return ".".join(parts[last + 1 :])


def told(stats: pstats.Stats) -> str:
    """What the page shows."""
    packages = by_package(stats)
    everything = sum(packages.values())
    lines = ["own time of all functions, by package"]
    dearest = sorted(packages.items(), key=lambda one: one[1], reverse=True)[:_MOST]
    lines += [f"{own / everything:7.1%}  {name}" for name, own in dearest]
    lines += ["", "our functions: own time, with all that they call"]
    lines += [
        f"{own / everything:7.1%} {whole / everything:7.1%}  {name}"
        for own, whole, name in ours(stats)[:_MOST]
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the program, and write the profile when it ends."""
    profiles: list[cProfile.Profile] = []
    run = threading.Thread.run

    def _profiled(thread: threading.Thread) -> None:
        if not thread.name.startswith("council "):
            run(thread)
            return
        profile = cProfile.Profile(time.thread_time)
        profiles.append(profile)
        profile.runcall(run, thread)

    file, *arguments = sys.argv[1:]
    threading.Thread.run = _profiled
    sys.argv = [_OURS, *arguments]
    from m365_restrict.__main__ import main as program

    try:
        program()
    finally:
        # The first one loads what all of them use.
        first, *others = [pstats.Stats(one) for one in profiles[1:]]
        for one in others:
            first.add(one)
        Path(file).write_text(told(first), "utf-8")


if __name__ == "__main__":
    main()
