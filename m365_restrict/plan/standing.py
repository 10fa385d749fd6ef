"""Our rules as they stand, and since when the service has had that form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Difference, ObservedRule, RuleKind
from m365_restrict.plan.wanted import DifferenceInput
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.patterns import plain_sender
from m365_restrict.rules.properties import enabled_in, senders_of

_SCOPES = ("SentTo", "SentToMemberOf")


@dataclass(frozen=True)
class Standing:
    """One rule of ours in the tenant. `since` is when it was last written, None where nobody knows."""

    properties: Properties
    since: datetime | None
    senders: frozenset[str] = field(default=frozenset())

    def holds(self, sender: str, wanted: Properties) -> bool:
        """Whether it already does for this sender, and for the same recipients, what `wanted` will do."""
        same_scope = all(self.properties.get(name) == wanted.get(name) for name in _SCOPES)
        return same_scope and enabled_in(self.properties) and plain_sender(sender) in self.senders


def standing_rules(difference: Difference, given: DifferenceInput) -> Mapping[str, Standing]:
    """Our rules by key. The ledger says since when; for a rule that it does not know, the rule itself."""
    written = {one.key: one.written_at for one in given.applied}
    return {key: _standing(rule, written.get(key)) for key, rule in _ours(difference, given).items()}


def _standing(rule: ObservedRule, written_at: datetime | None) -> Standing:
    changed = rule.changed_at if isinstance(rule, ObservedTransportRule) else None
    senders = frozenset(plain_sender(one) for one in senders_of(rule.properties))
    return Standing(rule.properties, written_at or changed, senders)


def _ours(difference: Difference, given: DifferenceInput) -> Mapping[str, ObservedRule]:
    found: dict[str, ObservedRule] = {}
    if not isinstance(given.observed.transport, Unknown):
        by_guid = {rule.guid: rule for rule in given.observed.transport}
        found |= {entry.key: by_guid[entry.guid] for entry in difference.line if entry.key}
    known = {
        (one.mailbox, one.guid_or_rule_id): one.key
        for one in given.applied
        if one.kind is RuleKind.INBOX_RULE
    }
    for mailbox, rules in given.observed.inbox.items():
        for rule in () if isinstance(rules, Unknown) else rules:
            if (mailbox, rule.rule_id) in known:
                found[known[mailbox, rule.rule_id]] = rule
    return found
