"""What stands on a rule of ours and is told rather than written: nothing is healed by guessing.

A property that this program does not know, or that no Set can clear (exchange.md 2.5, 7.1 row 22), is left
as it is. So is a recipient that the service shows by another name than its address (row 15, graph.md 1.6).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from m365_restrict.plan.change import ChangeClass, FieldChange, Finding, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.compare import name_in
from m365_restrict.plan.settle import Trio
from m365_restrict.rules.observed import ObservedTransportRule, Properties, PropertyValue
from m365_restrict.rules.properties import INBOX_SENDERS
from m365_restrict.rules.service_properties import KINDS, ValueKind

_DOMAINS = ("SenderDomainIs", "RecipientDomainIs")
_RECIPIENTS = frozenset(
    {name for name, kind in KINDS.items() if kind is ValueKind.ADDRESSES and not name.endswith(_DOMAINS)}
    | {INBOX_SENDERS}
)
_FEWEST = 2


def common_to_all(rules: Sequence[ObservedTransportRule]) -> Properties:
    """What stands alike on every rule of the organisation: the service's own novelty, nobody's edit."""
    if len(rules) < _FEWEST:
        return {}
    first, *others = rules
    return {
        name: value
        for name, value in first.out_of_reach.items()
        if all(rule.out_of_reach.get(name) == value for rule in others)
    }


def novelties(common: Properties) -> Iterator[Finding]:
    """One quiet finding for each property that the service shows on every rule and that we do not know."""
    for name, value in common.items():
        yield Finding(
            code=FindingCode.UNKNOWN_PROPERTY,
            change_class=ChangeClass.UNKNOWN,
            severity=Severity.LOW,
            message=f"Exchange shows the property {name} on every rule, and this version does not know it.",
            key=f"every rule/{name}",
            fields=(FieldChange(name, value, None),),
        )


def told_of(trio: Trio, common: Properties) -> Iterator[Finding]:
    """What is said of one transport rule of ours beside its changes. `common` is left out."""
    rule = trio.observed
    if not isinstance(rule, ObservedTransportRule):
        return
    unknown = {name: value for name, value in rule.out_of_reach.items() if common.get(name) != value}
    for code, drifted, properties in (
        (FindingCode.UNKNOWN_PROPERTY, True, unknown),
        (FindingCode.RULE_MARKED, False, rule.marks),
    ):
        if properties:
            yield Finding(
                code=code,
                change_class=ChangeClass.DRIFTED if drifted else ChangeClass.FOREIGN_EFFECT,
                severity=Severity.HIGH if drifted else Severity.LOW,
                message=f"{code.meaning} It is {', '.join(sorted(properties))}.",
                case_reference=trio.case_reference,
                mailbox=trio.mailbox,
                rule=rule.name,
                key=trio.key,
                chosen_by_holder=trio.chosen,
                fields=_fields(properties),
                changed_by=rule.changed_by,
                changed_at=rule.changed_at,
            )


def _fields(properties: Mapping[str, PropertyValue]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(name, properties[name], None) for name in sorted(properties))


def with_addresses(trio: Trio) -> tuple[Trio, tuple[FieldChange, ...]]:
    """The trio with the address in place of each recipient shown by name, and the fields where that was so.

    A name stands for whom the rule was last written with: what is wanted may have changed since. Only
    where as many of those are missing as names stand there: else it is a difference.
    """
    rule = trio.observed
    if rule is None:
        return trio, ()
    resolved: dict[str, PropertyValue] = {}
    fields: list[FieldChange] = []
    for name in sorted(_RECIPIENTS & rule.properties.keys()):
        found = rule.properties[name]
        if not isinstance(found, tuple):
            continue
        nameless = {one for one in found if "@" not in one}
        expected = _last_written(trio, name) if nameless else None
        if expected is None:
            continue
        if trio.applied is not None and name in trio.applied.spellings:
            continue  # By which name the right one is shown is known, so that another name is another.
        missing = set(expected) - set(found)
        if len(nameless) == len(missing):
            resolved[name] = tuple(sorted((set(found) - nameless) | missing))
            fields.append(FieldChange(name, found, expected))
    if not fields:
        return trio, ()
    properties = {**rule.properties, **resolved}
    return replace(trio, observed=replace(rule, properties=properties)), tuple(fields)


def _last_written(trio: Trio, name: str) -> tuple[str, ...] | None:
    """The addresses that the ledger remembers, else those wanted. It may remember a name as it came back."""
    for known in (trio.applied, trio.wanted):
        value = known.properties.get(name) if known else None
        if isinstance(value, tuple) and all("@" in one for one in value):
            return value
    return None


def by_name(trio: Trio, fields: tuple[FieldChange, ...]) -> Finding:
    """The finding for recipients that cannot be compared. They are not written again by themselves."""
    rule, chosen = trio.observed, trio.chosen
    return Finding(
        code=FindingCode.RECIPIENT_BY_NAME,
        change_class=ChangeClass.HOLDERS_CHOICE if chosen else ChangeClass.DRIFTED,
        severity=Severity.LOW if chosen else Severity.MEDIUM,
        message=f"{FindingCode.RECIPIENT_BY_NAME.meaning} See {', '.join(one.field for one in fields)}.",
        case_reference=trio.case_reference,
        mailbox=trio.mailbox,
        rule=name_in(rule.properties) if rule else "",
        key=trio.key,
        kind=trio.kind,
        chosen_by_holder=chosen,
        fields=fields,
    )


def stopped_above(trio: Trio) -> Finding:
    """The finding for an inbox rule of ours that a rule of the owner's keeps from running.

    A councillor who orders their own rules so is respected.
    """
    return Finding(
        code=FindingCode.RULE_STOPPED_ABOVE,
        change_class=ChangeClass.HOLDERS_CHOICE if trio.chosen else ChangeClass.FOREIGN_EFFECT,
        severity=Severity.LOW if trio.chosen else Severity.MEDIUM,
        message=FindingCode.RULE_STOPPED_ABOVE.meaning,
        case_reference=trio.case_reference,
        mailbox=trio.mailbox,
        rule=name_in(trio.observed.properties) if trio.observed else "",
        key=trio.key,
        kind=trio.kind,
        chosen_by_holder=trio.chosen,
    )
