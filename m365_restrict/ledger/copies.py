"""A copy of the ledger that is kept elsewhere, and putting one back.

Both work while the program runs: SQLite's own backup gives a copy of one moment, and a restore waits for
nobody but refuses while a run holds the lease. A ledger on a server is copied to such a file as well. There
is no way back from a newer version's tables to an older one's: a copy from before an upgrade is what brings
the older version back.
"""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from m365_restrict.errors import ErrorCode, LeaseHeld, LedgerError
from m365_restrict.ledger.database import Database, open_database, parsed_url
from m365_restrict.ledger.database_errors import code_of
from m365_restrict.ledger.lease import APPLY, SCHEDULE, Holder, acquire, give_back, holder_of
from m365_restrict.ledger.postgresql import is_postgresql
from m365_restrict.ledger.schema import HEAD_REVISION
from m365_restrict.ledger.server_copies import copy_rows
from m365_restrict.schedule.jobs import Job, lane_of

SIDES = ("", "-wal", "-shm")
AT_REST = (SCHEDULE, *dict.fromkeys(map(lane_of, Job)), APPLY)
"""The leases of everything that works with a ledger: whoever replaces it holds them all."""
_UNUSABLE = ErrorCode.LEDGER_COPY_UNUSABLE


@dataclass(frozen=True, kw_only=True)
class CopyFacts:
    """What a copy holds. `last_run` is an instant as the ledger writes it, "" where there was no run."""

    runs: int
    rules: int
    last_run: str


def back_up(url: str, target: Path) -> CopyFacts:
    """Copy the ledger as it is at one moment to a new file, readable by its owner alone.

    Raises LedgerError where the ledger is missing or damaged, or the file exists or cannot be made.
    """
    served = on_server(url)
    source = None if served else file_of(url)
    if source is not None and not source.exists():
        raise LedgerError(f"There is no ledger at {source} yet.")
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise LedgerError(f"{target} cannot be made: {error.strerror}.", code=_UNUSABLE) from error
    try:
        if source is None:
            _copy_of_server(url, target)
        else:
            with of_file(source):
                _copy(source, target)
        return _facts(target)
    except BaseException:
        target.unlink()
        raise


def restore(
    url: str, copy: Path, *, holder: Holder, seconds: float, now: datetime
) -> tuple[CopyFacts, Path | None]:
    """Put a copy in the place of the ledger; what it held, and where the ledger of before now is.

    The old file is kept beside the new one, damaged or not. On a database server only an empty ledger is
    filled, and there is no old one. Raises LeaseHeld while a run, a job or the scheduler is at work, and
    LedgerError where the copy cannot be used; then nothing has changed.
    """
    place = None if on_server(url) else file_of(url)
    if not copy.exists():
        raise LedgerError(f"There is no file {copy}.", code=_UNUSABLE)
    facts = _facts(copy)
    if place is None:
        _fill_server(url, copy)
        return facts, None
    fresh = place.with_name(f"{place.name}.restoring")
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with of_file(place), contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    with of_file(copy):
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _copy(copy, fresh)
    open_database(f"sqlite:///{fresh}").close()  # brings its tables up to date
    hold(url, place, holder=holder, seconds=seconds, now=now)
    with of_file(place):
        aside = move_aside(place, now)
        fresh.replace(place)
    return facts, aside


def hold(url: str, place: Path, *, holder: Holder, seconds: float, now: datetime) -> None:
    """Take the leases of the ledger that goes, so that nothing begins with it; see `take_all`.

    One that is damaged has none.
    """
    if not place.exists():
        return
    try:
        database = open_database(url)
    except LedgerError:
        return
    try:
        take_all(database, holder, seconds=seconds, now=now)
    finally:
        database.close()


def take_all(database: Database, holder: Holder, *, seconds: float, now: datetime) -> None:
    """Take every lease, or none and raise `LeaseHeld` while a run, a job or the scheduler is at work."""
    refuse_scheduler(database, holder, seconds=seconds, now=now)
    taken: list[str] = []
    try:
        for name in AT_REST:
            acquire(database, holder, seconds=seconds, now=now, name=name)
            taken.append(name)
    except BaseException:
        give_back(database, holder, *taken)
        raise


def refuse_scheduler(database: Database, holder: Holder, *, seconds: float, now: datetime) -> None:
    """Say it of the scheduler in words of its own: unlike a run, it does not end by itself."""
    held = holder_of(database, name=SCHEDULE, host=holder.host, seconds=seconds, now=now)
    if held is not None:
        raise LeaseHeld(
            f"The scheduler (process {held.pid} on {held.host}) has this ledger open.",
            advice="Stop it, replace the ledger, and start it again.",
        )


def move_aside(place: Path, now: datetime) -> Path | None:
    """The old file and what SQLite keeps beside it: a journal left behind would be read into the new one."""
    aside = place.with_name(f"{place.name}.before-{now:%Y%m%dT%H%M%SZ}")
    moved = False
    for side in SIDES:
        old = place.with_name(place.name + side)
        if old.exists():
            old.rename(aside.with_name(aside.name + side))
            moved = True
    return aside if moved else None


def _copy_of_server(url: str, target: Path) -> None:
    with (
        closing(open_database(url, read_only=True)) as source,
        closing(open_database(f"sqlite:///{target}")) as copied,
    ):
        copy_rows(source, copied)
    with of_file(target), closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it


def _fill_server(url: str, copy: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="m365-restrict-") as folder:
        fresh = Path(folder) / "ledger.db"  # the copy itself stays as it is, whatever its age
        with of_file(copy):
            os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            _copy(copy, fresh)
        with (
            closing(open_database(f"sqlite:///{fresh}")) as source,
            closing(open_database(url)) as server,
        ):
            copy_rows(source, server)


def _copy(source: Path, target: Path) -> None:
    with closing(_connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("DELETE FROM lease")
        other.commit()


def _facts(path: Path) -> CopyFacts:
    """What a file holds, once it is proven to be a whole ledger that this version can use."""
    with of_file(path), closing(_connect(path)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise LedgerError(f"{path} is damaged: {found}.", code=_UNUSABLE)
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if revision > HEAD_REVISION:
            message = f"{path} was made by a newer version (tables {revision})."
            raise LedgerError(message, code=_UNUSABLE, advice="Install that version or a later one.")
        runs, last = connection.execute("SELECT count(*), max(started_at) FROM runs").fetchone()
        (rules,) = connection.execute("SELECT count(*) FROM applied_rules").fetchone()
    return CopyFacts(runs=runs, rules=rules, last_run=str(last or "")[:19])


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def on_server(url: str) -> bool:
    """Whether the ledger is on a database server and not in a file."""
    return is_postgresql(parsed_url(url))


def file_of(url: str) -> Path:
    """The file of a ledger; LedgerError where it is none."""
    parsed = parsed_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        advice = (
            "Name a new file in LEDGER__URL for this command alone, such as sqlite:///rebuilt.db, then put "
            "it into an empty database: `m365-restrict ledger restore rebuilt.db`."
        )
        message = "The ledger is no file: it is on a database server, or in memory."
        raise LedgerError(message, code=_UNUSABLE, advice=advice)
    return Path(parsed.database)


@contextlib.contextmanager
def of_file(path: Path) -> Iterator[None]:
    """Turn what can be wrong with a file into a plain sentence."""
    try:
        yield
    except sqlite3.Error as error:
        code = code_of(error)
        kept = _UNUSABLE if code is ErrorCode.LEDGER_UNUSABLE else code
        raise LedgerError(f"{path} cannot be used: {error}.", code=kept) from error
    except OSError as error:
        raise LedgerError(f"{path} cannot be used: {error.strerror}.", code=_UNUSABLE) from error
