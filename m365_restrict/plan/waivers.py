"""Waivers: a difference that somebody accepted as it is, until a day, and that is watched all the same.

A waiver holds the values at which it was given. Where the tenant or the decision moves away from them, or
its day passes, the difference is back (peers.md 5.9): nothing is ever accepted unseen.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from enum import Enum

from m365_restrict.plan.change import (
    Action,
    Applied,
    Change,
    ChangeClass,
    Difference,
    FieldChange,
    Finding,
    RuleKind,
    Waived,
)
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.compare import name_in
from m365_restrict.plan.effects import effect_of
from m365_restrict.plan.opening import only_opens
from m365_restrict.plan.order import ORDER_FIELD
from m365_restrict.rules.naming import long_day
from m365_restrict.rules.observed import ObservedTransportRule, Properties, PropertyValue
from m365_restrict.rules.stamp import plain_value, with_digest

_NAMES = frozenset({"Name", "displayName"})


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One accepted difference. `until` is the last day on which it counts.

    `kind` and `key` name the rule, `finding_key` the finding. `accepted` are the properties that differ,
    with both values. `told` stands for what was found where the plan would write nothing, else "".
    `owner` is a title; `made_by` and `ended_by` are accounts on the computer. `number` is 0 before it is
    recorded.
    """

    finding_key: str
    code: str
    kind: RuleKind
    key: str
    case_reference: str
    rule_name: str
    accepted: tuple[FieldChange, ...]
    told: str
    reason: str
    owner: str
    made_by: str
    since: datetime
    until: date
    run_id: str
    ended_by: str = ""
    ended_at: datetime | None = None
    number: int = 0

    @property
    def about(self) -> tuple[str, ...]:
        """What it is about: a rule of ours, whatever the code of the finding, or one finding."""
        return (self.finding_key,) if self.told else (self.kind.value, self.key)

    def stands_on(self, today: date) -> bool:
        """Whether it counts on a day."""
        return self.ended_at is None and today <= self.until

    @property
    def mark(self) -> Waived:
        """What a change or a finding says of it."""
        return Waived(number=self.number, owner=self.owner, reason=self.reason, until=self.until)


class _Verdict(Enum):
    """How a waiver and what is found now agree."""

    FITS = "fits"
    MOVED = "moved"
    RESTORED = "restored"


@dataclass(frozen=True, kw_only=True)
class WaiverGround:
    """What waivers are judged by. `waivers` are those that nobody has ended, at most one about each thing.

    `rules` are other people's transport rules and ours by name, in lower case. `zone` is the council's.
    """

    waivers: Sequence[Waiver]
    applied: Sequence[Applied]
    today: date
    zone: tzinfo = UTC
    rules: Mapping[str, ObservedTransportRule] = field(default_factory=dict)

    def about(self, *names: str) -> Waiver | None:
        """The waiver about a rule or about a finding."""
        return next((one for one in self.waivers if one.about == names), None)

    def applied_as(self, change: Change) -> Properties | None:
        """The form in which the ledger knows the rule of a change."""
        known = (one for one in self.applied if (one.kind, one.key) == (change.kind, change.key))
        return next((one.properties for one in known), None)


def without_waived(difference: Difference, ground: WaiverGround) -> Difference:
    """The difference without what is accepted, which is listed in `waived` instead.

    Where the register has moved in other properties of the same rule, these are still written.
    """
    changes: list[Change] = []
    waived: list[Change] = []
    for change in difference.changes:
        waiver = ground.about(change.kind.value, change.key)
        fits = waiver is not None and waiver.stands_on(ground.today)
        if waiver is None or not fits or _verdict(change, waiver, ground) is not _Verdict.FITS:
            changes.append(change)
            continue
        mine = _accepted_names(waiver)
        accepted = tuple(one for one in change.fields if one.field in mine)
        waived.append(replace(change, fields=accepted, opens=False, opening=None, waived=waiver.mark))
        changes += _rest(change, mine, ground.zone)
    return replace(difference, changes=tuple(changes), waived=tuple(waived))


def told_of_waivers(
    findings: Iterable[Finding], difference: Difference, ground: WaiverGround
) -> Iterator[Finding]:
    """The findings, each as accepted where a waiver fits it, or as back again where one no longer does."""
    changes = {(change.kind, change.key): change for change in difference.changes}
    for finding in findings:
        change = changes.get((finding.kind, finding.key))
        if finding.waived is not None:
            waiver = ground.about(finding.kind.value, finding.key)
            yield replace(finding, identity=waiver.finding_key) if waiver else finding
        elif change is not None and finding.code in _OF_CHANGES:
            yield _told_of_change(finding, change, ground)
        else:
            yield _told_of_finding(finding, ground)


_OF_CHANGES = frozenset(
    {
        FindingCode.RULE_PENDING,
        FindingCode.RULE_DRIFTED,
        FindingCode.RULE_CHANGED_TWICE,
        FindingCode.RULE_MISSING,
        FindingCode.RULE_ORPHANED,
    }
)


def is_of_change(finding: Finding) -> bool:
    """Whether the finding says that the plan would write a rule of ours."""
    return _first_code(finding) in {code.value for code in _OF_CHANGES}


def _first_code(finding: Finding) -> str:
    """The code that it had before a waiver ended or no longer fitted."""
    return finding.known_by.partition("|")[0]


def told_by(finding: Finding, rules: Mapping[str, ObservedTransportRule]) -> str:
    """16 hex digits that stand for what a finding says: its properties, else the whole rule that it names."""
    rule = rules.get(finding.rule.casefold())
    content: object
    if finding.fields:
        content = [[one.field, _plain(one.observed), _plain(one.desired)] for one in finding.fields]
    elif rule is not None:
        content = {name: _plain(value) for name, value in rule.all_properties.items()}
    else:
        content = finding.message
    text = json.dumps([_first_code(finding), finding.severity.value, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: PropertyValue | None) -> object:
    return None if value is None else plain_value(value)


def _told_of_change(finding: Finding, change: Change, ground: WaiverGround) -> Finding:
    waiver = ground.about(change.kind.value, change.key)
    if waiver is None:
        return finding
    verdict = _verdict(change, waiver, ground)
    if waiver.stands_on(ground.today):
        return _moved(finding, waiver, change) if verdict is _Verdict.MOVED else finding
    return _ended(finding, waiver) if verdict is _Verdict.FITS else finding


def _told_of_finding(finding: Finding, ground: WaiverGround) -> Finding:
    waiver = ground.about(finding.known_by)
    if waiver is None:
        return finding
    same = waiver.told == told_by(finding, ground.rules)
    if waiver.stands_on(ground.today):
        return replace(finding, waived=waiver.mark) if same else _moved(finding, waiver, None)
    return _ended(finding, waiver) if same else finding


def _ended(finding: Finding, waiver: Waiver) -> Finding:
    code = FindingCode.WAIVER_ENDED
    text = f"Waiver {waiver.number} ({waiver.owner}) ended on {long_day(waiver.until)}."
    return replace(finding, code=code, message=f"{text} {finding.message}", identity=waiver.finding_key)


def _moved(finding: Finding, waiver: Waiver, change: Change | None) -> Finding:
    code = FindingCode.WAIVER_NO_LONGER_FITS
    what = _what_moved(change, waiver) if change else "what it was given for is not what stands now"
    text = f"Waiver {waiver.number} ({waiver.owner}) no longer fits: {what}."
    return replace(finding, code=code, message=f"{text} {finding.message}", identity=waiver.finding_key)


def _what_moved(change: Change, waiver: Waiver) -> str:
    """Which properties are not as they were when the waiver was given; no values, which the fields show."""
    accepted = {one.field: one for one in waiver.accepted}
    if _is_missing(waiver) is not (change.action is Action.CREATE):
        return "the rule is there again" if _is_missing(waiver) else "the rule is gone"
    moved = [one.field for one in change.fields if _differs(one, accepted.get(one.field))]
    return f"changed since it was given: {', '.join(moved)}"


def _verdict(change: Change, waiver: Waiver, ground: WaiverGround) -> _Verdict:
    """Whether what was accepted stands as it was accepted, for the same decision, and nobody edited more."""
    accepted = {one.field: one for one in waiver.accepted}
    if change.action is Action.DELETE:
        return _Verdict.RESTORED  # Nobody wants the rule any more; the waiver has nothing to say.
    if _is_missing(waiver) is not (change.action is Action.CREATE):
        return _Verdict.MOVED
    again = [one for one in change.fields if one.field in accepted]
    if not again:
        return _Verdict.RESTORED
    more = [one for one in change.fields if one.field not in accepted]
    if any(_differs(one, accepted[one.field]) for one in again) or _edited(change, more, ground):
        return _Verdict.MOVED
    return _Verdict.FITS


def _edited(change: Change, more: Iterable[FieldChange], ground: WaiverGround) -> bool:
    """Whether somebody in the tenant, and not the register, made one of the other differences."""
    known = ground.applied_as(change)
    return any(known is None or one.observed != known.get(one.field) for one in more)


def _differs(now: FieldChange, then: FieldChange | None) -> bool:
    # The number of a place says nothing: other rules come and go.
    return then is None or (now != then and now.field != ORDER_FIELD)


def _is_missing(waiver: Waiver) -> bool:
    return any(one.field in _NAMES and one.observed is None for one in waiver.accepted)


def _accepted_names(waiver: Waiver) -> frozenset[str]:
    return frozenset(one.field for one in waiver.accepted)


def _rest(change: Change, accepted: frozenset[str], zone: tzinfo) -> Iterator[Change]:
    """What the register has moved beside an accepted difference, which stays as it is in the tenant."""
    fields = tuple(one for one in change.fields if one.field not in accepted)
    if not fields or change.target is None or change.observed is None:
        return
    kept = change.observed.properties
    target = {name: value for name, value in change.target.items() if name not in accepted}
    target |= {name: kept[name] for name in accepted if name in kept}
    if "Comments" in target:
        target["Comments"] = with_digest(str(target["Comments"]), target)
    moves = any(one.field == ORDER_FIELD for one in fields)
    opens = change.opens or (not moves and only_opens(kept, target))
    effect = effect_of(
        change.action,
        change.kind,
        case_reference=change.case_reference,
        chosen_by_holder=change.chosen_by_holder,
        target=target,
        zone=zone,
    )
    yield replace(
        change,
        name=name_in(target),
        change_class=ChangeClass.PENDING,
        fields=fields,
        target=target,
        opens=opens,
        opening=None if opens else change.opening,
        effect=effect,
    )
