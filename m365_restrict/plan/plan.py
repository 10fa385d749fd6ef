"""A plan: the changes in writing order, what guards hold back, and an id that stands for exactly this."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import (
    Action,
    Change,
    Difference,
    GuardVerdict,
    Observed,
    ObservedRule,
    Plan,
)
from m365_restrict.plan.order import in_writing_order, placed
from m365_restrict.plan.place import Place
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.stamp import plain_value


def build_plan(
    difference: Difference,
    *,
    guards: Sequence[GuardVerdict],
    observed: Observed,
    source_version: str,
    place: Place,
) -> Plan:
    """Hold back what a guard forbids, order and place the rest, and name the result.

    A held change stays in the plan, marked, with its opening part beside it as a change of its own.
    """
    held = [entry for change in difference.changes for entry in _held_back(change, guards)]
    ordered = in_writing_order(held, difference.orders)
    changes = placed(ordered, difference.line, difference.orders, place)
    return Plan(
        plan_id=_plan_id(changes, observed, source_version),
        changes=changes,
        guards=tuple(guards),
        difference=difference,
    )


def _held_back(change: Change, guards: Sequence[GuardVerdict]) -> Iterable[Change]:
    if change.opens or not guards:
        return (change,)
    held = replace(change, held_by=guards[0].code.value)
    if change.opening and change.opening.action is change.action is Action.DELETE:
        return (change.opening,)
    return (change.opening, held) if change.opening else (held,)


def _plan_id(changes: Sequence[Change], observed: Observed, source_version: str) -> str:
    """16 hex digits over the changes, the register's version and what the tenant holds of ours."""
    content = {
        "changes": [_plain_change(change) for change in changes],
        "observed": _plain_observed(observed, {change.key: change.observed for change in changes}),
        "source": source_version,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain_change(change: Change) -> list[object]:
    return [
        change.action.value,
        change.kind.value,
        change.key,
        change.mailbox,
        change.priority,
        change.held_by,
        change.saved,
        None if change.target is None else _plain(change.target),
    ]


def _plain_observed(observed: Observed, changed: Mapping[str, ObservedRule | None]) -> dict[str, object]:
    """The form in which the rules to be changed were seen, and what could not be seen."""
    return {
        "rules": {key: [_identity(rule), _plain(rule.properties)] for key, rule in changed.items() if rule},
        "unread": [
            isinstance(observed.transport, Unknown),
            sorted(box for box, rules in observed.inbox.items() if isinstance(rules, Unknown)),
        ],
    }


def _identity(rule: ObservedRule) -> str:
    return rule.guid if isinstance(rule, ObservedTransportRule) else rule.rule_id


def _plain(properties: Properties) -> dict[str, object]:
    return {name: plain_value(value) for name, value in properties.items()}
