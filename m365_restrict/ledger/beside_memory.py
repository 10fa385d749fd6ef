"""What `drift` remembers of what it reads beside the rules: who changed one, what a second view showed."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import last_looks, second_views, sought_changes
from m365_restrict.plan.beside import Actor, ActorKind
from m365_restrict.plan.second_view import RuleDisagreement


@dataclass(frozen=True, kw_only=True)
class KnownChange:
    """What is known of who made a difference: it came about between `since` and `until`.

    `actors` is None while nothing was found; none at all says that there is nobody to be named. The log was
    read for it up to `read_until`, None where it was not.
    """

    finding_key: str
    since: datetime
    until: datetime
    actors: tuple[Actor, ...] | None = None
    read_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SecondView:
    """In which rules a snapshot differed from the admin endpoint's view, and when it was asked for."""

    tenant_id: str
    taken_at: datetime
    disagreements: tuple[RuleDisagreement, ...]


class BesideMemory:
    """The tables about what is read beside the rules."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def changes(self) -> Mapping[str, KnownChange]:
        """What is known of each change whose maker is or was sought, by the finding's key."""
        with self._database.reading() as connection:
            rows = connection.execute(select(sought_changes)).mappings().all()
        return {
            row["finding_key"]: KnownChange(
                finding_key=row["finding_key"],
                since=row["since"],
                until=row["until"],
                actors=_actors(row["told"]),
                read_until=row["read_until"],
            )
            for row in rows
        }

    def keep_changes(self, changes: Iterable[KnownChange], *, standing: Collection[str]) -> None:
        """Keep these in place of what was known of them, and forget findings that stand no longer."""
        kept = tuple(changes)
        with self._database.writing() as connection:
            known = set(connection.execute(select(sought_changes.c.finding_key)).scalars())
            for key in sorted((known - set(standing)) | {one.finding_key for one in kept}):
                connection.execute(delete(sought_changes).where(sought_changes.c.finding_key == key))
            for one in kept:
                values = {
                    "finding_key": one.finding_key,
                    "since": one.since,
                    "until": one.until,
                    "told": _told(one.actors),
                    "read_until": one.read_until,
                }
                connection.execute(insert(sought_changes).values(values))

    def last_look(self, what: str) -> datetime | None:
        """When something was looked at last, and all of it could be seen."""
        with self._database.reading() as connection:
            return connection.execute(select(last_looks.c.at).where(last_looks.c.what == what)).scalar()

    def looked(self, what: str, *, at: datetime) -> None:
        """Remember that something was looked at, and all of it seen."""
        with self._database.writing() as connection:
            connection.execute(delete(last_looks).where(last_looks.c.what == what))
            connection.execute(insert(last_looks).values(what=what, at=at))

    def second_view(self, tenant_id: str) -> SecondView | None:
        """What the last snapshot of that tenant showed."""
        wanted = select(second_views).where(second_views.c.tenant_id == tenant_id)
        with self._database.reading() as connection:
            row = connection.execute(wanted).mappings().first()
        if row is None:
            return None
        told = tuple(
            RuleDisagreement(name=one["name"], fields=tuple(one["fields"])) for one in json.loads(row["told"])
        )
        return SecondView(tenant_id=tenant_id, taken_at=row["taken_at"], disagreements=told)

    def keep_second_view(self, view: SecondView) -> None:
        """Keep what a snapshot showed in place of the last."""
        told = json.dumps([{"name": one.name, "fields": list(one.fields)} for one in view.disagreements])
        with self._database.writing() as connection:
            same = second_views.c.tenant_id == view.tenant_id
            connection.execute(delete(second_views).where(same))
            connection.execute(
                insert(second_views).values(tenant_id=view.tenant_id, taken_at=view.taken_at, told=told)
            )


def _told(actors: tuple[Actor, ...] | None) -> str:
    if actors is None:
        return "null"
    return json.dumps(
        [
            {
                "kind": one.kind.value,
                "name": one.name,
                "at": one.at.isoformat() if one.at else None,
                "source": one.source,
                "from_where": one.from_where,
            }
            for one in actors
        ]
    )


def _actors(told: str) -> tuple[Actor, ...] | None:
    found = json.loads(told)
    if found is None:
        return None
    return tuple(
        Actor(
            kind=ActorKind(one["kind"]),
            name=one["name"],
            at=datetime.fromisoformat(one["at"]) if one["at"] else None,
            source=one["source"],
            from_where=one["from_where"],
        )
        for one in found
    )
