"""Jobs that were due and have long not succeeded, as findings of `drift`."""

from collections.abc import Iterator

from m365_restrict.plan.change import ChangeClass, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.rules.naming import long_day
from m365_restrict.steps.options import SilentJob
from m365_restrict.steps.run_context import Run

_CODE = FindingCode.JOB_SILENT


def silent_findings(run: Run) -> Iterator[Finding]:
    """One finding for each: what the register asks for is no longer made true by itself."""
    for job in run.options.silent_jobs:
        yield Finding(
            code=_CODE,
            change_class=ChangeClass.REGISTER,
            severity=Severity.HIGH,
            message=f"{_CODE.meaning} It is the job {job.job}, {_since(job, run)}.",
            key=f"job:{job.job}",
            began_at=job.last_success,
        )


def _since(job: SilentJob, run: Run) -> str:
    if job.last_success is None:
        return "which has never succeeded"
    day = job.last_success.astimezone(run.options.zone).date()
    return f"which last succeeded on {long_day(day)}"
