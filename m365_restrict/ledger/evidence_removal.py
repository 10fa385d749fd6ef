"""Taking a deleted case out of the evidence: what held it goes, and the chain says what went and why."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from m365_restrict.ledger.evidence_bodies import BodyLost, Pieces, digest_of, opened, references, remove
from m365_restrict.ledger.evidence_chain import (
    EntryKind,
    Happening,
    append,
    append_beginning,
    entries,
    entry_from,
)
from m365_restrict.ledger.evidence_state import read_state
from m365_restrict.ledger.schema import evidence_bodies


def remove_case(
    connection: Connection,
    case_reference: str,
    patterns: Iterable[re.Pattern[str]],
    happening: Mapping[str, str],
    documents: Mapping[str, str],
) -> None:
    """Remove every body that holds an address of the case or one of its list items, and add the entry.

    `patterns` find the addresses; `happening` has run_id, deleted_on and certificate; `documents` are those
    of past runs that were rewritten, by run id. What then only removed bodies led to goes with them.
    """
    append_beginning(connection)
    texts = _present(connection)
    staying = Pieces()
    now = staying.keep(read_state(connection))
    # What the tables hold now may be, byte for byte, what a body held before: such a body stays.
    held = _holding(texts, [*patterns, _title_of(case_reference)]) - staying.texts.keys()
    gone = held | _out_of_reach({**texts, **staying.texts}, held, {*_roots(connection), now})
    pieces = Pieces()
    certificate = happening["certificate"]
    number = append(
        connection,
        Happening(
            kind=EntryKind.DELETION,
            run_id=happening["run_id"],
            verb="retention",
            started_at=happening["deleted_on"],
            finished_at=happening["deleted_on"],
            content={
                "case_reference": case_reference,
                "certificate": digest_of(certificate),
                "rules_absent_on": _proven_on(certificate),
                "removed": pieces.keep([*sorted(gone)]),
                "documents": {run_id: digest_of(text) for run_id, text in documents.items()},
            },
            bodies=pieces.texts,
        ),
    )
    remove(connection, gone, by=number)


def _present(connection: Connection) -> dict[str, str]:
    """Every body that is there and whole; what is altered is for `verify-ledger` to find."""
    found: dict[str, str] = {}
    for row in connection.execute(select(evidence_bodies)).mappings():
        try:
            found[row["hash"]] = opened(row["hash"], row["content"], row["seal"], row["removed_by"])
        except BodyLost:
            continue
    return found


def _holding(texts: Mapping[str, str], patterns: Sequence[re.Pattern[str]]) -> set[str]:
    return {digest for digest, text in texts.items() if any(one.search(text) for one in patterns)}


def _title_of(case_reference: str) -> re.Pattern[str]:
    """The fields of a list item that is about the case: a decision, a version of it, a review."""
    return re.compile(rf'"Title":"\s*{re.escape(case_reference)}\s*"', re.IGNORECASE)


def _roots(connection: Connection) -> set[str]:
    found: set[str] = set()
    for row in entries(connection):
        try:
            entry = entry_from(row)
        except (TypeError, ValueError):
            continue
        named = (entry.content.get(name) for name in ("state", "runs", "removed"))
        found |= {str(one) for one in (*named, *entry.parts.values()) if one}
    return found


def _out_of_reach(texts: Mapping[str, str], removed: set[str], roots: set[str]) -> set[str]:
    """Bodies to which nothing that stays leads."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        digest = waiting.pop()
        if digest not in seen and digest not in removed:
            seen.add(digest)
            waiting += references(texts.get(digest, ""))
    return set(texts) - seen - removed


def _proven_on(certificate: str) -> str:
    """The day on which nothing in the mail system named the case any more, as its certificate says."""
    try:
        found = json.loads(certificate)
    except ValueError:
        return ""
    return str(found.get("proven_on") or "") if isinstance(found, dict) else ""
