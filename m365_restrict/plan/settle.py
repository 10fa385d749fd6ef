"""What follows for one rule of ours from desired, observed and last applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import (
    Applied,
    Change,
    ChangeClass,
    Finding,
    ObservedRule,
    RuleKind,
    Severity,
)
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.compare import class_of, creation, deletion, name_in, opening_part, update
from m365_restrict.plan.wanted import DifferenceInput, Wanted, WantedRules
from m365_restrict.rules.choice_rules import choice_key, is_choice_key
from m365_restrict.rules.codes import RuleCode
from m365_restrict.rules.observed import ObservedTransportRule
from m365_restrict.rules.properties import senders_of, sorted_values

_SCOPES = ("SentTo", "SentToMemberOf")


@dataclass
class Gathered:
    """What a difference gathers while it looks at one rule after the other."""

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    takeovers: list[Applied] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    holder_ended: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Trio:
    """One rule of ours seen from three sides."""

    key: str
    kind: RuleKind
    case_reference: str
    mailbox: str
    wanted: Wanted | None
    observed: ObservedRule | None
    applied: Applied | None

    @property
    def chosen(self) -> bool:
        """Whether the rule exists because a councillor chose it."""
        known = self.wanted or self.applied
        if known:
            return known.chosen_by_holder
        # An inbox rule that nothing explains may be a choice, so it is treated as confidentially as one.
        return self.kind is RuleKind.INBOX_RULE or is_choice_key(self.key)

    @property
    def change_class(self) -> ChangeClass | None:
        """The three-way class."""
        return class_of(
            self.wanted.properties if self.wanted else None,
            self.observed.properties if self.observed else None,
            self.applied.properties if self.applied else None,
        )

    @property
    def _item_id(self) -> str:
        known = self.wanted or self.applied
        return known.item_id if known else ""

    def record(self) -> Applied:
        """What the ledger should know of the rule as it is observed."""
        observed = self.observed
        if observed is None:
            raise ValueError("a rule that was not observed cannot be recorded")
        found = observed.guid if isinstance(observed, ObservedTransportRule) else observed.rule_id
        return Applied(
            key=self.key,
            kind=self.kind,
            guid_or_rule_id=found,
            mailbox=self.mailbox,
            case_reference=self.case_reference,
            name=name_in(observed.properties),
            properties=observed.properties,
            chosen_by_holder=self.chosen,
            saved=self.wanted.saved if self.wanted else "",
            item_id=self._item_id,
            spellings={} if isinstance(observed, ObservedTransportRule) else observed.spellings,
        )


def settle(
    trio: Trio, given: DifferenceInput, wanted: WantedRules, gathered: Gathered, *, opens: bool
) -> None:
    """Decide on one rule that follows the register. `opens`: all that its case wants only opens."""
    if trio.wanted is None:
        _settle_unwanted(trio, given, wanted, gathered, opens=opens)
    elif trio.observed is None:
        if not trio.wanted.withheld:
            missing = trio.change_class or ChangeClass.PENDING
            gathered.changes.append(creation(trio.wanted, missing, opens=opens))
    elif trio.change_class is None:
        note_takeover(trio, gathered)
    else:
        senders = wanted.senders_in(trio.case_reference)
        if trio.wanted.withheld:
            part = opening_part(trio.wanted, trio.observed, trio.change_class, senders)
            gathered.changes += [part] if part else []
        else:
            gathered.changes.append(
                update(trio.wanted, trio.observed, trio.change_class, senders, opens=opens)
            )


def note_takeover(trio: Trio, gathered: Gathered) -> None:
    """Have the ledger record a rule that already is as wanted and that it knows differently."""
    record = trio.record()
    if trio.applied is None or trio.applied != record:
        gathered.takeovers.append(record)


def _settle_unwanted(
    trio: Trio, given: DifferenceInput, wanted: WantedRules, gathered: Gathered, *, opens: bool
) -> None:
    if trio.observed is None:
        if stays(trio, given) is None:
            gathered.forgotten.append(trio.key)
        return
    why = stays(trio, given)
    if why is not None:
        gathered.findings += [why] if why.message else []
        return
    reason = trio.change_class or ChangeClass.PENDING
    recorded = _is_recorded(trio, given, wanted, opens=opens)
    change = deletion(trio.applied or trio.record(), trio.observed, reason, opens=recorded)
    if not recorded:
        change = replace(change, opening=_opening_instead(trio, trio.observed, change, given, wanted))
    gathered.changes.append(change)


def _opening_instead(
    trio: Trio, observed: ObservedRule, whole: Change, given: DifferenceInput, wanted: WantedRules
) -> Change | None:
    """What the item of the case opens in a rule that is to go, should a guard keep the rule in place.

    Where the item leaves nobody, or narrows to more than one rule can say, the rule goes.
    """
    if trio.case_reference in given.desired.stated_cases:
        said = wanted.stated
    elif trio.case_reference in given.live_case_refs and not trio.chosen:
        said = tuple(one for one in wanted.rules.values() if not one.chosen_by_holder and not one.withheld)
    else:
        return None
    said = tuple(one for one in said if one.case_reference == trio.case_reference)
    if said and all(one.kind is not trio.kind for one in said):
        return _opening_across(trio, observed, whole, said, given)
    label = trio.key.rpartition("/")[0]
    nearest = [one for one in said if one.key.rpartition("/")[0] == label][:1] or said
    if len(nearest) != 1 or not _may_stand_in(nearest[0], trio, observed):
        return replace(whole, opens=True)
    senders = frozenset(sender for one in said for sender in senders_of(one.properties))
    form = replace(nearest[0], key=trio.key, mailbox=trio.mailbox)
    return opening_part(form, observed, whole.change_class, senders)


def _opening_across(
    trio: Trio,
    observed: ObservedRule,
    whole: Change,
    said: tuple[Wanted, ...],
    given: DifferenceInput,
) -> Change | None:
    """What opens in a rule that rules of the other service replace: recipients and senders not in them."""
    form = dict(observed.properties)
    if trio.kind is RuleKind.TRANSPORT_RULE:
        form["SentTo"] = sorted_values(tuple(one.mailbox for one in said))
    elif not any(reaches(one, trio.mailbox, given.group_members) for one in said):
        return replace(whole, opens=True)
    # One service's rule may name as a pattern, or by a main address, whom the other's names by the address.
    behind = given.desired.sender_behind
    named = {behind(sender) for one in said for sender in senders_of(one.properties)}
    left = frozenset(one for one in senders_of(observed.properties) if behind(one) in named)
    if not left:
        return replace(whole, opens=True)
    stays = replace(said[0], key=trio.key, kind=trio.kind, mailbox=trio.mailbox, properties=form)
    return opening_part(stays, observed, whole.change_class, left)


def reaches(wanted: Wanted, mailbox: str, members: Mapping[str, frozenset[str]]) -> bool:
    """Whether a wanted rule acts on mail to a mailbox. `members` are those of the groups that were read.

    Any other group counts as having the mailbox where it is in the scope, and not where it is exempt.
    """
    if wanted.kind is RuleKind.INBOX_RULE:
        return wanted.mailbox == mailbox
    exempt_groups = _named(wanted, "ExceptIfSentToMemberOf") or ()
    if mailbox in (_named(wanted, "ExceptIfSentTo") or ()) or any(
        mailbox in members.get(group, frozenset()) for group in exempt_groups
    ):
        return False
    sent_to, groups = (_named(wanted, name) for name in _SCOPES)
    return (sent_to is None or mailbox in sent_to) and (
        groups is None or any(mailbox in members.get(group, {mailbox}) for group in groups)
    )


def _named(wanted: Wanted, name: str) -> tuple[str, ...] | None:
    value = wanted.properties.get(name)
    return value if isinstance(value, tuple) else None


def _may_stand_in(said: Wanted, trio: Trio, observed: ObservedRule) -> bool:
    """Whether a rule under another key still tells how far this one is to be narrowed."""
    if said.key == trio.key:
        return True
    if RuleKind.INBOX_RULE in {said.kind, trio.kind}:
        return False
    before, after = (
        {name for name in _SCOPES if one.get(name)} for one in (observed.properties, said.properties)
    )
    return not before or not after or before == after


def _is_recorded(trio: Trio, given: DifferenceInput, wanted: WantedRules, *, opens: bool) -> bool:
    """Whether the register itself records that this rule goes, so that no guard may hold it back.

    A rule of a live case goes either because the case needs it no longer, or because another rule
    takes its place: then it must not go before that one stands.
    """
    if trio.chosen or trio.case_reference in given.opened_case_refs:
        return True
    if trio.case_reference not in given.live_case_refs or trio.observed is None:
        return False
    behind = given.desired.sender_behind
    left = set(map(behind, wanted.senders_in(trio.case_reference)))
    return opens or left.isdisjoint(map(behind, senders_of(trio.observed.properties)))


def stays(trio: Trio, given: DifferenceInput) -> Finding | None:
    """Why a rule that nobody wants now must stay all the same; None where it goes."""
    if trio.case_reference in given.opened_case_refs:
        return None
    if trio.case_reference in given.kept_case_refs:
        return _kept(trio)
    if trio.chosen:
        return None if given.choices_known else _kept(trio, silent=True)
    if trio.case_reference in given.desired.blocked_cases - given.desired.emptied_cases:
        return _kept(trio, silent=True)
    return None


def _kept(trio: Trio, *, silent: bool = False) -> Finding:
    message = (
        f"The item of case {trio.case_reference} is no longer in the list; its rule stays until the item "
        "is proven gone."
    )
    return Finding(
        code=FindingCode.RULE_KEPT,
        change_class=ChangeClass.REGISTER,
        severity=Severity.HIGH,
        message="" if silent else message,
        case_reference=trio.case_reference,
        mailbox=trio.mailbox,
        rule=name_in(trio.observed.properties) if trio.observed else "",
        key=trio.key,
        kind=trio.kind,
        chosen_by_holder=trio.chosen,
    )


def settle_choice(trio: Trio, given: DifferenceInput, gathered: Gathered) -> None:
    """Decide on a councillor's own inbox rule: what they did to it is respected (design.md 7)."""
    chosen, observed, applied = trio.wanted, trio.observed, trio.applied
    if chosen is None:
        if given.choices_known and not _case_is_kept(trio, given):
            _end_choice(trio, gathered)
        return
    anew = applied is not None and applied.saved != chosen.saved
    ended = applied is not None and applied.holder_ended and not anew
    if observed is not None and not ended and observed.properties == chosen.properties:
        note_takeover(trio, gathered)
    elif observed is None and (applied is None or anew):
        gathered.changes.append(creation(chosen, ChangeClass.PENDING, opens=False))
    elif observed is not None and not ended and _is_as_we_left_it(trio, given, observed, anew=anew):
        reason = trio.change_class or ChangeClass.PENDING
        senders = frozenset(senders_of(chosen.properties))
        gathered.changes.append(update(chosen, observed, reason, senders, opens=False))
    else:
        _respect_holder(trio, gathered)


def _is_as_we_left_it(trio: Trio, given: DifferenceInput, observed: ObservedRule, *, anew: bool) -> bool:
    """Whether a choice's rule differs from the choice because of us or of a new choice, not of its holder."""
    if trio.applied is None:
        # A run was killed while it made the rule, and the choice has changed since.
        return trio.key in given.begun
    return anew or trio.applied.properties == observed.properties


def _case_is_kept(trio: Trio, given: DifferenceInput) -> bool:
    """Whether the choice stands and only waits for a case whose item has vanished without proof."""
    if not given.kept_case_refs or trio.case_reference in given.kept_case_refs:
        return bool(given.kept_case_refs)
    waiting = RuleCode.CHOICE_CASE_NOT_LIVE
    return any(
        refused.code == waiting and choice_key(refused.item_id) == trio.key
        for refused in given.desired.choice_refusals
    )


def _end_choice(trio: Trio, gathered: Gathered) -> None:
    """A choice that was stopped or has ended: its rule goes, even if the holder edited it."""
    if trio.observed is not None:
        reason = ChangeClass.ORPHAN if trio.applied is None else ChangeClass.PENDING
        identity = trio.applied or trio.record()
        gathered.changes.append(deletion(identity, trio.observed, reason, opens=True))
    elif trio.applied is not None:
        gathered.forgotten.append(trio.key)


def _respect_holder(trio: Trio, gathered: Gathered) -> None:
    if trio.applied is not None and not trio.applied.holder_ended:
        gathered.holder_ended.append(trio.key)
    did = "changed" if trio.observed else "removed"
    gathered.findings.append(
        Finding(
            code=FindingCode.HOLDER_CHANGED_RULE,
            change_class=ChangeClass.HOLDERS_CHOICE,
            severity=Severity.LOW,
            message=f"A councillor {did} the rule that they had chosen. It is not put back.",
            mailbox=trio.mailbox,
            rule=trio.applied.name if trio.applied else "",
            key=trio.key,
            kind=trio.kind,
            chosen_by_holder=True,
        )
    )
