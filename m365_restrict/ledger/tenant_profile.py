"""What this installation has found out about its tenant, and the canaries that it has sent through it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import RowMapping, insert, select, update

from m365_restrict.ledger.database import Database
from m365_restrict.ledger.schema import canaries, tenant_answers
from m365_restrict.rules.tenant_profile import Question, TenantAnswer, TenantProfile

_QUESTIONS = frozenset(question.value for question in Question)


class TenantAnswers:
    """The table of answers. Nothing is ever taken out: the latest answer to a question counts."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def record(self, tenant_id: str, answers: Iterable[TenantAnswer], *, run_id: str) -> None:
        """Add answers about one tenant."""
        rows = [{**vars(one), "question": one.question.value} for one in answers]
        if not rows:
            return
        with self._database.writing() as connection:
            connection.execute(
                insert(tenant_answers), [{**row, "tenant_id": tenant_id, "run_id": run_id} for row in rows]
            )

    def profile(self, tenant_id: str) -> TenantProfile:
        """The latest answer to each question about that tenant; of no other, whose Exchange may differ."""
        columns = [tenant_answers.c[name] for name in ("question", "value", "source", "at")]
        wanted = (
            select(*columns).where(tenant_answers.c.tenant_id == tenant_id).order_by(tenant_answers.c.number)
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted).mappings().all()
        known = [row for row in rows if row["question"] in _QUESTIONS]
        return TenantProfile(
            {
                Question(row["question"]): TenantAnswer(**{**row, "question": Question(row["question"])})
                for row in known
            }
        )


@dataclass(frozen=True, kw_only=True)
class Canary:
    """One canary.

    `token` stands in its rules and messages, `form` is what it proves, `about` a digest of the address and
    the mailboxes. `rules` are the Guids of its rules that were made, `answers` what is known by name of the
    check. `ended_at` is None while it stands.
    """

    tenant_id: str
    token: str
    form: str
    about: str
    started_at: datetime
    expires_at: datetime
    run_id: str
    rules: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    ended_at: datetime | None = None
    passed: bool = False
    number: int = 0


class Canaries:
    """The table of canaries, at most one of each tenant standing at a time. Rows are never deleted."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def all(self, tenant_id: str) -> tuple[Canary, ...]:
        """Every canary of that tenant, oldest first."""
        wanted = select(canaries).where(canaries.c.tenant_id == tenant_id).order_by(canaries.c.number)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).mappings().all()
        return tuple(_canary(row) for row in rows)

    def standing(self, tenant_id: str) -> Canary | None:
        """The one that has not ended, if any."""
        return next((one for one in reversed(self.all(tenant_id)) if one.ended_at is None), None)

    def passed_forms(self, tenant_id: str) -> frozenset[str]:
        """The forms whose latest ended canary passed: a later one that failed takes it back."""
        latest = {one.form: one.passed for one in self.all(tenant_id) if one.ended_at is not None}
        return frozenset(form for form, passed in latest.items() if passed)

    def begin(self, canary: Canary) -> Canary:
        """Record one before its rules are made; it with its number."""
        with self._database.writing() as connection:
            key = connection.execute(insert(canaries).values(**_values(canary))).inserted_primary_key
        return replace(canary, number=int(key[0]) if key else 0)

    def update(self, canary: Canary) -> None:
        """Keep what has become of it."""
        with self._database.writing() as connection:
            connection.execute(
                update(canaries).where(canaries.c.number == canary.number).values(**_values(canary))
            )


def _values(canary: Canary) -> dict[str, object]:
    values = {name: value for name, value in vars(canary).items() if name != "number"}
    return values | {"rules": list(canary.rules), "answers": dict(canary.answers)}


def _canary(row: RowMapping) -> Canary:
    return Canary(**{**row, "rules": tuple(row["rules"])})
