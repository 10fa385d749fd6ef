"""What a run judges its differences by: the waivers that nobody has ended."""

from collections.abc import Sequence

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Observed
from m365_restrict.plan.waivers import WaiverGround
from m365_restrict.steps.run_context import Run


def waiver_ground(run: Run, applied: Sequence[Applied], observed: Observed | None = None) -> WaiverGround:
    """The waivers with the rules as they were applied and, where they are given, as they stand now."""
    rules = observed.transport if observed is not None else ()
    return WaiverGround(
        waivers=tuple(one for one in run.ledger.waivers.all() if one.ended_at is None),
        applied=tuple(applied),
        today=run.today,
        zone=run.options.zone,
        rules={} if isinstance(rules, Unknown) else {rule.name.casefold(): rule for rule in rules},
    )
