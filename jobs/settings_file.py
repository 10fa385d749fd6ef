"""Where jobs find their settings: the environment, and the file that M365_RESTRICT_ENV_FILE names."""

import os
from collections.abc import Callable
from pathlib import Path

from m365_restrict.cli.collecting import collect_seldom
from m365_restrict.cli.job import JobRequest, run_job
from m365_restrict.cli.run_log import begin_log
from m365_restrict.schedule.jobs import Job

_VARIABLE = "M365_RESTRICT_ENV_FILE"


def settings_file() -> Path | None:
    """The file of settings, or None where the environment alone holds them."""
    named = os.environ.get(_VARIABLE, "")
    return Path(named) if named else None


def main_of(job: Job) -> Callable[[], int]:
    """A console script: it runs the job once and returns its exit code."""

    def _main() -> int:
        collect_seldom()
        begin_log(settings_file(), os.environ)
        return run_job(JobRequest(job=job, env_file=settings_file()), os.environ)

    return _main
