"""Other people's rules that keep an outside individual's mail from the council without a live decision.

The untold, endless blocks of policy.md 3 (F2, F22) were such rules. They are reported and never touched.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from m365_restrict.outcome import Unknown
from m365_restrict.plan.blocking import KEEPS_AWAY, acts, keeps_away, names_senders
from m365_restrict.plan.change import ChangeClass, Difference, Finding, Observed, Severity
from m365_restrict.plan.codes import FindingCode
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.patterns import addresses_in
from m365_restrict.rules.stamp import parse_stamp


def undecided_rules(
    difference: Difference,
    observed: Observed,
    *,
    decided: frozenset[str],
    council_domains: frozenset[str],
    now: datetime,
) -> Iterator[Finding]:
    """One finding for each acting foreign rule that names an address no live case names.

    `decided` are the addresses of all live cases. The finding counts the addresses and shows none.
    """
    if isinstance(observed.transport, Unknown):
        return
    ours = {entry.guid for entry in difference.line if entry.key}
    disowned = {one.key for one in difference.findings if one.code is FindingCode.DISOWNED}
    for rule in observed.transport:
        # A rule with a stamp is judged by its owner: ours in the difference, others' not at all.
        has_owner = parse_stamp(rule.comments) is not None and rule.guid not in disowned
        if rule.guid in ours or has_owner or not _blocks(rule, now):
            continue
        outside = [one for one in named_addresses(rule.properties) if _domain(one) not in council_domains]
        without = [one for one in outside if one not in decided]
        if without:
            yield _finding(rule, without)


def named_addresses(properties: Properties) -> tuple[str, ...]:
    """The whole e-mail addresses that a rule's sender conditions name, plainly or in a pattern."""
    found: list[str] = []
    for name, values in properties.items():
        if not isinstance(values, tuple) or not names_senders(name, properties):
            continue
        for value in values:
            found += addresses_in(value)
    return tuple(dict.fromkeys(found))


def _blocks(rule: ObservedTransportRule, now: datetime) -> bool:
    return acts(rule, now) and keeps_away(rule.properties)


def _only_junks(properties: Properties) -> bool:
    """Whether the mail still reaches whom it was written to: it may be a rule against spam like any other."""
    return KEEPS_AWAY.isdisjoint(properties)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _finding(rule: ObservedTransportRule, without: Sequence[str]) -> Finding:
    count = "1 outside address" if len(without) == 1 else f"{len(without)} outside addresses"
    return Finding(
        code=FindingCode.RULE_UNDECIDED,
        change_class=ChangeClass.ORPHAN,
        severity=Severity.HIGH if _only_junks(rule.properties) else Severity.CRITICAL,
        message=f"{FindingCode.RULE_UNDECIDED.meaning} It names {count} without a live case.",
        rule=rule.name,
        key=rule.guid,
        changed_by=rule.changed_by,
        changed_at=rule.changed_at,
    )
