"""One run at a time: leases in the ledger, each renewed while its holder works."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from m365_restrict.errors import LeaseHeld, LedgerError
from m365_restrict.ledger.database import Database
from m365_restrict.ledger.process import is_running
from m365_restrict.ledger.schema import lease

APPLY = "apply"
"""The lease of everything that writes to the tenant."""
SCHEDULE = "schedule"
"""The lease of the scheduler: one starts the jobs of a ledger, however many wait to."""
_WRONG_CLOCK = timedelta(hours=1)
"""A lease that was renewed this far ahead was renewed under a wrong clock. Nobody signs in with such a clock,
and the lease would stand until that hour comes."""
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
        self,
        database: Database,
        holder: Holder,
        *,
        seconds: float,
        clock: Callable[[], datetime],
        name: str = APPLY,
        renewed_at: datetime | None = None,
    ) -> None:
        """`seconds` without renewal let another host take it over; `clock` gives aware real time.

        `renewed_at` is what stands in the ledger: taking a lease may wait for another who writes.
        """
        self._name = name
        self._database = database
        self._holder = holder
        self._seconds = seconds
        self._clock = clock
        self._renewed_at = clock() if renewed_at is None else renewed_at
        self._lost = threading.Event()
        self._stop = threading.Event()

    def renew(self) -> None:
        """Say that this run still works. Raises `LeaseHeld` when another run has taken the lease over."""
        with self._database.writing() as connection:
            mine = and_(lease.c.name == self._name, lease.c.holder == self._holder.holder)
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
                delete(lease).where(and_(lease.c.name == self._name, lease.c.holder == self._holder.holder))
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
    name: str = APPLY,
    is_running: Callable[[int], bool] = is_running,
) -> Iterator[Lease]:
    """Hold the lease of this name for the duration of a block, renewed in the background.

    Raises `LeaseHeld` while a live run holds it. The lease of a dead process on this host is
    taken over at once; one of another host after `seconds` without renewal (contracts.md 3).
    """
    now = clock()
    acquire(database, holder, seconds=seconds, now=now, name=name, is_running=is_running)
    taken = Lease(database, holder, seconds=seconds, clock=clock, name=name, renewed_at=now)
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
    name: str = APPLY,
    is_running: Callable[[int], bool] = is_running,
) -> None:
    """Take this lease or raise `LeaseHeld`. The write names the state it was decided on: one of two wins."""
    with database.reading() as connection:
        current = connection.execute(select(lease).where(lease.c.name == name)).first()
    if current is None:
        _take_free(database, holder, now, name)
        return
    if not _is_let_go(current, holder.host, seconds, now, is_running):
        message = (
            f"Run {current.holder} (process {current.pid} on {current.host}) holds the lease "
            f"since {current.acquired_at:%Y-%m-%dT%H:%M:%SZ}."
        )
        raise LeaseHeld(message)
    _take_over(database, holder, now, current)


def give_back(database: Database, holder: Holder, *names: str) -> None:
    """Give leases back that `acquire` took. One that another holds is left alone."""
    with database.writing() as connection:
        mine = and_(lease.c.name.in_(names), lease.c.holder == holder.holder)
        connection.execute(delete(lease).where(mine))


def holder_of(
    database: Database,
    *,
    name: str,
    host: str,
    seconds: float,
    now: datetime,
    is_running: Callable[[int], bool] = is_running,
) -> Holder | None:
    """Who holds the lease of this name, as far as somebody on `host` can tell; None for nobody alive."""
    with database.reading() as connection:
        current = connection.execute(select(lease).where(lease.c.name == name)).first()
    if current is None or _is_let_go(current, host, seconds, now, is_running):
        return None
    return Holder(holder=current.holder, host=current.host, pid=current.pid)


def _is_let_go(
    current: Row[Any], host: str, seconds: float, now: datetime, is_running: Callable[[int], bool]
) -> bool:
    """Whether it has expired, or its holder is surely dead."""
    since = now - current.renewed_at
    expired = since >= timedelta(seconds=seconds) or since <= -_WRONG_CLOCK
    return expired or (current.host == host and not is_running(current.pid))


def _take_free(database: Database, holder: Holder, now: datetime, name: str) -> None:
    try:
        with database.writing() as connection:
            connection.execute(insert(lease).values(name=name, **_values(holder, now)))
    except LedgerError as error:
        if isinstance(error.__cause__, IntegrityError):
            raise LeaseHeld(_LOST_RACE) from error
        raise


def _take_over(database: Database, holder: Holder, now: datetime, current: Row[Any]) -> None:
    unchanged = and_(
        lease.c.name == current.name,
        lease.c.holder == current.holder,
        lease.c.renewed_at == current.renewed_at,
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
