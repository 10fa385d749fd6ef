"""What each job does: a verb, or several."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import assert_never

from m365_restrict.cli.evidence_day import evidence_of_day
from m365_restrict.cli.life import LifeRequest, run_retention, run_reviews
from m365_restrict.cli.report import ReportOrder, run_report
from m365_restrict.cli.request import Request
from m365_restrict.cli.run import run_verb
from m365_restrict.cli.streams import tell
from m365_restrict.errors import ExitCode
from m365_restrict.policy.working_days import bank_holidays
from m365_restrict.report.edition import Period
from m365_restrict.report.verb import Verb
from m365_restrict.schedule.jobs import Job
from settings.clock import build_clock
from settings.model import Settings
from settings.profiles import load_profile
from settings.tenant_options import delivery_options


def work_of(
    job: Job, settings: Settings | None, env_file: Path | None, environ: Mapping[str, str], due_at: datetime
) -> int:
    """Do the work of a job; its exit code. Without settings each verb says itself what is wrong with them."""
    match job:
        case Job.ENFORCE | Job.PREFERENCES:
            return run_verb(Request(verb=Verb.APPLY, env_file=env_file, approve=True), environ)
        case Job.DRIFT:
            return _drift(settings, env_file, environ)
        case Job.REVIEWS:
            if settings is not None and _is_bank_holiday(settings, due_at):
                return int(ExitCode.IN_STEP)
            return run_reviews(LifeRequest(env_file=env_file), environ)
        case Job.EVIDENCE:
            return evidence_of_day(settings, env_file, environ)
        case Job.RETENTION:
            return run_retention(LifeRequest(env_file=env_file), environ)
        case _ as never:
            assert_never(never)


def _drift(settings: Settings | None, env_file: Path | None, environ: Mapping[str, str]) -> int:
    """The comparison; where something differs and somebody is told of critical findings at once, that too."""
    code = run_verb(Request(verb=Verb.DRIFT, env_file=env_file), environ)
    if settings is not None and code == ExitCode.DIFFERENCES and _tells_at_once(settings):
        run_report(ReportOrder(env_file=env_file, deliver=True), environ)
    return code


def _tells_at_once(settings: Settings) -> bool:
    return bool(delivery_options(settings).for_period(Period.RUN, None))


def _is_bank_holiday(settings: Settings, due_at: datetime) -> bool:
    """Whether offices are closed on the day; a sandbox's day is that of its own clock."""
    at = build_clock(settings).now() if settings.clock.url else due_at
    day = at.astimezone(settings.lists.zone).date()
    nation = load_profile(settings.policy.profile).nation
    if day not in bank_holidays(nation, day.year):
        return False
    tell(f"{day.isoformat()} is a bank holiday: nobody is reminded today.")
    return True
