"""What the tool wrote in the period, with the decision behind each write."""

from collections.abc import Iterable

from m365_restrict.ledger.written import WrittenChange, WrittenResult
from m365_restrict.report.model import ActionTaken
from m365_restrict.report.privacy import HolderMailboxes, without_addresses
from m365_restrict.reporting.approvals import Approvals

_CHOICE = "a councillor's own choice"


def actions_taken(
    written: Iterable[WrittenChange], approvals: Approvals, holders: HolderMailboxes
) -> tuple[ActionTaken, ...]:
    """One for each write, oldest first. What was only found and taken over is none."""
    return tuple(_action(one, approvals, holders) for one in written if one.result is not WrittenResult.KNOWN)


def _action(one: WrittenChange, approvals: Approvals, holders: HolderMailboxes) -> ActionTaken:
    chosen = one.chosen_by_holder
    approval = approvals.of(one.item_id, at=one.at)
    return ActionTaken(
        at=one.at,
        action=one.action.value,
        kind=one.kind.value,
        name=_CHOICE if chosen else without_addresses(one.name),
        mailbox=holders.number(one.mailbox) if chosen else one.mailbox,
        case_ref=one.case_reference or None,
        result=one.result.value,
        run_id=one.run_id,
        approved_by=approval.by,
        approved_on=approval.on,
    )
