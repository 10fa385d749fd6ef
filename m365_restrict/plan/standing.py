"""Our rules as they stand, and since when they have held each of their senders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Difference, ObservedRule, RuleKind
from m365_restrict.plan.held_since import does, same_scope
from m365_restrict.plan.out_of_reach import with_addresses
from m365_restrict.plan.settle import Trio
from m365_restrict.plan.wanted import DifferenceInput, Wanted
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.patterns import plain_sender
from m365_restrict.rules.properties import enabled_in, senders_of


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One rule of ours in the tenant.

    `as_left`: apart from its senders it does what it was last written to do. `held` are the senders that it
    was last written for, each with the moment since when it has held them; it was last changed by anybody at
    `changed_at`. None where nobody knows.
    """

    properties: Properties
    as_left: bool
    changed_at: datetime | None
    senders: frozenset[str]
    held: Mapping[str, datetime | None]

    def since(self, sender: str, wanted: Properties) -> datetime | None:
        """Since when it does for this sender, and the same recipients, what it was or is to do.

        None where it does not, or where nobody knows since when: so also where somebody has edited what it
        does and that is put right now.
        """
        plain = plain_sender(sender)
        if not same_scope(self.properties, wanted) or plain not in self.senders:
            return None
        if enabled_in(wanted) and not enabled_in(self.properties):
            return None
        if self.as_left:
            return self.held.get(plain) or self.changed_at
        return self.changed_at if does(self.properties) == does(wanted) else None


def standing_rules(
    difference: Difference, given: DifferenceInput, wanted: Mapping[str, Wanted]
) -> Mapping[str, Standing]:
    """Our rules by key. The ledger says since when; for a rule that it does not know, the rule itself."""
    applied = {one.key: one for one in given.applied}
    found: dict[str, Standing] = {}
    for key, rule in _ours(difference, given).items():
        kind = RuleKind.TRANSPORT_RULE if isinstance(rule, ObservedTransportRule) else RuleKind.INBOX_RULE
        trio = Trio(
            key=key,
            kind=kind,
            case_reference="",
            mailbox="",
            wanted=wanted.get(key),
            observed=rule,
            applied=applied.get(key),
        )
        resolved, _ = with_addresses(trio)
        found[key] = _standing(resolved.observed or rule, resolved.applied)
    return found


def _standing(rule: ObservedRule, applied: Applied | None) -> Standing:
    changed = rule.changed_at if isinstance(rule, ObservedTransportRule) else None
    named = senders_of(applied.properties) if applied else ()
    return Standing(
        properties=rule.properties,
        as_left=applied is not None and does(rule.properties) == does(applied.properties),
        changed_at=changed,
        senders=frozenset(plain_sender(one) for one in senders_of(rule.properties)),
        held={plain_sender(one): applied.since(one) for one in named} if applied else {},
    )


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
