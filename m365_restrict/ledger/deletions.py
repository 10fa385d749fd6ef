"""Deleted cases: their certificates, and the removal of personal data from the ledger itself.

The case reference, days, hashes and object ids stay: they prove what was decided and that it is gone,
and name nobody outside the council (policy.md 5, Evidence).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.evidence_removal import remove_case
from m365_restrict.ledger.folders import forget_folders
from m365_restrict.ledger.histories import forget_histories
from m365_restrict.ledger.schema import (
    approval_evidence,
    case_lives,
    deletions,
    runs,
    waivers,
    written_changes,
)

_GONE = "(deleted)"
_FORMS = {written_changes: ("form_before", "form_after"), waivers: ("observed", "desired")}


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """One deleted case. `certificate` is its document as JSON."""

    item_id: str
    case_reference: str
    deleted_on: date
    run_id: str
    certificate: str


class Deletions:
    """The table of certificates."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self) -> Mapping[str, Deletion]:
        """Every certificate by the id of the item that was deleted."""
        with self._database.reading() as connection:
            rows = connection.execute(select(deletions)).mappings().all()
        return {row["item_id"]: Deletion(**row) for row in rows}

    def record(self, deletion: Deletion, *, addresses: Iterable[str], evidence_ids: Iterable[str]) -> None:
        """Keep a certificate and take the case's addresses out of the ledger, both or neither.

        `evidence_ids` are those of the case and of its reviews in the evidence of approval.
        """
        with self._database.writing() as connection:
            for item_id in evidence_ids:
                connection.execute(
                    update(approval_evidence)
                    .where(approval_evidence.c.item_id == item_id)
                    .values(values_json="{}")
                )
            lowered = frozenset(one.lower() for one in addresses)
            rewritten = _redact_documents(connection, lowered)
            _redact_forms(connection, lowered)
            forget_histories(connection)
            forget_folders(connection)
            connection.execute(delete(case_lives).where(case_lives.c.item_id == deletion.item_id))
            connection.execute(delete(deletions).where(deletions.c.item_id == deletion.item_id))
            connection.execute(
                insert(deletions).values(
                    item_id=deletion.item_id,
                    case_reference=deletion.case_reference,
                    deleted_on=deletion.deleted_on,
                    run_id=deletion.run_id,
                    certificate=deletion.certificate,
                )
            )
            remove_case(
                connection,
                deletion.case_reference,
                [_spellings(address) for address in sorted(lowered)],
                {
                    "run_id": deletion.run_id,
                    "deleted_on": deletion.deleted_on.isoformat(),
                    "certificate": deletion.certificate,
                },
                rewritten,
            )


def _redact_documents(connection: Connection, addresses: frozenset[str]) -> dict[str, str]:
    """Plans of past runs hold the addresses that rules were written with; those that were rewritten."""
    rewritten: dict[str, str] = {}
    for row in connection.execute(select(runs.c.run_id, runs.c.document)).all():
        text = _without(row.document, addresses)
        if text != row.document:
            connection.execute(update(runs).where(runs.c.run_id == row.run_id).values(document=text))
            rewritten[row.run_id] = text
    return rewritten


def _redact_forms(connection: Connection, addresses: frozenset[str]) -> None:
    """The journal of writes and waivers hold rules as they were, with their senders."""
    for table, names in _FORMS.items():
        for row in connection.execute(select(table)).mappings().all():
            texts = {name: json.dumps(row[name]) for name in names if row[name] is not None}
            redacted = {name: _without(text, addresses) for name, text in texts.items()}
            changed = {name: json.loads(text) for name, text in redacted.items() if text != texts[name]}
            if changed:
                connection.execute(update(table).where(table.c.number == row["number"]).values(**changed))


def _without(text: str, addresses: frozenset[str]) -> str:
    for address in addresses:
        text = _spellings(address).sub(_GONE, text)
    return text


def _spellings(address: str) -> re.Pattern[str]:
    """The whole address in any case of letters, also as a rule's pattern spells it: with backslashes."""
    body = "".join(one if one.isalnum() else rf"\\*{re.escape(one)}" for one in address)
    return re.compile(rf"(?<![\w.+-]){body}(?![\w-]|\.\w)", re.IGNORECASE)
