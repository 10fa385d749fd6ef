"""A plan: the changes in writing order, what guards hold back, and an id that stands for exactly this."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from m365_restrict.outcome import Unknown
from m365_restrict.plan.basis import Basis, Piece, Shaping, digest
from m365_restrict.plan.change import (
    Action,
    Change,
    Difference,
    GuardVerdict,
    Observed,
    Plan,
    RuleKind,
)
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.order import in_writing_order, placed
from m365_restrict.plan.own_name import with_names_to_be_had
from m365_restrict.plan.place import Place
from m365_restrict.rules.choice_rules import is_choice_key
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.stamp import Stamp, parse_stamp, plain_value


def build_plan(
    difference: Difference,
    *,
    guards: Sequence[GuardVerdict],
    observed: Observed,
    source_version: str,
    place: Place,
    shaping: Shaping | None = None,
) -> Plan:
    """Hold back what a guard forbids, order and place the rest, and name the result.

    A held change stays in the plan, marked, with its opening part beside it as a change of its own. The
    id does not depend on the hour: what was read by day is what the next change window makes. `shaping` is
    what it depends on beside the lists and the tenant.
    """
    changes = _arranged(difference, guards, observed, place)
    lasting = [one for one in guards if one.code is not GuardCode.OUTSIDE_CHANGE_WINDOW]
    named = changes if len(lasting) == len(guards) else _arranged(difference, lasting, observed, place)
    shaped = shaping or Shaping()
    basis, private = _basis(named, difference, observed, source_version=source_version, shaping=shaped)
    return Plan(
        plan_id=digest([asdict(basis), private]),
        basis=basis,
        changes=changes,
        guards=tuple(guards),
        difference=difference,
    )


def _arranged(
    difference: Difference, guards: Sequence[GuardVerdict], observed: Observed, place: Place
) -> tuple[Change, ...]:
    held = [entry for change in difference.changes for entry in _held_back(change, guards)]
    named = with_names_to_be_had(held, difference.line, observed, guards)
    ordered = in_writing_order(named, difference.orders)
    return placed(ordered, difference.line, difference.orders, place)


def _held_back(change: Change, guards: Sequence[GuardVerdict]) -> Iterable[Change]:
    if change.opens or not guards:
        return (change,)
    held = replace(change, held_by=guards[0].code.value)
    if change.opening and change.opening.action is change.action is Action.DELETE:
        return (change.opening,)
    return (change.opening, held) if change.opening else (held,)


def _basis(
    changes: Sequence[Change],
    difference: Difference,
    observed: Observed,
    *,
    source_version: str,
    shaping: Shaping,
) -> tuple[Basis, list[object]]:
    """What the plan rests on: what may be told, and what is told to nobody and counts in the id alone."""
    keys = {entry.guid: entry.key for entry in difference.line}
    transport = () if isinstance(observed.transport, Unknown) else observed.transport
    seen = [(_is_private(rule, keys), _seen(rule)) for rule in sorted(transport, key=_by_priority)]
    planned = [(change.chosen_by_holder, _planned(change)) for change in changes]
    basis = Basis(
        register_version=source_version,
        tool_version=shaping.tool_version,
        settings=dict(shaping.settings),
        rules=tuple(piece for private, piece in seen if not private),
        unread=("the transport rules",) if isinstance(observed.transport, Unknown) else (),
        changes=tuple(piece for private, piece in planned if not private),
    )
    order = [private for private, _ in (*seen, *planned)]
    hidden = [asdict(piece) for private, piece in (*seen, *planned) if private]
    return basis, [order, hidden, _mailboxes(observed)]


def _is_private(rule: ObservedTransportRule, keys: Mapping[str, str]) -> bool:
    """Whether a rule names the mailbox of a councillor who chose it."""
    stamp = parse_stamp(rule.comments)
    known = keys.get(rule.guid, "") or (stamp.key if isinstance(stamp, Stamp) else "")
    return is_choice_key(known)


def _by_priority(rule: ObservedTransportRule) -> int:
    return rule.priority


def _seen(rule: ObservedTransportRule) -> Piece:
    """Rules of others too: what a plan does to mail depends on them."""
    return Piece(digest(rule.guid), f"the rule '{rule.name}'", digest(_plain(rule.all_properties)))


def _planned(change: Change) -> Piece:
    target = None if change.target is None else _plain(change.target)
    content = [change.action.value, change.priority, change.held_by, change.saved, target]
    identity = [change.kind.value, change.mailbox, change.key, change.action.value, bool(change.held_by)]
    where = " in a mailbox" if change.kind is RuleKind.INBOX_RULE else ""
    return Piece(digest(identity), f"'{change.name}'{where}", digest(content))


def _mailboxes(observed: Observed) -> dict[str, list[tuple[str, str]] | None]:
    """Our rules in each mailbox, None where they could not be read."""
    return {
        mailbox: None
        if isinstance(rules, Unknown)
        else sorted((rule.rule_id, digest(_plain(rule.properties))) for rule in rules)
        for mailbox, rules in observed.inbox.items()
    }


def _plain(properties: Properties) -> dict[str, object]:
    return {name: plain_value(value) for name, value in properties.items()}
