"""A whole copy of the ledger as one SQLite file, whatever database it is in: it verifies offline."""

import os
from pathlib import Path

from sqlalchemy import insert, select

from m365_restrict.errors import ErrorCode, LedgerError
from m365_restrict.ledger.copies import back_up
from m365_restrict.ledger.database import Database, open_database
from m365_restrict.ledger.schema import lease, metadata


def export_ledger(url: str, target: Path) -> str:
    """Copy the ledger to `target` in place of a copy that is there; the hash in which its chain ends.

    Raises LedgerError where it cannot be made; a copy of before is then as it was.
    """
    fresh = target.with_name(f".{target.name}.new")
    _remove(fresh)
    if _is_file(url):
        back_up(url, fresh)
    else:
        copy_rows(url, fresh)
    head = _head_of(fresh)
    try:
        fresh.replace(target)
    except OSError as error:
        raise _unusable(target, error) from error
    return head


def _is_file(url: str) -> bool:
    return url.partition(":")[0].partition("+")[0] == "sqlite"


def copy_rows(url: str, target: Path) -> None:
    """Copy every row of every table but the lease, each through the types of the schema."""
    source = open_database(url, read_only=True)
    try:
        copy = open_database(f"sqlite:///{target}")
        try:
            _copy_tables(source, copy)
        finally:
            copy.close()
    finally:
        source.close()


def _copy_tables(source: Database, copy: Database) -> None:
    with source.reading() as one, copy.writing() as other:
        for table in metadata.sorted_tables:
            if table is lease:
                continue
            rows = [dict(row) for row in one.execute(select(table)).mappings()]
            if rows:
                other.execute(insert(table), rows)


def _head_of(path: Path) -> str:
    # Imported here: the ledger is made of parts, this among those who use them.
    from m365_restrict.ledger.ledger import open_ledger  # noqa: PLC0415

    with open_ledger(f"sqlite:///{path}", read_only=True) as ledger:
        head = ledger.evidence.head()
    for side in ("-wal", "-shm"):
        _remove(path.with_name(path.name + side))
    return head


def _remove(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> LedgerError:
    return LedgerError(f"{path} cannot be written: {error.strerror}.", code=ErrorCode.LEDGER_COPY_UNUSABLE)
