"""A copy of the ledger that is kept elsewhere, and putting one back.

Both work while the program runs: SQLite's own backup gives a copy of one moment, and a restore waits for
nobody but refuses while a run holds the lease. There is no way back from a newer version's tables to an older
one's: a copy from before an upgrade is what brings the older version back.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from m365_restrict.errors import ErrorCode, LedgerError
from m365_restrict.ledger.database import code_of, open_database
from m365_restrict.ledger.lease import Holder, acquire
from m365_restrict.ledger.schema import HEAD_REVISION

SIDES = ("", "-wal", "-shm")
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
    source = file_of(url)
    if not source.exists():
        raise LedgerError(f"There is no ledger at {source} yet.")
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise LedgerError(f"{target} cannot be made: {error.strerror}.", code=_UNUSABLE) from error
    try:
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

    The old file is kept beside the new one, damaged or not. Raises LeaseHeld while a run is at work, and
    LedgerError where the copy cannot be used; then nothing has changed.
    """
    place = file_of(url)
    if not copy.exists():
        raise LedgerError(f"There is no file {copy}.", code=_UNUSABLE)
    facts = _facts(copy)
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
    """Take the lease of the ledger that goes, so that no run begins with it. One that is damaged has none."""
    if not place.exists():
        return
    try:
        database = open_database(url)
    except LedgerError:
        return
    try:
        acquire(database, holder, seconds=seconds, now=now)
    finally:
        database.close()


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


def file_of(url: str) -> Path:
    """The file of a ledger; LedgerError where it is none."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        message = "LEDGER__URL is not a database URL such as sqlite:////var/lib/m365-restrict/ledger.db."
        raise LedgerError(message) from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        message = "The ledger is no file: it is on a database server."
        raise LedgerError(message, code=_UNUSABLE)
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
