"""What the ledger remembers of the register: approvals, the last live cases, items that vanished."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import approval_evidence, live_cases, vanished_items
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict


@dataclass(frozen=True, kw_only=True)
class LiveCase:
    """A case that was accepted and in force when the last run changed the tenant."""

    item_id: str
    case_reference: str
    measure: str
    ends_on: date


class RegisterMemory:
    """The tables about register items."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def evidence(self) -> Mapping[tuple[str, str], ApprovalEvidence]:
        """All pinned evidence by item id and version."""
        with self._database.reading() as connection:
            rows = connection.execute(select(approval_evidence)).mappings().all()
        read = (ApprovalEvidence(**{**row, "verdict": EvidenceVerdict(row["verdict"])}) for row in rows)
        return {one.key: one for one in read}

    def pin(self, evidence: Iterable[ApprovalEvidence]) -> None:
        """Keep evidence. What is pinned already stands: a version is judged once (contracts.md 1)."""
        new = tuple(evidence)
        if not new:
            return
        table = approval_evidence.c
        with self._database.writing() as connection:
            kept = {
                (row.item_id, row.version) for row in connection.execute(select(table.item_id, table.version))
            }
            for one in new:
                if one.key not in kept:
                    kept.add(one.key)
                    connection.execute(insert(approval_evidence).values(**_evidence_row(one)))

    def live(self) -> tuple[LiveCase, ...]:
        """The cases that were in force when `replace_live` was last called, ordered by reference."""
        table = live_cases.c
        query = select(table.item_id, table.case_reference, table.measure, table.ends_on)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(table.case_reference, table.item_id)).mappings().all()
        return tuple(LiveCase(**row) for row in rows)

    def replace_live(self, cases: Sequence[LiveCase], *, run_id: str) -> None:
        """Remember the live cases of a run in place of those of the run before, all or none."""
        with self._database.writing() as connection:
            connection.execute(delete(live_cases))
            for case in cases:
                connection.execute(
                    insert(live_cases).values(
                        item_id=case.item_id,
                        case_reference=case.case_reference,
                        measure=case.measure,
                        ends_on=case.ends_on,
                        run_id=run_id,
                    )
                )

    def note_vanished(self, item_id: str, *, run_id: str) -> int:
        """Record that an item answered 404 by its id in this run; how many runs have seen that in a row."""
        with self._database.writing() as connection:
            return _count_vanished(connection, item_id, run_id)

    def times_vanished(self, item_id: str) -> int:
        """How many runs in a row have had a 404 for an item; 0 where none has."""
        table = vanished_items
        with self._database.reading() as connection:
            row = connection.execute(select(table.c.runs_seen).where(table.c.item_id == item_id)).first()
        return 0 if row is None else int(row.runs_seen)

    def note_present(self, item_ids: Iterable[str]) -> None:
        """Forget that these items had vanished: they have been read again."""
        back = set(item_ids)
        with self._database.writing() as connection:
            gone = {row.item_id for row in connection.execute(select(vanished_items.c.item_id))}
            for item_id in gone & back:
                connection.execute(delete(vanished_items).where(vanished_items.c.item_id == item_id))


def _evidence_row(one: ApprovalEvidence) -> dict[str, object]:
    return {
        "item_id": one.item_id,
        "version": one.version,
        "saver_object_id": one.saver_object_id,
        "saver_address": one.saver_address,
        "saved_at": one.saved_at,
        "fields_hash": one.fields_hash,
        "values_json": one.values_json,
        "seen_on": one.seen_on,
        "verdict": one.verdict.value,
    }


def _count_vanished(connection: Connection, item_id: str, run_id: str) -> int:
    table = vanished_items
    row = connection.execute(select(table).where(table.c.item_id == item_id)).first()
    if row is None:
        connection.execute(
            insert(table).values(item_id=item_id, first_run=run_id, last_run=run_id, runs_seen=1)
        )
        return 1
    seen: int = row.runs_seen
    if row.last_run != run_id:
        seen += 1
        connection.execute(
            update(table).where(table.c.item_id == item_id).values(last_run=run_id, runs_seen=seen)
        )
    return seen
