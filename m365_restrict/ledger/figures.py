"""Figures about the ledger itself, for who watches it: how large, how many runs, who is at work."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from m365_restrict.errors import ErrorCode
from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import job_runs, lease, run_traffic, runs

_SIZE_OF_SQLITE = (
    "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)"
)
_SIZE_OF_POSTGRESQL = (
    "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = current_schema() AND c.relkind = 'r'"
)


@dataclass(frozen=True, kw_only=True)
class RunCount:
    """How many runs of a verb have this status; `started` are those that have not ended."""

    verb: str
    status: str
    count: int


@dataclass(frozen=True, kw_only=True)
class RunTraffic:
    """How many requests the latest run of a verb made that ended, and how many were told to wait."""

    verb: str
    run_id: str
    requests: int
    throttled: int


@dataclass(frozen=True, kw_only=True)
class LeaseHeldNow:
    """Who holds a lease, and when they last said so. Of a holder that died, until another takes it."""

    name: str
    holder: str
    host: str
    pid: int
    since: datetime
    renewed_at: datetime


class Figures:
    """Reads them; nothing is kept for their sake."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def problem(self) -> ErrorCode | None:
        """What would keep a run from writing here, found out without writing; None where nothing is seen.

        A ledger that was opened for reading and is not there yet is one that no run has made.
        """
        with self._database.reading() as connection:
            match connection.dialect.name:
                case "sqlite":
                    files = connection.execute(text("PRAGMA database_list")).all()
                    return _problem_of_file(next(str(one.file or "") for one in files if one.name == "main"))
                case "postgresql":
                    standby = connection.execute(text("SELECT pg_is_in_recovery()")).scalar()
                    return ErrorCode.LEDGER_READ_ONLY if standby else None
                case _:
                    return None

    def size(self) -> int | None:
        """Bytes that the ledger's tables take; None of a database that is not asked."""
        with self._database.reading() as connection:
            query = {"sqlite": _SIZE_OF_SQLITE, "postgresql": _SIZE_OF_POSTGRESQL}.get(
                connection.dialect.name
            )
            found = None if query is None else connection.execute(text(query)).scalar()
        return None if found is None else int(found)

    def run_counts(self) -> tuple[RunCount, ...]:
        """All runs by verb and status."""
        columns = (runs.c.verb, runs.c.status)
        query = select(*columns, func.count().label("count")).group_by(*columns).order_by(*columns)
        with self._database.reading() as connection:
            return tuple(RunCount(**row) for row in connection.execute(query).mappings())

    def traffic(self) -> tuple[RunTraffic, ...]:
        """The requests of the latest run of each verb that was counted."""
        with self._database.reading() as connection:
            return _traffic(connection)

    def leases(self) -> tuple[LeaseHeldNow, ...]:
        """Every lease that is held, by its name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(lease).order_by(lease.c.name)).mappings().all()
        return tuple(
            LeaseHeldNow(
                name=row["name"],
                holder=row["holder"],
                host=row["host"],
                pid=row["pid"],
                since=row["acquired_at"],
                renewed_at=row["renewed_at"],
            )
            for row in rows
        )

    def first_job_at(self) -> datetime | None:
        """When the first of the jobs began that are remembered: from then on the others are due too."""
        with self._database.reading() as connection:
            found: datetime | None = connection.execute(select(func.min(job_runs.c.began_at))).scalar()
        return found


def _problem_of_file(file: str) -> ErrorCode | None:
    if not file:
        return ErrorCode.LEDGER_UNUSABLE
    writable = os.access(file, os.W_OK) and os.access(Path(file).parent, os.W_OK)
    return None if writable else ErrorCode.LEDGER_READ_ONLY


def _traffic(connection: Connection) -> tuple[RunTraffic, ...]:
    counted = runs.join(run_traffic, runs.c.run_id == run_traffic.c.run_id)
    # Names of runs sort as the runs began.
    latest = select(func.max(runs.c.run_id)).select_from(counted).group_by(runs.c.verb)
    query = select(runs.c.verb, run_traffic).select_from(counted).where(runs.c.run_id.in_(latest))
    return tuple(RunTraffic(**row) for row in connection.execute(query.order_by(runs.c.verb)).mappings())
