"""Which record of the audit log explains a difference: who changed a rule, when, from where (exchange.md 6).

What a record says of an account is partly inferred: that another tenant's token is a partner's, and that an
external account without one is. A record that fits no difference says nothing about it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from m365_restrict.plan.beside import Actor, ActorKind
from m365_restrict.plan.change import RuleKind

AUDIT_LOG = "audit log"
"""The `source` of an actor that the audit log names."""

_NEAR = timedelta(minutes=2)
"""How far a record may lie from the time that the rule itself tells (WhenChanged)."""
_MARGIN = timedelta(minutes=5)
"""How much later than it was seen a change may be in the log: clocks differ."""
_MOST_ACTORS = 3
_UNSAID = "updateinboxrules"


@dataclass(frozen=True, kw_only=True)
class ChangeRecord:
    """One change of one rule. Names, ids and parameters are lower case.

    `names` are all that the rule is called in the record. Of a mailbox's owner who changed a rule of their
    own nothing is known but `by_holder`. `is_administrator`: the log says so, or the account is no person.
    """

    kind: RuleKind
    operation: str
    at: datetime
    names: frozenset[str]
    mailbox: str = ""
    parameters: frozenset[str] = frozenset()
    actor_kind: ActorKind = ActorKind.PERSON
    actor: str = ""
    from_where: str = ""
    by_holder: bool = False
    is_administrator: bool = True

    @property
    def removes(self) -> bool:
        """Whether the rule may have been gone after it; of some records of inbox rules nobody knows."""
        return "remove" in self.operation or "delete" in self.operation or self.operation == _UNSAID


@dataclass(frozen=True, kw_only=True)
class SoughtRule:
    """A rule as records may name it: by its names and ids, lower case.

    `mailbox` is where an inbox rule is; `owner` are the sign-in name, address and object id of its owner, as
    far as they are known. `is_choice` says that the rule is the owner's own choice.
    """

    kind: RuleKind
    names: frozenset[str]
    mailbox: str = ""
    owner: frozenset[str] = frozenset()
    is_choice: bool = False


@dataclass(frozen=True, kw_only=True)
class SoughtChange:
    """A difference whose maker is sought: of which rule, between which instants, in which properties.

    `changed_at` is what the rule itself tells, `is_gone` whether it is no longer there.
    """

    rule: SoughtRule
    since: datetime
    until: datetime
    fields: frozenset[str] = frozenset()
    changed_at: datetime | None = None
    is_gone: bool = False


def explaining(sought: SoughtChange, records: Iterable[ChangeRecord]) -> tuple[ChangeRecord, ...]:
    """The records that explain a difference, latest first: those that did what is seen, in its span.

    A write of this tool explains nothing, unless the rule itself tells that it was the last: what the tool
    wrote is no drift. A record of another property counts where it is the rule's last change.
    """
    fitting = [one for one in records if _is_of(one, sought.rule) and _is_within(one.at, sought)]
    by_others = [one for one in fitting if one.actor_kind is not ActorKind.THIS_TOOL]
    timely = [one for one in fitting if _is_last_change(one, sought)]
    found = [one for one in by_others if _did_it(one, sought)] or timely
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def actors_of(records: Sequence[ChangeRecord]) -> tuple[Actor, ...]:
    """Who made these changes, each account once, with its latest. Owners of a choice are nobody."""
    found: dict[tuple[ActorKind, str], Actor] = {}
    for one in sorted(records, key=lambda record: record.at, reverse=True):
        if one.by_holder:
            continue
        named = Actor(
            kind=one.actor_kind, name=one.actor, at=one.at, source=AUDIT_LOG, from_where=one.from_where
        )
        found.setdefault((one.actor_kind, one.actor), named)
    return tuple(found.values())[:_MOST_ACTORS]


def actors_of_choice(records: Sequence[ChangeRecord]) -> tuple[Actor, ...]:
    """Who else ended a councillor's choice; none where the best record is the councillor's own or the tool's.

    An account that is no administrator's may be a delegate's, whose name would tell whose mailbox it is.
    """
    if not records or records[0].by_holder or records[0].actor_kind is ActorKind.THIS_TOOL:
        return ()
    best = records[0]
    return (
        Actor(
            kind=best.actor_kind,
            name=best.actor if best.is_administrator else "",
            at=best.at,
            source=AUDIT_LOG,
            from_where=best.from_where if best.is_administrator else "",
        ),
    )


def is_sought(record: ChangeRecord, rules: Collection[SoughtRule]) -> bool:
    """Whether a record is of one of the rules: all others are other people's business and are not kept."""
    return any(_is_of(record, rule) for rule in rules)


def _is_of(record: ChangeRecord, rule: SoughtRule) -> bool:
    if record.kind is not rule.kind or record.names.isdisjoint(rule.names):
        return False
    return not record.mailbox or not rule.owner or record.mailbox in rule.owner


def _is_within(at: datetime, sought: SoughtChange) -> bool:
    return sought.since <= at <= sought.until + _MARGIN


def _did_it(record: ChangeRecord, sought: SoughtChange) -> bool:
    """Whether the change is of the kind that is seen. Of inbox rules records do not name every property."""
    if sought.is_gone:
        return record.removes
    if record.kind is RuleKind.INBOX_RULE or not sought.fields:
        return True
    return not sought.fields.isdisjoint(record.parameters)


def _is_last_change(record: ChangeRecord, sought: SoughtChange) -> bool:
    return sought.changed_at is not None and abs(record.at - sought.changed_at) <= _NEAR
