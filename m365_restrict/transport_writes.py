"""Writes of transport rules: created disabled, read back, enabled only when proven (design.md 2.8)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change
from m365_restrict.plan.opening import only_opens
from m365_restrict.plan.writes import cmdlet_parameters
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.properties import enabled_in, senders_of
from m365_restrict.write_outcome import (
    ChangeOutcome,
    Result,
    Tools,
    differing,
    failed,
    not_as_sent,
    proven,
    removed,
    target_of,
    without_state,
)

_PROVEN = "written and read back; Exchange may take 30 minutes or more to act"


class TransportWrites:
    """Transport rules, one after another: Exchange keeps them in one ordered collection."""

    def __init__(self, tools: Tools, *, left_out: Mapping[str, int]) -> None:
        """Work with the run's readers and writers.

        `left_out` tells by key how many creations planned before that one do not go ahead.
        """
        self._reader = tools.readers.transport_rules
        self._writer = tools.writers.transport_rules
        self._left_out = left_out
        self._not_made = 0

    async def write(self, change: Change) -> ChangeOutcome:
        """Carry out one change. ServiceError where Exchange refuses or does not answer."""
        match change.action:
            case Action.CREATE:
                outcome = failed(change, "")
                try:
                    outcome = await self._create(self._moved_up(change))
                finally:
                    self._not_made += outcome.result is not Result.APPLIED
                return replace(outcome, change=change)
            case Action.UPDATE:
                return await self._update(change)
            case Action.DELETE:
                return await self._delete(change)
        assert_never(change.action)

    def _moved_up(self, change: Change) -> Change:
        """A place counts on the creations before it; each that is missing leaves it one higher."""
        if change.priority is None:
            return change
        missing = self._not_made + self._left_out.get(change.key, 0)
        return replace(change, priority=max(0, change.priority - missing))

    async def _create(self, change: Change) -> ChangeOutcome:
        target = target_of(change)
        guid = await self._make(cmdlet_parameters(change), target)
        made = await self._read(guid)
        names = differing(without_state(target), without_state(made.properties))
        if names:
            await self._writer.remove(guid)
            return failed(change, not_as_sent(names, "removed again and never enabled"))
        return await self._switch_on(change, guid)

    async def _make(self, parameters: Mapping[str, object], target: Properties) -> str:
        """The new rule's Guid. After a lost answer the rules are listed before anyone asks again."""
        try:
            return await self._writer.create(parameters)
        except ServiceError:
            name, comments = target["Name"], target.get("Comments")
            same = [rule for rule in await self._list() if rule.name == name and rule.comments == comments]
            if len(same) != 1 or same[0].enabled:
                raise
            return same[0].guid

    async def _update(self, change: Change) -> ChangeOutcome:
        """Set on the same Guid with the whole sender condition; a rule that captures too much is disabled."""
        before = change.observed
        if not isinstance(before, ObservedTransportRule):
            return failed(change, "The rule was not observed, so it cannot be changed.")
        target = target_of(change)
        await self._writer.update(before.guid, cmdlet_parameters(change))
        after = await self._read(before.guid)
        # What only opens a rule that somebody switched off leaves it switched off.
        if enabled_in(target) and not after.enabled and not _catches_too_much(target, after):
            return await self._switch_on(change, before.guid)
        return await self._settle(change, after)

    async def _switch_on(self, change: Change, guid: str) -> ChangeOutcome:
        await self._writer.enable(guid, str(target_of(change)["Mode"]))
        return await self._settle(change, await self._read(guid))

    async def _settle(self, change: Change, after: ObservedTransportRule) -> ChangeOutcome:
        """Judge a rule as it was read back. One that captures too much is disabled (design.md 2.8)."""
        target = target_of(change)
        if not _catches_too_much(target, after):
            return _judge(change, after)
        await self._writer.disable(after.guid)
        names = differing(without_state(target), without_state(after.properties))
        return failed(change, not_as_sent(names, "disabled at once"))

    async def _delete(self, change: Change) -> ChangeOutcome:
        if not isinstance(change.observed, ObservedTransportRule):
            return failed(change, "The rule was not observed, so it cannot be removed.")
        guid = change.observed.guid
        await self._writer.remove(guid)
        if any(rule.guid == guid for rule in await self._list()):
            return failed(change, "Exchange still lists the rule after it was removed.")
        return removed(change)

    async def _read(self, guid: str) -> ObservedTransportRule:
        found = next((rule for rule in await self._list() if rule.guid == guid), None)
        if found is None:
            raise ServiceError("The rule that was just written is not among the rules that Exchange lists.")
        return found

    async def _list(self) -> tuple[ObservedTransportRule, ...]:
        raw = await self._reader.list_rules()
        if isinstance(raw, Unknown):
            raise ServiceError(f"The rule could not be read back: {raw.reason}")
        return tuple(observe_transport_rule(rule) for rule in raw)


def _catches_too_much(target: Properties, after: ObservedTransportRule) -> bool:
    """Whether a rule came back without a sender condition, or otherwise acts on more than was sent."""
    wanted, found = without_state(target), without_state(after.properties)
    return not senders_of(found) or not (wanted == found or only_opens(wanted, found))


def _judge(change: Change, after: ObservedTransportRule) -> ChangeOutcome:
    names = differing(target_of(change), after.properties)
    if names:
        return failed(change, not_as_sent(names, "left as it came back"))
    return proven(change, after, _PROVEN)
