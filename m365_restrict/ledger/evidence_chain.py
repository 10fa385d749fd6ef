"""The chain over everything that this installation did: each entry holds the hash of the one before.

An entry is never changed. It names a run, the hashes of what the run saw and did, and the state that the
ledger's tables had afterwards; so whoever keeps the newest hash elsewhere can prove all that came before.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from m365_restrict import __version__
from m365_restrict.ledger.evidence_bodies import Json, Pieces, canonical, digest_of, store
from m365_restrict.ledger.evidence_state import read_rows, read_state
from m365_restrict.ledger.schema import evidence_chain, evidence_head, runs

GENESIS = ""
"""The hash before the first entry."""

_NAME = "chain"
_ROWS = evidence_chain.c
_HASHED = tuple(one.name for one in evidence_chain.columns if one.name != "hash")


class EntryKind(StrEnum):
    """What an entry is about."""

    BEGAN = "began"
    """The runs that had ended before the chain began."""
    RUN = "run"
    DELETION = "deletion"
    """A case was deleted, and with it the bodies that held it."""
    CHANGE = "change"
    """Somebody changed the ledger by hand without a run: a freeze, an override."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry. `content` says what it proves; instants are texts as the ledger's runs have them."""

    number: int
    kind: EntryKind
    run_id: str
    verb: str
    started_at: str
    finished_at: str
    content: Mapping[str, Any]
    previous_hash: str
    hash: str

    @property
    def parts(self) -> dict[str, str]:
        """The bodies of a recorded run by what they are; empty where nothing was recorded."""
        return dict(self.content.get("parts") or {})


@dataclass(frozen=True, kw_only=True)
class RunEvidence:
    """What one run saw and did, by name; each is kept as a body."""

    parts: Mapping[str, Json]


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What an entry is made of, beside its place in the chain. `bodies` are texts by their hashes."""

    kind: EntryKind
    run_id: str
    verb: str
    started_at: str = ""
    finished_at: str = ""
    content: Mapping[str, Json] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)


def append(connection: Connection, happening: Happening) -> int:
    """Add an entry, with the state of the tables as it is now; its number.

    Call it in the transaction that makes the change which it is about.
    """
    number, previous = _next(connection)
    pieces = Pieces()
    state = pieces.keep(read_state(connection))
    store(connection, {**happening.bodies, **pieces.texts})
    values: dict[str, Any] = {
        "number": number,
        "kind": happening.kind.value,
        "run_id": happening.run_id,
        "verb": happening.verb,
        "started_at": happening.started_at,
        "finished_at": happening.finished_at,
        "content": canonical({**happening.content, "state": state, "tool_version": __version__}),
        "previous_hash": previous,
    }
    values["hash"] = hash_of(values)
    connection.execute(insert(evidence_chain).values(values))
    head = {"entries": number, "hash": values["hash"]}
    if connection.execute(update(evidence_head).values(head)).rowcount == 0:
        connection.execute(insert(evidence_head).values(name=_NAME, **head))
    return number


def _next(connection: Connection) -> tuple[int, str]:
    """The number of the next entry and the hash that it follows; the head's row is held until the end."""
    head = connection.execute(select(evidence_head).with_for_update()).mappings().first()
    return (1, GENESIS) if head is None else (head["entries"] + 1, head["hash"])


def hash_of(row: Mapping[str, Any]) -> str:
    """The hash of an entry: over every column but itself."""
    return digest_of(canonical({one: row[one] for one in _HASHED}))


def append_run(connection: Connection, run_id: str, evidence: RunEvidence | None) -> None:
    """Add the entry of a run whose row says how it ended."""
    row = next(iter(read_rows(connection, runs, key=run_id)), None)
    if row is None:
        return
    append_beginning(connection, run_id)
    pieces = Pieces()
    parts: dict[str, Json] = {}
    for name, value in evidence.parts.items() if evidence else ():
        parts[name] = pieces.keep(value)
    append(
        connection,
        Happening(
            kind=EntryKind.RUN,
            run_id=run_id,
            verb=str(row["verb"]),
            started_at=str(row["started_at"]),
            finished_at=str(row["finished_at"]),
            content={"parts": parts, **proof_of(row)},
            bodies=pieces.texts,
        ),
    )


def append_change(connection: Connection, verb: str) -> None:
    """Add the entry of something that a person said without a run: the table itself says who and when."""
    append_beginning(connection)
    append(connection, Happening(kind=EntryKind.CHANGE, run_id="", verb=verb))


def append_beginning(connection: Connection, run_id: str = "") -> None:
    """Before the first entry: the runs that had ended by then, so that nobody alters them from now on."""
    if connection.execute(select(func.count()).select_from(evidence_chain)).scalar():
        return
    ended = [row for row in read_rows(connection, runs) if row["finished_at"] is not None]
    earlier: dict[str, Json] = {str(row["run_id"]): proof_of(row) for row in ended if row["run_id"] != run_id}
    if earlier:
        pieces = Pieces()
        content = {"runs": pieces.keep(earlier)}
        append(
            connection,
            Happening(kind=EntryKind.BEGAN, run_id="", verb="", content=content, bodies=pieces.texts),
        )


def proof_of(row: Mapping[str, Json]) -> dict[str, Json]:
    """What the chain keeps of a run's row: the columns as they are, and the hash of its document."""
    told: dict[str, Json] = {name: value for name, value in row.items() if name != "document"}
    return {"row": told, "document": digest_of(str(row["document"]))}


def entries(connection: Connection) -> tuple[dict[str, Any], ...]:
    """The rows of the chain in their order."""
    found = connection.execute(select(evidence_chain).order_by(_ROWS.number)).mappings()
    return tuple({**row} for row in found)


def entry_from(row: Mapping[str, Any]) -> Entry:
    """A row as a value; its hash is not proven. ValueError where it cannot be read."""
    content = json.loads(row["content"])
    if not isinstance(content, dict):
        raise ValueError("the content of an entry is no object")
    return Entry(**{**row, "kind": EntryKind(row["kind"]), "content": content})
