"""Since when a finding stands: the first run in a row that saw it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import findings_since


class FindingsSince:
    """The table of findings that stand."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def note(
        self, keys: Iterable[str], *, at: datetime, unknown: Iterable[str] = ()
    ) -> Mapping[str, datetime]:
        """Since when each of the findings of this run stands; findings not seen any more are forgotten.

        `unknown` are findings that could not be looked for: they are neither renewed nor forgotten.
        A ledger opened for reading only answers without recording.
        """
        seen = set(keys)
        since = {key: first for key, first in self.known().items() if key in seen}
        if self._database.read_only:
            return {key: since.get(key, at) for key in seen}
        with self._database.writing() as connection:
            stored = {row.finding_key for row in connection.execute(select(findings_since.c.finding_key))}
            for key in stored - seen - set(unknown):
                connection.execute(delete(findings_since).where(findings_since.c.finding_key == key))
            for key in stored & seen:
                connection.execute(
                    update(findings_since).where(findings_since.c.finding_key == key).values(last_seen=at)
                )
            for key in sorted(seen - stored):
                connection.execute(
                    insert(findings_since).values(finding_key=key, first_seen=at, last_seen=at)
                )
        return {key: since.get(key, at) for key in seen}

    def restart(self, code: str, keys: Iterable[str], *, at: datetime) -> None:
        """From now on the findings of one code are these: those that stood keep their day, others begin."""
        wanted = set(keys)
        with self._database.writing() as connection:
            of_code = select(findings_since.c.finding_key).where(
                findings_since.c.finding_key.startswith(f"{code}|", autoescape=True)
            )
            stored = {row.finding_key for row in connection.execute(of_code)}
            for key in stored - wanted:
                connection.execute(delete(findings_since).where(findings_since.c.finding_key == key))
            for key in sorted(wanted - stored):
                connection.execute(
                    insert(findings_since).values(finding_key=key, first_seen=at, last_seen=at)
                )

    def known(self) -> Mapping[str, datetime]:
        """All findings that stood when they were last looked for, and since when."""
        with self._database.reading() as connection:
            rows = connection.execute(select(findings_since.c.finding_key, findings_since.c.first_seen)).all()
        return {row.finding_key: row.first_seen for row in rows}
