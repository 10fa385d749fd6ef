"""Write the timetable under deploy/ from the settings' defaults: timers, tasks, CronJobs, Azure's crontabs.

What runs when is said once, in settings/schedule.py. `schedule` reads it there; whoever lets something else
start the jobs gets the same times from the files that this writes.

Usage: python tools/write_timetables.py
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

from m365_restrict.schedule.jobs import Job
from settings.model import ListSettings
from settings.schedule import ScheduleSettings

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "tools" / "timetables"
DEPLOY = ROOT / "deploy"
ZONE = ListSettings.model_fields["time_zone"].default

WORDS = {
    Job.ENFORCE: "What was decided becomes true, what ended is opened.",
    Job.PREFERENCES: "Councillors' choices; where enforce is due in the same minute, one run does both.",
    Job.DRIFT: "Whether every decision still holds. Holds no permission to write.",
    Job.REVIEWS: "What is due: reviews are opened and people reminded. On a bank holiday nothing is done.",
    Job.EVIDENCE: "The ledger is proved and copied, the reports that are due are delivered.",
    Job.RETENTION: "Which closed cases may be deleted. Deletes nothing.",
}
_DAYS = {
    "mon": ("Mon", "Monday", 1), "tue": ("Tue", "Tuesday", 2), "wed": ("Wed", "Wednesday", 3),
    "thu": ("Thu", "Thursday", 4), "fri": ("Fri", "Friday", 5), "sat": ("Sat", "Saturday", 6),
    "sun": ("Sun", "Sunday", 0),
}  # fmt: skip
_HOUR_MINUTES = 60


@dataclass(frozen=True, kw_only=True)
class Times:
    """When a job is due: every so many minutes from a minute of the hour on, or at a time of the day.

    `hour` is None where it is due every hour; `days` of the week are empty for every day.
    """

    minute: int
    every: int | None
    hour: int | None
    days: tuple[str, ...]

    @classmethod
    def read(cls, expression: str) -> "Times":
        """Raises ValueError for a crontab expression of a kind that the targets cannot all be told."""
        found = re.fullmatch(r"(?:\*/(\d+)|(\d+)) (\*|\d+) \* \* (\*|[a-z]{3}(?:-[a-z]{3})?)", expression)
        if found is None:
            raise ValueError(f"{expression} cannot be told to Task Scheduler: write the files by hand")
        every, minute, hour, days = found.groups()
        names = list(_DAYS)
        first, _, last = days.partition("-")
        chosen = () if days == "*" else tuple(names[names.index(first) : names.index(last or first) + 1])
        if every is None and hour == "*":
            every = str(_HOUR_MINUTES)
        return cls(
            minute=int(minute or 0),
            every=int(every) if every and hour == "*" else None,
            hour=None if hour == "*" else int(hour),
            days=chosen,
        )

    @property
    def calendar(self) -> str:
        """As systemd.time(7) writes it."""
        if self.hour is None:
            minutes = f"{self.minute:02}" if self.every == _HOUR_MINUTES else f"0/{self.every}"
            # In a zone with summer time systemd leaves out the hour that comes twice, all of it.
            return f"*:{minutes} UTC"
        names = [_DAYS[one][0] for one in self.days]
        days = f"{names[0]}..{names[-1]} " if len(names) > 1 else "".join(f"{one} " for one in names)
        return f"{days}{self.hour:02}:{self.minute:02} {ZONE}"

    @property
    def trigger(self) -> str:
        """As a task of Windows has it, by the computer's own time."""
        start = f"<StartBoundary>2026-01-05T{self.hour or 0:02}:{self.minute:02}:00</StartBoundary>"
        if self.hour is None:
            repeated = "PT1H" if self.every == _HOUR_MINUTES else f"PT{self.every}M"
            by = f"<Repetition><Interval>{repeated}</Interval></Repetition>"
            return f"<TimeTrigger>{start}{by}</TimeTrigger>"
        if not self.days:
            by = "<ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
        else:
            days = "".join(f"<{_DAYS[one][1]} />" for one in self.days)
            by = (
                "<ScheduleByWeek><WeeksInterval>1</WeeksInterval>"
                f"<DaysOfWeek>{days}</DaysOfWeek></ScheduleByWeek>"
            )
        return f"<CalendarTrigger>{start}{by}</CalendarTrigger>"

    @property
    def in_utc(self) -> dict[str, str]:
        """For Azure: a crontab in UTC, and the hour that it must be by the council's own clock, or nothing.

        A time of day is begun at both hours that it can be where summer time is one hour. Days of the week
        are numbers, Sunday 0.
        """
        minute = f"*/{self.every}" if self.every not in (None, _HOUR_MINUTES) else str(self.minute)
        if self.hour is None:
            return {"cron": f"{minute} * * * *", "onlyAt": ""}
        if self.hour == 0:
            raise ValueError("the hour before midnight is a day earlier: write the files by hand")
        numbers = [str(_DAYS[one][2]) for one in self.days]
        days = f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else (numbers or ["*"])[0]
        return {
            "cron": f"{minute} {self.hour - 1},{self.hour} * * {days}",
            "onlyAt": f"{self.hour:02}",
        }


def default_of(job: Job) -> str:
    """The crontab expression that holds where no setting says otherwise."""
    return str(ScheduleSettings.model_fields[job.value].default)


def pages() -> dict[Path, bytes]:
    """Every file, by its path."""
    found: dict[Path, bytes] = {}
    for job in Job:
        cron = default_of(job)
        times = Times.read(cron)
        values = {"job": job.value, "words": WORDS[job], "cron": cron}
        # What is due every hour needs no zone, and is then certain not to miss one that comes twice.
        values["zone"] = "Etc/UTC" if times.hour is None else ZONE
        values |= {"calendar": times.calendar, "trigger": times.trigger}
        # A slot that could not be begun is worth making up for until the next one comes.
        values["late"] = str((times.every or 12 * _HOUR_MINUTES) * 60)
        for template, target in (
            ("timer", f"systemd/m365-restrict-{job}.timer"),
            ("cronjob.yaml", f"kubernetes/cronjobs/{job}.yaml"),
            ("shards.yaml", f"kubernetes/many-councils/{job}.yaml"),
        ):
            found[DEPLOY / target] = _filled(template, values).encode()
        found[DEPLOY / f"windows/tasks/{job}.xml"] = _task(_filled("task.xml", values))
    found[DEPLOY / "windows/tasks/schedule.xml"] = _task(_filled("scheduler.xml", {}))
    slots = {job.value: Times.read(default_of(job)).in_utc for job in Job}
    found[DEPLOY / "azure/timetable.json"] = (json.dumps(slots, indent=2) + "\n").encode()
    return found


def _filled(template: str, values: dict[str, str]) -> str:
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)


def _task(text: str) -> bytes:
    """As Task Scheduler writes its own exports: UTF-16 with a mark at the beginning, and CRLF."""
    return b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le")


def main() -> None:
    """Write every file."""
    for path, content in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
