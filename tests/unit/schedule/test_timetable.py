from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.schedule.jobs import MOST_JITTER, Job, lane_of, same_path
from m365_restrict.schedule.timetable import SlotTrigger, Timetable, read_crontab, slot_of

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(expression, first, *, days=2, zone=LONDON):
    """As APScheduler steps a trigger, from a local midnight on."""
    trigger, found = SlotTrigger(expression, zone), []
    start = datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC)
    now, previous = start, None
    while True:
        previous = trigger.get_next_fire_time(previous, now)
        if previous >= start + days * DAY:
            return found
        found.append(previous)
        now = previous + timedelta(milliseconds=5)


@pytest.mark.parametrize(
    ("expression", "first", "told"),
    [
        ("30 1 * * *", date(2026, 3, 28), ["2026-03-28 01:30", "2026-03-29 01:30"]),
        ("30 1 * * *", date(2026, 10, 24), ["2026-10-24 00:30", "2026-10-25 00:30"]),
        ("0 2 * * *", date(2026, 3, 28), ["2026-03-28 02:00", "2026-03-29 01:00"]),
        ("30 1,2 * * *", date(2026, 3, 29), ["2026-03-29 01:30", "2026-03-30 00:30", "2026-03-30 01:30"]),
        ("30 7 * * mon-fri", date(2026, 10, 24), []),
        ("30 7 * * sat,SUN", date(2026, 10, 24), ["2026-10-24 06:30", "2026-10-25 07:30"]),
        ("0 6 1 * *", date(2026, 10, 31), ["2026-11-01 06:00"]),
    ],
)
def test_a_job_that_names_hours_is_due_at_each_local_time_once(expression, first, told):
    assert due(expression, first) == [at(one) for one in told]


@pytest.mark.parametrize("first", [date(2026, 3, 28), date(2026, 10, 24)])
@pytest.mark.parametrize(
    ("expression", "minutes"), [("*/15 * * * *", 15), ("7 * * * *", 60), ("* * * * *", 1)]
)
def test_a_job_that_names_no_hour_is_due_by_real_time(expression, minutes, first):
    found = due(expression, first, days=3)
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=minutes)}


def test_asked_from_an_instant_in_the_past_it_goes_on_from_there():
    """As after a stop: APScheduler makes one of all that it is told before now."""
    trigger = SlotTrigger("*/15 * * * *", LONDON)
    assert trigger.get_next_fire_time(at("2026-10-25 00:45"), at("2026-10-27 12:00")) == at(
        "2026-10-25 01:00"
    )


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("@daily", "five fields"),
        ("61 * * * *", "61"),
        ("x * * * *", "no crontab"),
        ("*/0 * * * *", "no crontab"),
        ("30 7 * * 1-5", "must be names"),
        ("30 7 * * */2", "must be names"),
        ("30 7 1 * mon", "not both"),
        ("30 7 30 feb *", "never comes"),
    ],
)
def test_what_cannot_be_used_is_said_in_plain_words(expression, reason):
    with pytest.raises(ValueError, match=reason):
        read_crontab(expression, LONDON)


def test_jitter_puts_a_start_off_and_keeps_its_slot():
    trigger = SlotTrigger("*/15 * * * *", LONDON, jitter=MOST_JITTER)
    slot = at("2026-11-23 09:15")
    starts = {trigger.get_next_fire_time(None, at("2026-11-23 09:01")) for _ in range(50)}
    assert len(starts) > 1
    assert {slot_of(one) for one in starts} == {slot}
    assert all(trigger.get_next_fire_time(one, one) > slot + timedelta(minutes=15) for one in starts)


def timetable(**expressions):
    usual = dict.fromkeys(Job, "off") | {Job(name): text for name, text in expressions.items()}
    return Timetable(expressions=usual, zone=LONDON)


class TestOneMainPath:
    def test_where_both_are_due_one_run_serves_both(self):
        table = timetable(enforce="0 * * * *", preferences="*/15 * * * *")
        assert table.served_with(Job.ENFORCE, at("2026-11-23 09:00")) == (Job.PREFERENCES,)
        assert table.served_with(Job.PREFERENCES, at("2026-11-23 09:00")) == (Job.ENFORCE,)
        assert table.served_with(Job.PREFERENCES, at("2026-11-23 09:15")) == ()

    def test_a_job_that_is_off_is_served_by_none(self):
        assert timetable(enforce="0 * * * *").served_with(Job.ENFORCE, at("2026-11-23 09:00")) == ()

    def test_other_jobs_stand_alone(self):
        assert same_path(Job.DRIFT) == ()
        assert lane_of(Job.ENFORCE) == lane_of(Job.PREFERENCES) != lane_of(Job.DRIFT)


def test_the_second_of_two_equal_hours_is_a_slot_of_its_own():
    table = timetable(enforce="*/15 * * * *")
    assert table.is_due(Job.ENFORCE, at("2026-10-25 00:30"))
    assert table.is_due(Job.ENFORCE, at("2026-10-25 01:30"))
    assert not table.is_due(Job.ENFORCE, at("2026-10-25 01:31"))


@pytest.mark.parametrize("zone", ["Europe/London", "Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize("expression", ["30 1 * * *", "30 2 * * *", "10,50 1-2 * * *", "0 0 * * sun"])
def test_from_any_instant_the_next_slot_is_the_same(zone, expression):
    """Whoever begins to look in the hour after the clocks change, as after a restart, misses nothing."""
    trigger = SlotTrigger(expression, ZoneInfo(zone))
    for begin in (datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 10, 2, tzinfo=UTC)):
        slots, moment = [], begin
        while moment < begin + timedelta(days=2):
            moment = trigger.first_from(moment)
            slots.append(moment)
            moment += timedelta(microseconds=1)
        for minutes in range(0, 2 * 24 * 60, 5):
            instant = begin + timedelta(minutes=minutes)
            assert trigger.first_from(instant) == next(one for one in slots if one >= instant)
