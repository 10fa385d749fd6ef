"""A ledger in which jobs have run, and the question that is put to it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.health.gather import Question
from m365_restrict.health.options import HealthOptions
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import Ledger, open_ledger
from m365_restrict.schedule.jobs import Job
from settings.schedule import ScheduleSettings

NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


class Watched:
    """A ledger, and what is asked of it at 09:05 on a Tuesday."""

    now = NOW

    def __init__(self, ledger: Ledger, url: str) -> None:
        self.ledger = ledger
        self.url = url

    def ran(self, job: Job, *, ago: timedelta, exit_code: int | None = 0) -> None:
        """A job that began and, unless it still works, ended so long ago."""
        at = NOW - ago
        holder = Holder(holder=f"run-{job.value}-{at:%d%H%M}", host="elsewhere", pid=1)
        number = self.ledger.jobs.begin(job, due_at=at, at=at, holder=holder)
        assert number is not None
        if exit_code is not None:
            self.ledger.jobs.finish(number, at=at, exit_code=exit_code)

    def all_ran(self) -> None:
        """Every job did its work when it was last due."""
        for job in Job:
            self.ran(job, ago=timedelta(minutes=2))

    def question(self, **changes: Any) -> Question:
        fields: dict[str, Any] = {
            "now": NOW,
            "zone": LONDON,
            "options": HealthOptions(),
            "timetable": ScheduleSettings().timetable(LONDON),
            "applications": (),
            "place": "here",
        }
        return Question(**fields | changes)


@pytest.fixture
def watched(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with open_ledger(url) as ledger:
        yield Watched(ledger, url)
