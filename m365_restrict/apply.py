"""Carry out exactly the planned changes, each proven by reading it back (design.md 2.8, 2.9).

Order of writes, so that no live case is ever without its rule: creations, then
updates, then deletions (`plan.apply_order`). One item that fails never stops the
others; a lost lease stops them all.
"""

import asyncio
from collections.abc import Mapping, Sequence

from m365_restrict.inbox_writes import InboxWrites
from m365_restrict.plan.change import Action, Change, RuleKind
from m365_restrict.transport_writes import TransportWrites
from m365_restrict.write_outcome import ChangeOutcome, Tools, each


async def apply_changes(
    changes: Sequence[Change], tools: Tools, *, planned: Sequence[Change] = ()
) -> tuple[ChangeOutcome, ...]:
    """Write every change in the order given and read it back.

    Transport rules go one after another, mailboxes beside each other. `planned` are the changes
    by which places in the list were counted, where some of them do not go ahead. Raises LeaseHeld
    when another run has taken over; whatever was done until then is recorded.
    """
    transport = [change for change in changes if change.kind is RuleKind.TRANSPORT_RULE]
    inbox = [change for change in changes if change.kind is RuleKind.INBOX_RULE]
    left_out = _left_out_before(changes, planned)
    done = await each(transport, TransportWrites(tools, left_out=left_out).write, tools)
    writes = InboxWrites(tools)
    mailboxes = dict.fromkeys(change.mailbox for change in inbox)
    batches = [[change for change in inbox if change.mailbox == mailbox] for mailbox in mailboxes]
    for batch in await asyncio.gather(*(each(batch, writes.write, tools) for batch in batches)):
        done += batch
    return tuple(done)


def _left_out_before(changes: Sequence[Change], planned: Sequence[Change]) -> Mapping[str, int]:
    """By the key of each placed creation, how many creations planned before it do not go ahead."""
    going = {id(change) for change in changes}
    before: dict[str, int] = {}
    left_out = 0
    for change in planned:
        if change.action is Action.CREATE and change.priority is not None:
            before[change.key] = left_out
            left_out += id(change) not in going
    return before
