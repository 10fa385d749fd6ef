"""A ledger that is damaged, full, read-only, held, lost or old: what a run does, and how one comes back."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from m365_restrict.cli.ledger_copies import put_back, write_backup
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger

OFFICER, CONTACTS, CHOICES = "officer@ash.example", "Restricted contacts", "Councillor mail choices"


def ledger_of(council: Any) -> Path:
    return Path(council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///"))


@pytest.fixture
def waiting(council: Any) -> Any:
    """A council in step in whose register a case has been lifted and another one added."""
    council.in_force(council.case("RC-1"))
    fields = council.case("RC-2")["versions"][0]["fields"]
    item = int(council.add(by=OFFICER, **fields))
    council.edit(item, by="director@ash.example", Status="Approved")
    council.edit(1, by=OFFICER, Status="Lifted")
    council.requests()
    council.added = item
    return council


def damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'told'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


@contextmanager
def no_room(council: Any) -> Iterator[None]:
    """Every connection to a ledger finds its file as large as it may become, and full."""
    with closing(sqlite3.connect(ledger_of(council))) as connection:
        connection.execute("VACUUM")

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


def refused(council: Any, code: str, **options: Any) -> None:
    """The run ends with the code and its advice, and nothing was written to the tenant."""
    answer = council.apply(**options)
    error = answer.document["error"]
    assert (answer.exit_code, error["code"]) == (1, code)
    assert error["advice"]
    assert council.writes() == []


def test_a_damaged_ledger_stops_before_any_write(waiting: Any) -> None:
    damage(ledger_of(waiting))
    refused(waiting, "ledger-corrupt")


def test_a_file_that_is_no_ledger_stops_before_any_write(waiting: Any) -> None:
    ledger_of(waiting).write_bytes(b"not a database, though long enough to be one" * 100)
    refused(waiting, "ledger-corrupt")


def test_a_full_ledger_stops_before_any_write(waiting: Any) -> None:
    with no_room(waiting):
        refused(waiting, "ledger-full")


def test_a_ledger_that_cannot_be_written_stops_before_any_write(waiting: Any) -> None:
    url = f"sqlite:///file:{ledger_of(waiting)}?mode=ro&uri=true"
    refused(waiting, "ledger-read-only", settings={"LEDGER__URL": url})


def test_a_ledger_that_is_made_whole_again_lets_the_run_go_on(waiting: Any) -> None:
    with no_room(waiting):
        refused(waiting, "ledger-full")
    assert waiting.apply().exit_code == 0
    assert [name.split()[0] for name in waiting.ours()] == ["RC-2"]


def test_a_copy_that_is_put_back_is_where_the_next_run_begins(waiting: Any, tmp_path: Path) -> None:
    copy, env = tmp_path / "copy.db", waiting.sandbox.env
    assert write_backup(copy, None, env) == 0
    assert waiting.apply().exit_code == 0
    damage(ledger_of(waiting))
    assert put_back(copy, None, env) == 0
    waiting.requests()
    # RC-2 was written and RC-1 removed after the copy was made: both are found as they are.
    planned = waiting.plan()
    assert (planned.exit_code, planned.changes) == (0, [])
    assert waiting.apply().exit_code == 0
    assert waiting.rule_writes() == []
    waiting.edit(waiting.added, by=OFFICER, Status="Lifted")
    assert waiting.apply().exit_code == 0
    assert waiting.ours() == {}


def test_a_restore_waits_for_no_run_at_work(waiting: Any, tmp_path: Path, capsys: Any) -> None:
    copy, env = tmp_path / "copy.db", waiting.sandbox.env
    assert write_backup(copy, None, env) == 0
    before = ledger_of(waiting).read_bytes()
    with open_ledger(env["M365_RESTRICT_LEDGER__URL"]) as ledger:
        elsewhere = Holder(holder="run-9", host="elsewhere", pid=1)
        with ledger.lease(elsewhere, seconds=60, clock=lambda: datetime.now(UTC)):
            assert put_back(copy, None, env) == 6
    assert "run-9" in capsys.readouterr().err
    assert len(before) == len(ledger_of(waiting).read_bytes())
    assert list(ledger_of(waiting).parent.glob("*.before-*")) == []


def test_of_two_runners_one_works(waiting: Any) -> None:
    with open_ledger(waiting.sandbox.env["M365_RESTRICT_LEDGER__URL"]) as ledger:
        elsewhere = Holder(holder="run-9", host="elsewhere", pid=1)
        with ledger.lease(elsewhere, seconds=60, clock=lambda: datetime.now(UTC)):
            answer = waiting.apply()
    assert (answer.exit_code, answer.document["error"]["code"]) == (6, "lease-held")
    assert waiting.writes() == []
    assert waiting.apply().exit_code == 0


def test_without_a_ledger_all_rules_are_found_by_stamp_and_token(council: Any) -> None:
    junk = {"Measure": "Junk in named mailboxes", "Scope": "Named mailboxes or services",
            "ScopeMailboxes": "parks@ash.example"}  # fmt: skip
    holder = council.councillors[0]
    council.in_force(
        council.case("RC-1"),
        council.case("RC-2", **junk),
        choices=[council.choice(holder, "x@post.example", "Junk Email")],
    )
    for path in ledger_of(council).parent.glob("ledger.db*"):
        path.unlink()
    again = council.apply()
    assert (again.exit_code, again.changes) == (0, [])
    assert council.rule_writes() == []
    council.edit(1, by=OFFICER, Status="Lifted")
    council.edit(2, by=OFFICER, Status="Lifted")
    council.edit(1, by=holder, title=CHOICES, Handling="Leave in Inbox")
    assert council.apply().exit_code == 0
    assert council.ours() == {}
    assert council.inbox_rules("parks@ash.example") == council.inbox_rules(holder) == []


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the program that follows is done."""


def die_once_made(council: Any, holder: str) -> None:
    """A run that is killed after the rule of a choice was made and before the ledger is told of it."""

    def die(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if re.match(r"UPDATE written_changes", statement):
            raise Killed

    event.listen(Engine, "before_cursor_execute", die)
    try:
        with pytest.raises((Killed, BaseExceptionGroup)):
            council.apply()
    finally:
        event.remove(Engine, "before_cursor_execute", die)
    assert len(council.inbox_rules(holder)) == 1


def test_a_choice_that_ends_before_anyone_learnt_of_its_rule_leaves_no_rule(council: Any) -> None:
    holder = council.councillors[0]
    council.plant(choices=[council.choice(holder, "x@post.example", "Junk Email")])
    die_once_made(council, holder)
    council.delete(1, by=holder, title=CHOICES)
    assert council.apply().exit_code == 0
    assert council.inbox_rules(holder) == []
    with open_ledger(council.sandbox.env["M365_RESTRICT_LEDGER__URL"]) as ledger:
        assert ledger.written.unfinished() == ()


def test_a_choice_that_changed_before_anyone_learnt_of_its_rule_is_obeyed(council: Any) -> None:
    holder = council.councillors[0]
    council.plant(choices=[council.choice(holder, "x@post.example", "Junk Email")])
    die_once_made(council, holder)
    council.edit(1, by=holder, title=CHOICES, Handling="Category only")
    assert council.apply().exit_code == 0
    (rule,) = council.inbox_rules(holder)
    assert "moveToFolder" not in rule["actions"]
