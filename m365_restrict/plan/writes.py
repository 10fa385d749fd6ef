"""What is sent for a change. The sender condition is always in it; that is checked here once more."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from m365_restrict.plan.change import Action, Applied, Change, ObservedRule, RuleKind
from m365_restrict.plan.compare import name_in
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.parameters import Parameters, message_rule_body, new_parameters, set_parameters
from m365_restrict.rules.properties import INBOX_FOLDER


def cmdlet_parameters(change: Change) -> Parameters:
    """Parameters of New- or Set-TransportRule for a change, without its Identity.

    A new rule is disabled. Raises ValueError for any other change, UnwritableRule without a sender condition.
    """
    if change.kind is not RuleKind.TRANSPORT_RULE or change.target is None:
        raise ValueError("this change is not a write of a transport rule")
    if change.action is Action.CREATE:
        parameters = new_parameters(change.target)
    elif change.observed is not None:
        parameters = set_parameters(change.target, change.observed.properties)
    else:
        raise ValueError("an update needs the rule as it was observed")
    return parameters if change.priority is None else {**parameters, "Priority": change.priority}


def message_rule(
    change: Change,
    *,
    folders: Mapping[str, str],
    sequence: int = 1,
    cleared: Properties = MappingProxyType({}),
) -> Parameters:
    """The whole messageRule for a change. `folders` maps folder names to ids of that mailbox.

    `cleared` are members of the rule that are to be emptied by name. Raises ValueError for any other change,
    UnwritableRule without senders or with an unknown folder.
    """
    if change.kind is not RuleKind.INBOX_RULE or change.target is None:
        raise ValueError("this change is not a write of an inbox rule")
    return message_rule_body(change.target, folders=folders, sequence=sequence, cleared=cleared)


def identifier_of(rule: ObservedRule) -> str:
    """The service's own identifier of a rule."""
    return rule.guid if isinstance(rule, ObservedTransportRule) else rule.rule_id


def applied_from(change: Change, rule: ObservedRule) -> Applied:
    """What the ledger is to remember once a rule was written and read back as `rule`."""
    return Applied(
        key=change.key,
        kind=change.kind,
        guid_or_rule_id=identifier_of(rule),
        mailbox=change.mailbox,
        case_reference=change.case_reference,
        name=name_in(rule.properties),
        properties=rule.properties,
        chosen_by_holder=change.chosen_by_holder,
        saved=change.saved,
        item_id=change.item_id,
        spellings={} if isinstance(rule, ObservedTransportRule) else rule.spellings,
    )


def without_kept_edits(applied: Applied, change: Change, last: Applied | None) -> Applied:
    """The same without edits of other people that an opening left in place: `last` says what was there.

    What only opens changes nothing else of a rule (`opening.opened`), and so decides nothing else.
    """
    before = change.observed.properties if change.observed else {}
    own_choice = change.chosen_by_holder and change.kind is RuleKind.INBOX_RULE
    if last is None or own_choice:
        return applied
    written = {one.field for one in change.fields} | {"Comments"}
    found = dict(applied.properties)
    for name in {*before, *last.properties} - written:
        if found.get(name) != before.get(name):
            continue
        if name in last.properties:
            found[name] = last.properties[name]
        else:
            found.pop(name, None)
    return replace(applied, properties=found)


def needs_folder(change: Change, missing: frozenset[tuple[str, str]]) -> bool:
    """Whether a councillor's rule moves mail to one of these (mailbox, folder) pairs."""
    folder = (change.target or {}).get(INBOX_FOLDER)
    chosen = change.kind is RuleKind.INBOX_RULE and change.chosen_by_holder
    return chosen and (change.mailbox, folder) in missing
