"""The runs: what was done when, by which process, and the document that it ended with."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from m365_restrict.errors import ExitCode
from m365_restrict.ledger.database import Database
from m365_restrict.ledger.evidence_chain import RunEvidence, append_run
from m365_restrict.ledger.schema import run_traffic, runs
from m365_restrict.logs.marks import current_marks

STARTED = "started"
"""The status of a run that has not ended, or was killed before it could say so."""


@dataclass(frozen=True, kw_only=True)
class RunStart:
    """A run as it begins. `started_at` is an aware instant."""

    run_id: str
    verb: str
    started_at: datetime
    host: str
    pid: int


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """A run as it ends. `document` is the JSON that it printed or would have printed."""

    finished_at: datetime
    exit_code: ExitCode
    source_version: str = ""
    plan_id: str = ""
    document: str = ""


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run as the ledger remembers it. What is not known yet is None or ""."""

    run_id: str
    verb: str
    started_at: datetime
    finished_at: datetime | None
    status: str
    exit_code: ExitCode | None
    source_version: str
    plan_id: str
    document: str
    host: str
    pid: int


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """A run that ended with a document, without the document. `started_at` is an aware instant."""

    run_id: str
    verb: str
    started_at: datetime


class Runs:
    """The table of runs."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def begin(self, start: RunStart) -> None:
        """Record that a run has begun, before it does anything."""
        with self._database.writing() as connection:
            connection.execute(
                insert(runs).values(
                    run_id=start.run_id,
                    verb=start.verb,
                    started_at=start.started_at,
                    status=STARTED,
                    source_version="",
                    plan_id="",
                    document="",
                    host=start.host,
                    pid=start.pid,
                )
            )

    def finish(self, run_id: str, end: RunEnd, evidence: RunEvidence | None = None) -> None:
        """Record how a run ended, and add it to the chain with what it saw and did (docs/evidence.md)."""
        with self._database.writing() as connection:
            connection.execute(
                update(runs)
                .where(runs.c.run_id == run_id)
                .values(
                    finished_at=end.finished_at,
                    status=end.exit_code.status,
                    exit_code=int(end.exit_code),
                    source_version=end.source_version,
                    plan_id=end.plan_id,
                    document=end.document,
                )
            )
            _count(connection, run_id)
            append_run(connection, run_id, evidence)

    def latest(self, *, verb: str | None = None, limit: int = 20) -> tuple[RunRecord, ...]:
        """The latest runs, newest first; of one verb where it is named."""
        query = select(runs).order_by(runs.c.started_at.desc(), runs.c.run_id.desc()).limit(limit)
        if verb is not None:
            query = query.where(runs.c.verb == verb)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_record(row) for row in rows)

    def document(self, run_id: str) -> str:
        """The document of a run; "" where the run is not known or has none."""
        return self._document(runs.c.run_id == run_id)

    def document_of_plan(self, plan_id: str) -> str:
        """The latest document with this plan id, as `document`."""
        return self._document(runs.c.plan_id == plan_id)

    def _document(self, which: ColumnElement[bool]) -> str:
        query = select(runs.c.document).where(which, runs.c.document != "")
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(runs.c.started_at.desc()).limit(1)).scalar()
        return str(found or "")

    def beginning_with(self, text: str) -> tuple[RunRecord, ...]:
        """The runs whose id begins so, oldest first."""
        query = select(runs).where(runs.c.run_id.startswith(text, autoescape=True))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(runs.c.started_at, runs.c.run_id)).mappings().all()
        return tuple(_record(row) for row in rows)

    def documented(
        self, verbs: Iterable[str], *, since: datetime, until: datetime, containing: str = ""
    ) -> tuple[PastRun, ...]:
        """The runs of these verbs that began from `since` to `until` and left a document, newest first.

        `containing`: only those whose document holds this text.
        """
        query = select(runs.c.run_id, runs.c.verb, runs.c.started_at).where(
            runs.c.verb.in_(tuple(verbs)),
            runs.c.started_at >= since,
            runs.c.started_at <= until,
            runs.c.document != "",
            runs.c.document.contains(containing, autoescape=True),
        )
        query = query.order_by(runs.c.started_at.desc(), runs.c.run_id.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(PastRun(**row) for row in rows)

    def mentioning(self, reference: str) -> tuple[RunRecord, ...]:
        """The runs, oldest first, whose document holds a case reference, whole and in any case of letters."""
        whole = re.compile(rf"(?<![\w./-]){re.escape(reference)}(?![\w/-]|\.\w)", re.IGNORECASE)
        query = select(runs).where(runs.c.document.icontains(reference, autoescape=True))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(runs.c.started_at, runs.c.run_id)).mappings().all()
        return tuple(_record(row) for row in rows if whole.search(row["document"]))


def _count(connection: Connection, run_id: str) -> None:
    """Keep how many requests the run has made, where it is the run that is at work here."""
    marks = current_marks()
    if marks.run_id == run_id:
        connection.execute(delete(run_traffic).where(run_traffic.c.run_id == run_id))
        values = {"requests": marks.traffic.requests, "throttled": marks.traffic.throttled}
        connection.execute(insert(run_traffic).values(run_id=run_id, **values))


def _record(row: RowMapping) -> RunRecord:
    return RunRecord(**{**row, "exit_code": None if row["exit_code"] is None else ExitCode(row["exit_code"])})
