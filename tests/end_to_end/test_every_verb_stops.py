"""Each verb that writes to the tenant: a signal ends it between two items, a broken ledger before all."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from typer.testing import CliRunner

from m365_restrict.cli.app import app
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.lives import LifeRecord
from m365_restrict.sandbox.faults import Asked, FaultKind

OFFICER = "officer@ash.example"
CANARY = {
    "CANARY__ADDRESS": "ict@outside.example",
    "CANARY__MAILBOXES": "planning@ash.example,parks@ash.example,housing@ash.example",
}
MAIL = {"NOTIFY__SENDER": "contact@ash.example", "NOTIFY__MONITORING_OFFICER": "monitoring@ash.example"}


def ledger_of(council: Any) -> Path:
    return Path(council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///"))


def two_rules_of_one_case(council: Any) -> None:
    holder = council.councillors[0]
    council.in_force(
        council.case("RC-1", CouncillorRoute="Councillor opted in", WardCouncillors=[holder]),
        choices=[council.choice(holder, "RC-1", "Same as the council")],
    )


def three_rules_of_one_run(council: Any) -> None:
    council.in_force(*(council.case(f"RC-{one}") for one in (1, 2, 3)))


def notices_due(council: Any) -> None:
    cases = [council.case(f"RC-{one}", CaseOwner=OFFICER, NextReviewOn="2026-11-01") for one in (1, 2)]
    council.in_force(*cases, settings=MAIL)


def two_deletions_due(council: Any) -> None:
    council.in_force(*(council.case(f"RC-{one}") for one in (1, 2)))
    council.clock("2028-11-23T09:00:00Z")
    assert council.apply().exit_code == 0
    with open_ledger(f"sqlite:///{ledger_of(council)}") as ledger:
        for item in ("1", "2"):
            day = date(2027, 4, 1)
            life = LifeRecord(
                item_id=item, case_reference=f"RC-{item}", ended_on=day, closed_on=day, closed_run="r"
            )
            ledger.lives.record(life)


def no_lists(council: Any) -> None:
    council.plant(without=("Restricted contacts", "Restriction reviews", "Councillor mail choices"))


def pilots(council: Any) -> None:
    council.plant(settings=CANARY)


def a_block_by_hand(council: Any) -> None:
    council.plant()
    council.cmdlet(
        "New-TransportRule",
        Name="Block J",
        From=["pat@post.example"],
        RedirectMessageTo=["contact@ash.example"],
        StopRuleProcessing=True,
    )


@dataclass(frozen=True)
class Writer:
    """A verb, the council that it is tried on, its first write, and how many it makes at `most` once told.

    `code` is how it ends when it is stopped, `again` how the next run ends.
    """

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Any], None]
    first: tuple[tuple[str, str], ...]
    most: int
    code: int = 4
    again: int = 0


def writer(name: str, line: str, prepare: Callable[[Any], None], most: int, **options: Any) -> Writer:
    first = tuple((key, options.pop(key)) for key in ("method", "path_regex", "cmdlet") if key in options)
    return Writer(name, tuple(line.split()), prepare, first, most, **options)


REMOVE, NEW = "Remove-TransportRule", "New-TransportRule"
WRITERS = [
    writer("open", "open RC-1 --reason INC-1", two_rules_of_one_case, 1, cmdlet=REMOVE),
    writer("undo", "undo --approve", three_rules_of_one_run, 1, cmdlet=REMOVE),
    writer("reviews", "reviews", notices_due, 1, method="POST", path_regex="/items|sendMail", again=2),
    writer("retention", "retention --approve", two_deletions_due, 1, method="DELETE"),
    writer("init", "init --approve", no_lists, 1, method="POST", path_regex="/lists"),
    writer("probe", "doctor --probe", pilots, 2, cmdlet=NEW),
    writer("canary", "doctor --canary start", pilots, 3, cmdlet=NEW, code=1),
    writer(
        "import",
        "import BlockJ --case RC-9 --approve",
        a_block_by_hand,
        1,
        method="POST",
        path_regex="/items",
        again=3,
    ),
]
ENABLED_AT_ONCE = pytest.mark.behaviour(
    drop_parameter=None, reason="a trial rule that comes up enabled is removed, and the trial ends there"
)
BY_NAME = pytest.mark.parametrize(
    "writer",
    [
        pytest.param(one, id=one.name, marks=[ENABLED_AT_ONCE] if one.name == "probe" else [])
        for one in WRITERS
    ],
)


def arguments_of(writer: Writer) -> list[str]:
    """The words of the command; the name of a rule has a space in it."""
    return [one.replace("BlockJ", "Block J") for one in writer.arguments]


def stopped_at_the_first_write(council: Any, writer: Writer, number: int) -> tuple[int, Any]:
    """Run it in a process of its own and send the signal once its first write is under way."""
    entry = {"match": dict(writer.first), "do": "delay", "ms": 1500, "times": 1}
    council.sandbox.control("POST", "faults", [entry])
    env = {key: value for key, value in os.environ.items() if not key.startswith("M365_RESTRICT")}
    command = [sys.executable, "-m", "m365_restrict", *arguments_of(writer), "--json"]
    with subprocess.Popen(
        command,
        env={**env, **council.sandbox.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        faults, match = council.sandbox.running.faults, dict(writer.first)
        asked = Asked(match.get("method", "POST"), "/lists/items/sendMail", cmdlet=match.get("cmdlet"))
        while faults.waits(FaultKind.DELAY, asked) is not None and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert out, err
    assert "Traceback" not in err
    return process.returncode, json.loads(out)


@BY_NAME
def test_a_verb_that_writes_stops_between_two_items_and_the_next_run_goes_on(
    council: Any, writer: Writer
) -> None:
    writer.prepare(council)
    council.requests()
    code, document = stopped_at_the_first_write(council, writer, signal.SIGTERM)
    assert (code, document["error"]["code"]) == (writer.code, "stopped"), document
    assert document["error"]["message"].startswith("SIGTERM stopped the ")
    assert 1 <= len(council.writes()) <= writer.most
    with open_ledger(f"sqlite:///{ledger_of(council)}") as ledger:
        (last, *_) = ledger.runs.latest(limit=1)
        assert last.exit_code == writer.code
    with closing(sqlite3.connect(ledger_of(council))) as ledger:
        assert ledger.execute("SELECT count(*) FROM lease").fetchone() == (0,)
    done = in_process(council, writer)
    assert done.exit_code == writer.again, done.output


def in_process(council: Any, writer: Writer, **variables: str) -> Any:
    changed = {f"M365_RESTRICT_{name}": value for name, value in variables.items()}
    return CliRunner().invoke(
        app, [*arguments_of(writer), "--json"], env={**council.sandbox.env, **changed}, catch_exceptions=False
    )


def damaged(council: Any) -> Any:
    """A page of a table that none of them reads is overwritten."""
    path = ledger_of(council)
    with open_ledger(f"sqlite:///{path}"):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'deletions'"
        (page,) = connection.execute(query).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


@contextmanager
def no_room(council: Any) -> Iterator[None]:
    path = ledger_of(council)
    with open_ledger(f"sqlite:///{path}"):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


def refused(council: Any, writer: Writer, code: str, **variables: str) -> None:
    done = in_process(council, writer, **variables)
    error = json.loads(done.stdout)["error"]
    assert (done.exit_code, error["code"]) == (1, code), error
    assert error["advice"]
    assert council.writes() == []


@BY_NAME
def test_a_broken_ledger_ends_it_before_anything_is_written(council: Any, writer: Writer) -> None:
    writer.prepare(council)
    council.requests()
    with open_ledger(f"sqlite:///{ledger_of(council)}"):
        pass
    url = f"sqlite:///file:{ledger_of(council)}?mode=ro&uri=true"
    refused(council, writer, "ledger-read-only", LEDGER__URL=url)
    with no_room(council):
        refused(council, writer, "ledger-full")
    damaged(council)
    refused(council, writer, "ledger-corrupt")
