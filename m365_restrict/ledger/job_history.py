"""The runs of jobs: which slot of a timetable was run, by whom, and how it ended.

A slot is one job at one instant of its timetable, and stands in the table once: two schedulers, or a
scheduler and a timer, cannot run it twice. A slot whose run was killed is run again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from m365_restrict.errors import ExitCode, LedgerError
from m365_restrict.ledger.database import Database
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.process import is_running
from m365_restrict.ledger.schema import job_requests, job_runs, lease
from m365_restrict.schedule.jobs import Job, JobStatus, lane_of

DID_ITS_WORK: frozenset[ExitCode] = frozenset({ExitCode.IN_STEP, ExitCode.DIFFERENCES})
"""Exit codes with which a job did what it is for. What was held back or partial is not among them."""

_ROWS = job_runs.c


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One run of a job. `due_at` is the slot; instants are aware.

    `exit_code` and `ended_at` are None while it works, and for ever where it died. `run_id` is the run
    of the verb that did the work (ledger table `runs`); until that is known, the id of the holder.
    """

    number: int
    job: Job
    due_at: datetime
    began_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    status: JobStatus
    host: str
    pid: int
    run_id: str

    @property
    def succeeded(self) -> bool:
        """Whether the job did its work."""
        return self.exit_code in DID_ITS_WORK


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """Somebody asked that a job be run now. `asked_at` is the slot of that run."""

    job: Job
    asked_at: datetime


class JobHistory:
    """The tables of job runs and of requests for one. Every failure is a `LedgerError`."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def begin(
        self,
        job: Job,
        *,
        due_at: datetime,
        at: datetime,
        holder: Holder,
        is_running: Callable[[int], bool] = is_running,
    ) -> int | None:
        """Record that a slot is run from `at`; its number, or None where it is not this run's to do.

        None: another run has finished the slot, or still works on it. What died is taken over, and older
        slots of the job that died are marked so: this run does their work.
        """
        numbers = self.begin_all((job,), due_at=due_at, at=at, holder=holder, is_running=is_running)
        return numbers[0] if numbers else None

    def begin_all(
        self,
        jobs: Sequence[Job],
        *,
        due_at: datetime,
        at: datetime,
        holder: Holder,
        is_running: Callable[[int], bool] = is_running,
    ) -> tuple[int, ...]:
        """The same for jobs that one run does, by the first of them: empty where that is not to be done.

        Of the others those are left out that another run has done.
        """
        slot = _Slot(jobs, due_at, at, holder, is_running)
        try:
            with self._database.writing() as connection:
                return slot.take(connection)
        except LedgerError as error:
            if isinstance(error.__cause__, IntegrityError):
                return ()  # another host has begun the slot a moment ago
            raise

    def finish(self, number: int, *, at: datetime, exit_code: int, run_id: str = "") -> None:
        """Record how the run with this number ended. `run_id`: the verb's run, where it had one."""
        self.finish_all((number,), at=at, exit_code=exit_code, run_id=run_id)

    def finish_all(self, numbers: Sequence[int], *, at: datetime, exit_code: int, run_id: str = "") -> None:
        """The same for jobs that one run did."""
        values: dict[str, object] = {
            "ended_at": at,
            "exit_code": int(exit_code),
            "status": JobStatus.ENDED.value,
        }
        if run_id:
            values["run_id"] = run_id
        with self._database.writing() as connection:
            connection.execute(update(job_runs).where(_ROWS.number.in_(numbers)).values(**values))

    def stopped(self, job: Job, due_at: datetime) -> None:
        """Have a slot run again whose run was stopped before it had done its work."""
        slot = and_(_ROWS.job == job.value, _ROWS.due_at == due_at)
        undone = or_(_ROWS.exit_code.is_(None), ~_did_its_work())
        with self._database.writing() as connection:
            connection.execute(update(job_runs).where(slot, undone).values(status=JobStatus.DIED.value))

    def last(self, job: Job) -> JobRun | None:
        """The run that began last."""
        return self.all_last().get(job)

    def all_last(self) -> Mapping[Job, JobRun]:
        """Of every job that ever ran the run that began last."""
        newest = select(_ROWS.job, func.max(_ROWS.began_at).label("began_at")).group_by(_ROWS.job).subquery()
        query = select(job_runs).join(
            newest, and_(_ROWS.job == newest.c.job, _ROWS.began_at == newest.c.began_at)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(_ROWS.number)).mappings().all()
        return {one.job: one for one in map(_job_run, rows)}

    def last_success(self, job: Job, *, by: datetime | None = None) -> datetime | None:
        """When the job last ended having done its work (exit 0 or 2).

        `by` leaves out what ended after it: what was written under a clock that was wrong would else be a
        success until that day comes.
        """
        query = select(func.max(_ROWS.ended_at)).where(_ROWS.job == job.value, _did_its_work())
        if by is not None:
            query = query.where(_ROWS.ended_at <= by)
        with self._database.reading() as connection:
            found: datetime | None = connection.execute(query).scalar()
        return found

    def of(self, job: Job, *, since: datetime | None = None) -> tuple[JobRun, ...]:
        """The runs of a job by their slots, oldest first; those due from `since`."""
        query = select(job_runs).where(_ROWS.job == job.value)
        if since is not None:
            query = query.where(_ROWS.due_at >= since)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(_ROWS.due_at)).mappings().all()
        return tuple(map(_job_run, rows))

    def at(self, job: Job, due_at: datetime) -> JobRun | None:
        """The run of one slot."""
        query = select(job_runs).where(_ROWS.job == job.value, _ROWS.due_at == due_at)
        with self._database.reading() as connection:
            found = connection.execute(query).mappings().first()
        return None if found is None else _job_run(found)

    def last_slot(self, job: Job, *, by: datetime | None = None) -> JobRun | None:
        """The run of the latest slot, whenever it began; `by` leaves out slots after it, as above."""
        query = select(job_runs).where(_ROWS.job == job.value).order_by(_ROWS.due_at.desc()).limit(1)
        if by is not None:
            query = query.where(_ROWS.due_at <= by)
        with self._database.reading() as connection:
            found = connection.execute(query).mappings().first()
        return None if found is None else _job_run(found)

    def prune(self, *, before: datetime) -> int:
        """Forget runs that began before an instant; how many. Each job's last run and last success stay."""
        last = select(func.max(_ROWS.number)).group_by(_ROWS.job)
        succeeded = select(func.max(_ROWS.number)).where(_did_its_work()).group_by(_ROWS.job)
        query = delete(job_runs).where(
            _ROWS.began_at < before, _ROWS.number.not_in(last), _ROWS.number.not_in(succeeded)
        )
        with self._database.writing() as connection:
            return connection.execute(query).rowcount

    def ask(self, job: Job, *, at: datetime) -> JobRequest:
        """Ask the scheduler to run a job now. Who asks again before it has begun asks for the same run."""
        try:
            with self._database.writing() as connection:
                connection.execute(insert(job_requests).values(job=job.value, asked_at=at))
        except LedgerError as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
        return next((one for one in self.asked() if one.job is job), JobRequest(job=job, asked_at=at))

    def asked(self) -> tuple[JobRequest, ...]:
        """What was asked for and has not been done, oldest first."""
        query = select(job_requests).order_by(job_requests.c.asked_at, job_requests.c.job)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(JobRequest(job=Job(row["job"]), asked_at=row["asked_at"]) for row in rows)

    def answered(self, request: JobRequest) -> None:
        """Take a request away: its run is in the table of runs."""
        this = and_(job_requests.c.job == request.job.value, job_requests.c.asked_at == request.asked_at)
        with self._database.writing() as connection:
            connection.execute(delete(job_requests).where(this))


@dataclass(frozen=True)
class _Slot:
    """A slot that a run is about to take, for one job or several."""

    jobs: Sequence[Job]
    due_at: datetime
    at: datetime
    holder: Holder
    is_running: Callable[[int], bool]

    def take(self, connection: Connection) -> tuple[int, ...]:
        """The numbers of the rows that are this run's now."""
        unfinished = or_(_ROWS.due_at == self.due_at, _ROWS.status == JobStatus.WORKING.value)
        query = select(job_runs).where(_ROWS.job.in_([one.value for one in self.jobs]), unfinished)
        rows = connection.execute(query).mappings().all()
        there = {row["job"]: row for row in rows if row["due_at"] == self.due_at}
        older = [
            row["number"] for row in rows if row["due_at"] != self.due_at and self._is_dead(connection, row)
        ]
        if older:
            died = update(job_runs).where(_ROWS.number.in_(older))
            connection.execute(died.values(status=JobStatus.DIED.value))
        numbers: list[int] = []
        for job in self.jobs:
            number = self._taken(connection, job, there.get(job.value))
            if number is not None:
                numbers.append(number)
            elif not numbers:
                break  # the first is not this run's, so none is
        return tuple(numbers)

    def _taken(self, connection: Connection, job: Job, row: RowMapping | None) -> int | None:
        values = {
            "began_at": self.at,
            "ended_at": None,
            "exit_code": None,
            "status": JobStatus.WORKING.value,
            "host": self.holder.host,
            "pid": self.holder.pid,
            "run_id": self.holder.holder,
        }
        if row is None:
            made = connection.execute(insert(job_runs).values(job=job.value, due_at=self.due_at, **values))
            key = made.inserted_primary_key
            if key is None:
                raise AssertionError("an inserted row has a key")
            return int(key[0])
        if not self._is_dead(connection, row):
            return None
        # Names the run that was found dead: of two that take it over, one wins.
        same = and_(_ROWS.number == row["number"], _ROWS.run_id == row["run_id"])
        taken = connection.execute(update(job_runs).where(same).values(**values))
        return int(row["number"]) if taken.rowcount == 1 else None

    def _is_dead(self, connection: Connection, row: RowMapping) -> bool:
        """Whether an unfinished run can no longer be at work. In doubt it is at work.

        A job holds the lease of its lane while it works, so whoever holds that lease knows that the others
        are dead; a process number alone says nothing of another host, or after a restart of this one.
        """
        if row["status"] != JobStatus.WORKING.value:
            return bool(row["status"] == JobStatus.DIED.value)
        name = lane_of(Job(row["job"]))
        held_by = connection.execute(select(lease.c.holder).where(lease.c.name == name)).scalar()
        if held_by in {self.holder.holder, row["run_id"]}:
            return bool(held_by == self.holder.holder)
        return row["host"] == self.holder.host and not self.is_running(row["pid"])


def _did_its_work() -> ColumnElement[bool]:
    return _ROWS.exit_code.in_([int(one) for one in DID_ITS_WORK])


def _job_run(row: RowMapping) -> JobRun:
    return JobRun(**{**row, "job": Job(row["job"]), "status": JobStatus(row["status"])})
