"""Inbox rules that step 4 will need, asked for while steps 1 to 3 wait for answers and reckon.

Which mailboxes these are, the ledger knows: those in which rules of ours stand. Most runs need no others.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.report.verb import Verb
from m365_restrict.steps.observing import MailboxRules, known_ids
from m365_restrict.steps.recording import unfinished_mailboxes
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.inbox_rules import InboxRuleReader
from m365_restrict.tenant.together import all_of

_AT_ONCE = 3
"""So few that what every later step waits for, the register, hardly stands in a queue behind them."""


class InboxRulesAhead:
    """The rules of mailboxes as Graph told them, each mailbox asked once."""

    def __init__(self, reader: InboxRuleReader, applied: Sequence[Applied], mailboxes: Iterable[str]) -> None:
        """Ask for nothing yet. `applied` tells which rules are known by their id."""
        self._reader = reader
        self._known = known_ids(applied)
        self._waiting = deque(sorted(frozenset(mailboxes)))
        self._found: dict[str, MailboxRules] = {}
        self._asking: Sequence[asyncio.Task[None]] = ()

    def begin(self) -> None:
        """Ask for a few at a time, until `of` wants the rest."""
        self._asking = [asyncio.create_task(self._go_on()) for _ in range(_AT_ONCE)]

    async def of(self, mailboxes: Iterable[str]) -> Mapping[str, MailboxRules]:
        """The rules of these mailboxes: those told already, and the others all at once.

        What went wrong ahead is asked again, and is told if it still goes wrong.
        """
        self._waiting.clear()
        await asyncio.gather(*self._asking, return_exceptions=True)
        wanted = sorted(frozenset(mailboxes))
        await all_of(self._ask(one) for one in wanted if one not in self._found)
        return {mailbox: self._found[mailbox] for mailbox in wanted}

    async def give_up(self) -> None:
        """Ask no further, whatever had become of what was asked."""
        for one in self._asking:
            one.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _go_on(self) -> None:
        while self._waiting:
            await self._ask(self._waiting.popleft())

    async def _ask(self, mailbox: str) -> None:
        ids = frozenset(self._known.get(mailbox, {}))
        self._found[mailbox] = await self._reader.list_rules(mailbox, known_ids=ids)


@asynccontextmanager
async def inbox_rules_ahead(run: Run) -> AsyncIterator[InboxRulesAhead]:
    """Begin with the mailboxes in which rules of ours stand, for a run that looks at the tenant's rules."""
    applied = run.ledger.rules.all()
    ahead = InboxRulesAhead(run.readers.inbox_rules, applied, _mailboxes(run, applied))
    ahead.begin()
    try:
        yield ahead
    finally:
        await ahead.give_up()


def _mailboxes(run: Run, applied: Sequence[Applied]) -> Iterable[str]:
    if run.verb is Verb.VALIDATE:
        return ()
    return {one.mailbox for one in applied if one.kind is RuleKind.INBOX_RULE} | unfinished_mailboxes(
        run.ledger
    )
