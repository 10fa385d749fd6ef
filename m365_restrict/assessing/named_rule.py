"""The one transport rule that somebody means, by its name or its Guid, and whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from m365_restrict.outcome import Unknown
from m365_restrict.plan.ownership import OwnedTransport, owned_transport_rules
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.steps.run_context import Run


@dataclass(frozen=True)
class Standing:
    """All transport rules now, and those of them that are ours by rule key."""

    rules: tuple[ObservedTransportRule, ...]
    owned: tuple[OwnedTransport, ...]

    def named(self, text: str) -> ObservedTransportRule | None:
        """The rule with this Guid, or with this name: names are unique without regard to case."""
        return rule_named(self.rules, text)

    def ours(self, guid: str) -> OwnedTransport | None:
        """What the rule is to us, or None."""
        return next((one for one in self.owned if one.rule.guid == guid), None)


def rule_named(rules: Sequence[ObservedTransportRule], text: str) -> ObservedTransportRule | None:
    """A Guid wins over a name that looks like one (exchange.md 7.1 row 18)."""
    wanted = text.strip().casefold()
    by_guid = (rule for rule in rules if rule.guid.casefold() == wanted)
    by_name = (rule for rule in rules if rule.name.strip().casefold() == wanted)
    return next(by_guid, None) or next(by_name, None)


async def read_standing(run: Run) -> Standing | Unknown:
    """Read the transport rules and tell ours by ledger, by claims and by stamps."""
    raw = await run.readers.transport_rules.list_rules()
    if isinstance(raw, Unknown):
        return raw
    rules = tuple(observe_transport_rule(one) for one in raw)
    ledger = run.ledger
    owned, _ = owned_transport_rules(
        rules,
        ledger.rules.all(),
        instance_id=run.options.instance_id,
        claims=ledger.claims.standing(),
    )
    return Standing(rules, tuple(owned.values()))
