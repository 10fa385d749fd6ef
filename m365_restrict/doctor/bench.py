"""Where trial rules are made, looked at, and always taken away again."""

from collections.abc import Callable

from m365_restrict.errors import ServiceError
from m365_restrict.outcome import Unknown
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.parameters import new_parameters, set_parameters
from m365_restrict.rules.stamp import Stamp, digest_of, parse_stamp, stamp_text
from m365_restrict.tenant.transport_rules import TransportRuleReader, TransportRuleWriter

PROBE_CASE = "PROBE"
"""Stands where the case would in the stamp, so that what a broken-off probe leaves is an orphan of ours."""
_NAME = "m365-restrict probe"
_COMMENTS = "A disabled trial of m365-restrict. It acts on nothing and is taken away at once."


class Bench:
    """Makes trial rules that are disabled, in audit mode, and about an address that nobody has."""

    def __init__(
        self,
        reader: TransportRuleReader,
        writer: TransportRuleWriter,
        *,
        instance_id: str,
        token: str,
        still_ours: Callable[[], None],
    ) -> None:
        """`token` tells this probe's rules from another's. `still_ours` raises once the lease is lost."""
        self._reader, self._writer = reader, writer
        self._instance_id, self._token = instance_id, token
        self._still_ours = still_ours
        self._made = 0

    def next_name(self) -> str:
        """A name that says what the rule is and that no other rule has."""
        self._made += 1
        return f"{_NAME} {self._token} {self._made}"

    async def make(self, properties: Properties, *, name: str = "") -> ObservedTransportRule:
        """Make one rule and read it back; ServiceError where it was refused or cannot be seen."""
        self._still_ours()
        whole = {**properties, "Name": name or self.next_name(), "State": "Disabled", "Mode": "Audit"}
        stamp = Stamp(self._instance_id, PROBE_CASE, f"probe/{self._made}", digest_of(whole))
        guid = await self._writer.create(
            new_parameters({**whole, "Comments": f"{_COMMENTS}\n{stamp_text(stamp)}"})
        )
        return await self.read(guid)

    async def change(self, rule: ObservedTransportRule, target: Properties) -> ObservedTransportRule:
        """Set the rule to `target`, its sender condition included, and read it back."""
        self._still_ours()
        await self._writer.update(rule.guid, set_parameters(target, rule.properties))
        return await self.read(rule.guid)

    async def read(self, guid: str) -> ObservedTransportRule:
        """The rule as it stands; one that came back enabled is disabled at once."""
        found = next((rule for rule in await self._listed() if rule.guid == guid), None)
        if found is None:
            raise ServiceError(
                "A trial rule that was just written is not among the rules that Exchange lists."
            )
        if found.enabled:
            await self._writer.disable(guid)
            raise ServiceError("A trial rule came back enabled; it was disabled at once.")
        return found

    async def clear(self) -> tuple[str, ...]:
        """Remove every trial rule of this installation, an earlier probe's too; names of what is left."""
        for rule in await self._trials():
            try:
                await self._writer.remove(rule.guid)
            except ServiceError:
                continue  # What is left is said by the second look.
        return tuple(rule.name for rule in await self._trials())

    async def _trials(self) -> list[ObservedTransportRule]:
        found = []
        for rule in await self._listed():
            stamp = parse_stamp(rule.comments)
            ours = isinstance(stamp, Stamp) and stamp.instance_id == self._instance_id
            if ours and isinstance(stamp, Stamp) and stamp.case_reference == PROBE_CASE:
                found.append(rule)
            elif rule.name.startswith(f"{_NAME} {self._token} "):
                found.append(rule)  # Its comments were lost on the way, and nobody else has this token.
        return found

    async def _listed(self) -> tuple[ObservedTransportRule, ...]:
        raw = await self._reader.list_rules()
        if isinstance(raw, Unknown):
            raise ServiceError(f"The rules could not be read: {raw.reason}")
        return tuple(observe_transport_rule(one) for one in raw)
