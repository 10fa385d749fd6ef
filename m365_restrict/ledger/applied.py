"""What was last applied: the base of the three-way difference, and what heal puts back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import applied_rules
from m365_restrict.ledger.values import (
    decode_held_since,
    decode_main_addresses,
    decode_properties,
    decode_spellings,
    encode_held_since,
    encode_main_addresses,
    encode_properties,
    encode_spellings,
    with_main_addresses,
)
from m365_restrict.plan.change import Applied, RuleKind

_NAMES = ("key", "case_reference", "item_id")


class AppliedRules:
    """The table of rules that this installation has in the tenant, one row per rule key."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self) -> tuple[Applied, ...]:
        """Every rule as it was last read back, ordered by key."""
        with self._database.reading() as connection:
            rows = connection.execute(select(applied_rules).order_by(applied_rules.c.key)).all()
        return tuple(map(_applied, rows))

    def find(self, key: str) -> Applied | None:
        """One rule as it was last read back; None where the key is unknown."""
        with self._database.reading() as connection:
            row = _row(connection, key)
        return None if row is None else _applied(row)

    def record(self, applied: Applied, *, run_id: str, at: datetime) -> None:
        """Keep one rule as it was read back after a write, in place of what was known of that key.

        It is taken to have been written `at`. What was noted of main addresses stays: a write has not asked
        the directory. Since when its senders are held, the caller says (`plan/held_since.py`).
        """
        with self._database.writing() as connection:
            row = _row(connection, applied.key)
            mains = {} if row is None else encode_main_addresses(decode_main_addresses(row.properties))
            connection.execute(delete(applied_rules).where(applied_rules.c.key == applied.key))
            connection.execute(
                insert(applied_rules).values(
                    key=applied.key,
                    kind=applied.kind.value,
                    tenant_id=applied.guid_or_rule_id,
                    mailbox=applied.mailbox,
                    case_reference=applied.case_reference,
                    name=applied.name,
                    properties=encode_properties(applied.properties)
                    | encode_spellings(applied.spellings)
                    | encode_held_since(applied.properties, applied.held_since, written_at=at)
                    | mains,
                    chosen_by_holder=applied.chosen_by_holder,
                    saved=applied.saved,
                    holder_ended=applied.holder_ended,
                    item_id=applied.item_id,
                    applied_at=at,
                    run_id=run_id,
                )
            )

    def note_main_addresses(self, key: str, mains: Mapping[str, str]) -> None:
        """Remember for which addresses of the case senders of a rule stand. An unknown key is no error."""
        with self._database.writing() as connection:
            row = _row(connection, key)
            if row is not None:
                connection.execute(
                    update(applied_rules)
                    .where(applied_rules.c.key == key)
                    .values(properties=with_main_addresses(row.properties, mains))
                )

    def rename(self, rules: Mapping[str, Applied]) -> None:
        """Keep rules under the names that their cases bear now, all or none.

        `rules` gives by today's key the rule with its new key, case reference and item id; nothing else
        of it is looked at. Keys that the ledger does not know are no error.
        """
        with self._database.writing() as connection:
            rows = [dict(row) for row in connection.execute(select(applied_rules)).mappings()]
            moved = [(row, rules[row["key"]]) for row in rows if row["key"] in rules]
            moved = [
                (row, rule) for row, rule in moved if _names(rule) != {name: row[name] for name in _NAMES}
            ]
            # Two cases may have swapped their references, so all old keys go before the new ones come.
            for row, _ in moved:
                connection.execute(delete(applied_rules).where(applied_rules.c.key == row["key"]))
            for row, rule in moved:
                connection.execute(insert(applied_rules).values(**row | _names(rule)))

    def forget(self, key: str) -> None:
        """Drop a rule that is gone and no longer wanted. An unknown key is no error."""
        with self._database.writing() as connection:
            connection.execute(delete(applied_rules).where(applied_rules.c.key == key))

    def mark_holder_ended(self, key: str) -> None:
        """Remember that the mailbox holder removed or changed this rule: it is never put back."""
        with self._database.writing() as connection:
            connection.execute(
                update(applied_rules).where(applied_rules.c.key == key).values(holder_ended=True)
            )


def _row(connection: Connection, key: str) -> Row[Any] | None:
    return connection.execute(select(applied_rules).where(applied_rules.c.key == key)).one_or_none()


def _applied(row: Row[Any]) -> Applied:
    return Applied(
        key=row.key,
        kind=RuleKind(row.kind),
        guid_or_rule_id=row.tenant_id,
        mailbox=row.mailbox,
        case_reference=row.case_reference,
        name=row.name,
        properties=decode_properties(row.properties),
        chosen_by_holder=row.chosen_by_holder,
        saved=row.saved,
        holder_ended=row.holder_ended,
        item_id=row.item_id,
        written_at=row.applied_at,
        spellings=decode_spellings(row.properties),
        main_addresses=decode_main_addresses(row.properties),
        held_since=decode_held_since(row.properties),
    )


def _names(rule: Applied) -> dict[str, str]:
    return {name: getattr(rule, name) for name in _NAMES}
