"""A council whose ledger is on a PostgreSQL server: every verb that works with a file works there."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from m365_restrict.cli.app import app
from m365_restrict.ledger.database import open_database

OFFICER, RULE = "officer@ash.example", "RC-1 Redirect to single contact"


@pytest.fixture
def served(council: Any, postgres_url: str) -> Any:
    """The council, with its ledger on a server."""
    council.sandbox.ledger_url = postgres_url
    return council


def verb(council: Any, *arguments: str) -> Any:
    """A verb of a person, with the council's settings."""
    done = CliRunner().invoke(app, list(arguments), env=council.sandbox.env, catch_exceptions=False)
    council.sandbox.scan.said(done.stdout, done.stderr)
    return done


def document(council: Any, *arguments: str) -> dict[str, Any]:
    done = verb(council, *arguments, "--json")
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["exit_code"] == done.exit_code
    return told


def ask(council: Any, question: str) -> Any:
    """What the ledger holds, asked beside the program."""
    with closing(open_database(council.sandbox.ledger_url)) as ledger, ledger.reading() as connection:
        return connection.execute(text(question)).scalar()


def wait_for(what: Callable[[], bool]) -> None:
    """Until it is so; a loaded machine is given its time."""
    end = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def test_a_case_lives_and_is_proven_on_a_server(served: Any, tmp_path: Path) -> None:
    served.plant(
        served.case("RC-1"),
        choices=[served.choice(served.councillors[0], "x@post.example", "Junk Email")],
    )
    runs = [served.plan(), served.apply(), served.plan()]
    assert [one.exit_code for one in runs] == [2, 0, 0]
    served.cmdlet("Set-TransportRule", Identity=RULE, From=["someone@else.example"])
    runs.append(served.drift())
    assert [one["code"] for one in runs[-1].findings("drifted")]
    runs.append(served.heal())
    assert runs[-1].exit_code == 0
    for run in runs:
        assert document(served, "replay", run.document["run_id"])["same"]
    assert document(served, "verify-ledger")["problems"] == []
    assert runs[1].document["run_id"] in verb(served, "history").stdout

    copy = tmp_path / "copy.db"
    assert verb(served, "ledger", "backup", str(copy)).exit_code == 0
    head = document(served, "verify-ledger")["chain_head"]
    proven = document(served, "verify-ledger", "--ledger", str(copy), "--expect", head)
    assert (proven["problems"], proven["exit_code"]) == ([], 0)
    assert document(served, "replay", runs[1].document["run_id"], "--ledger", str(copy))["same"]


def test_a_council_moves_from_a_file_to_a_server(council: Any, postgres_url: str, tmp_path: Path) -> None:
    council.in_force(council.case("RC-1"))
    copy = tmp_path / "copy.db"
    assert verb(council, "ledger", "backup", str(copy)).exit_code == 0
    council.sandbox.ledger_url = postgres_url
    moved = verb(council, "ledger", "restore", str(copy))
    assert moved.exit_code == 0, moved.output
    assert council.plan().exit_code == 0
    council.edit(1, by=OFFICER, Status="Lifted")
    assert council.apply().exit_code == 0
    assert council.ours() == {}
    assert document(council, "verify-ledger")["problems"] == []


def test_a_run_that_is_killed_is_taken_over_at_once_and_finished(served: Any) -> None:
    served.plant(served.case("RC-1"), served.case("RC-2"))
    delayed = {"match": {"cmdlet": "New-TransportRule"}, "do": "delay", "ms": 4000, "times": 1}
    served.sandbox.control("POST", "faults", [delayed])
    env = {key: value for key, value in os.environ.items() if not key.startswith("M365_RESTRICT")}
    run = subprocess.Popen(
        [sys.executable, "-m", "m365_restrict", "apply", "--approve"],
        env={**env, **served.sandbox.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert ask(served, "SELECT 1") == 1  # makes the tables, if the run has not yet
    wait_for(lambda: bool(ask(served, "SELECT count(*) FROM written_changes WHERE result = 'begun'")))
    run.send_signal(signal.SIGKILL)
    run.wait(60)
    assert ask(served, "SELECT count(*) FROM lease") == 1
    # It was killed with its request on the way, or just before: by then the tenant has it, or never will.
    answered = time.monotonic() + 20
    wait_for(
        lambda: (
            time.monotonic() > answered or "New-TransportRule" in [one["cmdlet"] for one in served.requests()]
        )
    )
    done = served.apply()
    assert (done.exit_code, done.document["error"]) == (0, None)
    assert len(served.ours()) == 2
    assert served.plan().exit_code == 0
    assert document(served, "verify-ledger")["problems"] == []


def test_a_server_that_is_away_changes_nothing_and_is_said(served: Any) -> None:
    served.plant(served.case("RC-1"))
    served.sandbox.ledger_url = "postgresql://ledger:hunter2@127.0.0.1:1/ledger"
    done = served.apply()
    assert (done.exit_code, done.document["error"]["code"]) == (1, "ledger-unreachable")
    assert "hunter2" not in json.dumps(done.document)
    assert served.rule_writes() == []


@pytest.mark.parametrize("arguments", [["ledger", "rebuild"]])
def test_what_needs_a_file_says_how_it_is_done_on_a_server(served: Any, arguments: list[str]) -> None:
    served.plant(served.case("RC-1"))
    done = verb(served, *arguments)
    assert done.exit_code == 1
    assert "ledger restore" in done.output
