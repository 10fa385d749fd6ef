"""One run at a time: a lease in the ledger, renewed while its holder works."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from m365_restrict.errors import LeaseHeld, LedgerError
from m365_restrict.ledger.database import Database
from m365_restrict.ledger.process import is_running
from m365_restrict.ledger.schema import lease

_NAME = "apply"
_LOST_RACE = "Another run took the lease a moment ago."


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who asks for the lease. `holder` is unique to the run, such as its run id."""

    holder: str
    host: str
    pid: int


class Lease:
    """A lease that was taken. `check` before every write; leaving the context gives it back."""

    def __init__(
        self, database: Database, holder: Holder, *, seconds: float, clock: Callable[[], datetime]
    ) -> None:
        """`seconds` without renewal let another host take it over; `clock` gives aware real time."""
        self._database = database
        self._holder = holder
        self._seconds = seconds
        self._clock = clock
        self._renewed_at = clock()
        self._lost = threading.Event()
        self._stop = threading.Event()

    def renew(self) -> None:
        """Say that this run still works. Raises `LeaseHeld` when another run has taken the lease over."""
        with self._database.writing() as connection:
            mine = and_(lease.c.name == _NAME, lease.c.holder == self._holder.holder)
            now = self._clock()
            renewed = connection.execute(update(lease).where(mine).values(renewed_at=now))
            if renewed.rowcount != 1:
                self._lost.set()
        self._renewed_at = now
        self._refuse_if_lost()

    def check(self) -> None:
        """Raise `LeaseHeld` when another run has taken the lease over, so that nothing more is written.

        After a pause in which it could have expired, such as a computer that slept, the ledger is asked.
        """
        if self._clock() - self._renewed_at >= timedelta(seconds=self._seconds):
            self.renew()
        self._refuse_if_lost()

    def _refuse_if_lost(self) -> None:
        if self._lost.is_set():
            message = "Another run took the lease over because this one had not renewed it in time."
            raise LeaseHeld(message)

    def release(self) -> None:
        """Give the lease back. A lease that was lost is left with its new holder."""
        self._stop.set()
        with self._database.writing() as connection:
            connection.execute(
                delete(lease).where(and_(lease.c.name == _NAME, lease.c.holder == self._holder.holder))
            )

    def keep_renewing(self) -> None:
        """Renew at a third of the time until released or lost. A failed attempt is tried again."""
        while not self._stop.wait(self._seconds / 3) and not self._lost.is_set():
            try:
                self.renew()
            except LeaseHeld:
                return
            except LedgerError:
                continue


@contextmanager
def held_lease(
    database: Database,
    holder: Holder,
    *,
    seconds: float,
    clock: Callable[[], datetime],
    is_running: Callable[[int], bool] = is_running,
) -> Iterator[Lease]:
    """Hold the lease for the duration of a block, renewed in the background.

    Raises `LeaseHeld` while a live run holds it. The lease of a dead process on this host is
    taken over at once; one of another host after `seconds` without renewal (contracts.md 3).
    """
    acquire(database, holder, seconds=seconds, now=clock(), is_running=is_running)
    taken = Lease(database, holder, seconds=seconds, clock=clock)
    renewing = threading.Thread(target=taken.keep_renewing, name="lease", daemon=True)
    renewing.start()
    try:
        yield taken
    finally:
        taken.release()
        renewing.join()


def acquire(
    database: Database,
    holder: Holder,
    *,
    seconds: float,
    now: datetime,
    is_running: Callable[[int], bool] = is_running,
) -> None:
    """Take the lease or raise `LeaseHeld`. The write names the state it was decided on: one of two wins."""
    with database.reading() as connection:
        current = connection.execute(select(lease).where(lease.c.name == _NAME)).first()
    if current is None:
        _take_free(database, holder, now)
        return
    expired = now - current.renewed_at >= timedelta(seconds=seconds)
    dead_here = current.host == holder.host and not is_running(current.pid)
    if not expired and not dead_here:
        message = (
            f"Run {current.holder} (process {current.pid} on {current.host}) holds the lease "
            f"since {current.acquired_at:%Y-%m-%dT%H:%M:%SZ}."
        )
        raise LeaseHeld(message)
    _take_over(database, holder, now, current)


def _take_free(database: Database, holder: Holder, now: datetime) -> None:
    try:
        with database.writing() as connection:
            connection.execute(insert(lease).values(name=_NAME, **_values(holder, now)))
    except LedgerError as error:
        if isinstance(error.__cause__, IntegrityError):
            raise LeaseHeld(_LOST_RACE) from error
        raise


def _take_over(database: Database, holder: Holder, now: datetime, current: Row[tuple[object, ...]]) -> None:
    unchanged = and_(
        lease.c.name == _NAME, lease.c.holder == current.holder, lease.c.renewed_at == current.renewed_at
    )
    with database.writing() as connection:
        taken = connection.execute(update(lease).where(unchanged).values(**_values(holder, now)))
        if taken.rowcount != 1:
            raise LeaseHeld(_LOST_RACE)


def _values(holder: Holder, now: datetime) -> dict[str, object]:
    return {
        "holder": holder.holder,
        "host": holder.host,
        "pid": holder.pid,
        "acquired_at": now,
        "renewed_at": now,
    }
