"""What the page shows of a profile: own time by package, and our dearest functions."""

import pstats
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
CALLED = {
    ("/src/m365_restrict/plan/prove.py", 1, "prove"): (1, 1, 3.0, 6.0, {}),
    ("/m365_restrict/venv/site-packages/m365_restrict/rules/compile.py", 2, "compile"): (1, 1, 1.0, 1.0, {}),
    ("/venv/site-packages/httpx/_urls.py", 3, "parse"): (9, 9, 4.5, 4.5, {}),
    ("/usr/lib/python3.11/json/decoder.py", 4, "decode"): (9, 9, 1.0, 1.0, {}),
    ("~", 0, "<built-in method len>"): (9, 9, 0.5, 0.5, {}),
}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "bench"))
    sys.modules.pop("profiled_councils", None)
    import profiled_councils

    assert isinstance(profiled_councils, ModuleType)
    return profiled_councils


@pytest.fixture
def stats() -> pstats.Stats:
    made = pstats.Stats()
    made.stats = dict(CALLED)
    return made


def test_the_dearest_packages_come_first_and_their_shares_are_of_everything(module, stats):
    said = module.told(stats).split("\n\n")[0].splitlines()[1:]
    assert said == [
        "  45.0%  httpx",
        "  40.0%  m365_restrict",
        "  10.0%  Python's own library",
        "   5.0%  compiled functions",
    ]


def test_our_functions_are_told_with_their_modules(module, stats):
    assert module.told(stats).split("\n\n")[1].splitlines()[1:] == [
        "  30.0%   60.0%  plan.prove:prove",
        "  10.0%   10.0%  rules.compile:compile",
    ]
