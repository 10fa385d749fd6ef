"""Where the script for an administrator goes, and how its plan was approved (docs/enforce-with.md)."""

from m365_restrict.cli.request import Request
from m365_restrict.cli.whole_file import write_whole
from m365_restrict.errors import ConfigurationError
from m365_restrict.steps.run_context import HandOver
from settings.choices import EnforceWith
from settings.model import Settings


def hand_over_for(request: Request, settings: Settings) -> HandOver | None:
    """How an approved plan becomes a script; None where this run writes rules itself or only reads.

    ConfigurationError where --script is given and the settings do not ask for scripts.
    """
    if settings.enforce_with is not EnforceWith.SCRIPT:
        if request.script is not None:
            raise ConfigurationError(
                f"--script is given, and M365_RESTRICT_ENFORCE_WITH is {settings.enforce_with.value}.",
                advice="Leave --script out, or set M365_RESTRICT_ENFORCE_WITH=script.",
            )
        return None
    if not request.writes:
        return None
    return HandOver(save=write_whole, file=request.script, approval=_approval(request))


def _approval(request: Request) -> str:
    if request.saved_plan is not None:
        return "with --plan and the saved plan"
    if request.plan_id is not None:
        return f"with --plan-id {request.plan_id}"
    return "with --approve" if request.approve else "by the person at the terminal"
