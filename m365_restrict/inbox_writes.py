"""Writes of inbox rules: each is read back from its mailbox before it counts."""

from collections.abc import Mapping
from typing import assert_never

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change
from m365_restrict.plan.writes import message_rule
from m365_restrict.rules.normalise import observe_inbox_rule
from m365_restrict.rules.observed import ObservedInboxRule
from m365_restrict.rules.properties import senders_of
from m365_restrict.rules.token import token_for
from m365_restrict.write_outcome import (
    ChangeOutcome,
    Tools,
    differing,
    failed,
    not_as_sent,
    proven,
    removed,
    target_of,
)


class InboxWrites:
    """Inbox rules of one mailbox or many; those of one mailbox are written one after another."""

    def __init__(self, tools: Tools) -> None:
        """Work with the run's readers and writers."""
        self._reader = tools.readers.inbox_rules
        self._writer = tools.writers.inbox_rules
        self._tools = tools

    async def write(self, change: Change) -> ChangeOutcome:
        """Carry out one change. ServiceError where Graph refuses or does not answer."""
        match change.action:
            case Action.CREATE:
                return await self._create(change)
            case Action.UPDATE:
                return await self._update(change)
            case Action.DELETE:
                return await self._delete(change)
        assert_never(change.action)

    async def _create(self, change: Change) -> ChangeOutcome:
        body = message_rule(change, folders=self._folders(change))
        try:
            await self._writer.create(change.mailbox, body)
        except ServiceError:
            # The answer may have been lost after the rule was made: look before anyone asks again.
            if await self._find(change) is None:
                raise
        return await self._judge(change)

    async def _update(self, change: Change) -> ChangeOutcome:
        if not isinstance(change.observed, ObservedInboxRule):
            return failed(change, "The rule was not observed, so it cannot be changed.")
        body = message_rule(change, folders=self._folders(change))
        await self._writer.update(change.mailbox, change.observed.rule_id, body)
        return await self._judge(change)

    async def _delete(self, change: Change) -> ChangeOutcome:
        if not isinstance(change.observed, ObservedInboxRule):
            return failed(change, "The rule was not observed, so it cannot be removed.")
        await self._writer.delete(change.mailbox, change.observed.rule_id)
        if await self._find(change) is not None:
            return failed(change, "The mailbox still lists the rule after it was removed.")
        return removed(change)

    async def _judge(self, change: Change) -> ChangeOutcome:
        after = await self._find(change)
        if after is None:
            return failed(change, "The rule that was just written is not among the rules of the mailbox.")
        names = differing(target_of(change), after.properties)
        if names and not senders_of(after.properties):
            # Without senders it acts on all mail of the mailbox (design.md 6).
            await self._writer.delete(change.mailbox, after.rule_id)
            return failed(change, not_as_sent(names, "removed at once"))
        if names:
            return failed(change, not_as_sent(names, "left as it came back"))
        return proven(change, after, "written and read back")

    async def _find(self, change: Change) -> ObservedInboxRule | None:
        """The rule that was observed, else the one with the token that the change's key gives."""
        known = change.observed.rule_id if isinstance(change.observed, ObservedInboxRule) else ""
        known_ids = frozenset({known} - {""})
        token = token_for(change.key, self._tools.instance_id)
        raw = await self._reader.list_rules(change.mailbox, known_ids=known_ids)
        if isinstance(raw, Unknown):
            raise ServiceError(f"The rule could not be read back: {raw.reason}")
        names = {identifier: name for name, identifier in self._folders(change).items()}
        rules = [
            observe_inbox_rule(
                rule,
                mailbox=change.mailbox,
                instance_id=self._tools.instance_id,
                folders=names,
                known_ids=known_ids,
            )
            for rule in raw
        ]
        if known:
            return next((rule for rule in rules if rule and rule.rule_id == known), None)
        return next((rule for rule in rules if rule and rule.token == token), None)

    def _folders(self, change: Change) -> Mapping[str, str]:
        return self._tools.folders.get(change.mailbox, {})
