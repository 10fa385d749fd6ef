"""Writes of transport rules: created disabled, read back, enabled only when proven (design.md 2.8)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never

from m365_restrict.errors import RestrictError, ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change, FieldChange
from m365_restrict.plan.opening import only_opens
from m365_restrict.plan.out_of_reach import with_addresses
from m365_restrict.plan.places import Places
from m365_restrict.plan.settle import Trio
from m365_restrict.plan.writes import applied_from, cmdlet_parameters
from m365_restrict.rules.end_date import END, end_to_send_again
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import ObservedTransportRule, Properties, PropertyValue
from m365_restrict.rules.parameters import set_parameters
from m365_restrict.rules.properties import SENDER_CONDITIONS, enabled_in, senders_of
from m365_restrict.writes.write_outcome import (
    ChangeOutcome,
    Result,
    Tools,
    differing,
    failed,
    left_as_it_came_back,
    not_as_sent,
    proven,
    read_back,
    removed,
    target_of,
    without_state,
)

_PROVEN = "written and read back; Exchange may take 30 minutes or more to act"
_STILL_ON = "left enabled, as far as Exchange shows: look at it and disable it by hand"
_STILL_OLD = (
    "Exchange took the change and still shows the rule as it stood before. It was left so; the next run "
    "looks again."
)


class TransportWrites:
    """Transport rules, one after another: Exchange keeps them in one ordered collection."""

    def __init__(self, tools: Tools, places: Places) -> None:
        """Work with the run's readers and writers; `places` tells where each rule goes."""
        self._reader = tools.readers.transport_rules
        self._writer = tools.writers.transport_rules
        self._places = places
        self._arrived: set[str] = set()

    async def write(self, change: Change) -> ChangeOutcome:
        """Carry out one change. ServiceError where Exchange refuses or does not answer."""
        self._arrived.discard(change.key)
        try:
            outcome = await self._carry_out(replace(change, priority=self._places.turn_of(change)))
        except RestrictError:
            self._places.note(change, made=change.key in self._arrived)
            raise
        made = outcome.result is Result.APPLIED or change.key in self._arrived
        self._places.note(change, made=made)
        return replace(outcome, change=change)

    async def _carry_out(self, change: Change) -> ChangeOutcome:
        match change.action:
            case Action.CREATE:
                return await self._create(change)
            case Action.UPDATE:
                return await self._update(change)
            case Action.DELETE:
                return await self._delete(change)
        assert_never(change.action)

    async def _create(self, change: Change) -> ChangeOutcome:
        target = target_of(change)
        guid = await self._make(cmdlet_parameters(change), target)
        self._arrived.add(change.key)
        made = await self._with_its_end(target, await self._read_back(guid, lambda _: False))
        names = differing(without_state(target), without_state(made.properties))
        if names:
            await self._writer.remove(guid)
            self._arrived.discard(change.key)
            return failed(change, not_as_sent(names, "removed again and never enabled"))
        if not enabled_in(target):
            return await self._settle(change, made)
        return await self._switch_on(change, guid)

    async def _make(self, parameters: Mapping[str, object], target: Properties) -> str:
        """The new rule's Guid. After a lost answer the rules are listed, and nobody asks for it again.

        A rule with this name and our stamp is the one that was just made, whatever state it came up in.
        """
        try:
            return await self._writer.create(parameters)
        except ServiceError:
            name, comments = target["Name"], target.get("Comments")
            same = [rule for rule in await self._list() if rule.name == name and rule.comments == comments]
            if len(same) != 1:
                raise
            return same[0].guid

    async def _update(self, change: Change) -> ChangeOutcome:
        """Set on the same Guid with the whole sender condition; a rule that captures too much is disabled."""
        before = change.observed
        if not isinstance(before, ObservedTransportRule):
            return failed(change, "The rule was not observed, so it cannot be changed.")
        target = target_of(change)
        try:
            await self._writer.update(before.guid, cmdlet_parameters(change))
        except ServiceError as error:
            after = await self._read_after(error, before.guid)
            if _is_unchanged(change, after, before):
                raise
        else:
            self._arrived.add(change.key)
            after = await self._read_back(before.guid, lambda rule: _is_unchanged(change, rule, before))
            if _is_old(change, after, before):
                raise ServiceError(_STILL_OLD)
            # What captures too much is disabled first: a second Set may be tried for minutes.
            if not _catches_too_much(target, _addressed(change, after, target)):
                after = await self._with_its_end(target, after)
        after = _addressed(change, after, target)
        # Set takes no State (exchange.md 2.2): a rule that is to rest is switched off by its own cmdlet.
        if not enabled_in(target) and after.enabled:
            return await self._settle(change, await self._switch_off(after))
        # What only opens a rule that somebody switched off leaves it switched off.
        if enabled_in(target) and not after.enabled and not _catches_too_much(target, after):
            return await self._switch_on(change, before.guid)
        return await self._settle(change, after)

    async def _with_its_end(self, target: Properties, rule: ObservedTransportRule) -> ObservedTransportRule:
        """The rule once its end was sent again, where the service took it by a clock of its own.

        Where that fails the rule is given as it stands: whoever asked judges it.
        """
        end = end_to_send_again(target, rule.properties)
        if end is None:
            return rule
        try:
            await self._writer.update(rule.guid, set_parameters({**target, END: end}, rule.properties))
        except ServiceError:
            return await self._find_or(rule)
        return await self._read_back(
            rule.guid, lambda found: found.properties.get(END) == rule.properties.get(END)
        )

    async def _switch_on(self, change: Change, guid: str) -> ChangeOutcome:
        try:
            await self._writer.enable(guid, str(target_of(change)["Mode"]))
        except ServiceError as error:
            after = await self._read_after(error, guid)
            if not after.enabled:
                raise
            return await self._settle(change, after)
        return await self._settle(change, await self._read_back(guid, lambda rule: not rule.enabled))

    async def _settle(self, change: Change, after: ObservedTransportRule) -> ChangeOutcome:
        """Judge a rule as it was read back. One that captures too much is disabled (design.md 2.8)."""
        target = target_of(change)
        after = _addressed(change, after, target)
        if not _catches_too_much(target, after):
            return _judge(change, after)
        names = differing(without_state(target), without_state(after.properties))
        off = _addressed(change, await self._switch_off(after), target)
        consequence = _STILL_ON if off.enabled else "disabled at once"
        return left_as_it_came_back(change, off, names, consequence=consequence)

    async def _switch_off(self, rule: ObservedTransportRule) -> ObservedTransportRule:
        """The rule as it stands after it was disabled; where it cannot be read, as the answer implies."""
        off = replace(rule, enabled=False, properties={**rule.properties, "State": "Disabled"})
        try:
            await self._writer.disable(rule.guid)
        except ServiceError:
            off = rule
        try:
            return await self._read_back(rule.guid, lambda found: found.enabled and not off.enabled)
        except ServiceError:
            return off

    async def _find_or(self, rule: ObservedTransportRule) -> ObservedTransportRule:
        """The rule after a write without an answer; as it was before where it cannot be read."""
        try:
            return await self._find(rule.guid) or rule
        except ServiceError:
            return rule

    async def _delete(self, change: Change) -> ChangeOutcome:
        if not isinstance(change.observed, ObservedTransportRule):
            return failed(change, "The rule was not observed, so it cannot be removed.")
        guid = change.observed.guid
        try:
            await self._writer.remove(guid)
        except ServiceError as error:
            if guid in [rule.guid for rule in await self._list_after(error)]:
                raise
            return removed(change)
        if await read_back(lambda: self._find(guid), lambda found: found is not None) is not None:
            return failed(change, "Exchange still lists the rule after it was removed.")
        return removed(change)

    async def _read_after(self, error: ServiceError, guid: str) -> ObservedTransportRule:
        """The rule after a write without an answer, which may have been done; `error` if nobody can tell."""
        found = next((rule for rule in await self._list_after(error) if rule.guid == guid), None)
        if found is None:
            raise error
        return found

    async def _list_after(self, error: ServiceError) -> tuple[ObservedTransportRule, ...]:
        try:
            return await self._list()
        except ServiceError:
            raise error from None

    async def _read_back(
        self, guid: str, is_old: Callable[[ObservedTransportRule], bool]
    ) -> ObservedTransportRule:
        """The rule after a write that was answered; `is_old` knows what stood before."""
        found = await read_back(lambda: self._find(guid), lambda rule: rule is None or is_old(rule))
        if found is None:
            raise ServiceError("The rule that was just written is not among the rules that Exchange lists.")
        return found

    async def _find(self, guid: str) -> ObservedTransportRule | None:
        raw = await self._reader.find_rule(guid)
        if isinstance(raw, Unknown):
            raise ServiceError(f"The rule could not be read back: {raw.reason}")
        return None if raw is None else observe_transport_rule(raw)

    async def _list(self) -> tuple[ObservedTransportRule, ...]:
        raw = await self._reader.list_rules()
        if isinstance(raw, Unknown):
            raise ServiceError(f"The rule could not be read back: {raw.reason}")
        return tuple(observe_transport_rule(rule) for rule in raw)


def _is_unchanged(change: Change, rule: ObservedTransportRule, before: ObservedTransportRule) -> bool:
    """Whether a rule stands as it stood before the write."""
    found = _addressed(change, rule, before.properties)
    return (found.properties, found.priority) == (before.properties, before.priority)


def _is_old(change: Change, after: ObservedTransportRule, before: ObservedTransportRule) -> bool:
    """Whether a write that was answered does not show yet, however long it was asked for.

    It may show any time, so nothing may be concluded: the right rule is not to be switched off for it. A rule
    without a sender is, whether it is old or new. A write that was to change nothing shows as nothing. An
    end alone that stays off by hours was most likely taken, by the service's own clock (`_with_its_end`).
    """
    target = target_of(change)
    to_show = differing(without_state(target), without_state(_addressed(change, after, target).properties))
    if to_show == (END,) and end_to_send_again(target, after.properties) is not None:
        return False
    return bool(to_show and senders_of(after.properties)) and _is_unchanged(change, after, before)


def _catches_too_much(target: Properties, after: ObservedTransportRule) -> bool:
    """Whether a rule came back without a sender condition, or otherwise acts on more than was sent.

    One that only ends later than was sent acts on nothing more today: to disable it would leave its case
    open at once, and the next run has time to try again.
    """
    wanted, found = without_state(target), without_state(after.properties)
    if found.get(END) and wanted.get(END):
        found = {**found, END: wanted[END]}
    return not senders_of(found) or not (wanted == found or only_opens(wanted, found))


def _judge(change: Change, after: ObservedTransportRule) -> ChangeOutcome:
    names = differing(target_of(change), after.properties)
    if names:
        return left_as_it_came_back(change, after, names)
    return proven(change, after, _PROVEN)


def _addressed(change: Change, rule: ObservedTransportRule, known: Properties) -> ObservedTransportRule:
    """The rule with the addresses of `known` for recipients that the service shows by name.

    A name that the rule showed before stands for whom it stood for. A new one is told only where names
    stood in that list before, and never of a sender: nobody is guessed (exchange.md 7.1 row 15).
    """
    if not isinstance(change.observed, ObservedTransportRule):
        return rule
    trio = Trio(
        key=change.key,
        kind=change.kind,
        case_reference=change.case_reference,
        mailbox=change.mailbox,
        wanted=None,
        observed=rule,
        applied=replace(applied_from(change, rule), properties=known),
    )
    resolved, fields = with_addresses(trio)
    if resolved.observed is None:
        return rule
    shown = observe_transport_rule(change.observed.raw).properties
    found = {
        one.field: resolved.observed.properties[one.field]
        for one in fields
        if _is_told(one, shown.get(one.field), change.observed.properties.get(one.field))
    }
    return replace(rule, properties={**rule.properties, **found})


def _is_told(after: FieldChange, shown: PropertyValue | None, meant: PropertyValue | None) -> bool:
    """Whether the names in a list after a write stand for the addresses that were sent and are not in it.

    Before, the rule showed `shown` and meant `meant`. Of the names that stood there then, as many must be
    left as there are addresses that stay: else Exchange has kept somebody who was to go, or the reverse.
    """
    before, now = _names(shown), _names(after.observed)
    if _names(meant):
        # Nobody could tell whom these names stood for: there was one too many, or one too few.
        return now <= before
    named = _values(meant) - _values(shown)
    hidden = _values(after.desired) - _values(after.observed)
    new_ones_fit = now <= before or (bool(before) and after.field not in SENDER_CONDITIONS)
    return new_ones_fit and len(now & before) == len(hidden & named)


def _values(value: PropertyValue | None) -> frozenset[str]:
    return frozenset(value) if isinstance(value, tuple) else frozenset()


def _names(value: PropertyValue | None) -> frozenset[str]:
    """What stands in a list of recipients and is no address."""
    return frozenset(one for one in value if "@" not in one) if isinstance(value, tuple) else frozenset()
