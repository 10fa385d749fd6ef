"""A decision that moves to another rule of its case takes the standing rule with it (design.md 2.8).

A wider or narrower scope gives a rule another key. Set on the same Guid leaves no gap, however long
the service takes to obey: either the old form of the rule acts or the new one. Making one rule and
removing another would leave it to chance which of the two is heard of first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.plan.renamed import Renamed
from m365_restrict.rules.compilation import Desired
from m365_restrict.rules.properties import senders_of, transport_properties
from m365_restrict.rules.transport_rule import TransportRule


def followed(
    applied: Sequence[Applied], names: Renamed, desired: Desired
) -> tuple[tuple[Applied, ...], Renamed]:
    """What was last applied, and what the ledger is to call it, after `inherited`."""
    keys = inherited(applied, desired)
    rules = {held: _under(keys, one) for held, one in names.rules.items()}
    return tuple(_under(keys, one) for one in applied), replace(names, rules=rules)


def inherited(applied: Sequence[Applied], desired: Desired) -> Mapping[str, str]:
    """By key of a rule that is no longer wanted, the key of the wanted rule whose place it takes.

    Only rules of the same case that name some of the same senders follow each other; councillors' rules
    keep their keys.
    """
    wanted = {rule.key for rule in desired.transport}
    held = {one.key for one in applied}
    vacant: dict[str, list[TransportRule]] = {}
    for rule in desired.transport:
        if rule.key not in held and not rule.holder:
            vacant.setdefault(rule.case_reference, []).append(rule)
    result: dict[str, str] = {}
    # By key, since two rules may share as many senders with one heir, and a ledger has no order.
    for one in sorted(applied, key=lambda entry: entry.key):
        if one.kind is not RuleKind.TRANSPORT_RULE or one.key in wanted or one.chosen_by_holder:
            continue
        heir = _heir(one, vacant.get(one.case_reference, ()))
        if heir is not None:
            vacant[one.case_reference].remove(heir)
            result[one.key] = heir.key
    return result


def _heir(rule: Applied, vacant: Iterable[TransportRule]) -> TransportRule | None:
    """The vacant rule that names the most of the same senders."""
    mine = set(senders_of(rule.properties))
    shared = [(len(mine & set(senders_of(transport_properties(one)))), one) for one in vacant]
    best = max(shared, key=lambda entry: entry[0], default=None)
    return best[1] if best and best[0] else None


def _under(keys: Mapping[str, str], rule: Applied) -> Applied:
    return replace(rule, key=keys[rule.key]) if rule.key in keys else rule
