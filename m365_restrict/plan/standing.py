"""Our rules as they stand, and since when the service has had that form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Difference, ObservedRule, RuleKind
from m365_restrict.plan.out_of_reach import with_addresses
from m365_restrict.plan.settle import Trio
from m365_restrict.plan.wanted import DifferenceInput, Wanted
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.patterns import plain_sender
from m365_restrict.rules.properties import INBOX_SENDERS, SENDER_CONDITIONS, enabled_in, senders_of

_SCOPES = ("SentTo", "SentToMemberOf")
_ASIDE = frozenset({"Name", "Comments", "displayName", INBOX_SENDERS, *SENDER_CONDITIONS})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One rule of ours in the tenant.

    `as_left`: apart from its senders it does what it was last written to do. `left` are the senders that it
    was last written for, at `written_at`; it was last changed by anybody at `changed_at`. None where nobody
    knows.
    """

    properties: Properties
    as_left: bool
    written_at: datetime | None
    changed_at: datetime | None
    senders: frozenset[str]
    left: frozenset[str]

    def since(self, sender: str, wanted: Properties) -> datetime | None:
        """Since when it does for this sender, and the same recipients, what it was or is to do.

        None where it does not, or where nobody knows since when: so also where somebody has edited what it
        does and that is put right now.
        """
        plain = plain_sender(sender)
        same_scope = all(self.properties.get(name) == wanted.get(name) for name in _SCOPES)
        if not same_scope or plain not in self.senders:
            return None
        if enabled_in(wanted) and not enabled_in(self.properties):
            return None
        if self.as_left:
            return (self.written_at or self.changed_at) if plain in self.left else self.changed_at
        return self.changed_at if _does(self.properties) == _does(wanted) else None


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
    senders = _plain_senders(rule.properties)
    return Standing(
        properties=rule.properties,
        as_left=applied is not None and _does(rule.properties) == _does(applied.properties),
        written_at=applied.written_at if applied else None,
        changed_at=changed,
        senders=senders,
        left=_plain_senders(applied.properties) if applied else frozenset(),
    )


def _plain_senders(properties: Properties) -> frozenset[str]:
    return frozenset(plain_sender(one) for one in senders_of(properties))


def _does(properties: Properties) -> Properties:
    """All that a rule says but its names and whom it is about."""
    return {name: value for name, value in properties.items() if name not in _ASIDE}


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
