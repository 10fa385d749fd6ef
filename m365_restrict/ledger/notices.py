"""Which notices have gone out, so that none goes out twice."""

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import notices_sent


class NoticesSent:
    """The table of keys of notices that were sent, review items that were opened, packs that were made."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def known(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of the keys that are recorded."""
        with self._database.reading() as connection:
            stored = {row.key for row in connection.execute(select(notices_sent.c.key))}
        return frozenset(keys) & stored

    def beginning_with(self, text: str) -> Mapping[str, date]:
        """The recorded keys that begin so, and the day of each."""
        query = select(notices_sent.c.key, notices_sent.c.sent_on)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(notices_sent.c.key.startswith(text, autoescape=True)))
            return {row.key: row.sent_on for row in rows}

    def record(self, key: str, *, on: date, run_id: str) -> None:
        """Remember that this was sent. A key that is known stays as it is."""
        with self._database.writing() as connection:
            query = select(notices_sent.c.key).where(notices_sent.c.key == key)
            if connection.execute(query).first() is None:
                connection.execute(insert(notices_sent).values(key=key, sent_on=on, run_id=run_id))
