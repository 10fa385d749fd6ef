"""Every form that our transport rules may have while a plan is carried out, for simulating mail through it.

Exchange obeys each write in its own time (exchange.md 3), so between the first write and the last
effect a changed rule may act in its old form or in its new one, whatever the others do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import prod

from m365_restrict.mailflow.directory import MailDirectory
from m365_restrict.mailflow.stored_rule import RuleSet, StoredRule, read_rules
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change, LineEntry, Observed, RuleKind
from m365_restrict.rules.observed import ObservedTransportRule, Properties, PropertyValue
from m365_restrict.rules.patterns import plain_sender
from m365_restrict.rules.properties import FROM, PATTERNS
from m365_restrict.rules.stamp import plain_value


def as_enforced(properties: Properties) -> Mapping[str, object]:
    """A normal form in the service's spelling, as if it acted: audit mode is proven like enforcement."""
    return {name: plain_value(value) for name, value in properties.items()} | {"Mode": "Enforce"}


ANYBODY = ""
_MOST_MIXTURES = 64
"""Rules of which more than so many mixtures exist are tried one ahead of and one behind all others."""


@dataclass(frozen=True)
class Form:
    """One rule of ours as it may act. `senders` is None for a rule that is not tied to exact senders."""

    case_reference: str
    rule: StoredRule
    senders: frozenset[str] | None


@dataclass(frozen=True, kw_only=True)
class ChangedRule:
    """One rule from the form in which it stands to the planned one; None where it does not act.

    A rule that is written in two steps has three forms. `numbers` says when, in the order of all writes,
    each form but the first is written. `narrows`: recipients leave its scope, which nothing holds up.
    """

    case_reference: str
    narrows: bool
    forms: tuple[Form | None, ...]
    numbers: tuple[int, ...]

    @property
    def before(self) -> Form | None:
        """The form in which the rule stands."""
        return self.forms[0]

    @property
    def after(self) -> Form | None:
        """The planned form."""
        return self.forms[-1]

    @property
    def senders(self) -> frozenset[str] | None:
        """Everybody on whose mail some form of it could act; None where that is not tied to senders."""
        found = [frozenset[str]() if form is None else form.senders for form in self.forms]
        tied = [one for one in found if one is not None]
        return frozenset[str]().union(*tied) if len(tied) == len(found) else None

    def form_at(self, number: int) -> Form | None:
        """The form after that many writes of the plan."""
        return self.forms[sum(one <= number for one in self.numbers)]


@dataclass(frozen=True)
class Line:
    """All transport rules of the organisation: others', ours that stay as they are, ours that change.

    `changed` is in writing order. Places are told by the rules' priorities, old and new forms alike.
    """

    foreign: RuleSet
    staying: tuple[Form, ...]
    changed: tuple[ChangedRule, ...]

    def staying_for(self, sender: str) -> tuple[Form, ...]:
        """Those of ours that stay and could act on mail from this address."""
        return tuple(self.staying[place] for place in self._staying.get(sender, self._staying[ANYBODY]))

    def changed_for(self, sender: str) -> tuple[ChangedRule, ...]:
        """Those that change and could act on it in some form."""
        return tuple(self.changed[place] for place in self._changed.get(sender, self._changed[ANYBODY]))

    @cached_property
    def _staying(self) -> Mapping[str, Sequence[int]]:
        return _places_by_sender([form.senders for form in self.staying])

    @cached_property
    def _changed(self) -> Mapping[str, Sequence[int]]:
        return _places_by_sender([rule.senders for rule in self.changed])

    @property
    def names(self) -> frozenset[str]:
        """The names that any rule of ours bears, in either form."""
        return frozenset[str]().union(*self.names_by_case.values())

    @property
    def names_by_case(self) -> Mapping[str, frozenset[str]]:
        """The same by case reference."""
        changing = [form for one in self.changed for form in one.forms if form]
        found: dict[str, set[str]] = {}
        for form in (*self.staying, *changing):
            found.setdefault(form.case_reference, set()).add(form.rule.name)
        return {reference: frozenset(names) for reference, names in found.items()}


def _places_by_sender(senders: Sequence[frozenset[str] | None]) -> Mapping[str, Sequence[int]]:
    """Where each sender is concerned, in order; under `ANYBODY` what concerns everybody else."""
    anybody = [place for place, one in enumerate(senders) if one is None]
    found: dict[str, list[int]] = {ANYBODY: anybody}
    for place, one in enumerate(senders):
        for sender in one or ():
            found.setdefault(sender, []).append(place)
    return {sender: sorted({*places, *anybody}) for sender, places in found.items()}


@dataclass(frozen=True)
class _Name:
    """What a form is called in the simulation, where one name stands for one rule in one form."""

    key: str
    form: str = "as it stands"

    @property
    def case_reference(self) -> str:
        """A key is the case reference, what the rule covers, and the part."""
        return self.key.rsplit("/", 2)[0]


@dataclass(frozen=True)
class _Write:
    """One change of a transport rule, its place among all writes, and its places in the list."""

    number: int
    change: Change
    before: int
    after: int


@dataclass
class _Slot:
    """A place in the list. A ghost is where a rule stood before it moved or went."""

    guid: str
    key: str
    ghost: bool = False


def line_of(
    line: Sequence[LineEntry], allowed: Iterable[Change], observed: Observed, directory: MailDirectory
) -> Line:
    """The rules that stand and, of those that are to be changed, what they will be.

    `allowed` are the changes in writing order, with their places.
    """
    rules = {} if isinstance(observed.transport, Unknown) else {one.guid: one for one in observed.transport}
    changes = [one for one in allowed if one.kind is RuleKind.TRANSPORT_RULE]
    slots = [_Slot(entry.guid, entry.key) for entry in line]
    places = [(one, *_carry_out(one, slots)) for one in changes]
    number = {id(slot): place for place, slot in enumerate(slots)}
    touched = {one.key for one in changes}
    foreign = [
        {**rules[slot.guid].raw, "Priority": number[id(slot)]}
        for slot in slots
        if slot.guid in rules and not slot.key
    ]
    staying = (
        _form(rules[slot.guid].properties, _Name(slot.key), number[id(slot)], directory)
        for slot in slots
        if slot.guid in rules and slot.key and slot.key not in touched
    )
    writes: dict[str, list[_Write]] = {}
    for order, (change, before, after) in enumerate(places, 1):
        write = _Write(order, change, number.get(id(before), 0), number.get(id(after), 0))
        writes.setdefault(change.key, []).append(write)
    changed = tuple(_changed(each, directory) for each in writes.values())
    return Line(read_rules(foreign, directory), tuple(form for form in staying if form), changed)


def _carry_out(change: Change, slots: list[_Slot]) -> tuple[_Slot | None, _Slot | None]:
    """Change the list as the write does. Places of rules that leave stay as ghosts."""
    before = next((slot for slot in slots if slot.key == change.key and not slot.ghost), None)
    if change.action is Action.DELETE or change.target is None:
        if before is not None:
            before.ghost = True
        return before, None
    if before is not None and change.priority is None:
        return before, before
    if before is not None:
        before.ghost = True
    after = _Slot("", change.key)
    slots.insert(_index_of(change.priority, slots), after)
    return before, after


def _index_of(priority: int | None, slots: Sequence[_Slot]) -> int:
    standing = [index for index, slot in enumerate(slots) if not slot.ghost]
    return standing[priority] if priority is not None and priority < len(standing) else len(slots)


def _changed(writes: Sequence[_Write], directory: MailDirectory) -> ChangedRule:
    first, last = writes[0], writes[-1]
    target, observed = last.change.target, first.change.observed
    audited = target is None or target.get("Mode") != "Enforce"
    forms: list[Form | None] = [None]
    if isinstance(observed, ObservedTransportRule):
        name = _Name(first.change.key, "before")
        forms = [_form(observed.properties, name, first.before, directory, enforced=audited)]
    for write in writes:
        form = write.change.target
        name = _Name(write.change.key, f"after {write.number}")
        forms.append(None if form is None else _form(form, name, write.after, directory))
    return ChangedRule(
        case_reference=last.change.case_reference,
        narrows=any(_narrows(write.change) for write in writes),
        forms=tuple(forms),
        numbers=tuple(write.number for write in writes),
    )


def _narrows(change: Change) -> bool:
    """Whether recipients leave the rule's scope."""
    if change.target is None or change.observed is None:
        return False
    before, after = change.observed.properties, change.target
    return any(_loses(before.get(name), after.get(name)) for name in ("SentTo", "SentToMemberOf"))


def _loses(before: PropertyValue | None, after: PropertyValue | None) -> bool:
    """Whether recipients leave a scope; None is everybody."""
    if not isinstance(after, tuple):
        return False
    return not isinstance(before, tuple) or not set(before) <= set(after)


def _form(
    properties: Properties, name: _Name, place: int, directory: MailDirectory, *, enforced: bool = True
) -> Form | None:
    """The rule as it acts, None where it does not. `enforced`: audit mode counts as acting."""
    stored = {**as_enforced(properties), "Priority": place}
    if not enforced:
        stored["Mode"] = str(properties.get("Mode", "Enforce"))
    read = read_rules([stored], directory).rules
    if not read:
        return None
    rule = replace(read[0], name=f"{name.key} {name.form}")
    return Form(name.case_reference, rule, _exact_senders(properties))


def _exact_senders(properties: Properties) -> frozenset[str] | None:
    """The addresses to which the rule's sender condition ties it; None where it may concern anybody."""
    plain = properties.get(FROM)
    if isinstance(plain, tuple):
        return frozenset(plain)
    patterns = properties.get(PATTERNS)
    if not isinstance(patterns, tuple):
        return None
    exact = {one: plain_sender(one) for one in patterns}
    return frozenset(exact.values()) if all(one != sender for one, sender in exact.items()) else None


def together(foreign: Iterable[StoredRule], forms: Iterable[Form | None], like: RuleSet) -> RuleSet:
    """One list of rules in their order, for mail of senders that all of them may concern."""
    rules = [*foreign, *(form.rule for form in forms if form is not None)]
    rules.sort(key=lambda rule: rule.priority)
    return replace(like, rules=tuple(rules), by_sender={}, others=tuple(range(len(rules))))


def mixtures(changed: Sequence[ChangedRule], *, lagging: bool) -> Iterator[tuple[Form | None, ...]]:
    """The forms in which these rules may act together, beside all as they stand and all as planned.

    Without a lag these are the prefixes of the plan. With one, each rule has any of its forms on its own.
    """
    if not lagging:
        for number in sorted(one for rule in changed for one in rule.numbers)[:-1]:
            yield tuple(rule.form_at(number) for rule in changed)
    elif prod(len(rule.forms) for rule in changed) <= _MOST_MIXTURES:
        yield from list(product(*(rule.forms for rule in changed)))[1:-1]
    else:
        for alone in changed:
            yield tuple(rule.after if rule is alone else rule.before for rule in changed)
            yield tuple(rule.before if rule is alone else rule.after for rule in changed)
