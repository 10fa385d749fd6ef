"""Version histories that were read before, so that those of unchanged items are not read again.

The contents are texts by their digests. The evidence chain proves which digest belongs to which item, and
holds none of the contents: these leave with the item, or when a case is deleted.
"""

import hashlib
import json
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, delete, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import item_histories, item_history_contents
from m365_restrict.register.item_history import KnownHistory

_KEYS, _CONTENTS = item_histories.c, item_history_contents.c


class Histories:
    """The tables of item histories; a `register.item_history.HistoryMemory`."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def recall(self, list_id: str) -> Mapping[str, KnownHistory]:
        """What is remembered of a list, by item id. A content that is lost or altered is not remembered."""
        query = (
            select(_KEYS.item_id, _KEYS.seen, _KEYS.content_hash, _CONTENTS.content)
            .join(item_history_contents, _KEYS.content_hash == _CONTENTS.content_hash)
            .where(_KEYS.list_id == list_id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return {
            row.item_id: KnownHistory(row.seen, json.loads(row.content))
            for row in rows
            if _digest(row.content) == row.content_hash
        }

    def keep(self, list_id: str, read: Mapping[str, KnownHistory], *, present: Collection[str]) -> None:
        """Remember these in place of what was known of them, and forget items that are not `present`."""
        ours = _KEYS.list_id == list_id
        with self._database.reading() as connection:
            known = set(connection.execute(select(_KEYS.item_id).where(ours)).scalars())
        stale = (known - set(present)) | (known & read.keys())
        if not stale and not read:
            return
        texts = {item_id: json.dumps(list(one.versions), sort_keys=True) for item_id, one in read.items()}
        rows = [
            {
                "list_id": list_id,
                "item_id": item_id,
                "seen": read[item_id].seen,
                "content_hash": _digest(text),
            }
            for item_id, text in texts.items()
        ]
        with self._database.writing() as connection:
            for item_id in sorted(stale):
                connection.execute(delete(item_histories).where(ours, _KEYS.item_id == item_id))
            if rows:
                connection.execute(insert(item_histories), rows)
            _replace_contents(connection, texts.values())


def forget_histories(connection: Connection) -> None:
    """Forget all of them, where a case is deleted: the next run reads what is still there."""
    connection.execute(delete(item_histories))
    connection.execute(delete(item_history_contents))


def _replace_contents(connection: Connection, texts: Collection[str]) -> None:
    """Add the contents that are new, and remove those that no item has any more."""
    kept = set(connection.execute(select(_CONTENTS.content_hash)).scalars())
    new = {digest: text for text in texts if (digest := _digest(text)) not in kept}
    if new:
        added = [{"content_hash": digest, "content": text} for digest, text in new.items()]
        connection.execute(insert(item_history_contents), added)
    used = select(_KEYS.content_hash)
    connection.execute(delete(item_history_contents).where(_CONTENTS.content_hash.not_in(used)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
