"""What became of each report that was to be delivered, and which findings each recipient knows.

A row holds who was to get what, never the words of it: a delivery that failed is made anew from the register
and the tenant as they are then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import deliveries, told_findings


class Channel(StrEnum):
    """By which way a report goes out."""

    MAIL = "mail"
    TEAMS = "teams"
    LIBRARY = "library"


class DeliveryState(StrEnum):
    """How it went. What failed is due again in the next run that delivers."""

    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """One place that reports go to.

    `role` is whose it is, "" for a library; `target` is an address in lower case, a file's path in a library,
    or "" for Teams, whose own address is a secret.
    """

    role: str
    channel: Channel
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class PackKey:
    """Which report. `first_day` is the first local day that it covers (ISO), "" for that of a run."""

    period: str
    first_day: str
    edition: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of one report for one addressee. `attempts` are those that failed since it last arrived."""

    to: Addressee
    pack: PackKey
    state: DeliveryState
    attempts: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class KnownFinding:
    """A finding that an addressee was told of and that still stands, as far as they know.

    `latest_on` is the day of the last thing that it told of, None where it is of one thing alone.
    """

    finding_id: str
    code: str
    severity: str
    case_reference: str
    latest_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ToldNow:
    """What changes with a message that went out: findings told for the first time, and as put right."""

    new: Sequence[KnownFinding] = ()
    fixed: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The run that delivers, and its time."""

    run_id: str
    at: datetime


_NOTHING = ToldNow()
_DIGEST = "daily"
"""What it tells is told by the next one as well."""
_PACK = ("period", "first_day", "edition", "language")


@dataclass(frozen=True)
class Deliveries:
    """The two tables of deliveries."""

    _database: Database = field(repr=False)

    def of(self, to: Addressee, pack: PackKey) -> Delivery | None:
        """What became of a report for an addressee; None where it was never tried."""
        query = select(deliveries).where(_is_to(deliveries, to), _is_pack(pack))
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _delivery({**row})

    def failed(self) -> tuple[Delivery, ...]:
        """Everything that has not arrived yet, oldest first."""
        query = select(deliveries).where(deliveries.c.state == DeliveryState.FAILED.value)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(deliveries.c.first_day, *deliveries.primary_key))
            return tuple(_delivery({**row}) for row in rows.mappings().all())

    def record_sent(self, to: Addressee, pack: PackKey, told: ToldNow = _NOTHING, *, when: Moment) -> None:
        """Keep that it arrived together with what its reader knows now: both or neither."""
        done = Delivery(to=to, pack=pack, state=DeliveryState.SENT)
        gone = [*told.fixed, *(one.finding_id for one in told.new)]
        with self._database.writing() as connection:
            connection.execute(delete(deliveries).where(_is_to(deliveries, to), _is_pack(pack)))
            _forget_older_digests(connection, to, pack)
            connection.execute(insert(deliveries), [_row(done, when)])
            for some in _in_portions(gone):
                there = told_findings.c.finding_id.in_(some)
                connection.execute(delete(told_findings).where(_is_to(told_findings, to), there))
            if told.new:
                connection.execute(insert(told_findings), [_known_row(to, one, when) for one in told.new])

    def record_failed(self, to: Addressee, pack: PackKey, reason: str, *, when: Moment) -> None:
        """Keep that it did not arrive."""
        before = self.of(to, pack)
        attempts = 1 + (before.attempts if before else 0)
        lost = Delivery(to=to, pack=pack, state=DeliveryState.FAILED, attempts=attempts, reason=reason)
        with self._database.writing() as connection:
            connection.execute(delete(deliveries).where(_is_to(deliveries, to), _is_pack(pack)))
            _forget_older_digests(connection, to, pack)
            connection.execute(insert(deliveries), [_row(lost, when)])

    def forget(self, one: Delivery) -> None:
        """Drop a delivery that nobody waits for any more. One that is not there is no error."""
        with self._database.writing() as connection:
            connection.execute(delete(deliveries).where(_is_to(deliveries, one.to), _is_pack(one.pack)))

    def known(self, to: Addressee) -> Mapping[str, KnownFinding]:
        """By id, the findings that an addressee was told of and not yet told to be gone."""
        query = select(told_findings).where(_is_to(told_findings, to))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(told_findings.c.finding_id)).mappings().all()
        names = ("finding_id", "code", "severity", "case_reference", "latest_on")
        found = (KnownFinding(**{name: row[name] for name in names}) for row in rows)
        return {one.finding_id: one for one in found}


def _forget_older_digests(connection: Connection, to: Addressee, pack: PackKey) -> None:
    """A digest takes the place of older ones that did not arrive; in a library each has its own."""
    if to.channel is Channel.LIBRARY or pack.period != _DIGEST:
        return
    older = and_(
        deliveries.c.state == DeliveryState.FAILED.value,
        deliveries.c.period == pack.period,
        deliveries.c.first_day < pack.first_day,
    )
    connection.execute(delete(deliveries).where(_is_to(deliveries, to), older))


def _delivery(row: Mapping[str, object]) -> Delivery:
    text = {name: str(value) for name, value in row.items()}
    return Delivery(
        to=Addressee(role=text["role"], channel=Channel(text["channel"]), target=text["target"]),
        pack=PackKey(**{name: text[name] for name in _PACK}),
        state=DeliveryState(text["state"]),
        attempts=int(text["attempts"]),
        reason=text["reason"],
    )


def _row(one: Delivery, when: Moment) -> dict[str, object]:
    return {
        **_to_row(one.to),
        **{name: getattr(one.pack, name) for name in _PACK},
        "state": one.state.value,
        "attempts": one.attempts,
        "reason": one.reason,
        "at": when.at,
        "run_id": when.run_id,
    }


def _known_row(to: Addressee, one: KnownFinding, when: Moment) -> dict[str, object]:
    return {
        **_to_row(to),
        "finding_id": one.finding_id,
        "code": one.code,
        "severity": one.severity,
        "case_reference": one.case_reference,
        "latest_on": one.latest_on,
        "at": when.at,
        "run_id": when.run_id,
    }


def _to_row(to: Addressee) -> dict[str, object]:
    return {"role": to.role, "channel": to.channel.value, "target": to.target}


def _is_to(table: Table, to: Addressee) -> ColumnElement[bool]:
    columns: Mapping[str, Column[str]] = dict(table.c)
    return and_(*(columns[name] == value for name, value in _to_row(to).items()))


def _is_pack(pack: PackKey) -> ColumnElement[bool]:
    return and_(*(deliveries.c[name] == getattr(pack, name) for name in _PACK))


def _in_portions(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """A statement takes so many values and no more."""
    return (ids[first : first + 500] for first in range(0, len(ids), 500))
