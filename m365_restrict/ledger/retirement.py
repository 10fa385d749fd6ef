"""That the installation was taken out of use: from then on no run writes anything.

It stands beside a freeze, which holds back everything but openings; this holds back everything. The run that
ends carries what is written here into the chain, so nothing is appended between.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from m365_restrict.errors import Retired
from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import freezes

_BEGUN, _DONE = "retirement", "retired"
_NAMES = (_BEGUN, _DONE)


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """Why, by which account and since when nothing is written any more.

    `completed_at` is None while something of ours may still stand that was to go.
    """

    reason: str
    set_by: str
    since: datetime
    completed_at: datetime | None = None


class Retirements:
    """At most one retirement."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def current(self) -> Retirement | None:
        """The retirement that stands, if any."""
        with self._database.reading() as connection:
            rows = {
                row["name"]: row
                for row in connection.execute(select(freezes).where(freezes.c.name.in_(_NAMES))).mappings()
            }
        begun = rows.get(_BEGUN)
        if begun is None:
            return None
        done = rows.get(_DONE)
        return Retirement(
            reason=begun["reason"],
            set_by=begun["set_by"],
            since=begun["since"],
            completed_at=done["since"] if done else None,
        )

    def begin(self, reason: str, *, by: str, at: datetime) -> Retirement:
        """Begin it; one that stands stays as it was begun, and is no longer complete."""
        with self._database.writing() as connection:
            connection.execute(delete(freezes).where(freezes.c.name == _DONE))
            known = connection.execute(select(freezes.c.name).where(freezes.c.name == _BEGUN)).first()
            if known is None:
                _put(connection, _BEGUN, reason, by, at)
        return self.current() or Retirement(reason=reason, set_by=by, since=at)

    def complete(self, *, by: str, at: datetime) -> None:
        """Nothing of ours stands any more but what was left to end by itself."""
        with self._database.writing() as connection:
            connection.execute(delete(freezes).where(freezes.c.name == _DONE))
            _put(connection, _DONE, "", by, at)

    def end(self) -> Retirement | None:
        """Take the installation into use again; what stood, or None where nothing did."""
        stood = self.current()
        with self._database.writing() as connection:
            connection.execute(delete(freezes).where(freezes.c.name.in_(_NAMES)))
        return stood

    def refuse(self) -> None:
        """Raise Retired where a retirement stands."""
        stood = self.current()
        if stood is None:
            return
        begun = f"begun at {stood.since:%Y-%m-%d %H:%M} UTC by {stood.set_by} ({stood.reason})"
        if stood.completed_at is None:
            message = f"This installation is being taken out of use, {begun}, and not everything is done."
            raise Retired(message, advice="Finish it: run `m365-restrict retire` and follow what it says.")
        raise Retired(f"This installation was taken out of use, {begun}.")


def _put(connection: Connection, name: str, reason: str, by: str, at: datetime) -> None:
    connection.execute(insert(freezes).values(name=name, reason=reason, set_by=by, since=at))
