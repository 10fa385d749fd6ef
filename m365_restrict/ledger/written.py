"""The journal of writes: each with the form that it found and the form that it left. Rows are never deleted.

A write is entered before it is made, so that one whose answer nobody lived to read can be seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import RowMapping, func, insert, or_, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import written_changes
from m365_restrict.ledger.values import JsonProperties, decode_properties, encode_properties
from m365_restrict.plan.change import Action, RuleKind
from m365_restrict.rules.observed import Properties

_ROWS = written_changes.c


class WrittenResult(StrEnum):
    """What became of a write."""

    BEGUN = "begun"
    """It was about to be made; the run ended before anyone could say whether it was."""
    APPLIED = "applied"
    FAILED = "failed"
    KNOWN = "known"
    """Nothing was written: a rule was found in this form, or found gone, and the ledger follows."""


@dataclass(frozen=True, kw_only=True)
class WrittenChange:
    """One row. `before` and `after` are None where there was no rule, or where nobody knows it.

    `tenant_id` is the service's identifier of the rule, "" while it is not known. A failed write with an
    `after` left the rule in that form.
    """

    run_id: str
    at: datetime
    action: Action
    kind: RuleKind
    key: str
    tenant_id: str
    mailbox: str
    case_reference: str
    item_id: str
    name: str
    chosen_by_holder: bool
    before: Properties | None
    after: Properties | None
    result: WrittenResult
    reason: str = ""
    number: int = 0

    @property
    def changed_the_tenant(self) -> bool:
        """Whether the tenant was, for all that is known, other afterwards."""
        differs = self.after != self.before
        return self.result is WrittenResult.APPLIED or (self.result is WrittenResult.FAILED and differs)


class WrittenChanges:
    """The table of writes, in the order in which they were made."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def add(self, change: WrittenChange) -> int:
        """Enter a row; its number."""
        values = {name: value for name, value in vars(change).items() if name != "number"}
        values |= {
            "action": change.action.value,
            "kind": change.kind.value,
            "result": change.result.value,
            "form_before": _encoded(values.pop("before")),
            "form_after": _encoded(values.pop("after")),
        }
        with self._database.writing() as connection:
            key = connection.execute(insert(written_changes).values(**values)).inserted_primary_key
        return int(key[0]) if key else 0

    def finish(
        self,
        number: int,
        *,
        result: WrittenResult,
        reason: str,
        tenant_id: str,
        after: Properties | None,
    ) -> None:
        """Complete a row that was begun."""
        with self._database.writing() as connection:
            connection.execute(
                update(written_changes)
                .where(_ROWS.number == number)
                .values(result=result.value, reason=reason, tenant_id=tenant_id, form_after=_encoded(after))
            )

    def of_run(self, run_id: str) -> tuple[WrittenChange, ...]:
        """The rows of one run."""
        query = select(written_changes).where(_ROWS.run_id == run_id).order_by(_ROWS.number)
        with self._database.reading() as connection:
            return tuple(_row(row) for row in connection.execute(query).mappings())

    def of_case(self, reference_key: str) -> tuple[WrittenChange, ...]:
        """The rows of one case, whose reference is given as `register.reference.reference_key` makes it."""
        query = select(written_changes).where(func.lower(_ROWS.case_reference) == reference_key)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(_ROWS.number)).mappings()
            return tuple(_row(row) for row in rows)

    def of_item(self, item_id: str) -> tuple[WrittenChange, ...]:
        """The rows of one list item, whatever the case was called."""
        query = select(written_changes).where(_ROWS.item_id == item_id).order_by(_ROWS.number)
        with self._database.reading() as connection:
            return tuple(_row(row) for row in connection.execute(query).mappings())

    def of_rule(self, key: str, tenant_id: str) -> tuple[WrittenChange, ...]:
        """The rows of one rule: whatever key it had, and whatever identifier the service gave it."""
        same = or_(_ROWS.key == key, _ROWS.tenant_id == tenant_id) if tenant_id else _ROWS.key == key
        query = select(written_changes).where(same).order_by(_ROWS.number)
        with self._database.reading() as connection:
            return tuple(_row(row) for row in connection.execute(query).mappings())

    def unfinished(self) -> tuple[WrittenChange, ...]:
        """Writes of which no run has lived to see the end, and no later one has found out."""
        query = (
            select(written_changes).where(_ROWS.result == WrittenResult.BEGUN.value).order_by(_ROWS.number)
        )
        with self._database.reading() as connection:
            return tuple(_row(row) for row in connection.execute(query).mappings())

    def until(self, moment: datetime) -> tuple[WrittenChange, ...]:
        """Every row before a moment."""
        query = select(written_changes).where(_ROWS.at < moment).order_by(_ROWS.number)
        with self._database.reading() as connection:
            return tuple(_row(row) for row in connection.execute(query).mappings())

    def between(self, first: datetime, end: datetime) -> tuple[WrittenChange, ...]:
        """The rows from one moment on and before another."""
        query = select(written_changes).where(_ROWS.at >= first, _ROWS.at < end).order_by(_ROWS.number)
        with self._database.reading() as connection:
            return tuple(_row(row) for row in connection.execute(query).mappings())

    def made_at(self) -> Mapping[str, datetime]:
        """When each rule was last made, by its key, without the forms that it had."""
        made = _ROWS.action == Action.CREATE.value, _ROWS.result == WrittenResult.APPLIED.value
        query = select(_ROWS.key, _ROWS.at).where(*made).order_by(_ROWS.number)
        with self._database.reading() as connection:
            return {row.key: row.at for row in connection.execute(query)}

    def latest_writing_run(self) -> str:
        """The last run that wrote to the tenant, or ""."""
        wrote = _ROWS.result.in_([WrittenResult.APPLIED.value, WrittenResult.FAILED.value])
        query = select(_ROWS.run_id).where(wrote).order_by(_ROWS.number.desc())
        with self._database.reading() as connection:
            found = list(dict.fromkeys(connection.execute(query).scalars()))
        return next((one for one in found if any(row.changed_the_tenant for row in self.of_run(one))), "")

    def counts(self) -> Mapping[str, int]:
        """How many writes succeeded, by run."""
        applied = _ROWS.result == WrittenResult.APPLIED.value
        query = select(_ROWS.run_id, func.count().label("written")).where(applied).group_by(_ROWS.run_id)
        with self._database.reading() as connection:
            return {row.run_id: row.written for row in connection.execute(query)}


def _encoded(form: Properties | None) -> JsonProperties | None:
    return None if form is None else encode_properties(form)


def _decoded(form: JsonProperties | None) -> Properties | None:
    return None if form is None else decode_properties(form)


def _row(row: RowMapping) -> WrittenChange:
    values = dict(row)
    before, after = _decoded(values.pop("form_before")), _decoded(values.pop("form_after"))
    values |= {
        "action": Action(row["action"]),
        "kind": RuleKind(row["kind"]),
        "result": WrittenResult(row["result"]),
    }
    return WrittenChange(**values, before=before, after=after)
