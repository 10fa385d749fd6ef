"""What was asked of the tenant's audit log, and what it said about each approving save."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import audit_opinions, audit_queries
from m365_restrict.policy.audited import AuditVerdict


class AskedState(StrEnum):
    """What became of a question."""

    WAITING = "waiting"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class AskedQuery:
    """One question. `query_id` is Graph's, "" where it was refused; `reason` says why it failed."""

    tenant_id: str
    query_id: str
    asked_at: datetime
    state: AskedState
    reason: str = ""
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class AuditedSave:
    """What the log said about one save. `until` is the instant up to which it had been asked."""

    item_id: str
    version: str
    verdict: AuditVerdict
    actor: str
    until: datetime

    @property
    def key(self) -> tuple[str, str]:
        """Item id and version, as for evidence of approval."""
        return self.item_id, self.version


class AuditMemory:
    """The two tables about the audit log."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def latest(self, tenant_id: str) -> AskedQuery | None:
        """The question that was asked last of that tenant."""
        wanted = (
            select(audit_queries)
            .where(audit_queries.c.tenant_id == tenant_id)
            .order_by(audit_queries.c.number.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).mappings().first()
        return None if row is None else AskedQuery(**{**row, "state": AskedState(row["state"])})

    def note(self, query: AskedQuery) -> None:
        """Remember a question that was asked, or refused."""
        values = {name: value for name, value in vars(query).items() if name != "number"}
        with self._database.writing() as connection:
            connection.execute(insert(audit_queries).values({**values, "state": query.state.value}))

    def end(self, query: AskedQuery, state: AskedState, *, reason: str = "") -> None:
        """Say what became of a question."""
        with self._database.writing() as connection:
            connection.execute(
                update(audit_queries)
                .where(audit_queries.c.number == query.number)
                .values(state=state.value, reason=reason)
            )

    def opinions(self) -> Mapping[tuple[str, str], AuditedSave]:
        """What is known of each save, by item id and version."""
        with self._database.reading() as connection:
            rows = connection.execute(select(audit_opinions)).mappings().all()
        read = (AuditedSave(**{**row, "verdict": AuditVerdict(row["verdict"])}) for row in rows)
        return {one.key: one for one in read}

    def keep(self, opinions: Iterable[AuditedSave]) -> None:
        """Keep what the log said, in place of what it said before."""
        table = audit_opinions.c
        with self._database.writing() as connection:
            for one in opinions:
                same = (table.item_id == one.item_id) & (table.version == one.version)
                connection.execute(delete(audit_opinions).where(same))
                connection.execute(insert(audit_opinions).values({**vars(one), "verdict": one.verdict.value}))
