"""A freeze: nothing but openings is written until somebody lifts it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.evidence_chain import append_change
from m365_restrict.ledger.schema import freezes

_NAME = "freeze"


@dataclass(frozen=True, kw_only=True)
class Freeze:
    """Why and since when nothing may be written; `set_by` is the account on the computer it was set on."""

    reason: str
    set_by: str
    since: datetime


class Freezes:
    """The table with at most one freeze."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def current(self) -> Freeze | None:
        """The freeze that stands, if any."""
        columns = (freezes.c.reason, freezes.c.set_by, freezes.c.since)
        with self._database.reading() as connection:
            row = connection.execute(select(*columns).where(freezes.c.name == _NAME)).mappings().first()
        return None if row is None else Freeze(**row)

    def begin(self, freeze: Freeze) -> None:
        """Set the freeze in place of one that stands."""
        with self._database.writing() as connection:
            connection.execute(delete(freezes).where(freezes.c.name == _NAME))
            connection.execute(
                insert(freezes).values(
                    name=_NAME, reason=freeze.reason, set_by=freeze.set_by, since=freeze.since
                )
            )
            append_change(connection, "freeze")

    def end(self) -> Freeze | None:
        """Lift the freeze; what stood, or None where nothing did."""
        stood = self.current()
        with self._database.writing() as connection:
            connection.execute(delete(freezes).where(freezes.c.name == _NAME))
            append_change(connection, "unfreeze")
        return stood
