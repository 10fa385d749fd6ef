"""Cases that somebody opened by hand: who, when and why, and how it ended. Rows are never deleted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import openings

_ROWS = openings.c


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One opening. `item_id` is the list item of the case, or "" where the ledger did not know it.

    `opened_by` and `ended_by` are accounts on the computer; `ended_by` is "" where the register ended it
    or where it stands. `number` is 0 before it is recorded.
    """

    case_reference: str
    item_id: str
    reason: str
    opened_by: str
    since: datetime
    run_id: str
    ended_by: str = ""
    ended_at: datetime | None = None
    end_reason: str = ""
    number: int = 0

    @property
    def stands(self) -> bool:
        """Whether the case is not to be enforced, whatever the register says."""
        return self.ended_at is None


class Openings:
    """The table of openings. Nothing is taken out."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self) -> tuple[Opening, ...]:
        """Every opening that there ever was, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(openings).order_by(_ROWS.number)).mappings().all()
        return tuple(Opening(**row) for row in rows)

    def standing(self) -> tuple[Opening, ...]:
        """Those that have not ended."""
        return tuple(one for one in self.all() if one.stands)

    def begin(self, opening: Opening) -> None:
        """Record one opening."""
        values = {name: value for name, value in vars(opening).items() if name != "number"}
        with self._database.writing() as connection:
            connection.execute(insert(openings).values(**values))

    def end(self, number: int, *, by: str, at: datetime, reason: str) -> None:
        """End one opening; one that has ended stays as it is."""
        standing = (_ROWS.number == number, _ROWS.ended_at.is_(None))
        with self._database.writing() as connection:
            connection.execute(
                update(openings).where(*standing).values(ended_by=by, ended_at=at, end_reason=reason)
            )
