"""A rule of the canary: made disabled, read back, enabled only if it is as it was sent (design.md 2.8)."""

from collections.abc import Callable

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.rules.end_date import END, end_to_send_again
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.parameters import new_parameters, set_parameters
from m365_restrict.tenant.transport_rules import TransportRuleReader, TransportRuleWriter
from m365_restrict.writes.write_outcome import differing, not_as_sent, read_back, without_state


class ActingRules:
    """Makes them and takes them away by name, so that a lost answer leaves nothing behind."""

    def __init__(self, reader: TransportRuleReader, writer: TransportRuleWriter) -> None:
        """The run's own."""
        self._reader, self._writer = reader, writer

    async def make(self, target: Properties) -> str:
        """The Guid of the rule, which acts now. ServiceError where it could not be made as it was sent."""
        guid = await self._writer.create(new_parameters(target))
        made = await self._read(guid)
        end = end_to_send_again(target, made.properties)
        if end is not None:
            await self._writer.update(guid, set_parameters({**target, END: end}, made.properties))
            made = await self._read(guid, lambda rule: rule.properties.get(END) == made.properties.get(END))
        names = differing(without_state(target), without_state(made.properties))
        if names:
            raise ServiceError(not_as_sent(names, "never enabled"))
        await self._writer.enable(guid, str(target["Mode"]))
        names = differing(target, (await self._read(guid, lambda rule: not rule.enabled)).properties)
        if names:
            await self._writer.disable(guid)
            raise ServiceError(not_as_sent(names, "disabled at once"))
        return guid

    async def remove(self, names: frozenset[str], *, guids: frozenset[str]) -> None:
        """Remove the rules of these names or Guids; ServiceError where they cannot be listed or removed."""
        for rule in await self._listed():
            if rule.guid in guids or rule.name in names:
                await self._writer.remove(rule.guid)

    async def _read(
        self, guid: str, is_old: Callable[[ObservedTransportRule], bool] = lambda _: False
    ) -> ObservedTransportRule:
        """The rule after a write that was answered; `is_old` knows what stood before."""
        found = await read_back(lambda: self._find(guid), lambda rule: rule is None or is_old(rule))
        if found is None:
            raise ServiceError("The rule that was just written is not among the rules that Exchange lists.")
        return found

    async def _find(self, guid: str) -> ObservedTransportRule | None:
        return next((rule for rule in await self._listed() if rule.guid == guid), None)

    async def _listed(self) -> tuple[ObservedTransportRule, ...]:
        raw = await self._reader.list_rules()
        if isinstance(raw, Unknown):
            raise ServiceError(f"The rules could not be read: {raw.reason}")
        return tuple(observe_transport_rule(one) for one in raw)
