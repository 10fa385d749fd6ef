"""Which live cases a run would re-route, and which it would weaken without a decision in the register.

A weakening is unrecorded where settings, the profile, a group or the directory cause it: audit mode,
another sender location, a group that becomes exempt, a sender or recipient that the case still names and no
rule does. One mailbox that becomes exempt is none: whoever is exempt must not be captured while somebody asks
why.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Applied, Change, Difference, Observed, RuleKind
from m365_restrict.plan.compare import opening_part
from m365_restrict.plan.wanted import Wanted
from m365_restrict.register.case import Case, Measure, Scope
from m365_restrict.register.recipient import Recipient
from m365_restrict.rules.audience import primary_of
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.compilation import Directory
from m365_restrict.rules.observed import Properties, PropertyValue
from m365_restrict.rules.patterns import PatternAnchors, exact_pattern
from m365_restrict.rules.properties import INBOX_REDIRECT, SENDER_CONDITIONS, enabled_in, senders_of

_TARGETS = ("RedirectMessageTo", "BlindCopyTo")
_SCOPES = ("SentTo", "SentToMemberOf")
_MAILBOXES, _GROUPS = "ExceptIfSentTo", "ExceptIfSentToMemberOf"
_LOCATION = "SenderAddressLocation"


@dataclass(frozen=True, kw_only=True)
class MoveFacts:
    """What a run knows: the cases in force, who is who, and rules as they are and as they were applied."""

    cases: Sequence[Case] = ()
    directory: Directory
    observed: Observed
    applied: Sequence[Applied] = ()


@dataclass(frozen=True, kw_only=True)
class Moves:
    """References of live cases whose rules act, and of those that would be re-routed or weakened.

    `unrecorded` holds, by rule key, each change that weakens as it is to be held back: what the register
    itself opens stays beside it as its opening.
    """

    standing: frozenset[str] = frozenset()
    rerouted: frozenset[str] = frozenset()
    unrecorded: Mapping[str, Change] = field(default_factory=dict)

    @property
    def weakened(self) -> frozenset[str]:
        """References of the cases that would be weakened."""
        return frozenset(change.case_reference for change in self.unrecorded.values())

    def held_in(self, difference: Difference) -> Difference:
        """The difference with every unrecorded weakening marked as one that a guard may hold back."""
        changes = tuple(self.unrecorded.get(change.key, change) for change in difference.changes)
        return replace(difference, changes=changes)


def moves_in(difference: Difference, facts: MoveFacts) -> Moves:
    """Compare what each live case's rules do now with what they would do."""
    if isinstance(facts.observed.transport, Unknown):
        return Moves()
    by_guid = {rule.guid: rule.properties for rule in facts.observed.transport}
    standing = {one.key: by_guid[one.guid] for one in difference.line if one.key and one.guid in by_guid}
    changes: dict[str, list[Change]] = {}
    for change in filter(_is_councils, difference.changes):
        changes.setdefault(change.case_reference, []).append(change)
    known: dict[str, dict[str, Properties]] = {}
    for one in (*difference.takeovers, *facts.applied):
        if one.kind is RuleKind.TRANSPORT_RULE:
            known.setdefault(one.case_reference, {})[one.key] = one.properties
    found = [
        _CaseRules.of(
            case,
            facts.directory,
            changes=tuple(changes.get(case.reference, ())),
            known=known.get(case.reference, {}),
            standing=standing,
        )
        for case in facts.cases
    ]
    acting = [rules for rules in found if rules.acting]
    sending = inbox_moves(difference, facts)
    return Moves(
        standing=sending.standing | frozenset(rules.case.reference for rules in acting),
        rerouted=sending.rerouted
        | frozenset(rules.case.reference for rules in acting if rules.is_rerouted()),
        unrecorded={
            **sending.unrecorded,
            **{change.key: change for rules in acting for change in rules.unrecorded()},
        },
    )


def inbox_moves(difference: Difference, facts: MoveFacts) -> Moves:
    """The same for the council's inbox rules that send mail on; they carry cases without an Exchange role."""
    live = frozenset(one.reference for one in facts.cases)
    standing = frozenset(
        one.case_reference
        for one in facts.applied
        if _sends_on(one) and enabled_in(one.properties) and one.case_reference in live
    )
    changed = [
        one
        for one in difference.changes
        if _sends_on(one) and one.case_reference in standing and one.target and one.observed
    ]
    return Moves(
        standing=standing,
        rerouted=frozenset(one.case_reference for one in changed if _sends_elsewhere(one)),
        unrecorded={one.key: _staying_on(one) for one in changed if not enabled_in(one.target or {})},
    )


def _sends_on(rule: Applied | Change) -> bool:
    form = rule.properties if isinstance(rule, Applied) else rule.observed.properties if rule.observed else {}
    return rule.kind is RuleKind.INBOX_RULE and not rule.chosen_by_holder and INBOX_REDIRECT in form


def _sends_elsewhere(change: Change) -> bool:
    before = change.observed.properties if change.observed else {}
    return (change.target or {}).get(INBOX_REDIRECT, before[INBOX_REDIRECT]) != before[INBOX_REDIRECT]


def _staying_on(change: Change) -> Change:
    """A rule is switched off by settings alone: held back, with what the register opens in it."""
    if change.observed is None or change.target is None:
        raise AssertionError("only a rule that stands can be switched off")
    wanted = Wanted(
        key=change.key,
        kind=change.kind,
        case_reference=change.case_reference,
        mailbox=change.mailbox,
        properties={**change.target, "isEnabled": change.observed.properties["isEnabled"]},
        chosen_by_holder=False,
        item_id=change.item_id,
    )
    senders = frozenset(senders_of(change.target))
    opening = opening_part(wanted, change.observed, change.change_class, senders)
    return replace(change, opens=False, opening=opening)


@dataclass(frozen=True, kw_only=True)
class _CaseRules:
    """The council's transport rules of one case by key.

    `before` are those that stand, as last applied where that is known: what somebody else did to them
    is not this run's doing. `after` are those that would stand.
    """

    case: Case
    directory: Directory
    changes: tuple[Change, ...]
    before: Mapping[str, Properties]
    after: Mapping[str, Properties]

    @classmethod
    def of(
        cls,
        case: Case,
        directory: Directory,
        *,
        changes: tuple[Change, ...],
        known: Mapping[str, Properties],
        standing: Mapping[str, Properties],
    ) -> "_CaseRules":
        """Gather what belongs to one case. `known` are its rules by key as they were last applied."""
        keys = {*known, *(change.key for change in changes)} & standing.keys()
        before = {key: known.get(key, standing[key]) for key in keys if not is_choice_key(key)}
        after = {key: standing[key] for key in before} | {
            change.key: change.target for change in changes if change.target is not None
        }
        for change in changes:
            if change.action is Action.DELETE:
                after.pop(change.key, None)
        return cls(case=case, directory=directory, changes=changes, before=before, after=after)

    @property
    def acting(self) -> tuple[Properties, ...]:
        """Those of the rules before that do something to mail."""
        return tuple(rule for rule in self.before.values() if _acts(rule))

    def is_rerouted(self) -> bool:
        """Whether mail would go to a mailbox that it does not go to now, in place of another."""
        now, then = (_all_of(rules, _TARGETS) for rules in (self.acting, self.after.values()))
        return bool(now and then - now)

    def unrecorded(self) -> Iterator[Change]:
        """The changes that weaken without a decision, each with what the register opens beside it."""
        for change in self.changes:
            base = self.before.get(change.key)
            if base is None or change.observed is None or not _acts(base):
                continue
            recorded = self._recorded(change, base, change.observed.properties)
            if recorded != change.target:
                yield replace(change, opens=False, opening=self._opening(change, recorded))

    def _opening(self, change: Change, recorded: Properties | None) -> Change | None:
        if recorded is None or change.observed is None:
            return None
        wanted = Wanted(
            key=change.key,
            kind=change.kind,
            case_reference=change.case_reference,
            mailbox=change.mailbox,
            properties=recorded,
            chosen_by_holder=False,
            item_id=change.item_id,
        )
        senders = frozenset(_all_of(self.after.values(), SENDER_CONDITIONS)) | {*senders_of(recorded)}
        return opening_part(wanted, change.observed, change.change_class, senders)

    def _recorded(self, change: Change, base: Properties, observed: Properties) -> Properties | None:
        """The target as far as the register asks for it; None where the register lets the rule go."""
        if change.target is None and not self._rests_on_rules:
            return None
        senders = self._forgotten_senders(observed)
        scope = {name: self._forgotten_scope(name, base, observed) for name in _SCOPES}
        if change.target is None:
            left = _left(observed, dict.fromkeys(SENDER_CONDITIONS, senders) | scope)
            return {**observed, **left} if left else None
        result = dict(change.target)
        if not _acts(change.target):
            result |= {name: observed[name] for name in ("State", "Mode") if name in observed}
        if base.get(_LOCATION) == "HeaderOrEnvelope" == observed.get(_LOCATION):
            result[_LOCATION] = "HeaderOrEnvelope"
        for condition in SENDER_CONDITIONS:
            if senders and condition in change.target:
                result[condition] = tuple(sorted({*_texts(result, condition), *senders}))
        for name in _SCOPES:
            if scope[name]:
                result[name] = tuple(sorted({*_texts(result, name), *scope[name]}))
        for name, exempt in self._exceptions(change.target, base, observed).items():
            result.pop(name, None)
            if exempt:
                result[name] = exempt
        return result

    def _exceptions(
        self, target: Properties, base: Properties, observed: Properties
    ) -> Mapping[str, tuple[str, ...]]:
        """The exceptions without the groups that only settings or the directory add, and their members."""
        group = self.directory.councillors_group
        new = {*_texts(target, _GROUPS)} - {*_texts(base, _GROUPS), *_texts(observed, _GROUPS)} - self._named
        members: set[str] = set()
        if isinstance(group, Recipient) and group.address in new:
            members = {one for one in _texts(target, _MAILBOXES) if self.directory.is_councillor(one)}
            members -= {*_texts(base, _MAILBOXES), *_texts(observed, _MAILBOXES)} | self._exempt
        return {
            name: tuple(one for one in _texts(target, name) if one not in {*new, *members})
            for name in (_MAILBOXES, _GROUPS)
        }

    @property
    def _rests_on_rules(self) -> bool:
        """Whether the measure of the case is carried by transport rules."""
        measure = self.case.protected.measure
        return measure.acts_on_mail and measure is not Measure.JUNK

    def _forgotten_senders(self, observed: Properties) -> tuple[str, ...]:
        """Senders of a standing rule that the case still names and none of its rules would."""
        after = _all_of(self.after.values(), SENDER_CONDITIONS)
        lost = {
            form
            for address in self.case.protected.addresses
            if after.isdisjoint(self._forms(address))
            for form in self._forms(address)
        }
        return tuple(one for one in senders_of(observed) if one in lost)

    def _forms(self, address: str) -> frozenset[str]:
        """All that a rule may call one sender."""
        names = {address, primary_of(address, self.directory)}
        patterns = {exact_pattern(name, anchors) for name in names for anchors in PatternAnchors}
        return frozenset(names | patterns)

    def _forgotten_scope(self, name: str, base: Properties, observed: Properties) -> tuple[str, ...]:
        """Recipients that the case's scope still names, that no rule would, and that are not exempt alone."""
        protected = self.case.protected
        everyone = any(not any(_texts(rule, one) for one in _SCOPES) for rule in self.after.values())
        if protected.scope is Scope.WHOLE_COUNCIL or everyone:
            return ()
        named = {primary_of(one, self.directory) for one in protected.scope_mailboxes}
        gone = {*_texts(observed, name)} & named - _all_of(self.after.values(), _SCOPES) - self._exempt
        group = self.directory.councillors_group
        if not isinstance(group, Recipient) or group.address in _texts(base, _GROUPS):
            gone = {one for one in gone if not self.directory.is_councillor(one)}
        return tuple(sorted(gone))

    @property
    def _named(self) -> frozenset[str]:
        """Recipients that the case itself exempts."""
        protected = self.case.protected
        asked = (*protected.allowed_recipients, protected.spoc_mailbox)
        return frozenset(primary_of(one, self.directory) for one in asked if one)

    @property
    def _exempt(self) -> frozenset[str]:
        """The same, and the protected mailboxes."""
        return self._named | {one.address for one in self.directory.protected_recipients}


def _left(observed: Properties, named: Mapping[str, tuple[str, ...]]) -> dict[str, PropertyValue]:
    """Whom a rule that was to go would act on, as far as the case still names them; empty for nobody."""
    return {name: left for name, left in named.items() if left and name in observed}


def _is_councils(change: Change) -> bool:
    return (
        change.kind is RuleKind.TRANSPORT_RULE
        and not change.chosen_by_holder
        and not is_choice_key(change.key)
    )


def _acts(rule: Properties) -> bool:
    return enabled_in(rule) and rule.get("Mode") == "Enforce"


def _texts(rule: Properties, name: str) -> tuple[str, ...]:
    value = rule.get(name)
    return value if isinstance(value, tuple) else ()


def _all_of(rules: Iterable[Properties], names: Iterable[str]) -> frozenset[str]:
    wanted = tuple(names)
    return frozenset(value for rule in rules for name in wanted for value in _texts(rule, name))
