from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.schedule.jobs import Job, JobStatus, lane_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
FIRST = Holder(holder="run-1", host="alpha", pid=11)
SAME_HOST = Holder(holder="run-2", host="alpha", pid=12)
ELSEWHERE = Holder(holder="run-3", host="beta", pid=11)


@pytest.fixture
def ledger(ledger_url):
    with open_ledger(ledger_url) as opened:
        yield opened


@pytest.fixture
def jobs(ledger):
    return ledger.jobs


def begin(jobs, holder=FIRST, *, job=Job.ENFORCE, due=NOON, alive=True):
    return jobs.begin(job, due_at=due, at=due, holder=holder, is_running=lambda _: alive)


def run(jobs, exit_code, *, job=Job.ENFORCE, due=NOON):
    jobs.finish(begin(jobs, job=job, due=due), at=due + timedelta(minutes=1), exit_code=exit_code, run_id="r")


def test_a_slot_that_was_finished_is_nobodys(jobs):
    run(jobs, 4)
    assert begin(jobs, SAME_HOST, alive=False) is None
    assert begin(jobs, ELSEWHERE, due=NOON + QUARTER) is not None


@pytest.mark.parametrize(
    ("holder", "alive", "taken"),
    [(SAME_HOST, True, False), (SAME_HOST, False, True), (ELSEWHERE, False, False)],
)
def test_a_slot_at_work_is_taken_over_from_the_surely_dead_alone(jobs, holder, alive, taken):
    number = begin(jobs)
    assert begin(jobs, holder, alive=alive) == (number if taken else None)
    assert jobs.last(Job.ENFORCE).run_id == (holder if taken else FIRST).holder


@pytest.mark.parametrize(("lease_of", "taken"), [(ELSEWHERE, True), (FIRST, False)])
def test_the_lease_of_the_lane_says_who_is_dead(ledger, lease_of, taken):
    """Also of another host, and of a process number that another process has got since."""
    number = begin(ledger.jobs)
    name = lane_of(Job.ENFORCE)
    with ledger.lease(lease_of, seconds=60, clock=lambda: NOON, name=name):
        assert begin(ledger.jobs, ELSEWHERE) == (number if taken else None)


def test_what_died_on_an_older_slot_is_marked_by_the_run_that_does_its_work(jobs):
    begin(jobs)
    begin(jobs, SAME_HOST, due=NOON + QUARTER, alive=False)
    assert [one.status for one in jobs.of(Job.ENFORCE)] == [JobStatus.DIED, JobStatus.WORKING]


def test_jobs_of_one_run_begin_together_or_not_at_all(jobs):
    both = (Job.ENFORCE, Job.PREFERENCES)
    assert len(jobs.begin_all(both, due_at=NOON, at=NOON, holder=FIRST)) == 2
    assert jobs.begin_all(both, due_at=NOON, at=NOON, holder=ELSEWHERE) == ()


def test_of_jobs_of_one_run_one_that_was_done_is_left_out(jobs):
    run(jobs, 0, job=Job.PREFERENCES)
    (number,) = jobs.begin_all((Job.ENFORCE, Job.PREFERENCES), due_at=NOON, at=NOON, holder=FIRST)
    assert jobs.last(Job.ENFORCE).number == number


@pytest.mark.parametrize(
    ("exit_code", "counts"), [(0, True), (2, True), (1, False), (3, False), (4, False), (6, False)]
)
def test_what_counts_as_success(jobs, exit_code, counts):
    run(jobs, exit_code)
    assert jobs.last_success(Job.ENFORCE) == (NOON + timedelta(minutes=1) if counts else None)
    assert jobs.last(Job.ENFORCE).succeeded is counts


def test_the_last_run_is_the_one_that_began_last(jobs):
    run(jobs, 0, due=NOON + QUARTER)
    run(jobs, 2, job=Job.DRIFT)
    run(jobs, 4)
    assert {job: one.due_at for job, one in jobs.all_last().items()} == {
        Job.ENFORCE: NOON + QUARTER,
        Job.DRIFT: NOON,
    }
    assert jobs.last(Job.EVIDENCE) is None


@pytest.mark.parametrize(("exit_code", "status"), [(0, JobStatus.ENDED), (4, JobStatus.DIED)])
def test_a_run_that_was_stopped_before_its_work_was_done_is_run_again(jobs, exit_code, status):
    run(jobs, exit_code)
    jobs.stopped(Job.ENFORCE, NOON)
    assert jobs.at(Job.ENFORCE, NOON).status is status
    assert (begin(jobs, ELSEWHERE) is None) is (status is JobStatus.ENDED)


def test_forgotten_are_old_runs_but_not_the_last_and_the_last_success(jobs):
    for number, exit_code in enumerate([0, 0, 4, 4]):
        run(jobs, exit_code, due=NOON + number * QUARTER)
    assert jobs.prune(before=NOON + timedelta(days=1)) == 2
    assert [one.exit_code for one in jobs.of(Job.ENFORCE)] == [0, 4]


def test_who_asks_twice_asks_for_one_run(jobs):
    first = jobs.ask(Job.DRIFT, at=NOON)
    assert jobs.ask(Job.DRIFT, at=NOON + QUARTER) == first
    assert jobs.asked() == (first,)
    jobs.answered(first)
    assert jobs.asked() == ()


def test_a_lease_of_another_name_keeps_nobody_away(ledger):
    with (
        ledger.lease(FIRST, seconds=60, clock=lambda: NOON),
        ledger.lease(ELSEWHERE, seconds=60, clock=lambda: NOON, name="schedule"),
    ):
        assert ledger.lease_holder("schedule", host="alpha", seconds=60, now=NOON) == ELSEWHERE
        assert (
            ledger.lease_holder("schedule", host="alpha", seconds=60, now=NOON + timedelta(hours=1)) is None
        )
    assert ledger.lease_holder("schedule", host="alpha", seconds=60, now=NOON) is None


def test_what_a_wrong_clock_left_ahead_is_left_out_where_that_is_asked_for(jobs):
    for at in (NOON, NOON + timedelta(days=1000)):
        number = jobs.begin(Job.ENFORCE, due_at=at, at=at, holder=Holder(holder=f"r-{at}", host="h", pid=1))
        jobs.finish(number, at=at, exit_code=0)
    assert jobs.last_slot(Job.ENFORCE, by=NOON).due_at == NOON
    assert jobs.last_success(Job.ENFORCE, by=NOON) == NOON
