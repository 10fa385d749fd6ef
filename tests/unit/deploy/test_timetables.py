"""What runs when is said once, in the settings: every target's own file gives the same instants."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from apscheduler.triggers.cron import CronTrigger
from lxml import etree

from m365_restrict.schedule.jobs import Job
from m365_restrict.schedule.timetable import read_crontab
from settings.schedule import ScheduleSettings

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))
from write_timetables import Times, default_of, pages

sys.path.pop(0)

LONDON = ZoneInfo("Europe/London")
TASKS = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
# Each from a Thursday to a Tuesday, over a change of the clocks and without one.
WEEKS = [
    datetime(2026, 10, 22, tzinfo=UTC),
    datetime(2027, 3, 25, tzinfo=UTC),
    datetime(2027, 6, 3, tzinfo=UTC),
]
LONG = timedelta(days=5)
NAMES = {Job(one): one for one in ("enforce", "preferences", "drift", "reviews", "evidence", "retention")}


def slots(job: Job, begin: datetime) -> list[datetime]:
    """When `schedule` runs a job in the days from an instant."""
    trigger = read_crontab(default_of(job), LONDON)
    assert trigger is not None
    return list(_fired(trigger.first_from, begin))


def _fired(first_from: Callable[[datetime], Any], begin: datetime) -> Iterator[datetime]:
    due = first_from(begin)
    while due < begin + LONG:
        yield due.astimezone(UTC)
        due = first_from(due + timedelta(seconds=1))


def test_every_job_is_known_here() -> None:
    assert set(NAMES) == set(Job)


def test_files_are_what_the_settings_say() -> None:
    differing = [str(path) for path, content in pages().items() if path.read_bytes() != content]
    assert not differing, f"run python tools/write_timetables.py: {differing}"


@pytest.mark.parametrize(
    ("folder", "suffix", "beside"),
    [
        ("systemd", ".timer", set()),
        ("windows/tasks", ".xml", {"schedule"}),
        ("kubernetes/cronjobs", ".yaml", {"kustomization"}),
        ("kubernetes/many-councils", ".yaml", {"kustomization", "workers"}),
    ],
)
def test_every_job_has_its_file_and_nothing_else_has(
    deploy: Path, folder: str, suffix: str, beside: set[str]
) -> None:
    found = {one.stem.removeprefix("m365-restrict-") for one in (deploy / folder).glob(f"*{suffix}")}
    assert found == set(NAMES.values()) | beside


@pytest.mark.parametrize("begin", WEEKS, ids=lambda day: f"{day:%B}")
@pytest.mark.parametrize("job", Job)
def test_systemd_fires_when_the_scheduler_does(deploy: Path, judge: Any, job: Job, begin: datetime) -> None:
    written = (deploy / f"systemd/m365-restrict-{job}.timer").read_text(encoding="utf-8")
    calendar = re.findall(r"^OnCalendar=(.*)$", written, re.MULTILINE)
    expected = slots(job, begin)
    ran = judge(
        "systemd-analyze",
        "calendar",
        f"--iterations={len(expected)}",
        f"--base-time={begin - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}",
        *calendar,
        TZ="UTC",
    )
    assert ran.returncode == 0, ran.stdout
    # The zone of the expression stands in the line; the instant is told in this process's, which is UTC.
    told = re.findall(r"(?:Next elapse|Iter\. #\d+|\(in UTC\)): \w{3} ([\d-]+ [\d:]+) UTC", ran.stdout)
    assert [datetime.fromisoformat(f"{one}+00:00") for one in told] == expected


@pytest.mark.parametrize("begin", WEEKS, ids=lambda day: f"{day:%B}")
@pytest.mark.parametrize("job", Job)
def test_azure_begins_when_the_scheduler_does(deploy: Path, job: Job, begin: datetime) -> None:
    told = json.loads((deploy / "azure/timetable.json").read_text(encoding="utf-8"))[job.value]
    # APScheduler counts days of the week from Monday, crontab from Sunday.
    *fields, days = told["cron"].split()
    renumbered = re.sub(r"\d", lambda found: str((int(found[0]) - 1) % 7), days)
    trigger = CronTrigger(
        **dict(zip(("minute", "hour", "day", "month"), fields, strict=True)),
        day_of_week=renumbered,
        timezone=UTC,
    )
    begun = list(_fired(lambda instant: trigger.get_next_fire_time(None, instant), begin))
    if told["onlyAt"]:
        begun = [one for one in begun if f"{one.astimezone(LONDON):%H}" == told["onlyAt"]]
    assert begun == slots(job, begin)


@pytest.mark.parametrize("folder", ["cronjobs", "many-councils"])
@pytest.mark.parametrize("job", Job)
def test_kubernetes_has_the_settings_own_words(deploy: Path, job: Job, folder: str) -> None:
    spec = yaml.safe_load((deploy / f"kubernetes/{folder}/{job}.yaml").read_text(encoding="utf-8"))["spec"]
    assert spec["schedule"] == ScheduleSettings.model_fields[job.value].default
    assert spec["timeZone"] == ("Etc/UTC" if spec["schedule"].split()[1] == "*" else "Europe/London")


@pytest.mark.parametrize("job", Job)
def test_windows_has_the_same_local_times(deploy: Path, job: Job) -> None:
    trigger = etree.parse(deploy / f"windows/tasks/{job}.xml").getroot().find(f"{TASKS}Triggers")[0]
    start = datetime.fromisoformat(trigger.findtext(f"{TASKS}StartBoundary"))
    begin = datetime(2027, 6, 3, tzinfo=UTC)
    local = [one.astimezone(LONDON).replace(tzinfo=None) for one in slots(job, begin)]
    interval = trigger.findtext(f"{TASKS}Repetition/{TASKS}Interval")
    if interval:
        step = {"PT15M": timedelta(minutes=15), "PT1H": timedelta(hours=1)}[interval]
        assert {(one - start) % step for one in local} == {timedelta()}
        assert len(local) == LONG / step
    else:
        days = {etree.QName(one).localname for one in trigger.iterfind(f".//{TASKS}DaysOfWeek/*")}
        assert {one.time() for one in local} == {start.time()}
        every = [(begin + timedelta(days=one)) for one in range(LONG.days)]
        assert len(local) == sum(not days or f"{one:%A}" in days for one in every)


@pytest.mark.parametrize("expression", ["*/15 * 1 * *", "5-9 * * * *", "0 7,9 * * *", "0 0 * * 1"])
def test_what_a_target_cannot_be_told_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="by hand"):
        Times.read(expression)
