"""When each job is due: crontab expressions by the council's own clock, read and stepped by APScheduler.

A job whose expression leaves the hour open is due by real time, so every quarter of an hour stays one when
the clocks change. One that names hours is due at each local time once: 01:30 is not done again when it comes
back in October, and is done at 02:30 on the March night that has no 01:30.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from m365_restrict.schedule.jobs import Job, same_path

OFF = "off"

_FIELDS = 5
_HOUR, _DAY, _WEEKDAY = 1, 2, 4
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_ONE = timedelta(microseconds=1)
_LONGEST_CHANGE = timedelta(hours=3)
"""No change of the clocks leaves out more, and none comes that soon after another."""


class SlotTrigger(BaseTrigger):
    """The instants at which a crontab expression is due in a zone, each put off by up to `jitter` seconds."""

    def __init__(self, expression: str, zone: ZoneInfo, *, jitter: int = 0) -> None:
        """Raises ValueError in plain words where the expression cannot be used."""
        fields = expression.split()
        _refuse_ambiguous(fields)
        self._zone = zone
        self._jitter = jitter
        self._by_wall = fields[_HOUR] != "*"
        try:
            self._cron = CronTrigger.from_crontab(expression, timezone=UTC if self._by_wall else zone)
        except (ValueError, KeyError) as error:
            raise ValueError(f"it is no crontab expression: {error}") from error

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first instant after the previous one, or from `now` where there is none; None for never."""
        after = now.astimezone(UTC)
        if previous_fire_time is not None:
            after = min(after, previous_fire_time.astimezone(UTC) + _ONE)
        due = self.first_from(after)
        if due is None:
            return None
        started: datetime = self._apply_jitter(due, self._jitter, now)
        return started

    def first_from(self, instant: datetime) -> datetime | None:
        """The first slot that is not before an instant, without jitter, in UTC.

        In UTC, because Python compares and adds local times by the wall, where one hour comes twice.
        """
        local = instant.astimezone(self._zone)
        if not self._by_wall:
            found: datetime | None = self._cron.get_next_fire_time(None, local)
            return None if found is None else found.astimezone(UTC)
        # After clocks went forward, a time that was left out is still to come though the wall has passed it.
        forward = _offset(local) - _offset((instant - _LONGEST_CHANGE).astimezone(self._zone))
        wall = local.replace(tzinfo=UTC, fold=0) - max(forward, timedelta())
        while (told := self._cron.get_next_fire_time(None, wall)) is not None:
            # A time that comes twice is its first; one that is left out, as long after midnight as it says.
            due: datetime = told.replace(tzinfo=self._zone).astimezone(UTC)
            if due >= instant:
                return due
            wall = told + _ONE
        return None


def read_crontab(expression: str, zone: ZoneInfo, *, jitter: int = 0) -> SlotTrigger | None:
    """The trigger of an expression, None for `off`. Raises ValueError in plain words."""
    if expression.strip().lower() == OFF:
        return None
    trigger = SlotTrigger(expression, zone, jitter=jitter)
    if trigger.first_from(_EVER) is None:
        raise ValueError("it names a day that never comes")
    return trigger


def slot_of(fired: datetime) -> datetime:
    """The slot of a time that a trigger gave, jitter or none."""
    return fired.astimezone(UTC).replace(second=0, microsecond=0)


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """Every job's expression, `off` where it does not run by itself. `jitter` is in seconds."""

    expressions: Mapping[Job, str]
    zone: ZoneInfo
    jitter: int = 0

    def trigger(self, job: Job) -> SlotTrigger | None:
        """What APScheduler is given; None where the job is switched off."""
        return read_crontab(self.expressions[job], self.zone, jitter=self.jitter)

    def is_due(self, job: Job, slot: datetime) -> bool:
        """Whether an instant is a slot of the job."""
        trigger = read_crontab(self.expressions[job], self.zone)
        return trigger is not None and trigger.first_from(slot) == slot

    def served_with(self, job: Job, slot: datetime) -> tuple[Job, ...]:
        """The jobs that a run of this job for this slot also does, because they are one main path."""
        return tuple(one for one in same_path(job) if self.is_due(one, slot))


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()


def _refuse_ambiguous(fields: list[str]) -> None:
    if len(fields) != _FIELDS:
        raise ValueError(
            "it must be five fields (minute, hour, day of the month, month, day of the week) such as "
            f"30 7 * * mon-fri, or {OFF}"
        )
    if re.search(r"\d", fields[_WEEKDAY]):
        raise ValueError("days of the week must be names, mon to sun: programs number them differently")
    if fields[_DAY] != "*" and fields[_WEEKDAY] != "*":
        raise ValueError("it may name days of the month or days of the week, not both")
