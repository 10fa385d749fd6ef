"""Two views of the same transport rules held against each other: the admin endpoint's and a snapshot's.

The snapshot knows rules by name alone and tells no time of change (graph.md 6.2), so what was changed since
it was asked for is not compared. Only properties that both show are; whether people are shown by address or
by name is unknown, so a list without addresses is not compared either.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import ObservedTransportRule, PropertyValue
from m365_restrict.rules.service_properties import DEFAULTS, KINDS, ValueKind

LACKING = "(the whole rule)"
"""In place of properties, where one view does not show the rule at all."""

_PEOPLE = frozenset({ValueKind.ADDRESSES, ValueKind.ADDRESS})
# Exchange rewrites these by itself, or the two views spell them differently.
_NOT_COMPARED = frozenset({"Name", "Priority", "State", "ActivationDate", "ExpiryDate"})


@dataclass(frozen=True, kw_only=True)
class RuleDisagreement:
    """One rule on which the views differ, and the names of the properties: values are read in the tenant."""

    name: str
    fields: tuple[str, ...]


def disagreements(
    observed: Iterable[ObservedTransportRule],
    shown: Mapping[str, Mapping[str, object]],
    *,
    before: datetime,
) -> tuple[RuleDisagreement, ...]:
    """The rules, last changed `before`, on which both views differ; `shown` is by the rule's name.

    A rule that the snapshot alone shows is none of these: it may have been removed since.
    """
    by_name = {name.casefold(): properties for name, properties in shown.items()}
    found = []
    for rule in observed:
        if is_newer(rule, before):
            continue
        other = by_name.get(rule.name.casefold())
        fields = (LACKING,) if other is None else tuple(_differing(rule, other))
        if fields:
            found.append(RuleDisagreement(name=rule.name, fields=fields))
    return tuple(found)


def shows_nothing(
    observed: Iterable[ObservedTransportRule], shown: Collection[object], *, before: datetime
) -> bool:
    """Whether a snapshot shows no rule although there was one `before`: whoever made it saw none."""
    return not shown and any(not is_newer(rule, before) for rule in observed)


def is_newer(rule: ObservedTransportRule, before: datetime) -> bool:
    """Whether a rule may have been changed too late for a snapshot to show it: then it says nothing of it."""
    return rule.changed_at is None or rule.changed_at >= before


def standing(
    remembered: Sequence[RuleDisagreement], observed: Iterable[ObservedTransportRule], *, before: datetime
) -> tuple[RuleDisagreement, ...]:
    """Of the disagreements of a snapshot those whose rule was not changed since."""
    unchanged = {rule.name.casefold() for rule in observed if not is_newer(rule, before)}
    return tuple(one for one in remembered if one.name.casefold() in unchanged)


def _differing(rule: ObservedTransportRule, shown: Mapping[str, object]) -> Iterator[str]:
    if isinstance(shown.get("Enabled"), bool) and shown["Enabled"] is not rule.enabled:
        yield "State"
    compared = {name: shown[name] for name in sorted(KINDS.keys() & shown.keys() - _NOT_COMPARED)}
    other = observe_transport_rule(compared)
    for name in compared:
        ours, theirs = rule.properties.get(name), other.properties.get(name)
        if _plain(ours, name) != _plain(theirs, name) and not _is_by_name(name, theirs):
            yield name


def _plain(value: PropertyValue | None, name: str) -> object:
    if value is None:
        return DEFAULTS.get(name)
    if isinstance(value, tuple):
        return tuple(sorted(str(one).casefold() for one in value))
    return value.casefold() if isinstance(value, str) else value


def _is_by_name(name: str, value: PropertyValue | None) -> bool:
    """Whether people are shown by something that is no address."""
    if KINDS[name] not in _PEOPLE or value is None:
        return False
    return not all("@" in str(one) for one in (value if isinstance(value, tuple) else (value,)))
