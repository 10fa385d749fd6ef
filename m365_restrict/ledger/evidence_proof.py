"""Whether the ledger is what its chain says: each entry, each body, each run and each table.

Everything is judged, whatever has been found before; a problem names the table and the run, and never shows
what stands there, because that is personal data.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from m365_restrict.ledger.codes import EvidenceCode
from m365_restrict.ledger.evidence_bodies import (
    PRESENT,
    BodyLost,
    Json,
    load,
    opened,
    references,
)
from m365_restrict.ledger.evidence_chain import (
    GENESIS,
    Entry,
    EntryKind,
    entries,
    entry_from,
    hash_of,
    proof_of,
)
from m365_restrict.ledger.evidence_problems import Problem, Proof, ProvenDeletion
from m365_restrict.ledger.evidence_state import STATE_TABLES, keys_of, read_rows
from m365_restrict.ledger.schema import evidence_bodies, evidence_head, lease, runs


def prove(connection: Connection, *, expected: str) -> Proof:
    """Look at everything. `expected` is a hash that was kept elsewhere, "" for none."""
    return _Proving(connection).all(expected.strip().lower())


class _Proving:
    """One proof under way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._problems: list[Problem] = []
        self._entries: list[Entry] = []
        self._bodies: dict[str, str] = {}
        self._removed: dict[str, int] = {}
        self._rows: dict[str, dict[str, Json]] = {}
        self._earlier: set[str] = set()

    def all(self, expected: str) -> Proof:
        raw = entries(self._connection)
        self._chain(raw)
        self._head(raw)
        self._read_bodies()
        self._reach()
        self._runs()
        self._tables()
        at = next((row["number"] for row in raw if row["hash"] == expected), 0) if expected else 0
        if expected and not at:
            self._say(EvidenceCode.ANCHOR_MISSING, "evidence_chain", f"No entry has the hash {expected}.")
        return Proof(
            entries=len(raw),
            head=str(raw[-1]["hash"]) if raw else GENESIS,
            expected_entry=at if isinstance(at, int) else 0,
            bodies=len(self._bodies),
            runs=sum(row["finished_at"] is not None for row in self._rows.values()),
            earlier_runs=len(self._earlier),
            unended=tuple(run_id for run_id, row in self._rows.items() if row["finished_at"] is None),
            deletions=tuple(self._deletions()),
            problems=tuple(self._problems),
        )

    def _say(self, code: EvidenceCode, table: str, message: str, *, run_id: str = "") -> None:
        self._problems.append(Problem(code=code, table=table, run_id=run_id, message=message))

    def _chain(self, raw: Sequence[Mapping[str, Any]]) -> None:
        """Every entry by itself, and each after the one before."""
        previous, code = GENESIS, EvidenceCode.CHAIN_BROKEN
        for place, row in enumerate(raw, start=1):
            entry = _readable(row)
            run_id = str(row["run_id"])
            if row["number"] != place:
                said = f"Entry {row['number']} stands in place {place}: one is missing or was added."
                self._say(code, "evidence_chain", said, run_id=run_id)
            if entry is None or hash_of(row) != row["hash"]:
                said = f"Entry {row['number']} is not as it was written."
                self._say(code, "evidence_chain", said, run_id=run_id)
            if row["previous_hash"] != previous:
                said = f"Entry {row['number']} does not follow the entry before it."
                self._say(code, "evidence_chain", said, run_id=run_id)
            previous = row["hash"]
            self._entries += [entry] if entry is not None else []

    def _head(self, raw: Sequence[Mapping[str, Any]]) -> None:
        heads = self._connection.execute(select(evidence_head)).mappings().all()
        ends = (len(raw), raw[-1]["hash"]) if raw else (0, GENESIS)
        noted = [(row["name"], row["entries"], row["hash"]) for row in heads] or [("chain", 0, GENESIS)]
        if noted != [("chain", *ends)]:
            said = f"The chain ends with entry {ends[0]}, and the ledger notes another end."
            run_id = str(raw[-1]["run_id"]) if raw else ""
            self._say(EvidenceCode.HEAD_DIFFERS, "evidence_head", said, run_id=run_id)

    def _read_bodies(self) -> None:
        for row in self._connection.execute(select(evidence_bodies)).mappings():
            digest = row["hash"]
            try:
                self._bodies[digest] = opened(digest, row["content"], row["seal"], row["removed_by"])
            except BodyLost as lost:
                emptied = row["content"] is None and row["seal"] == ""
                self._removed[digest] = lost.removed_by if emptied else PRESENT

    def _reach(self) -> None:
        """Every body that an entry leads to is there, or a deletion names it; and no other is there."""
        excused = {digest: entry.number for entry in self._entries for digest in self._removed_by(entry)}
        seen: set[str] = set()
        for entry in reversed(self._entries):
            # The newest first: what is lost is named with the last run that rested on it.
            for digest in self._led_to(_roots(entry), seen):
                self._judge_body(digest, entry, excused)
        for digest in self._bodies.keys() - seen:
            said = f"No entry leads to the body {digest[:12]}."
            self._say(EvidenceCode.BODY_UNKNOWN, "evidence_bodies", said)
        for digest, number in self._removed.items():
            if digest not in seen and excused.get(digest) != number:
                said = f"The body {digest[:12]} is not as it was kept, and no entry leads to it."
                self._say(EvidenceCode.BODY_ALTERED, "evidence_bodies", said)

    def _led_to(self, roots: Iterable[str], seen: set[str]) -> Iterator[str]:
        waiting = list(roots)
        while waiting:
            digest = waiting.pop()
            if digest not in seen:
                seen.add(digest)
                yield digest
                waiting += references(self._bodies.get(digest, ""))

    def _judge_body(self, digest: str, entry: Entry, excused: Mapping[str, int]) -> None:
        if digest in self._bodies:
            return
        number = excused.get(digest, PRESENT)
        if digest not in self._removed:
            code, said = EvidenceCode.BODY_MISSING, "is gone, and no deletion names it"
        elif number == PRESENT or self._removed[digest] != number:
            code, said = EvidenceCode.BODY_ALTERED, "is not as it was kept"
        else:
            return
        about = f"The body {digest[:12]}, on which entry {entry.number} rests, {said}."
        self._say(code, "evidence_bodies", about, run_id=entry.run_id)

    def _removed_by(self, entry: Entry) -> list[str]:
        found = self._value(entry.content.get("removed"))
        return [str(one) for one in found] if isinstance(found, list) else []

    def _value(self, digest: object) -> Json:
        """A whole value, None where it or a part of it is lost: the bodies themselves say so."""
        try:
            return load(self._connection, str(digest)) if digest else None
        except (BodyLost, ValueError):
            return None

    def _deletions(self) -> Iterator[ProvenDeletion]:
        for entry in self._entries:
            if entry.kind is EntryKind.DELETION:
                yield ProvenDeletion(
                    case_reference=str(entry.content.get("case_reference") or ""),
                    rules_absent_on=str(entry.content.get("rules_absent_on") or ""),
                    deleted_on=entry.finished_at,
                    run_id=entry.run_id,
                    bodies=len(self._removed_by(entry)),
                )

    def _runs(self) -> None:
        """Each run's row against the chain, its document against the row."""
        self._rows = {str(row["run_id"]): row for row in read_rows(self._connection, runs)}
        proven = self._proven_runs()
        for run_id, row in self._rows.items():
            known = proven.pop(run_id, None)
            if known is None:
                if row["finished_at"] is not None:
                    said = "The chain holds no entry of this run, which has ended."
                    self._say(EvidenceCode.RUN_UNPROVEN, "runs", said, run_id=run_id)
                continue
            for said in _differing(row, known):
                self._say(EvidenceCode.RUN_ALTERED, "runs", said, run_id=run_id)
        for run_id in proven:
            said = "The chain holds an entry of this run, and its row is not there."
            self._say(EvidenceCode.RUN_UNPROVEN, "runs", said, run_id=run_id)

    def _proven_runs(self) -> dict[str, dict[str, Any]]:
        """What the chain says of every run's row, with the documents that deletions have rewritten since."""
        proven: dict[str, dict[str, Any]] = {}
        for entry in self._entries:
            match entry.kind:
                case EntryKind.BEGAN:
                    earlier = self._value(entry.content.get("runs"))
                    found = earlier if isinstance(earlier, dict) else {}
                    self._earlier |= set(found)
                    proven |= {run_id: dict(one) for run_id, one in found.items() if isinstance(one, dict)}
                case EntryKind.RUN:
                    told = {name: entry.content.get(name) for name in ("row", "document")}
                    proven[entry.run_id] = {**told, "entry": entry}
                case EntryKind.DELETION:
                    for run_id, document in dict(entry.content.get("documents") or {}).items():
                        proven.setdefault(run_id, {})["document"] = document
                case EntryKind.CHANGE:
                    pass
        return proven

    def _tables(self) -> None:
        """The tables now against the last entry; and what each run began with against the entry before it."""
        last = self._entries[-1] if self._entries else None
        if last is not None:
            self._compare_now(last)
        for before, after in zip(self._entries, self._entries[1:], strict=False):
            began = after.parts.get("ledger")
            if began and began != before.content.get("state") and not self._explained(before, after):
                names = ", ".join(self._tables_between(before, began)) or "a table"
                said = f"It changed between entries {before.number} and {after.number} outside any run."
                self._say(EvidenceCode.TABLE_ALTERED, names, said, run_id=after.run_id)

    def _compare_now(self, last: Entry) -> None:
        state = self._value(last.content.get("state"))
        if not isinstance(state, dict):
            return  # The bodies of the state are lost, which has been said.
        at_work = self._at_work(last)
        for table in STATE_TABLES:
            sealed = state.get(table.name)
            rows = [one for one in sealed if isinstance(one, dict)] if isinstance(sealed, list) else []
            differing = _changed_rows(table, rows, read_rows(self._connection, table))
            if differing:
                self._say_changed(table, differing, at_work, last)

    def _say_changed(
        self, table: Table, rows: Sequence[Mapping[str, Json]], at_work: Sequence[str], last: Entry
    ) -> None:
        code = EvidenceCode.TABLE_UNPROVEN if at_work else EvidenceCode.TABLE_ALTERED
        named = sorted({str(row["run_id"]) for row in rows if row.get("run_id")})
        of_runs = f", of the runs {', '.join(named)}" if named else ""
        items = sorted({_item(row) for row in rows if row.get("item_id")})
        of_items = f", of the items {', '.join(items)}" if items else ""
        said = f"Not as entry {last.number} left it, in rows: {len(rows)}{of_runs}{of_items}."
        concerned = at_work[-1:] or named[-1:] or [last.run_id]
        self._say(code, table.name, said, run_id=concerned[0])

    def _at_work(self, last: Entry) -> list[str]:
        """Runs that may have changed tables since the last entry: begun since, or holding the lease."""
        holders = set(self._connection.execute(select(lease.c.holder)).scalars())
        return [
            run_id
            for run_id, row in self._rows.items()
            if run_id in holders or _is_unended_since(row, last.started_at)
        ]

    def _explained(self, before: Entry, after: Entry) -> bool:
        """Whether another run was at work between the two: one that ended later, or was killed."""
        later = {one.run_id for one in self._entries if one.number > after.number and one.run_id}
        others = {run_id: row for run_id, row in self._rows.items() if run_id != after.run_id}
        return any(
            str(row["started_at"]) <= after.started_at
            and (run_id in later or _is_unended_since(row, before.started_at))
            for run_id, row in others.items()
        )

    def _tables_between(self, before: Entry, began: str) -> list[str]:
        one, other = self._value(before.content.get("state")), self._value(began)
        if not isinstance(one, dict) or not isinstance(other, dict):
            return []
        return [table.name for table in STATE_TABLES if one.get(table.name) != other.get(table.name)]


def _is_unended_since(row: Mapping[str, Json], moment: str) -> bool:
    return row["finished_at"] is None and str(row["started_at"]) >= moment


def _readable(row: Mapping[str, Any]) -> Entry | None:
    try:
        return entry_from(row)
    except (TypeError, ValueError):
        return None


def _roots(entry: Entry) -> list[str]:
    named = [entry.content.get(name) for name in ("state", "runs", "removed")]
    return [str(one) for one in (*named, *entry.parts.values()) if one]


def _item(row: Mapping[str, Json]) -> str:
    """Which list item a row is about, with the version where it is about one; nobody's address."""
    version = f" version {row['version']}" if row.get("version") else ""
    return f"{row['item_id']}{version}"


def _changed_rows(
    table: Table, sealed: Sequence[Mapping[str, Json]], found: Sequence[Mapping[str, Json]]
) -> list[Mapping[str, Json]]:
    """The rows that are not the same; what is there now stands for both, where it is there."""
    one, other = keys_of(table, sealed), keys_of(table, found)
    changed = {**one, **other}
    return [row for key, row in changed.items() if one.get(key) != other.get(key)]


def _differing(row: Mapping[str, Json], known: Mapping[str, Any]) -> Iterator[str]:
    """What of a run's row is not as the chain has it, and what its document says otherwise."""
    now = proof_of(row)
    told, kept = now["row"], known.get("row")
    if isinstance(told, dict) and isinstance(kept, dict):
        names = [name for name in {**told, **kept} if told.get(name) != kept.get(name)]
        if names:
            yield f"Not as when the run ended: {', '.join(sorted(names))}."
    if now["document"] != known.get("document"):
        yield "The document of the run is not as it was."
    entry = known.get("entry")
    if isinstance(entry, Entry):
        names = [name for name in ("verb", "started_at", "finished_at") if getattr(entry, name) != row[name]]
        if names:
            yield f"The chain has it otherwise: {', '.join(names)}."
    yield from _contradictions(row)


def _contradictions(row: Mapping[str, Json]) -> Iterator[str]:
    """A row that does not agree with its own document."""
    try:
        document = json.loads(str(row["document"])) if row["document"] else {}
    except ValueError:
        yield "The document of the run is no JSON."
        return
    names = ("run_id", "status", "exit_code")
    wrong = [name for name in names if name in document and document[name] != row[name]]
    if wrong:
        yield f"The document says otherwise than its row: {', '.join(wrong)}."
