"""What still names an ended case's addresses, here or elsewhere; nothing left is what closes it.

A case is closed only once a run has proved that (policy.md 2, rule (c)). What could not be read proves
nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from m365_restrict.ledger.lives import LifeRecord
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.policy.life import Audience, CaseFile, Task, TaskKind, Telling, Urgency
from m365_restrict.register.address import domain_of, read_address_lines
from m365_restrict.register.evidence import ApprovalEvidence
from m365_restrict.register.item import ListItem
from m365_restrict.register.values import as_lines, as_text, values_from_json
from m365_restrict.report.said import Said
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.stamp import Stamp, parse_stamp
from m365_restrict.tenant.block_lists import BlockLists

_NOT_CONDITIONS = ("ExceptIf", "Name", "Comments")


@dataclass(frozen=True, kw_only=True)
class Searched:
    """Where was looked. `transport` is Unknown where the rules could not be read.

    `unseen` are transport rules of ours that the ledger knows of and that there is no right to read.
    """

    transport: tuple[ObservedTransportRule, ...] | Unknown
    applied: Sequence[Applied]
    blocks: BlockLists
    now: datetime
    unseen: Sequence[Applied] = ()

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """Everything that could not be read."""
        rules = (self.transport,) if isinstance(self.transport, Unknown) else ()
        return (*rules, *self.blocks.unknown)


@dataclass(frozen=True)
class Traces:
    """What names the addresses: rules of ours for this case, and everything that somebody else set up."""

    ours: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is left."""
        return bool(self.ours or self.elsewhere)


def addresses_of(item: ListItem, evidence: Mapping[tuple[str, str], ApprovalEvidence]) -> frozenset[str]:
    """Every address that the case ever held, in any version or in any approval."""
    texts = [
        as_text(fields.get("Addresses", ""))
        for fields in (item.fields, *(one.fields for one in item.versions))
    ]
    for (item_id, _), one in evidence.items():
        if item_id == item.item_id:
            texts.append("\n".join(as_lines(values_from_json(one.values_json).get("Addresses", ()))))
    return frozenset(address for text in texts for address in read_address_lines(text)[0])


def traces_of(case_ref: str, addresses: frozenset[str], searched: Searched) -> Traces:
    """What still names the case or one of its addresses, in places named for people."""
    applied = {one.guid_or_rule_id: one for one in searched.applied if one.kind is RuleKind.TRANSPORT_RULE}
    ours = [
        Said("an inbox rule of this case")
        for one in searched.applied
        if one.kind is RuleKind.INBOX_RULE and one.case_reference == case_ref and not one.chosen_by_holder
    ]
    ours += [_transport_rule(one.name) for one in searched.unseen if one.case_reference == case_ref]
    elsewhere: list[Said] = []
    rules = () if isinstance(searched.transport, Unknown) else searched.transport
    for rule in rules:
        owner = _case_of(rule, applied)
        if owner == case_ref:
            ours.append(_transport_rule(rule.name))
        elif owner is None and _acts(rule, searched.now) and _names(rule.properties, addresses):
            elsewhere.append(_transport_rule(_without(rule.name, addresses)))
    elsewhere += _blocked(addresses, searched.blocks)
    return Traces(tuple(dict.fromkeys(ours)), tuple(dict.fromkeys(elsewhere)))


def _transport_rule(name: str) -> Said:
    return Said("the transport rule “%(rule)s”", rule=name)


def _case_of(rule: ObservedTransportRule, applied: Mapping[str, Applied]) -> str | None:
    """The case that a rule of ours is for; None where it is not ours."""
    known = applied.get(rule.guid)
    if known:
        return known.case_reference
    stamp = parse_stamp(rule.comments)
    return stamp.case_reference if isinstance(stamp, Stamp) else None


def _acts(rule: ObservedTransportRule, now: datetime) -> bool:
    expiry = rule.properties.get("ExpiryDate")
    return rule.enabled and not (isinstance(expiry, datetime) and expiry <= now)


def _names(properties: Properties, addresses: frozenset[str]) -> bool:
    """Whether a condition or action names one of the addresses, as itself or within a pattern.

    A rule about a whole domain names nobody.
    """
    for name, value in properties.items():
        if name.startswith(_NOT_CONDITIONS):
            continue
        texts = value if isinstance(value, tuple) else (value,)
        written = "\n".join(str(text).replace("\\", "") for text in texts)
        if any(_whole(address).search(written) for address in addresses):
            return True
    return False


def _without(name: str, addresses: frozenset[str]) -> str:
    """A rule's name for documents and mails, which name no person's address (policy.md 3, F19)."""
    for address in addresses:
        name = _whole(address).sub("(its address)", name)
    return name


def _whole(address: str) -> re.Pattern[str]:
    """The address by itself: not the end of a longer one, nor its beginning."""
    return re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", re.IGNORECASE)


def _blocked(addresses: Iterable[str], blocks: BlockLists) -> Iterator[Said]:
    wanted = {*addresses, *(domain_of(address) for address in addresses)}
    for entry in blocks.entries:
        if entry.value.removeprefix("@") in wanted:
            yield Said(entry.place)


def ended_on(case: CaseFile, known: LifeRecord | None, today: date, saved: date | None) -> date | None:
    """The last day of effect of a case that the register has opened; None where it has not ended.

    By status it is the day of that save; else the end that was last approved, or the one on the item.
    """
    if case.opened is None:
        return None
    if known and known.ended_on:
        return known.ended_on
    if case.opened.by_status is not None:
        return min(saved or today, today)
    named = case.item.fields.get("EndsOn")
    end = (known.ends_on if known else None) or (named if isinstance(named, date) else today)
    return min(end, today)


def life_after(
    case: CaseFile, known: LifeRecord | None, traces: Traces, *, readable: bool, today: date, run_id: str
) -> LifeRecord:
    """What the ledger is to remember of the case now. Closing is proven once and then stands."""
    life = known or LifeRecord(item_id=case.item.item_id, case_reference=case.case_ref)
    if case.accepted:
        end = case.accepted.case.protected.ends_on
        return LifeRecord(item_id=case.item.item_id, case_reference=case.case_ref, ends_on=end)
    if case.opened is None:
        return life
    life = replace(life, case_reference=case.case_ref, ended_on=case.ended_on)
    if life.closed_on is None and readable and not traces.any:
        return replace(life, closed_on=today, closed_run=run_id)
    return life


def leftover_tasks(case: CaseFile, traces: Traces) -> Iterator[Task]:
    """What somebody must clear away: blocks elsewhere for any case, rules of ours for one that has ended."""
    ended = case.opened is not None
    if ended and traces.ours:
        yield _task(TaskKind.STILL_IN_RULES, case, traces.ours, None)
    if traces.elsewhere:
        key = ",".join(sorted(traces.elsewhere))
        audiences = (Audience.OWNER, Audience.MONITORING_OFFICER)
        telling = Telling(sha256(key.encode()).hexdigest()[:12], audiences) if ended else None
        yield _task(TaskKind.BLOCKED_ELSEWHERE, case, traces.elsewhere, telling)


def _task(kind: TaskKind, case: CaseFile, places: tuple[str, ...], telling: Telling | None) -> Task:
    return Task(
        kind=kind,
        case_ref=case.case_ref,
        item_id=case.item.item_id,
        urgency=Urgency.OVERDUE,
        due_on=case.ended_on,
        facts={"places": places},
        telling=telling,
    )
