"""A sample of `make faults`: one fault at one step of a run, and what becomes of it."""

import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tools() -> Any:
    """The modules that the bench is made of."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import fault_bench
        import fault_page
        import fault_rules
        import fault_steps
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return SimpleNamespace(bench=fault_bench, page=fault_page, rules=fault_rules, steps=fault_steps)


@pytest.fixture(scope="module")
def bench(tools: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with tools.bench.FaultBench(tmp_path_factory.mktemp("faults")) as bench:
        yield bench


# One of each rule, at steps where breaking it would do harm.
SAMPLE = [
    ("sign in", "503", True),
    ("list, second page", "answer cut short", False),
    ("list, first page", "503", True),
    ("person in the list", "403 of NUL bytes", False),
    ("recipient", "500", False),
    ("inbox rules", "429, Retry-After", True),
    ("New-TransportRule", "connection breaks after", False),
    ("New-TransportRule", "token revoked", False),
    ("read back after Set", "old state read", False),
    ("Set-TransportRule", "parameter dropped", False),
    ("new inbox rule", "503", False),
    ("mail", "connection breaks after", False),
]


@pytest.mark.parametrize(("step", "kind", "lasting"), SAMPLE)
def test_a_fault_ends_as_its_rule_says(
    tools: Any, bench: Any, step: str, kind: str, *, lasting: bool
) -> None:
    (trial,) = [
        one
        for one in tools.rules.all_trials()
        if (one.step.name, one.kind.value, one.lasting) == (step, kind, lasting)
    ]
    assert bench.try_one(trial).failures == ()


# Mailboxes are written beside each other, so the transport rules are where a run stops between two.
STOPS: list[tuple[signal.Signals, Mapping[str, str], str]] = [
    (signal.SIGTERM, {"cmdlet": "Set-TransportRule"}, "after 3 of 9 changes"),
    (signal.SIGINT, {"cmdlet": "New-TransportRule"}, "after 1 of 9 changes"),
]


@pytest.mark.parametrize(("number", "match", "where"), STOPS)
def test_a_signal_stops_a_run_between_two_items(
    bench: Any, number: signal.Signals, match: Mapping[str, str], where: str
) -> None:
    code, document, failures = bench.stop_at(match, number)
    assert failures == []
    assert (code, document["error"]["code"]) == (4, "stopped")
    assert where in document["error"]["message"]
    assert {one["outcome"] for one in document["changes"]} == {"applied", "skipped"}


def test_a_signal_while_mails_are_sent_leaves_the_rest_to_the_next_run(bench: Any) -> None:
    code, document, failures = bench.stop_at({"path_regex": "/sendMail$"}, signal.SIGTERM)
    assert failures == []
    assert (code, {one["outcome"] for one in document["changes"]}) == (4, {"applied"})


def test_every_fault_of_the_sandbox_is_in_the_table(tools: Any) -> None:
    injected = {fault["do"] for fault in tools.steps.FAULTS.values()} | {"batch_inner"}
    assert injected == {kind.value for kind in tools.bench.FaultKind}


def test_the_page_tells_the_rules(tools: Any) -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert tools.page.table_of(lambda trial: tools.rules.end_of(trial).value) in page
