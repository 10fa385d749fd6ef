"""All transport rules as they stand or will stand, in their order, for simulating mail through them.

Councillors' own choices are never among them: whoever reads what a simulation says must not
learn from it which councillor chose what (design.md 6).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Observed, Plan, RuleKind
from m365_restrict.plan.proof import as_enforced
from m365_restrict.plan.proof_inbox import simulated_mailboxes
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.compilation import Desired
from m365_restrict.rules.observed import ObservedInboxRule, ObservedTransportRule, Properties
from m365_restrict.rules.properties import inbox_properties


@dataclass(frozen=True)
class PlacedRule:
    """One transport rule at its place. `key` is "" for a rule that is not ours; `body` is as it is stored."""

    guid: str
    key: str
    name: str
    body: Mapping[str, object]


def standing_rules(plan: Plan, observed: Observed) -> tuple[PlacedRule, ...]:
    """The rules as the tenant holds them, audit mode and all; none where they could not be read."""
    return _without_choices(_standing(plan, observed))


def planned_rules_in_place(plan: Plan, observed: Observed) -> tuple[PlacedRule, ...]:
    """The rules as they will stand once every allowed change is made.

    Ours are taken as if they acted: audit mode is judged like enforcement, so that it can be judged at all.
    """
    properties = {} if isinstance(observed.transport, Unknown) else _properties(observed.transport)
    rules = [
        replace(rule, body=as_enforced(properties[rule.guid])) if rule.key else rule
        for rule in _standing(plan, observed)
    ]
    for change in plan.allowed:
        if change.kind is not RuleKind.TRANSPORT_RULE:
            continue
        place = next((number for number, rule in enumerate(rules) if rule.key == change.key), len(rules))
        before = rules.pop(place) if place < len(rules) else None
        if change.action is Action.DELETE or change.target is None:
            continue
        after = PlacedRule(before.guid if before else "", change.key, change.name, as_enforced(change.target))
        rules.insert(place if change.priority is None else change.priority, after)
    return _without_choices(rules)


def ours_alone(rules: Sequence[PlacedRule]) -> tuple[PlacedRule, ...]:
    """The same without the rules of others."""
    return tuple(rule for rule in rules if rule.key)


def bodies(rules: Sequence[PlacedRule]) -> list[Mapping[str, object]]:
    """The rules as stored objects, numbered in this order."""
    return [{**rule.body, "Priority": number} for number, rule in enumerate(rules)]


def council_inbox_rules(desired: Desired, observed: Observed) -> Iterator[ObservedInboxRule]:
    """Inbox rules in the tenant that carry cases of the council."""
    wanted = {rule.token for rule in desired.inbox if not rule.chosen_by_holder}
    for rules in observed.inbox.values():
        if not isinstance(rules, Unknown):
            yield from (rule for rule in rules if rule.token in wanted)


def standing_mailboxes(desired: Desired, observed: Observed) -> KnownMailboxes:
    """Mailboxes with the council's inbox rules as they are."""
    return simulated_mailboxes(
        (rule.mailbox, rule.properties) for rule in council_inbox_rules(desired, observed)
    )


def planned_mailboxes(desired: Desired) -> KnownMailboxes:
    """Mailboxes with the council's inbox rules as the register wants them."""
    wanted = (rule for rule in desired.inbox if not rule.chosen_by_holder)
    return simulated_mailboxes((rule.mailbox, inbox_properties(rule)) for rule in wanted)


def _standing(plan: Plan, observed: Observed) -> list[PlacedRule]:
    if isinstance(observed.transport, Unknown):
        return []
    by_guid = {rule.guid: rule for rule in observed.transport}
    return [
        PlacedRule(entry.guid, entry.key, by_guid[entry.guid].name, by_guid[entry.guid].raw)
        for entry in plan.difference.line
    ]


def _properties(rules: Sequence[ObservedTransportRule]) -> Mapping[str, Properties]:
    return {rule.guid: rule.properties for rule in rules}


def _without_choices(rules: Iterable[PlacedRule]) -> tuple[PlacedRule, ...]:
    return tuple(rule for rule in rules if not is_choice_key(rule.key))
