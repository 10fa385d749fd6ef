"""Who made a rule ours or gave it up, when and why; and which rules were imported into the register."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import imported_rules, ownership_claims
from m365_restrict.plan.claims import Adopted, Claims


class ClaimKind(StrEnum):
    """What somebody said about a rule."""

    ADOPTED = "adopted"
    DISOWNED = "disowned"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One saying. `made_by` is the account on the computer it was made on; `key` is "" if disowned."""

    guid: str
    kind: ClaimKind
    key: str
    case_reference: str
    rule_name: str
    reason: str
    made_by: str
    at: datetime
    run_id: str


class OwnershipClaims:
    """The table of adoptions and disownments. Nothing is ever taken out: the latest word on a rule counts."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def record(self, claim: Claim) -> None:
        """Add one saying, which replaces what was said of the rule before."""
        values = {**vars(claim), "kind": claim.kind.value}
        with self._database.writing() as connection:
            connection.execute(insert(ownership_claims).values(**values))

    def all(self) -> tuple[Claim, ...]:
        """Everything that was said, oldest first."""
        return tuple(self._read())

    def standing(self) -> Claims:
        """The latest word on each rule. An adoption gives way to a later one for the same rule key."""
        latest = {claim.guid: claim for claim in self._read()}
        by_key = {one.key: one for one in self._read() if one.kind is ClaimKind.ADOPTED}
        return Claims(
            adopted={
                guid: Adopted(guid, one.key, one.case_reference)
                for guid, one in latest.items()
                if one.kind is ClaimKind.ADOPTED and by_key[one.key].guid == guid
            },
            disowned=frozenset(guid for guid, one in latest.items() if one.kind is ClaimKind.DISOWNED),
        )

    def _read(self) -> Iterator[Claim]:
        columns = [column for column in ownership_claims.c if column.name != "number"]
        with self._database.reading() as connection:
            rows = connection.execute(select(*columns).order_by(ownership_claims.c.number)).mappings().all()
        for row in rows:
            yield Claim(**{**row, "kind": ClaimKind(row["kind"])})


class ImportedRules:
    """Which rule became which item of the register."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def item_of(self, guid: str) -> str:
        """The item that was made of the rule, or ""."""
        wanted = select(imported_rules.c.item_id).where(imported_rules.c.guid == guid)
        with self._database.reading() as connection:
            return connection.execute(wanted).scalar() or ""

    def record(self, guid: str, *, item_id: str, imported_by: str, at: datetime, run_id: str) -> None:
        """Remember the item that a rule has become, in place of an earlier one that is gone."""
        with self._database.writing() as connection:
            connection.execute(delete(imported_rules).where(imported_rules.c.guid == guid))
            connection.execute(
                insert(imported_rules).values(
                    guid=guid, item_id=item_id, imported_by=imported_by, at=at, run_id=run_id
                )
            )
