"""When cases ended, and when a run proved that nothing names their addresses any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import case_lives


@dataclass(frozen=True, kw_only=True)
class LifeRecord:
    """One case. `ends_on` is the approved end when it was last accepted; local days.

    `ended_on` is the last day of its effect. `closed_on` is the day on which run `closed_run` found
    nothing any more that names its addresses.
    """

    item_id: str
    case_reference: str
    ends_on: date | None = None
    ended_on: date | None = None
    closed_on: date | None = None
    closed_run: str = ""


class CaseLives:
    """The table of lives, one row per item of the register."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self) -> Mapping[str, LifeRecord]:
        """Every record by item id."""
        with self._database.reading() as connection:
            rows = connection.execute(select(case_lives)).mappings().all()
        return {row["item_id"]: LifeRecord(**row) for row in rows}

    def record(self, life: LifeRecord) -> None:
        """Keep one record in place of what was known of that item."""
        with self._database.writing() as connection:
            connection.execute(delete(case_lives).where(case_lives.c.item_id == life.item_id))
            connection.execute(
                insert(case_lives).values(
                    item_id=life.item_id,
                    case_reference=life.case_reference,
                    ends_on=life.ends_on,
                    ended_on=life.ended_on,
                    closed_on=life.closed_on,
                    closed_run=life.closed_run,
                )
            )
