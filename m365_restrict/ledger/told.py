"""What people have been told by mail, so that nobody is told the same thing twice.

A row holds who was told and a digest of what; it never holds the words of a mail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import ColumnElement, and_, delete, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import told

ToldKey: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class ToldRecord:
    """The last thing said, or tried to be said, about one subject to one recipient.

    `subject` is an item id or a notice's key, `recipient` an address in lower case. `state` is what was
    to be told last and `sent_state` what was told last, "" where no mail has gone out yet. `attempts`
    counts the failures since; `reason` is that of the last one.
    """

    kind: str
    subject: str
    recipient: str
    state: str
    sent_state: str = ""
    attempts: int = 0
    reason: str = ""

    @property
    def key(self) -> ToldKey:
        """What tells records apart."""
        return (self.kind, self.subject, self.recipient)


class ToldMails:
    """The table of what was told."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self, kind: str) -> Mapping[ToldKey, ToldRecord]:
        """Every record of one kind by its key."""
        columns = (
            told.c.kind,
            told.c.subject,
            told.c.recipient,
            told.c.state,
            told.c.sent_state,
            told.c.attempts,
            told.c.reason,
        )
        query = select(*columns).where(told.c.kind == kind).order_by(told.c.subject, told.c.recipient)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        records = (ToldRecord(**row) for row in rows)
        return {record.key: record for record in records}

    def record(self, record: ToldRecord, *, run_id: str, at: datetime) -> None:
        """Keep what was told in place of what was known of that key."""
        with self._database.writing() as connection:
            connection.execute(delete(told).where(_is(record.key)))
            connection.execute(
                insert(told).values(
                    kind=record.kind,
                    subject=record.subject,
                    recipient=record.recipient,
                    state=record.state,
                    sent_state=record.sent_state,
                    attempts=record.attempts,
                    reason=record.reason,
                    at=at,
                    run_id=run_id,
                )
            )

    def forget(self, key: ToldKey) -> None:
        """Drop a record: its subject is gone and its recipient knows. An unknown key is no error."""
        with self._database.writing() as connection:
            connection.execute(delete(told).where(_is(key)))


def _is(key: ToldKey) -> ColumnElement[bool]:
    kind, subject, recipient = key
    return and_(told.c.kind == kind, told.c.subject == subject, told.c.recipient == recipient)
