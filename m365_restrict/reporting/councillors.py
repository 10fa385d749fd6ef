"""Councillors in numbers. Which councillor chose what, and about whom, is in no report."""

from m365_restrict.outcome import Unknown
from m365_restrict.report.documents import ChoiceCounts
from m365_restrict.report.model import CouncillorNumbers
from m365_restrict.steps.found import Found, Planned


def councillor_numbers(found: Found, planned: Planned, counts: ChoiceCounts) -> CouncillorNumbers:
    """How many there are, how many have chosen, and how many of the choices are as they should be."""
    members = found.people.councillors
    refused = {one.item_id for one in found.desired.choice_refusals}
    live = [one for one in found.choices.choices if one.item_id not in refused]
    return CouncillorNumbers(
        members=None if isinstance(members, Unknown) else len(members),
        with_choices=len({one.holder for one in live}),
        choices_live=counts.live,
        choices_healthy=max(0, counts.live - len(_unwell(planned))),
        choices_refused=counts.refused,
    )


def _unwell(planned: Planned) -> frozenset[str]:
    """Keys of rules that councillors chose and that differ, were changed, or could not be looked at."""
    difference = planned.plan.difference
    differ = {one.key for one in (*planned.plan.changes, *difference.waived) if one.chosen_by_holder}
    told = {one.key for one in difference.findings if one.chosen_by_holder}
    unseen = {
        rule.key
        for rule in planned.desired.inbox
        if rule.chosen_by_holder and isinstance(planned.observed.inbox.get(rule.mailbox), Unknown)
    }
    if isinstance(planned.observed.transport, Unknown):
        unseen |= {rule.key for rule in planned.desired.transport if rule.holder}
    wanted = {rule.key for rule in planned.desired.inbox} | {rule.key for rule in planned.desired.transport}
    return frozenset((differ | told | unseen) & wanted)
