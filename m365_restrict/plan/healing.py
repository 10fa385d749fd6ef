"""What brings the tenant back to what was last applied (contracts.md 3, heal)."""

from dataclasses import replace
from datetime import datetime, timedelta

from m365_restrict.plan.change import Action, Difference
from m365_restrict.plan.difference import restoring
from m365_restrict.plan.settling import keep_until_settled
from m365_restrict.plan.wanted import DifferenceInput, wanted_rules


def healing(given: DifferenceInput, *, now: datetime, wait: timedelta = timedelta()) -> Difference:
    """What would have to change for the last applied state to hold again.

    Newer values of the register wait for apply, but what the register opened is not closed again.
    A rule that was never applied is not made, and what a councillor did to their own rule stays.
    A rule that another replaces stays as it was applied until that one has been written for `wait`.
    """
    desired = wanted_rules(given.desired).rules
    whole = keep_until_settled(restoring(given), given, now=now, wait=wait, heals=True)
    changes = tuple(
        change
        for change in whole.changes
        if change.action is not Action.DELETE or (change.opens and change.key not in desired)
    )
    return replace(whole, changes=changes)
