"""Writes of inbox rules: each is read back from its mailbox before it counts."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import assert_never

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change
from m365_restrict.plan.writes import message_rule, needs_folder
from m365_restrict.rules.normalise import folder_names, observe_inbox_rule
from m365_restrict.rules.observed import ObservedInboxRule, Properties
from m365_restrict.rules.properties import INBOX_FOLDER, senders_of
from m365_restrict.rules.spelling import learned, with_known_addresses
from m365_restrict.rules.token import token_for
from m365_restrict.writes.write_outcome import (
    ChangeOutcome,
    Tools,
    differing,
    failed,
    left_as_it_came_back,
    proven,
    read_back,
    removed,
    removed_at_once,
    target_of,
)

_STILL_OLD = (
    "The mailbox took the change and still shows the rule as it stood before. It was left so; the next run "
    "looks again."
)


class InboxWrites:
    """Inbox rules of one mailbox or many; those of one mailbox are written one after another."""

    def __init__(self, tools: Tools) -> None:
        """Work with the run's readers and writers."""
        self._reader = tools.readers.inbox_rules
        self._writer = tools.writers.inbox_rules
        self._tools = tools
        self._made: dict[str, dict[str, str]] = {}

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
        await self._make_folder(change)
        body = message_rule(change, folders=self._folders(change))
        try:
            await self._writer.create(change.mailbox, body)
        except ServiceError:
            # The answer may have been lost after the rule was made: look before anyone asks again.
            if await self._found_after_error(change) is None:
                raise
        return await self._judge(change)

    async def _update(self, change: Change) -> ChangeOutcome:
        before = change.observed
        if not isinstance(before, ObservedInboxRule):
            return failed(change, "The rule was not observed, so it cannot be changed.")
        await self._make_folder(change)
        body = message_rule(change, folders=self._folders(change))
        try:
            await self._writer.update(change.mailbox, before.rule_id, body)
        except ServiceError:
            after = await self._found_after_error(change)
            if after is None or after.shown == before.shown:
                raise
        return await self._judge(change)

    async def _delete(self, change: Change) -> ChangeOutcome:
        if not isinstance(change.observed, ObservedInboxRule):
            return failed(change, "The rule was not observed, so it cannot be removed.")
        try:
            await self._writer.delete(change.mailbox, change.observed.rule_id)
        except ServiceError as error:
            if not await self._is_gone_after(error, change):
                raise
            return removed(change)
        if await read_back(lambda: self._find(change), lambda found: found is not None) is not None:
            return failed(change, "The mailbox still lists the rule after it was removed.")
        return removed(change)

    async def _judge(self, change: Change) -> ChangeOutcome:
        before = change.observed if isinstance(change.observed, ObservedInboxRule) else None
        after = await self._read_back(change, before)
        if before and after and (left_over := _left_over(target_of(change), before, after)):
            after = await self._clear(change, before, left_over)
        if after is None:
            return failed(change, "The rule that was just written is not among the rules of the mailbox.")
        if before and _is_unchanged(after, before) and _must_show(target_of(change), before):
            return failed(change, _STILL_OLD)
        after = _as_written(target_of(change), after)
        names = differing(target_of(change), after.properties)
        if not names:
            return proven(change, after, "written and read back")
        # Without senders it acts on all mail of the mailbox (design.md 6); a new rule protects nobody yet.
        if change.action is Action.CREATE or not senders_of(after.properties):
            return await self._take_away(change, after, names)
        return left_as_it_came_back(change, after, names)

    async def _read_back(self, change: Change, before: ObservedInboxRule | None) -> ObservedInboxRule | None:
        return await read_back(
            lambda: self._find(change), lambda found: found is None or _is_unchanged(found, before)
        )

    async def _clear(
        self, change: Change, before: ObservedInboxRule, left_over: Properties
    ) -> ObservedInboxRule | None:
        """Send the rule again with what stayed of its old form emptied by name; what stands then.

        That PATCH replaces conditions and actions whole is no more than likely (graph.md 1.2).
        """
        body = message_rule(change, folders=self._folders(change), cleared=left_over)
        # Refused or unanswered, what stands is judged all the same.
        with suppress(ServiceError):
            await self._writer.update(change.mailbox, before.rule_id, body)
        return await self._read_back(change, before)

    async def _take_away(
        self, change: Change, after: ObservedInboxRule, names: tuple[str, ...]
    ) -> ChangeOutcome:
        try:
            await self._writer.delete(change.mailbox, after.rule_id)
        except ServiceError as error:
            if not await self._is_gone_after(error, change):
                return left_as_it_came_back(change, after, names)
        return removed_at_once(change, names)

    async def _found_after_error(self, change: Change) -> ObservedInboxRule | None:
        """What stands after a write without an answer; None too where that cannot be read."""
        try:
            return await self._find(change)
        except ServiceError:
            return None

    async def _is_gone_after(self, error: ServiceError, change: Change) -> bool:
        """Whether a removal without an answer was done. Raises `error` where nobody can tell."""
        try:
            return await self._find(change) is None
        except ServiceError:
            raise error from None

    async def _find(self, change: Change) -> ObservedInboxRule | None:
        """The rule that was observed, else the one with the token that the change's key gives."""
        known = change.observed.rule_id if isinstance(change.observed, ObservedInboxRule) else ""
        known_ids = frozenset({known} - {""})
        token = token_for(change.key, self._tools.instance_id)
        raw = await self._reader.list_rules(change.mailbox, known_ids=known_ids)
        if isinstance(raw, Unknown):
            raise ServiceError(f"The rule could not be read back: {raw.reason}")
        names = folder_names(self._folders(change))
        rules = [
            observe_inbox_rule(
                rule,
                mailbox=change.mailbox,
                instance_id=self._tools.instance_id,
                folders=names,
                known_ids=known_ids,
                spellings={known: change.observed.spellings}
                if isinstance(change.observed, ObservedInboxRule)
                else {},
            )
            for rule in raw
        ]
        if known:
            return next((rule for rule in rules if rule and rule.rule_id == known), None)
        return next((rule for rule in rules if rule and rule.token == token), None)

    def _folders(self, change: Change) -> Mapping[str, str]:
        return {**self._tools.folders.get(change.mailbox, {}), **self._made.get(change.mailbox, {})}

    async def _make_folder(self, change: Change) -> None:
        """Make the folder that a councillor chose, where it is missing. ServiceError if it stays so."""
        folder = str((change.target or {}).get(INBOX_FOLDER, ""))
        if not needs_folder(change, self._tools.folders_to_make) or folder in self._folders(change):
            return
        mailbox_id = await self._reader.mailbox_id(change.mailbox)
        if isinstance(mailbox_id, Unknown):
            raise ServiceError(f"The folder could not be made: {mailbox_id.reason}")
        try:
            await self._writer.create_folder(mailbox_id, folder)
        except ServiceError as error:
            # The answer may have been lost after the folder was made.
            if not isinstance(await self._reader.folder_id(change.mailbox, folder), str):
                raise ServiceError(f"The folder could not be made: {error.message}") from error
        found = await self._reader.folder_id(change.mailbox, folder)
        if not isinstance(found, str):
            raise ServiceError("The folder was made and is not in the mailbox yet; the next run goes on.")
        self._made.setdefault(change.mailbox, {})[folder] = found


def _is_unchanged(found: ObservedInboxRule, before: ObservedInboxRule | None) -> bool:
    """Whether the mailbox shows what it showed before the write. Names are compared as they are shown."""
    return before is not None and found.shown == before.shown


def _left_over(target: Properties, before: ObservedInboxRule, after: ObservedInboxRule) -> Properties:
    """What the write should have taken from the rule and did not; nothing where the rule lost its senders."""
    if not senders_of(after.properties):
        return {}
    old = before.properties
    return {
        name: value
        for name, value in after.properties.items()
        if name not in target and "." in name and old.get(name) == value
    }


def _must_show(target: Properties, before: ObservedInboxRule) -> bool:
    """Whether a write must be seen in what the mailbox shows, so that nothing is learned from the old form.

    A name of which nobody knew whom it stands for may stay as it is. A rule without senders is judged
    whether it is old or new.
    """
    changed = (before.properties.get(name) for name in differing(target, before.properties))
    known = any(not isinstance(value, tuple) or all("@" in one for one in value) for value in changed)
    return known and bool(senders_of(before.properties))


def _as_written(sent: Properties, rule: ObservedInboxRule) -> ObservedInboxRule:
    """The rule with the addresses that were just sent, where Graph shows them by name (graph.md 1.6)."""
    spellings = learned(sent, rule.properties)
    return replace(
        rule,
        properties=with_known_addresses(rule.properties, spellings),
        spellings={**rule.spellings, **spellings},
    )
