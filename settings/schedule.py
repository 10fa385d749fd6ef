"""When jobs run by themselves, and what the daily evidence job leaves where."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from m365_restrict.schedule.jobs import MOST_JITTER, Job

if TYPE_CHECKING:
    from m365_restrict.schedule.timetable import Timetable

_Positive = Annotated[int, Field(ge=1)]
_Minutes = Annotated[float, Field(gt=0)]
_UTC = ZoneInfo("UTC")
_JOBS = tuple(one.value for one in Job)


class ScheduleSettings(BaseModel):
    """The timetable of `schedule` (docs/schedule.md). Times are those of REGISTER__TIME_ZONE.

    A job's setting is a crontab expression (minute, hour, day of the month, month, day of the week) with
    days of the week by name, or `off`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enforce: str = "*/15 * * * *"
    """When the tenant is brought into step with the register. Default every 15 minutes."""
    preferences: str = "*/15 * * * *"
    """When councillors' choices are; where it is due together with `enforce`, one run does both. Default
    every 15 minutes."""
    drift: str = "7 * * * *"
    """When it is looked whether every decision still holds. Default hourly, 7 minutes past."""
    reviews: str = "30 7 * * mon-fri"
    """When reviews are opened and people reminded; on a bank holiday nothing is done. Default 07:30 on
    working days."""
    evidence: str = "10 6 * * *"
    """When the ledger is proved and copied and the reports that are due are delivered. Default 06:10."""
    retention: str = "40 6 * * mon"
    """When it is said which closed cases may be deleted. Default Mondays, 06:40."""
    jitter_seconds: int = Field(default=20, ge=0, le=MOST_JITTER)
    """Seconds by which a start is put off at most, by chance, so that many councils do not ask Microsoft 365
    in the same second. Default 20."""
    catch_up_hours: _Positive = 72
    """After a stop or a sleep, a job that missed slots runs once for the latest of them if that is no older
    than this. Default 72."""
    stop_seconds: _Positive = 60
    """Seconds in which the job at work may finish and record its item when the scheduler is stopped; then it
    is killed, and the next run finds what it left. Default 60."""
    longest_minutes: _Minutes = 90
    """Minutes after which a job that has not ended is stopped. Default 90."""
    wait_minutes: _Minutes = 10
    """Minutes that a job waits for another run that is at work. Default 10."""
    keep_days: _Positive = 400
    """Days for which the ledger remembers when jobs ran. Default 400."""
    backup_folder: Path | None = None
    """Folder that the evidence job copies the ledger to, on another disk; copies hold personal data. Default
    none."""
    backup_copies: _Positive = 30
    """The newest copies in that folder that are kept. Default 30."""
    head_file: Path | None = None
    """File that the evidence job adds the hash to in which the ledger's chain ends; put it where those who
    can write the ledger cannot write. Default none: the hash is in the job's output alone."""

    @field_validator(*_JOBS)
    @classmethod
    def _usable(cls, value: str) -> str:
        # Loads APScheduler, which settings that name no timetable do without.
        from m365_restrict.schedule.timetable import read_crontab  # noqa: PLC0415

        read_crontab(value, _UTC)
        return " ".join(value.split())

    def timetable(self, zone: ZoneInfo) -> "Timetable":
        """The same as plain values."""
        from m365_restrict.schedule.timetable import Timetable  # noqa: PLC0415 (as above)

        expressions = {one: str(getattr(self, one.value)) for one in Job}
        return Timetable(expressions=expressions, zone=zone, jitter=self.jitter_seconds)
