"""The evidence of runs: what each saw and did, and the chain that proves it (docs/evidence.md)."""

from collections.abc import Mapping

from sqlalchemy import select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.evidence_bodies import Json, load
from m365_restrict.ledger.evidence_chain import Entry, EntryKind, entry_from
from m365_restrict.ledger.evidence_problems import Proof
from m365_restrict.ledger.evidence_proof import prove
from m365_restrict.ledger.evidence_state import read_state, restore_state
from m365_restrict.ledger.schema import evidence_chain, evidence_head

_ROWS = evidence_chain.c


class Evidence:
    """The tables of evidence. Entries are added by what happens: by runs, deletions and changes by hand."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def state(self) -> dict[str, Json]:
        """What the tables hold now, for a run to keep as what it began with."""
        with self._database.reading() as connection:
            return read_state(connection)

    def restore(self, state: Mapping[str, Json]) -> None:
        """Fill this ledger, which must be empty, with a state that was kept."""
        with self._database.writing() as connection:
            restore_state(connection, state)

    def entry_of(self, run_id: str) -> Entry | None:
        """The entry of a run, or None where the chain knows none that can be read."""
        wanted = select(evidence_chain).where(_ROWS.run_id == run_id, _ROWS.kind == EntryKind.RUN.value)
        with self._database.reading() as connection:
            row = connection.execute(wanted.order_by(_ROWS.number.desc())).mappings().first()
        try:
            return None if row is None else entry_from({**row})
        except (TypeError, ValueError):
            return None

    def entry(self, number: int) -> Entry | None:
        """The entry with that number, as `entry_of`."""
        with self._database.reading() as connection:
            row = connection.execute(select(evidence_chain).where(_ROWS.number == number)).mappings().first()
        try:
            return None if row is None else entry_from({**row})
        except (TypeError, ValueError):
            return None

    def value(self, digest: str) -> Json:
        """What was kept under a hash. Raises `BodyLost` where it was removed or is not as it was kept."""
        with self._database.reading() as connection:
            return load(connection, digest)

    def hash_of_run(self, run_id: str) -> str:
        """The hash of a run's entry, "" where there is none: what a report may name."""
        found = self.entry_of(run_id)
        return found.hash if found else ""

    def head(self) -> str:
        """The hash in which the chain ends now, "" before its first entry."""
        with self._database.reading() as connection:
            return str(connection.execute(select(evidence_head.c.hash)).scalar() or "")

    def head_entry(self) -> tuple[int, str]:
        """How many entries the chain has and the hash in which it ends; 0 and "" before its first."""
        with self._database.reading() as connection:
            row = connection.execute(select(evidence_head.c.entries, evidence_head.c.hash)).first()
        return (0, "") if row is None else (int(row.entries), str(row.hash))

    def prove(self, *, expected: str = "") -> Proof:
        """Everything that does not hold, in the chain and in what it proves; see `evidence_proof`."""
        with self._database.reading() as connection:
            return prove(connection, expected=expected)
