"""What was asked of services that answer later, and what the audit log said about each approving save."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from sqlalchemy import delete, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import audit_opinions, audit_queries
from m365_restrict.outcome import Unknown
from m365_restrict.policy.audited import AuditVerdict


class Purpose(StrEnum):
    """What a question is about."""

    APPROVALS = "approvals"
    CHANGES = "changes"
    SECOND_VIEW = "second_view"
    """A snapshot of the configuration, which is asked for and read in the same way."""


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
    purpose: Purpose = Purpose.APPROVALS

    @classmethod
    def made(cls, answer: str | Unknown, *, tenant_id: str, at: datetime, purpose: Purpose) -> Self:
        """A question that has just been asked, with the id that it was given or why it was refused."""
        refused = isinstance(answer, Unknown)
        return cls(
            tenant_id=tenant_id,
            query_id="" if isinstance(answer, Unknown) else answer,
            asked_at=at,
            state=AskedState.FAILED if refused else AskedState.WAITING,
            reason=answer.reason if isinstance(answer, Unknown) else "",
            purpose=purpose,
        )


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

    def latest(self, tenant_id: str, purpose: Purpose = Purpose.APPROVALS) -> AskedQuery | None:
        """The question of that purpose that was asked last of that tenant."""
        wanted = (
            select(audit_queries)
            .where((audit_queries.c.tenant_id == tenant_id) & (audit_queries.c.purpose == purpose.value))
            .order_by(audit_queries.c.number.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).mappings().first()
        if row is None:
            return None
        return AskedQuery(**{**row, "state": AskedState(row["state"]), "purpose": Purpose(row["purpose"])})

    def note(self, query: AskedQuery) -> AskedQuery:
        """Remember a question that was asked, or refused; the same with its number."""
        values = {name: value for name, value in vars(query).items() if name != "number"}
        values |= {"state": query.state.value, "purpose": query.purpose.value}
        with self._database.writing() as connection:
            made = connection.execute(insert(audit_queries).values(values)).inserted_primary_key
        return query if made is None else replace(query, number=int(made[0]))

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
