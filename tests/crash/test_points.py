"""A sample of `make crash`: the program is killed at one point of a run of 40 changes, and goes on."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """The bench, and the module that it comes from."""
    sys.path.insert(0, str(TOOLS))
    try:
        import crash_bench
    finally:
        sys.path.remove(str(TOOLS))
    with crash_bench.CrashBench(tmp_path_factory.mktemp("crash")) as bench:
        yield bench, crash_bench


# A transport rule made, one enabled, an inbox rule made, an item written back, a mail sent; the same places
# before the request is carried out, and before the ledger is told.
POINTS = [
    *(("after request", part) for part in (0.25, 0.45, 0.7, 0.9)),
    ("before request", 0.5),
    ("before transaction", 0.3),
]


@pytest.mark.parametrize(("moment", "part"), POINTS)
def test_a_killed_run_is_finished_by_the_next(crash: tuple[Any, Any], moment: str, part: float) -> None:
    bench, module = crash
    verdict = bench.try_point(module.Point(module.Moment(moment), int(bench.requests * part)))
    assert verdict is not None
    assert verdict.failures == ()


def test_a_point_behind_the_end_of_the_run_is_none(crash: tuple[Any, Any]) -> None:
    bench, module = crash
    assert bench.try_point(module.Point(module.Moment.ANSWER, bench.requests + 50)) is None
