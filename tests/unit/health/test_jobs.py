from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.health.jobs import job_lines, state_of
from m365_restrict.health.options import HealthOptions
from m365_restrict.health.state import JobState
from m365_restrict.schedule.jobs import Job
from m365_restrict.schedule.timetable import read_crontab
from settings.schedule import ScheduleSettings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def lines(watched, **settings):
    timetable = ScheduleSettings(**settings).timetable(watched.question().zone)
    found = job_lines(watched.ledger, timetable, HealthOptions(), now=watched.now)
    return {one.job: one for one in found}


def test_where_no_job_has_ever_run_none_is_overdue(watched):
    assert {one.state for one in lines(watched).values()} == {JobState.NOT_YET}


@pytest.mark.parametrize(
    ("ago", "state"),
    [
        (timedelta(minutes=20), JobState.WELL),
        (timedelta(minutes=62), JobState.WELL),
        (timedelta(minutes=95), JobState.OVERDUE),
        (timedelta(hours=23), JobState.OVERDUE),
        (timedelta(hours=25), JobState.SILENT),
    ],
)
def test_a_job_every_quarter_of_an_hour(watched, ago, state):
    watched.ran(Job.ENFORCE, ago=ago)
    assert lines(watched)[Job.ENFORCE].state is state


@pytest.mark.parametrize(
    ("success", "now", "state"),
    [
        ("2026-11-16T06:41Z", "2026-11-18T12:00Z", JobState.WELL),
        ("2026-11-16T06:41Z", "2026-11-23T07:39Z", JobState.WELL),
        ("2026-11-16T06:41Z", "2026-11-23T07:41Z", JobState.OVERDUE),
        ("2026-11-16T06:41Z", "2026-11-24T06:41Z", JobState.SILENT),
    ],
)
def test_a_weekly_job_is_silent_a_day_after_it_was_due_and_no_earlier(watched, success, now, state):
    trigger = read_crontab("40 6 * * mon", watched.question().zone)
    since, moment = (datetime.fromisoformat(one).astimezone(UTC) for one in (success, now))
    assert state_of(trigger, since, HealthOptions(), now=moment) is state


@pytest.mark.parametrize("exit_code", [1, 3, 4, 5, 6, 7])
def test_a_run_that_did_not_do_its_work_is_no_success(watched, exit_code):
    watched.ran(Job.DRIFT, ago=2 * DAY)
    watched.ran(Job.DRIFT, ago=timedelta(minutes=1), exit_code=exit_code)
    found = lines(watched)[Job.DRIFT]
    assert (found.state, found.last_exit_code) == (JobState.SILENT, exit_code)
    assert found.last_success == watched.now - 2 * DAY


def test_differences_are_a_success(watched):
    watched.ran(Job.DRIFT, ago=timedelta(minutes=1), exit_code=2)
    assert lines(watched)[Job.DRIFT].state is JobState.WELL


def test_a_job_that_never_ran_is_due_from_when_the_first_job_ran(watched):
    watched.ran(Job.ENFORCE, ago=2 * DAY)
    watched.ran(Job.ENFORCE, ago=timedelta(minutes=1))
    found = lines(watched)
    assert found[Job.ENFORCE].state is JobState.WELL
    assert found[Job.EVIDENCE].state is JobState.SILENT
    assert found[Job.EVIDENCE].last_success is None


def test_a_job_that_is_switched_off_is_never_overdue(watched):
    watched.ran(Job.DRIFT, ago=3 * DAY)
    found = lines(watched, drift="off")[Job.DRIFT]
    assert (found.state, found.next_due) == (JobState.OFF, None)


def test_a_job_at_work_is_said_to_be(watched):
    watched.ran(Job.DRIFT, ago=timedelta(minutes=1), exit_code=None)
    found = lines(watched)[Job.DRIFT]
    assert (found.running, found.last_exit_code) == (True, None)


def test_when_it_is_next_due_is_told_by_the_councils_clock(watched):
    assert lines(watched)[Job.REVIEWS].next_due == datetime(2026, 11, 25, 7, 30, tzinfo=UTC)


def test_a_run_under_a_clock_that_was_wrong_does_not_hide_silence(watched):
    watched.ran(Job.ENFORCE, ago=2 * DAY)
    watched.ran(Job.ENFORCE, ago=-1000 * DAY)
    found = lines(watched)[Job.ENFORCE]
    assert (found.state, found.last_success) == (JobState.SILENT, watched.now - 2 * DAY)
