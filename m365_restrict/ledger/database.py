"""The connection to the ledger's database, with every database failure turned into a `LedgerError`."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from m365_restrict.errors import ErrorCode, LedgerError
from m365_restrict.ledger.database_errors import failure_of, is_connection_lost, leave_out_rows
from m365_restrict.ledger.postgresql import is_postgresql, postgresql_engine
from m365_restrict.ledger.schema import HEAD_REVISION

Pause: TypeAlias = Callable[[float], None]

_BUSY_TIMEOUT_MS = 10_000
_ROOM = 1024 * 1024
"""Bytes that must fit before a run may write: its journal, its document, and what it read of the register."""
_ATTEMPTS = 4
"""How often a server that answered before is tried, in seven seconds: it may have been restarted."""
_MEMORY = {"", ":memory:"}
_EITHER = "the ledger is an SQLite file or a PostgreSQL database."
_MIGRATING = threading.Lock()
"""Alembic's context is one for the whole process, and councils that run at once have a ledger each."""


class _Block(threading.local):
    """The transaction of the block that a thread is in; None outside of one."""

    connection: Connection | None = None


class Database:
    """Short transactions on one engine. Nothing of SQLAlchemy's errors passes this class."""

    def __init__(self, engine: Engine, *, read_only: bool, pause: Pause = time.sleep) -> None:
        """Take over an engine whose schema is current; `pause` waits for so many seconds."""
        self._engine = engine
        self._pause = pause
        self._block = _Block()
        self.read_only = read_only

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        if self._block.connection is not None:
            yield self._block.connection
            return
        with _ledger_errors(self._engine.url, "read"), self._connected() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: committed as a whole, or not at all."""
        if self.read_only:
            message = f"The ledger {_shown(self._engine.url)} was opened for reading only."
            raise LedgerError(message)
        if self._block.connection is not None:
            yield self._block.connection
            return
        with (
            _ledger_errors(self._engine.url, "written"),
            self._connected().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for everything that this thread reads and writes in the block.

        All of it is kept, or nothing. Nothing may be awaited in it: another task would write into it.
        """
        with self.writing() as connection:
            before, self._block.connection = self._block.connection, connection
            try:
                yield
            finally:
                self._block.connection = before

    def _connected(self) -> Connection:
        """A connection. A server that was lost in the middle of a run is given a moment to come back.

        What was under way when it was lost is never repeated: whoever did it is told.
        """
        for attempt in Retrying(
            sleep=self._pause,
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(max=4),
            retry=retry_if_exception(lambda error: is_connection_lost(getattr(error, "orig", error))),
            reraise=True,
        ):
            with attempt:
                return self._engine.connect()
        raise AssertionError("unreachable: the last attempt raises")

    def prove_usable(self) -> None:
        """Raise `LedgerError` unless the file is whole and has room, before anything rests on it.

        A damaged page or a full disk would else be met in the middle of a run, after a write to the
        tenant. A database server is asked to take one write: its disk is its administrator's.
        """
        if self._engine.dialect.name != "sqlite":
            with self.writing() as connection:
                connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            return
        with self.reading() as connection:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
        if found != "ok":
            message = f"The ledger {_shown(self._engine.url)} is damaged: {found}."
            raise LedgerError(message, code=ErrorCode.LEDGER_CORRUPT)
        with self.writing() as connection:
            # The pages stay with the file when the table goes, so they are there for what follows.
            connection.execute(text("DROP TABLE IF EXISTS room"))
            connection.execute(text("CREATE TABLE room (filler BLOB)"))
            connection.execute(text("INSERT INTO room VALUES (zeroblob(:size))"), {"size": _ROOM})
        with self.writing() as connection:
            connection.execute(text("DROP TABLE room"))

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()


def open_database(url: str, *, read_only: bool = False, pause: Pause = time.sleep) -> Database:
    """Open the database at a SQLAlchemy URL and bring its tables up to date.

    A missing SQLite file is created, readable by its owner alone. With `read_only` nothing is
    created or migrated: a missing file reads as an empty ledger, an older one is an error.
    Raises `LedgerError` with the database's own error as its cause.
    """
    parsed = parsed_url(url)
    with _ledger_errors(parsed, "opened"):
        if is_postgresql(parsed):
            engine = postgresql_engine(parsed)
            if read_only and _has_no_ledger(engine):
                engine, read_only = _sqlite_engine(URL.create("sqlite"), in_memory=True), False
        elif parsed.get_backend_name() != "sqlite":
            raise LedgerError(f"LEDGER__URL names {parsed.get_backend_name()}: {_EITHER}")
        elif parsed.database is None or parsed.database in _MEMORY:
            engine = _sqlite_engine(parsed, in_memory=True)
        elif not _prepare_file(Path(parsed.database), create=not read_only):
            engine, read_only = _sqlite_engine(URL.create("sqlite"), in_memory=True), False
        else:
            engine = _sqlite_engine(parsed, in_memory=False)
        try:
            _bring_up_to_date(engine, read_only=read_only)
        except BaseException:
            engine.dispose()
            raise
    return Database(engine, read_only=read_only, pause=pause)


def parsed_url(url: str) -> URL:
    """LEDGER__URL in its parts. Raises `LedgerError`, which shows nothing of it."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        message = "LEDGER__URL is not a database URL such as sqlite:////var/lib/m365-restrict/ledger.db."
        raise LedgerError(message) from error


def _prepare_file(path: Path, *, create: bool) -> bool:
    """Whether the file is there now. SQLite gives its -wal and -shm files the mode of the main file."""
    if path.exists() or str(path).startswith("file:"):
        return True  # What SQLite's own form of a name says is SQLite's affair.
    if not create:
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    return True


def _sqlite_engine(url: URL, *, in_memory: bool) -> Engine:
    extra: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
    # What is written holds addresses: neither a log nor an error may show it.
    engine = create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True, **extra)

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins no transactions of its own
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS:d}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted leaves no bytes in the file
        if not in_memory:
            connection.execute("PRAGMA journal_mode = WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once: upgrading a read transaction later fails without waiting.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _bring_up_to_date(engine: Engine, *, read_only: bool) -> None:
    with engine.connect() as connection:
        revision = _revision(connection)
    if revision == HEAD_REVISION:
        return
    if revision is not None and revision > HEAD_REVISION:
        message = f"The ledger {_shown(engine.url)} was made by a newer version (tables {revision})."
        raise LedgerError(message, advice="Install that version or a later one.")
    if read_only:
        message = (
            f"The ledger {_shown(engine.url)} was made by an older version and is opened for reading only."
        )
        raise LedgerError(message, advice="Run `m365-restrict plan` once, which brings it up to date.")
    _migrate(engine)


def _has_no_ledger(engine: Engine) -> bool:
    """Whether a server holds no ledger yet, which then reads as an empty one; its engine is given back."""
    try:
        with engine.connect() as connection:
            known = _revision(connection)
    except BaseException:
        engine.dispose()
        raise
    if known is None:
        engine.dispose()
    return known is None


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: Engine) -> None:
    # Imported here: an up-to-date ledger, the usual case, does without Alembic's start-up time.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "m365_restrict.ledger:migrations")
    with engine.connect().execution_options(writes=True) as connection, _MIGRATING, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _ledger_errors(url: URL, done: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError, ImportError) as error:
        found = failure_of(error)
        leave_out_rows(error)
        message = f"The ledger {_shown(url)} cannot be {done}: {found.words}."
        raise LedgerError(message, code=found.code, advice=found.advice) from error


def _shown(url: URL) -> str:
    """Where the ledger is, without a password, a user, or an option that may hold one."""
    if not is_postgresql(url):
        return url.render_as_string(hide_password=True)
    shown = URL.create("postgresql", host=url.host, port=url.port, database=url.database)
    return shown.render_as_string()
