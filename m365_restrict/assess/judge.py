"""From rules and entries of lists to what governance is asked to decide. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from m365_restrict.assess.block import (
    Block,
    Explained,
    Named,
    NamedByCases,
    NamedKind,
    Source,
)
from m365_restrict.assess.codes import BlockCode
from m365_restrict.assess.effect import effect_of_rule
from m365_restrict.assess.named import named_in_list, names_in_rule
from m365_restrict.plan.blocking import acts, keeps_away
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.rules.stamp import Stamp, parse_stamp

_LIST_EFFECTS: Mapping[Source, str] = {
    Source.TENANT_LIST: (
        "Mail from it is treated as spam or phishing for the whole council. Staff cannot write to it "
        "either: their message fails for all its recipients. Councillors cannot be exempted."
    ),
    Source.SPAM_POLICY: "Mail from it is treated as spam for everybody in the policy. Nobody is told.",
    Source.MAILBOX: "Mail from it to this mailbox goes to Junk Email.",
}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What blocks are judged by.

    `live` and `pending` give case references by address; `readable` is false where the register could not
    be read. `providers` are domains of mail providers of the public. `ours` are Guids of our own rules.
    """

    now: datetime
    zone: tzinfo
    council_domains: frozenset[str]
    providers: frozenset[str]
    instance_id: str
    ours: frozenset[str] = frozenset()
    live: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pending: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    readable: bool = True


@dataclass(frozen=True, kw_only=True)
class ListEntry:
    """One entry of a block list as it was read. `ends_at` is None for one without end."""

    source: Source
    value: str
    place: str
    ends_at: datetime | None = None
    changed_by: str = ""
    changed_at: datetime | None = None


def blocks_in_rules(rules: Sequence[ObservedTransportRule], ground: Ground) -> Iterator[Block]:
    """One block for each rule of somebody else that names an outsider, in the order of the rules."""
    for rule in rules:
        named = names_in_rule(rule.properties, ground.council_domains)
        if rule.guid not in ground.ours and named:
            yield _rule_block(rule, named, ground)


def blocks_in_lists(entries: Iterable[ListEntry], ground: Ground) -> Iterator[Block]:
    """One block for each entry that names an outsider."""
    for entry in entries:
        named = named_in_list(entry.value, ground.council_domains)
        if named is not None:
            yield _list_block(entry, named, ground)


def _rule_block(rule: ObservedTransportRule, named: Sequence[Named], ground: Ground) -> Block:
    names = tuple(_with_cases(one, ground) for one in named)
    explained = _explained(names, ground)
    expires = rule.properties.get("ExpiryDate")
    return Block(
        source=Source.TRANSPORT_RULE,
        place=f"the transport rule “{rule.name}”",
        rule=rule.name,
        guid=rule.guid,
        names=names,
        effect=effect_of_rule(rule, now=ground.now, zone=ground.zone),
        acts=acts(rule, ground.now),
        ends_at=expires if isinstance(expires, datetime) else None,
        made_by=str(rule.raw.get("CreatedBy") or ""),
        changed_by=rule.changed_by,
        changed_at=rule.changed_at,
        explained=explained,
        code=_rule_code(rule, names, explained, ground),
    )


def _rule_code(
    rule: ObservedTransportRule, names: Sequence[NamedByCases], explained: Explained, ground: Ground
) -> BlockCode:
    stamp = parse_stamp(rule.comments)
    if isinstance(stamp, Stamp) and stamp.instance_id != ground.instance_id:
        return BlockCode.OTHER_INSTALLATION
    if not acts(rule, ground.now):
        return BlockCode.IDLE
    if not keeps_away(rule.properties):
        return BlockCode.MARKS
    return _code_of(names, explained, ground)


def _list_block(entry: ListEntry, named: Named, ground: Ground) -> Block:
    names = (_with_cases(named, ground),)
    explained = _explained(names, ground)
    ended = entry.ends_at is not None and entry.ends_at <= ground.now
    return Block(
        source=entry.source,
        place=entry.place,
        names=names,
        effect="Ended: it does nothing now." if ended else _LIST_EFFECTS[entry.source],
        acts=not ended,
        ends_at=entry.ends_at,
        changed_by=entry.changed_by,
        changed_at=entry.changed_at,
        explained=explained,
        code=BlockCode.IDLE if ended else _code_of(names, explained, ground),
    )


def _code_of(names: Sequence[NamedByCases], explained: Explained, ground: Ground) -> BlockCode:
    domains = {one.value for one in names if one.kind is NamedKind.DOMAIN}
    if domains & ground.providers:
        return BlockCode.PUBLIC_PROVIDER
    if any(one.kind is not NamedKind.ADDRESS for one in names):
        return BlockCode.BROAD
    return BlockCode.EXPLAINED if explained is Explained.YES else BlockCode.UNDECIDED


def _with_cases(named: Named, ground: Ground) -> NamedByCases:
    return NamedByCases(
        value=named.value,
        kind=named.kind,
        direction=named.direction,
        case_refs=ground.live.get(named.value, ()),
        pending_refs=ground.pending.get(named.value, ()),
    )


def _explained(names: Sequence[NamedByCases], ground: Ground) -> Explained:
    if not ground.readable:
        return Explained.UNKNOWN
    with_case = [bool(one.case_refs) for one in names]
    if all(with_case):
        return Explained.YES
    return Explained.PARTLY if any(with_case) else Explained.NO
