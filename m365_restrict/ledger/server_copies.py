"""A ledger on a database server as a file, and a file put into an empty database.

The file is a ledger like any other: an auditor verifies and replays it without the server, and a council that
moves from a file to a server, or back, loses nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Insert,
    Integer,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
    text,
    type_coerce,
)

from m365_restrict.errors import ErrorCode, LedgerError
from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import lease, metadata

_AT_ONCE = 500
_RAW = "raw_"

COPIED: tuple[Table, ...] = tuple(one for one in metadata.sorted_tables if one is not lease)
"""Every table but the lease: it is of the place where a run is at work."""


def copy_rows(source: Database, target: Database) -> None:
    """Copy every row as it is at one moment into an empty ledger, all or nothing; JSON to the letter.

    Raises LedgerError (ledger-not-empty) where the target holds anything.
    """
    with source.reading() as one, target.writing() as other:
        filled = [table.name for table in COPIED if other.execute(select(table).limit(1)).first() is not None]
        if filled:
            message = f"The ledger that is to be filled is not empty ({', '.join(sorted(filled))})."
            advice = (
                "Make an empty database or schema and name it in LEDGER__URL, or use pg_restore for a "
                "copy that pg_dump made."
            )
            raise LedgerError(message, code=ErrorCode.LEDGER_NOT_EMPTY, advice=advice)
        for table in COPIED:
            adding = _adding(other, table)
            for rows in _portions(one, table):
                other.execute(adding, [{_parameter(name): value for name, value in row} for row in rows])
            _go_on_counting(other, table)


def _parameter(name: str) -> str:
    return f"{_RAW}{name}"


def _adding(connection: Connection, table: Table) -> Insert:
    def _value(column: Column[Any]) -> ColumnElement[Any]:
        if not isinstance(column.type, JSON):
            return bindparam(_parameter(column.name), type_=column.type)
        as_text: ColumnElement[Any] = bindparam(_parameter(column.name), type_=Text())
        return cast(as_text, JSON) if _on_server(connection) else as_text

    return insert(table).values({column.name: _value(column) for column in table.columns})


def _portions(connection: Connection, table: Table) -> Iterator[Sequence[Sequence[tuple[str, Any]]]]:
    """The rows in the order of their key, some at a time: the bodies of evidence may be many and large."""
    keys = list(table.primary_key)
    columns = [_as_written(connection, one) for one in table.columns]
    query = select(*columns).order_by(*keys)
    if len(keys) > 1:
        yield from _some([_pairs(row) for row in connection.execute(query).mappings()])
        return
    (key,) = keys
    found = connection.execute(query.limit(_AT_ONCE)).mappings().all()
    while found:
        yield [_pairs(row) for row in found]
        after = query.where(key > found[-1][key.name])
        found = connection.execute(after.limit(_AT_ONCE)).mappings().all()


def _some(
    rows: Sequence[Sequence[tuple[str, Any]]],
) -> Iterator[Sequence[Sequence[tuple[str, Any]]]]:
    return (rows[first : first + _AT_ONCE] for first in range(0, len(rows), _AT_ONCE))


def _pairs(row: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    return [(str(name), value) for name, value in row.items()]


def _as_written(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """A column as its type has it, but JSON as the text that was written: so the chain proves it."""
    if not isinstance(column.type, JSON):
        return column
    read = cast(column, Text) if _on_server(connection) else type_coerce(column, Text)
    return read.label(column.name)


def _on_server(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _go_on_counting(connection: Connection, table: Table) -> None:
    """Have the next row numbered after the last one; SQLite sees to that itself."""
    key = table.autoincrement_column
    if key is None or not _on_server(connection) or not isinstance(key.type, Integer):
        return
    last = connection.execute(select(func.max(key))).scalar()
    if last is not None:
        sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
        connection.execute(sequence, {"table": table.name, "column": key.name, "last": last})
