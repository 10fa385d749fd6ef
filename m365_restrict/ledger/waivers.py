"""The journal of waivers: which difference was accepted as it was, by whom, why and until when."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import waivers
from m365_restrict.ledger.values import decode_properties, encode_properties
from m365_restrict.plan.change import FieldChange, RuleKind
from m365_restrict.plan.waivers import Waiver
from m365_restrict.rules.observed import Properties

_ROWS = waivers.c


class Waivers:
    """The table of waivers, at most one of each finding standing at a time. Rows are never deleted."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self) -> tuple[Waiver, ...]:
        """Every waiver that there ever was, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(waivers).order_by(_ROWS.number)).mappings().all()
        return tuple(_waiver(row) for row in rows)

    def begin(self, waiver: Waiver) -> Waiver:
        """Record one, in place of one that stands for the same rule or finding; it with its number."""
        with self._database.writing() as connection:
            for one in connection.execute(select(waivers).where(_ROWS.ended_at.is_(None))).mappings().all():
                if _waiver(one).about == waiver.about:
                    _end(connection, one["number"], by=waiver.made_by, at=waiver.since)
            key = connection.execute(insert(waivers).values(**_values(waiver))).inserted_primary_key
        return replace(waiver, number=int(key[0]) if key else 0)

    def end(self, number: int, *, by: str, at: datetime) -> bool:
        """End a waiver before its day; whether one with this number stood."""
        with self._database.writing() as connection:
            return _end(connection, number, by=by, at=at)


def _end(connection: Connection, number: int, *, by: str, at: datetime) -> bool:
    standing = (_ROWS.number == number, _ROWS.ended_at.is_(None))
    ended = connection.execute(update(waivers).where(*standing).values(ended_by=by, ended_at=at))
    return ended.rowcount > 0


def _values(waiver: Waiver) -> dict[str, object]:
    values = {name: value for name, value in vars(waiver).items() if name not in {"number", "accepted"}}
    observed = {one.field: one.observed for one in waiver.accepted if one.observed is not None}
    desired = {one.field: one.desired for one in waiver.accepted if one.desired is not None}
    return values | {
        "kind": waiver.kind.value,
        "fields": [one.field for one in waiver.accepted],
        "observed": encode_properties(observed),
        "desired": encode_properties(desired),
    }


def _waiver(row: RowMapping) -> Waiver:
    values = dict(row)
    observed: Properties = decode_properties(values.pop("observed"))
    desired: Properties = decode_properties(values.pop("desired"))
    accepted = (FieldChange(name, observed.get(name), desired.get(name)) for name in values.pop("fields"))
    return Waiver(**{**values, "kind": RuleKind(row["kind"])}, accepted=tuple(accepted))
