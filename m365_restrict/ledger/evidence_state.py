"""What the ledger knows at one moment: the rows of every table as the database keeps them.

Values are not read through the types of the schema: two values that mean the same are still two values.
Left out are the runs, which the chain itself proves, the lease, the evidence, when which job ran, which is
written between runs, and how many requests runs made: no judgement rests on them. Of item histories only
the contents are left out, whose digests are there.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache

from sqlalchemy import JSON, Column, Connection, Dialect, MetaData, RowMapping, Table, insert, text

from m365_restrict.ledger.evidence_bodies import Json
from m365_restrict.ledger.schema import metadata

_LEFT_OUT = frozenset(
    {
        "runs",
        "run_traffic",
        "lease",
        "evidence_bodies",
        "evidence_chain",
        "evidence_head",
        "job_runs",
        "job_requests",
        "item_history_contents",
    }
)

STATE_TABLES: tuple[Table, ...] = tuple(one for one in metadata.sorted_tables if one.name not in _LEFT_OUT)


def read_rows(connection: Connection, table: Table, *, key: str | None = None) -> list[dict[str, Json]]:
    """The rows of a table in the order of its key, values as they are stored; one alone with `key`."""
    found = raw_rows(connection, table, key=key)
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def raw_rows(connection: Connection, table: Table, *, key: str | None = None) -> Iterable[RowMapping]:
    """As `read_rows`, in the driver's own types; JSON is the text that was written, to the letter."""
    query = _reading(table, connection.dialect)
    quoted = connection.dialect.identifier_preparer.quote
    keys = [quoted(one.name) for one in table.primary_key]
    if key is None:
        return connection.exec_driver_sql(f"{query} ORDER BY {', '.join(keys)}").mappings()
    return connection.execute(text(f"{query} WHERE {keys[0]} = :key"), {"key": key}).mappings()


def read_state(connection: Connection) -> dict[str, Json]:
    """The rows of every table that judging may use, by the table's name."""
    return {table.name: list(read_rows(connection, table)) for table in STATE_TABLES}


def restore_state(connection: Connection, state: Mapping[str, Json]) -> None:
    """Put rows that `read_state` gave into an empty ledger. Tables that it does not name stay empty."""
    for table in STATE_TABLES:
        kept = state.get(table.name)
        rows = [row for row in kept if isinstance(row, dict)] if isinstance(kept, list) else []
        if rows:
            connection.execute(insert(_untyped(table)), rows)


def keys_of(table: Table, rows: Iterable[Mapping[str, Json]]) -> dict[tuple[Json, ...], Mapping[str, Json]]:
    """The rows by their primary keys."""
    names = [one.name for one in table.primary_key]
    return {tuple(row.get(name) for name in names): row for row in rows}


def _reading(table: Table, dialect: Dialect) -> str:
    """What reads all columns of a table, put together by hand.

    Every run reads all tables several times, and having SQLAlchemy put the same thirty statements together
    each time took longer than everything else that a run does here.
    """
    quoted = dialect.identifier_preparer.quote
    as_text = dialect.name == "postgresql"
    columns = [
        f"CAST({quoted(one.name)} AS TEXT) AS {quoted(one.name)}"
        if as_text and isinstance(one.type, JSON)
        else quoted(one.name)
        for one in table.columns
    ]
    return " ".join(["SELECT", ", ".join(columns), "FROM", quoted(table.name)])


@cache
def _untyped(table: Table) -> Table:
    return Table(table.name, MetaData(), *(Column(one.name) for one in table.columns))


def _plain(value: object) -> Json:
    """SQLite's own form, also of what another database's driver gives as something better."""
    match value:
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S.%f")
        case date():
            return value.isoformat()
        case bool():
            return int(value)
        case dict() | list():
            return json.dumps(value)
        case None | str() | int() | float():
            return value
        case _:
            return repr(value)
