"""How the transport rules of one case stood over time, as the journal tells: what older mail is judged by.

Pure. Addresses are in lower case, as forms have them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from m365_restrict.plan.leaks import Confirmed, Decision, Handling, effect_of
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.properties import enabled_in

REDIRECT = "RedirectMessageTo"
ACTIONS = frozenset({REDIRECT, "DeleteMessage", "Quarantine", "Mode", "State"})
"""By what a rule decides where the mail goes on which it acts, and whether it acts at all."""

_MARGIN = timedelta(minutes=15)
"""How long after its entry in the journal a write of ours may have been made, by the service's clock."""


@dataclass(frozen=True, kw_only=True)
class Write:
    """One write to a transport rule. `guid` is "" where it is not known; None: there was no rule."""

    at: datetime
    key: str
    guid: str
    name: str
    by_council: bool
    before: Properties | None
    after: Properties | None

    @property
    def rule(self) -> str:
        """What the service knows the rule by, or the key where that is not known."""
        return self.guid or self.key

    def is_of(self, other: "Write") -> bool:
        """Whether both are of one rule, made anew or renamed though it may be."""
        return self.key == other.key or (bool(self.guid) and self.guid == other.guid)


@dataclass(frozen=True, kw_only=True)
class Spell:
    """How long a case's own rules stood in the same forms. The last one is open: it ends as the rules do."""

    since: datetime
    until: datetime | None
    forms: tuple[Properties, ...]
    is_open: bool


def spells(writes: Iterable[Write]) -> tuple[Spell, ...]:
    """The spells of one case, oldest first. Councillors' own rules are none of it.

    What only names or explains a rule begins none, nor does putting back what somebody else had changed; an
    end that was moved once it had passed does.
    """
    held: list[Write] = []
    since: datetime | None = None
    found: list[Spell] = []
    for one in (write for write in writes if write.by_council):
        was = next((other for other in held if one.is_of(other)), None)
        ends = _end(held)
        has_ended = ends is not None and ends <= one.at
        if has_ended or _effect(was) != _effect(one):
            if since is not None and held:
                until = one.at if ends is None else min(ends, one.at)
                found.append(Spell(since=since, until=until, forms=_forms(held), is_open=False))
            since = one.at
        held = [other for other in held if other is not was] + ([one] if one.after is not None else [])
    if since is not None and held:
        found.append(Spell(since=since, until=_end(held), forms=_forms(held), is_open=True))
    return tuple(found)


def _effect(write: Write | None) -> Properties | None:
    return None if write is None or write.after is None else effect_of(write.after)


def _forms(held: Iterable[Write]) -> tuple[Properties, ...]:
    return tuple(one.after for one in held if one.after is not None)


def _end(held: Iterable[Write]) -> datetime | None:
    ends = [form.get("ExpiryDate") for form in _forms(held)]
    return min((one for one in ends if isinstance(one, datetime)), default=None)


def decided(
    spell: Spell, *, until: datetime, settle: timedelta, domains: frozenset[str], is_filed: bool
) -> Decision:
    """Whom the rules of a spell kept mail from. `is_filed`: what they redirect is filed (contracts.md 1)."""
    forms = spell.forms
    everywhere = any(not _values(form, "SentTo") and not _values(form, "SentToMemberOf") for form in forms)
    contacts = _all(forms, REDIRECT)
    acts = all(enabled_in(form) and form.get("Mode") != "Audit" for form in forms)
    return Decision(
        handling=_handling(forms, is_filed=is_filed),
        contact=contacts[0] if contacts else "",
        since=spell.since + settle if acts else None,
        until=until,
        domains=domains,
        exempt=frozenset((*_all(forms, "ExceptIfSentTo"), *contacts)),
        within=None if everywhere else frozenset(_all(forms, "SentTo")),
        groups=() if everywhere else _all(forms, "SentToMemberOf"),
        exempt_groups=_all(forms, "ExceptIfSentToMemberOf"),
    )


def _handling(forms: Iterable[Properties], *, is_filed: bool) -> Handling:
    if all(_values(form, REDIRECT) for form in forms):
        return Handling.FILED if is_filed else Handling.REDIRECTED
    return Handling.REFUSED if all(form.get("RejectMessageReasonText") for form in forms) else Handling.LEFT


def _values(form: Properties, name: str) -> tuple[str, ...]:
    value = form.get(name)
    return tuple(one.lower() for one in value) if isinstance(value, tuple) else ()


def _all(forms: Iterable[Properties], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for form in forms for value in _values(form, name)))


class Look(StrEnum):
    """How the tenant shows a rule now, as far as its action goes."""

    AS_WRITTEN = "as_written"
    ALTERED = "altered"
    MISSING = "missing"
    UNREAD = "unread"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A rule as it is shown now. `targets` are to whom it redirects, `changed_at` when anybody touched it.

    `name` is the one that it bears now, whoever gave it.
    """

    look: Look
    name: str = ""
    changed_at: datetime | None = None
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class RuleStory:
    """What an event means that names this rule, by when the message came.

    `kept` are spans in which the rule did what was written. `altered_at` is since when it is known to have
    done something else; `elsewhere` is to whom it sent mail then. Since `unread_since` nobody has looked.
    """

    names: tuple[str, ...]
    kept: tuple[tuple[datetime, datetime | None], ...] = ()
    altered_at: datetime | None = None
    elsewhere: frozenset[str] = field(default_factory=frozenset)
    unread_since: datetime | None = None

    def is_named_in(self, told: str) -> bool:
        """Whether events in lower case name it (inferred: by name or identifier, graph.md 6.1)."""
        return any(name.lower() in told for name in self.names if name)

    def verdict(self, at: datetime, who: str) -> Confirmed:
        """What a copy is that shows as delivered to `who`, where an event names the rule."""
        if any(first <= at and (end is None or at < end) for first, end in self.kept):
            return Confirmed.HANDLED
        if who in self.elsewhere or (self.altered_at is not None and at >= self.altered_at):
            return Confirmed.LEAKED
        is_unread = self.unread_since is not None and at >= self.unread_since
        return Confirmed.UNANSWERED if is_unread else Confirmed.UNSURE


def stories(
    writes: Iterable[Write], shown: Mapping[str, Seen], *, settle: timedelta
) -> tuple[RuleStory, ...]:
    """The story of every rule that the case ever had; `shown` is by `Write.rule`."""
    by_rule: dict[str, list[Write]] = {}
    for one in writes:
        by_rule.setdefault(one.rule, []).append(one)
    missing = Seen(look=Look.MISSING)
    return tuple(_story(found, shown.get(rule, missing), settle) for rule, found in by_rule.items())


def _story(writes: Sequence[Write], seen: Seen, settle: timedelta) -> RuleStory:
    kept: list[tuple[datetime, datetime | None]] = []
    elsewhere: set[str] = set()
    for one, following in pairwise(writes):
        if one.after is None:
            continue
        if following.before is not None and _action(one.after) == _action(following.before):
            kept.append((one.at, following.at))
        elsewhere |= {*_values(following.before or {}, REDIRECT)} - {*_values(one.after, REDIRECT)}
    last = writes[-1]
    stands = last.after is not None
    changed = seen.changed_at or last.at
    if stands and seen.look is Look.AS_WRITTEN:
        # Whoever touched it since may have put it back: before that nobody knows.
        kept.append((changed if changed > last.at + _MARGIN else last.at, None))
    is_altered = stands and seen.look is Look.ALTERED
    if is_altered:
        elsewhere |= seen.targets - {*_values(last.after or {}, REDIRECT)}
    return RuleStory(
        names=tuple(dict.fromkeys(name for name in (*_names(writes), seen.name) if name)),
        kept=tuple(kept),
        altered_at=seen.changed_at + settle if is_altered and seen.changed_at else None,
        elsewhere=frozenset(elsewhere),
        unread_since=last.at if stands and seen.look is Look.UNREAD else None,
    )


def _names(writes: Iterable[Write]) -> Iterator[str]:
    """Every name and identifier that the rule is known to have had."""
    for one in writes:
        yield from (one.guid, one.name)
        yield from (str(form.get("Name") or "") for form in (one.before, one.after) if form is not None)


def _action(form: Properties) -> Properties:
    return {name: value for name, value in form.items() if name in ACTIONS}
