"""Carry out exactly the planned changes, each proven by reading it back (design.md 2.8, 2.9).

Order of writes, so that no live case is ever without its rule: creations, then
updates, then deletions (`plan.apply_order`). One item that fails never stops the
others; a lost lease stops them all.
"""

from collections.abc import Sequence

from m365_restrict.plan.change import Change, LineEntry, RuleKind
from m365_restrict.plan.places import Places
from m365_restrict.tenant.together import all_of
from m365_restrict.writes.inbox_writes import InboxWrites
from m365_restrict.writes.transport_writes import TransportWrites
from m365_restrict.writes.write_outcome import ChangeOutcome, Tools, each


async def apply_changes(
    changes: Sequence[Change],
    tools: Tools,
    *,
    planned: Sequence[Change] = (),
    line: Sequence[LineEntry] = (),
) -> tuple[ChangeOutcome, ...]:
    """Write every change in the order given and read it back.

    Transport rules go one after another, mailboxes beside each other. `planned` are the changes by
    which places in the list were counted, beginning with `line`; some of them may not go ahead.
    Raises LeaseHeld when another run has taken over; whatever was done until then is recorded.
    """
    transport = [change for change in changes if change.kind is RuleKind.TRANSPORT_RULE]
    inbox = [change for change in changes if change.kind is RuleKind.INBOX_RULE]
    places = Places(planned or changes, line)
    done = await each(transport, TransportWrites(tools, places).write, tools)
    writes = InboxWrites(tools)
    mailboxes = dict.fromkeys(change.mailbox for change in inbox)
    batches = [[change for change in inbox if change.mailbox == mailbox] for mailbox in mailboxes]
    for batch in await all_of(each(batch, writes.write, tools) for batch in batches):
        done += batch
    return tuple(done)
