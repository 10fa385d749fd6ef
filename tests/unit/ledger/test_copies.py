import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from m365_restrict.errors import ErrorCode, LeaseHeld, LedgerError
from m365_restrict.ledger.copies import back_up, restore
from m365_restrict.ledger.lease import SCHEDULE, Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.runs import RunStart
from m365_restrict.schedule.jobs import Job, lane_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINE = Holder(holder="restore-1", host="alpha", pid=1)
RUN = Holder(holder="run-1", host="beta", pid=1)


@pytest.fixture
def place(tmp_path):
    """A ledger with one run in it."""
    path = tmp_path / "ledger.db"
    with open_ledger(f"sqlite:///{path}") as ledger:
        ledger.runs.begin(RunStart(run_id="run-1", verb="apply", started_at=NOON, host="alpha", pid=1))
    return path


def url_of(path):
    return f"sqlite:///{path}"


def put_back(place, copy):
    return restore(url_of(place), copy, holder=MINE, seconds=60, now=NOON)


def runs_in(path):
    with open_ledger(url_of(path)) as ledger:
        return [run.run_id for run in ledger.runs.latest()]


def test_a_copy_holds_what_the_ledger_held_and_is_its_owners_alone(place, tmp_path):
    copy = tmp_path / "copy.db"
    with open_ledger(url_of(place)) as ledger, ledger.lease(RUN, seconds=60, clock=lambda: NOON):
        facts = back_up(url_of(place), copy)
    assert (facts.runs, facts.rules, facts.last_run) == (1, 0, "2026-11-23 12:00:00")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT * FROM lease").fetchall() == []


def test_a_file_that_is_there_is_not_written_over(place, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_text("kept")
    with pytest.raises(LedgerError) as caught:
        back_up(url_of(place), copy)
    assert caught.value.code is ErrorCode.LEDGER_COPY_UNUSABLE
    assert copy.read_text() == "kept"


def test_no_half_copy_is_left(tmp_path):
    place, copy = tmp_path / "ledger.db", tmp_path / "copy.db"
    place.write_text("no database" * 500)
    with pytest.raises(LedgerError) as caught:
        back_up(url_of(place), copy)
    assert caught.value.code is ErrorCode.LEDGER_CORRUPT
    assert not copy.exists()


def test_a_restored_ledger_says_what_the_copy_said(place, tmp_path):
    copy = tmp_path / "copy.db"
    back_up(url_of(place), copy)
    with open_ledger(url_of(place)) as ledger:
        ledger.runs.begin(RunStart(run_id="run-2", verb="apply", started_at=NOON, host="alpha", pid=1))
    _, aside = put_back(place, copy)
    assert runs_in(place) == ["run-1"]
    assert sorted(runs_in(aside)) == ["run-1", "run-2"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_a_damaged_ledger_is_replaced_and_kept(place, tmp_path):
    copy = tmp_path / "copy.db"
    back_up(url_of(place), copy)
    place.write_bytes(b"damaged" * 1000)
    _, aside = put_back(place, copy)
    assert runs_in(place) == ["run-1"]
    assert aside.read_bytes() == b"damaged" * 1000


def test_a_run_at_work_is_not_disturbed(place, tmp_path):
    copy = tmp_path / "copy.db"
    back_up(url_of(place), copy)
    with (
        open_ledger(url_of(place)) as ledger,
        ledger.lease(RUN, seconds=60, clock=lambda: NOON),
        pytest.raises(LeaseHeld),
    ):
        put_back(place, copy)
    assert list(tmp_path.glob("*.before-*")) == []
    assert put_back(place, copy)[1] is not None


def test_a_scheduler_has_to_be_stopped_first(place, tmp_path):
    """It has the file open, and would go on with the one that was put aside."""
    copy = tmp_path / "copy.db"
    back_up(url_of(place), copy)
    with (
        open_ledger(url_of(place)) as ledger,
        ledger.lease(RUN, seconds=60, clock=lambda: NOON, name=SCHEDULE),
        pytest.raises(LeaseHeld, match=r"The scheduler .process 1 on beta. has this ledger open") as caught,
    ):
        put_back(place, copy)
    assert "Stop it" in caught.value.advice
    assert list(tmp_path.glob("*.before-*")) == []
    assert put_back(place, copy)[1] is not None


@pytest.mark.parametrize("job", Job)
def test_a_job_at_work_is_not_disturbed_and_no_lease_is_left(place, tmp_path, job):
    copy = tmp_path / "copy.db"
    back_up(url_of(place), copy)
    with (
        open_ledger(url_of(place)) as ledger,
        ledger.lease(RUN, seconds=60, clock=lambda: NOON, name=lane_of(job)),
    ):
        with pytest.raises(LeaseHeld):
            put_back(place, copy)
        assert [one.name for one in ledger.figures.leases()] == [lane_of(job)]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "no file"),
        (lambda path: path.write_text("text"), "not a database"),
        (lambda path: change(path, "UPDATE alembic_version SET version_num = '9999'"), "newer version"),
        (lambda path: change(path, "DROP TABLE runs"), "no such table"),
    ],
)
def test_a_copy_that_cannot_be_used_changes_nothing(place, tmp_path, spoil, words):
    copy = tmp_path / "copy.db"
    back_up(url_of(place), copy)
    spoil(copy)
    with pytest.raises(LedgerError, match=words):
        put_back(place, copy)
    assert runs_in(place) == ["run-1"]


def change(path, statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_only_a_file_is_copied(url, tmp_path):
    with pytest.raises(LedgerError, match="database server"):
        back_up(url, Path(tmp_path / "copy.db"))
