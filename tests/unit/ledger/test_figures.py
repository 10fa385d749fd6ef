import os
from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.errors import ErrorCode, ExitCode
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.logs.marks import marked
from m365_restrict.schedule.jobs import Job

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def ledger(ledger_url):
    with open_ledger(ledger_url) as one:
        yield one


def run(ledger, run_id, verb="plan", *, exit_code=ExitCode.IN_STEP, under=None):
    with marked(run_id=run_id if under is None else under) as marks:
        marks.traffic.requests, marks.traffic.throttled = 7, 1
        ledger.runs.begin(RunStart(run_id=run_id, verb=verb, started_at=NOW, host="h", pid=1))
        ledger.runs.finish(run_id, RunEnd(finished_at=NOW, exit_code=exit_code))


def test_a_ledger_has_a_size(ledger):
    assert ledger.figures.size() > 0


def test_runs_are_counted_by_verb_and_status(ledger):
    run(ledger, "1")
    run(ledger, "2")
    run(ledger, "3", "drift", exit_code=ExitCode.DIFFERENCES)
    ledger.runs.begin(RunStart(run_id="4", verb="plan", started_at=NOW, host="h", pid=1))
    found = {(one.verb, one.status): one.count for one in ledger.figures.run_counts()}
    assert found == {("plan", "in_step"): 2, ("drift", "differences"): 1, ("plan", "started"): 1}


def test_requests_are_those_of_the_last_run_of_each_verb_that_was_counted(ledger):
    run(ledger, "20261124T090000Z-1")
    run(ledger, "20261124T090001Z-1")
    run(ledger, "20261124T090002Z-1", under="another run of this process")
    found = ledger.figures.traffic()
    assert [(one.run_id, one.requests, one.throttled) for one in found] == [("20261124T090001Z-1", 7, 1)]


def test_a_run_that_ends_twice_is_counted_once(ledger):
    with marked(run_id="r") as marks:
        ledger.runs.begin(RunStart(run_id="r", verb="plan", started_at=NOW, host="h", pid=1))
        ledger.runs.finish("r", RunEnd(finished_at=NOW, exit_code=ExitCode.IN_STEP))
        marks.traffic.requests = 9
        ledger.runs.finish("r", RunEnd(finished_at=NOW, exit_code=ExitCode.IN_STEP))
    assert [one.requests for one in ledger.figures.traffic()] == [9]


def test_counting_requests_leaves_the_chain_whole(ledger):
    run(ledger, "20261124T090000Z-1")
    run(ledger, "20261124T090001Z-1")
    assert ledger.evidence.prove().problems == ()
    assert ledger.evidence.head_entry() == (2, ledger.evidence.head())


def test_before_its_first_entry_the_chain_has_no_head(ledger):
    assert ledger.evidence.head_entry() == (0, "")


def test_who_holds_a_lease(ledger):
    with ledger.lease(Holder(holder="r", host="h", pid=os.getpid()), seconds=60, clock=lambda: NOW):
        assert [(one.holder, one.host, one.since) for one in ledger.figures.leases()] == [("r", "h", NOW)]
    assert ledger.figures.leases() == ()


def test_when_the_first_job_began(ledger):
    assert ledger.figures.first_job_at() is None
    for days in (1, 3, 2):
        at = NOW - timedelta(days=days)
        holder = Holder(holder=f"r{days}", host="h", pid=1)
        ledger.jobs.begin(Job.DRIFT, due_at=at, at=at, holder=holder, is_running=lambda _: False)
    assert ledger.figures.first_job_at() == NOW - timedelta(days=3)


def test_a_ledger_that_can_be_written_has_no_problem(ledger_url):
    with open_ledger(ledger_url):
        pass
    with open_ledger(ledger_url, read_only=True) as one:
        assert one.figures.problem() is None


def test_a_ledger_that_is_not_there_is_unusable(tmp_path):
    with open_ledger(f"sqlite:///{tmp_path / 'none.db'}", read_only=True) as one:
        assert one.figures.problem() is ErrorCode.LEDGER_UNUSABLE


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may write all")
def test_a_ledger_that_cannot_be_written_is_read_only(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with open_ledger(url):
        pass
    (tmp_path / "ledger.db").chmod(0o400)
    with open_ledger(url, read_only=True) as one:
        assert one.figures.problem() is ErrorCode.LEDGER_READ_ONLY
