"""Ids of mailbox folders that were asked for before, so that a rule which shows one raises no question.

A mailbox and what its folder is called stand here as a digest of both: whoever reads the table learns
neither, and nothing in it has to be taken out by name.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, bindparam, delete, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import known_folders

FolderPlace: TypeAlias = tuple[str, str]
"""A mailbox and the name or path of one of its folders."""

_COLUMNS = known_folders.c


class KnownFolders:
    """The table of folder ids."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def recall(
        self, places: Collection[FolderPlace], *, since: datetime, now: datetime
    ) -> Mapping[FolderPlace, str]:
        """The ids of those of these folders that were asked for from `since` to `now`."""
        asked_then = _COLUMNS.asked_at.between(since, now)
        with self._database.reading() as connection:
            rows = connection.execute(select(known_folders).where(asked_then)).all()
        known = {row.place: row.folder_id for row in rows}
        digests = {place: _digest(place) for place in places}
        return {place: known[digest] for place, digest in digests.items() if digest in known}

    def keep(
        self, asked: Mapping[FolderPlace, str], *, unchanged: Collection[FolderPlace], now: datetime
    ) -> None:
        """Remember the ids that were `asked` for now and those that are `unchanged`; forget the rest."""
        stay = {_digest(place) for place in unchanged}
        with self._database.reading() as connection:
            known = set(connection.execute(select(_COLUMNS.place)).scalars())
        if known <= stay and not asked:
            return
        fresh = {_digest(place): folder_id for place, folder_id in asked.items()}
        rows = [{"place": place, "folder_id": one, "asked_at": now} for place, one in fresh.items()]
        # Another run may have kept some of them meanwhile: whoever asked last is right.
        gone = (known - stay) | fresh.keys()
        with self._database.writing() as connection:
            connection.execute(delete(known_folders).where(_COLUMNS.place == bindparam("one")), _each(gone))
            if rows:
                connection.execute(insert(known_folders), rows)


def forget_folders(connection: Connection) -> None:
    """Forget all of them, where a case is deleted: the next run asks anew."""
    connection.execute(delete(known_folders))


def _each(places: Collection[str]) -> list[dict[str, str]]:
    return [{"one": place} for place in sorted(places)]


def _digest(place: FolderPlace) -> str:
    mailbox, folder = place
    return hashlib.sha256(f"{mailbox.lower()}\n{folder}".encode("utf-8", "surrogatepass")).hexdigest()
