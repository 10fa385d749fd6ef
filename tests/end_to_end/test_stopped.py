"""SIGTERM and SIGINT: the item at hand is finished, the rest is left, and the next run goes on."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

_LOOKS = 200_000


def started(council: Any, *arguments: str) -> subprocess.Popen[str]:
    """The program in a process of its own, which a signal may end."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("M365_RESTRICT")}
    command = [sys.executable, "-m", "m365_restrict", *arguments, "--json"]
    return subprocess.Popen(
        command,
        env={**env, **council.sandbox.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stopped(process: subprocess.Popen[str], number: int, when: Callable[[], bool]) -> Any:
    """Send the signal once it is so; the exit code and the document of the run."""
    for _ in range(_LOOKS):
        if when() or process.poll() is not None:
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert out, err
    return process.returncode, json.loads(out)


def is_free(council: Any) -> bool:
    """Whether nobody holds the lease: the next run has nobody to take it over from."""
    path = council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as ledger:
        return ledger.execute("SELECT count(*) FROM lease").fetchone() == (0,)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_stops_between_two_items_and_says_where(council: Any, number: int) -> None:
    council.plant(*(council.case(f"RC-{one}") for one in range(1, 5)))
    entry = {"match": {"cmdlet": "New-TransportRule"}, "do": "delay", "ms": 1500, "times": 1}
    council.sandbox.control("POST", "faults", [entry])
    process = started(council, "apply", "--approve")
    code, document = stopped(process, number, lambda: bool(council.ours()))
    assert (code, document["status"], document["error"]["code"]) == (4, "partial", "stopped")
    assert [one["outcome"] for one in document["changes"]] == ["applied", "skipped", "skipped", "skipped"]
    assert "after 1 of 4 changes" in document["error"]["message"]
    assert [rule["State"] for rule in council.ours().values()] == ["Enabled"]
    assert is_free(council)
    again = council.apply()
    assert (again.exit_code, len(again.changes), len(council.ours())) == (0, 3, 4)


def test_a_run_that_only_reads_yet_stops_at_once(council: Any) -> None:
    council.plant(council.case("RC-1"))
    entry = {"match": {"path_regex": "/items"}, "do": "delay", "ms": 60_000, "times": 9}
    council.sandbox.control("POST", "faults", [entry])
    process = started(council, "apply", "--approve")
    code, document = stopped(process, signal.SIGTERM, lambda: bool(council.requests()))
    council.sandbox.control("DELETE", "faults")
    assert (code, document["error"]["code"]) == (1, "stopped")
    assert council.ours() == {}
    assert is_free(council)
