"""Options for a comparison, with what the ledger says of jobs as it begins."""

from dataclasses import replace
from datetime import UTC, datetime

from m365_restrict.health.jobs import silent_jobs
from m365_restrict.ledger.ledger import Ledger
from m365_restrict.steps.options import RunOptions
from settings.model import Settings
from settings.run_options import run_options


def options_with_jobs(settings: Settings, ledger: Ledger) -> RunOptions:
    """The options of a run that tells of silent jobs too.

    Among the options, they are part of the run's evidence: performed again, it tells the same.
    """
    zone = settings.lists.zone
    silent = silent_jobs(
        ledger, settings.schedule.timetable(zone), settings.health.options(), now=datetime.now(UTC)
    )
    profile = ledger.tenant_answers.profile(settings.auth.tenant_id)
    return replace(run_options(settings, profile), silent_jobs=silent)
