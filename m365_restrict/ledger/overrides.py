"""The journal of guard overrides: who let which guard pass, why, and until when. Rows are never deleted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.evidence_chain import append_change
from m365_restrict.ledger.schema import guard_overrides
from m365_restrict.plan.overrides import Override

_ROWS = guard_overrides.c


@dataclass(frozen=True, kw_only=True)
class OverrideRecord:
    """One row. `set_by` and `ended_by` are accounts on the computer; `ended_by` is "" where time ended it."""

    override: Override
    set_by: str
    since: datetime
    ended_by: str = ""
    ended_at: datetime | None = None

    def stands_at(self, moment: datetime) -> bool:
        """Whether the guard may be passed at that moment."""
        return self.ended_at is None and self.since <= moment < self.override.until


class Overrides:
    """The table of overrides, at most one of each guard standing at a time."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self) -> tuple[OverrideRecord, ...]:
        """Every override that there ever was, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(guard_overrides).order_by(_ROWS.number)).all()
        return tuple(
            OverrideRecord(
                override=Override(code=row.code, reason=row.reason, until=row.until, limit=row.most_cases),
                set_by=row.set_by,
                since=row.since,
                ended_by=row.ended_by,
                ended_at=row.ended_at,
            )
            for row in rows
        )

    def standing(self, at: datetime) -> tuple[Override, ...]:
        """Those that may be used at a moment."""
        return tuple(one.override for one in self.all() if one.stands_at(at))

    def begin(self, record: OverrideRecord) -> None:
        """Set an override; one of the same guard that stands ends with it."""
        one = record.override
        with self._database.writing() as connection:
            _end(connection, one.code, by=record.set_by, at=record.since)
            connection.execute(
                insert(guard_overrides).values(
                    code=one.code,
                    reason=one.reason,
                    most_cases=one.limit,
                    set_by=record.set_by,
                    since=record.since,
                    until=one.until,
                    ended_by="",
                )
            )
            append_change(connection, "override")

    def end(self, code: str, *, by: str, at: datetime) -> bool:
        """End the override of a guard before its time; whether one stood."""
        with self._database.writing() as connection:
            stood = _end(connection, code, by=by, at=at)
            append_change(connection, "override")
        return stood


def _end(connection: Connection, code: str, *, by: str, at: datetime) -> bool:
    standing = (_ROWS.code == code, _ROWS.ended_at.is_(None), _ROWS.until > at)
    return (
        connection.execute(update(guard_overrides).where(*standing).values(ended_by=by, ended_at=at)).rowcount
        > 0
    )
