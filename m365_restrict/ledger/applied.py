"""What was last applied: the base of the three-way difference, and what heal puts back."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import applied_rules
from m365_restrict.ledger.values import (
    JsonProperties,
    decode_main_addresses,
    decode_properties,
    decode_spellings,
    encode_main_addresses,
    encode_properties,
    encode_spellings,
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
        return tuple(
            Applied(
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
            )
            for row in rows
        )

    def record(self, applied: Applied, *, run_id: str, at: datetime) -> None:
        """Keep one rule as it was read back after a write, in place of what was known of that key.

        What was noted of main addresses stays: a write has not asked the directory.
        """
        with self._database.writing() as connection:
            stored = _stored(connection, applied.key) or {}
            mains = encode_main_addresses(decode_main_addresses(stored))
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
            stored = _stored(connection, key)
            if stored is not None:
                kept = encode_properties(decode_properties(stored))
                kept |= encode_spellings(decode_spellings(stored))
                connection.execute(
                    update(applied_rules)
                    .where(applied_rules.c.key == key)
                    .values(properties=kept | encode_main_addresses(mains))
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


def _stored(connection: Connection, key: str) -> JsonProperties | None:
    found = connection.execute(select(applied_rules).where(applied_rules.c.key == key)).one_or_none()
    return None if found is None else found.properties


def _names(rule: Applied) -> dict[str, str]:
    return {name: getattr(rule, name) for name in _NAMES}
