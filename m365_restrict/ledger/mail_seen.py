"""How much of each case's mail message traces have shown, and until when each was traced: counts alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import mail_seen, mail_told
from m365_restrict.plan.leaks import COUNTED, MailDay

_ROWS = mail_seen.c
_TOLD = mail_told.c
_KEPT = timedelta(days=100)


@dataclass(frozen=True)
class Span:
    """From when, as far as is still kept, and until when the mail of a case has been counted."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class ToldLeaks:
    """Until when a case's mail was looked at last, and by local day the most leaks that were ever told."""

    until: datetime
    leaked: Mapping[date, int]


class MailSeen:
    """The table of traced spans: a row for each local day of each span. Spans of a case never overlap.

    A second table has what was told of mail at once, before it counts for good.
    """

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def spans(self, tenant_id: str) -> Mapping[str, Span]:
        """By item id, what of its mail in that tenant has been counted for good."""
        query = (
            select(_ROWS.item_id, func.min(_ROWS.since), func.max(_ROWS.until))
            .where(_ROWS.tenant_id == tenant_id)
            .group_by(_ROWS.item_id)
        )
        with self._database.reading() as connection:
            return {item: Span(first, last) for item, first, last in connection.execute(query)}

    def since(self, tenant_id: str, first: date) -> Mapping[str, tuple[MailDay, ...]]:
        """By item id, the days from `first` on; one that two spans share comes twice."""
        query = (
            select(mail_seen)
            .where(_ROWS.tenant_id == tenant_id, _ROWS.day >= first)
            .order_by(_ROWS.item_id, _ROWS.day, _ROWS.since)
        )
        found: dict[str, list[MailDay]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query).mappings():
                counts = {name: row[name] for name in COUNTED}
                found.setdefault(row["item_id"], []).append(MailDay(day=row["day"], **counts))
        return {item: tuple(days) for item, days in found.items()}

    def add(
        self, tenant_id: str, item_id: str, *, since: datetime, until: datetime, days: Iterable[MailDay]
    ) -> None:
        """Add a span, which begins where the last one ended. One that another run has added is left as it is.

        A span in which nothing came has one row without counts, until the next span is there. What is older
        than any report looks back goes, because every run's evidence holds this table.
        """
        rows = tuple(days) or (MailDay(day=until.date()),)
        of_case = (_ROWS.tenant_id == tenant_id) & (_ROWS.item_id == item_id)
        outdated = of_case & ((_ROWS.seen == 0) | (_ROWS.day < until.date() - _KEPT))
        known = select(_ROWS.number).where(of_case, _ROWS.until > since)
        with self._database.writing() as connection:
            if connection.execute(known.limit(1)).first() is not None:
                return
            connection.execute(delete(mail_seen).where(outdated))
            span = {"tenant_id": tenant_id, "item_id": item_id, "since": since, "until": until}
            connection.execute(insert(mail_seen), [{**span, **vars(one)} for one in rows])

    def told(self, tenant_id: str) -> Mapping[str, ToldLeaks]:
        """By item id, what was told of its mail in that tenant."""
        query = select(mail_told).where(_TOLD.tenant_id == tenant_id).order_by(_TOLD.day)
        found: dict[str, ToldLeaks] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                leaked = {row.day: row.leaked} if row.leaked else {}
                before = found.get(row.item_id, ToldLeaks(row.until, {}))
                found[row.item_id] = ToldLeaks(max(before.until, row.until), {**before.leaked, **leaked})
        return found

    def tell(self, tenant_id: str, item_id: str, *, until: datetime, leaked: Mapping[date, int]) -> None:
        """Remember what is told of a case's mail; a day's leaks are never fewer than they were."""
        of_case = (_TOLD.tenant_id == tenant_id) & (_TOLD.item_id == item_id)
        before = self.told(tenant_id).get(item_id, ToldLeaks(until, {}))
        last = max(until, before.until)
        days = {day for day in (*before.leaked, *leaked) if day >= last.date() - _KEPT} | {last.date()}
        most = {day: max(before.leaked.get(day, 0), leaked.get(day, 0)) for day in sorted(days)}
        same = {"tenant_id": tenant_id, "item_id": item_id, "until": last}
        rows = [{**same, "day": day, "leaked": count} for day, count in most.items()]
        with self._database.writing() as connection:
            connection.execute(delete(mail_told).where(of_case))
            connection.execute(insert(mail_told), rows)
