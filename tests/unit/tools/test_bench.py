"""The runner of the benchmarks at their smallest size, and the page that it writes."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    return load(ROOT / "tools" / "bench.py")


@pytest.fixture
def no_change(bench: ModuleType) -> ModuleType:
    module = bench.importlib.import_module("bench_no_change")
    assert isinstance(module, ModuleType)
    return module


def row(**changes):
    usual = {
        "name": "a row",
        "unit": "s",
        "samples": [1.0, 2.0, 4.0],
        "reference": "the floor",
        "reference_samples": [1.0],
        "ratio": 2.0,
        "bound": "at most 1.25",
        "met": False,
        "limit": "the CPU",
        "beside": {},
        "listings": [],
    }
    return {**usual, **changes}


def test_a_benchmark_runs_at_its_smallest_and_leaves_both_documents(bench, tmp_path):
    told, page = tmp_path / "bench.json", tmp_path / "page.md"
    asked = ["planning", "--tiny", "--samples", "1", "--json", str(told), "--page", str(page)]
    assert bench.main(asked) == 0
    (part,) = json.loads(told.read_text())["benchmarks"].values()
    assert part["rows"]
    assert all(one["name"] in page.read_text() for one in part["rows"])


def test_every_benchmark_says_what_it_is(bench):
    for name in bench.names():
        module = bench.importlib.import_module(f"bench_{name}")
        assert module.TITLE
        assert module.METHOD


def test_figures_are_the_median_with_its_spread(bench):
    assert bench.figures(row()) == "2 s (1 to 4) over 3 samples; the floor 1 s; ratio 2.00"


def test_a_bound_that_is_missed_stands_out(bench):
    part = {"title": "T", "method": "M", "measured_at": "now", "machine": "m", "rows": [row()]}
    assert "**not met**" in bench.page({"benchmarks": {"one": part}})


def test_few_samples_are_refused(bench):
    with pytest.raises(SystemExit):
        bench.main(["planning", "--samples", "2"])


def test_a_plan_asks_what_the_formula_says_and_no_history_and_no_folder_twice(no_change, tmp_path):
    size = no_change.Size(cases=21, councillors=9)
    with no_change.in_step(tmp_path / "tenant", size, latency_ms=0) as council:
        council.look(keeping=True)
        no_change.expect_nothing(council.run("plan", "--json"))
        saw = council.look()
    assert len(saw.asked) == sum(no_change.formula(size).values())
    assert not [one.url for one in saw.asked if "/versions" in one.url]
    assert not [one.url for one in saw.asked if no_change.asks_for_folder(one.url)]
    assert saw.peak <= 4
