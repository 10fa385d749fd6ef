"""One planned change as the data of the script: what is expected, what is sent, and how it is undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from m365_restrict.plan.change import Action, Change, RuleKind
from m365_restrict.plan.writes import cmdlet_parameters
from m365_restrict.rules.observed import ObservedTransportRule, Properties
from m365_restrict.rules.parameters import Parameters, new_parameters, set_parameters
from m365_restrict.rules.properties import senders_of
from m365_restrict.script.quoting import Literal

Table: TypeAlias = Mapping[str, Literal]

_NOT_IN_TABLE = frozenset({"Enabled", "Priority"})
_EXPIRY = ("ActivationDate", "ExpiryDate")


class NotByScript(ValueError):
    """A change that no script may make. Its text is the reason, for people."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change, or its undoing, as the script holds it.

    `guid` is "" where the rule is found by its name: for what is not there yet. `before` is the rule as
    it must stand when the step begins, None where no rule may be there; `after` as it must stand when it
    ends. `send` is what New- or Set-TransportRule gets. `priority` is None where the place stays.
    """

    action: Action
    name: str
    guid: str
    before: Table | None
    after: Table | None
    send: Table
    priority: int | None = None


@dataclass(frozen=True, kw_only=True)
class Written:
    """A change with the steps that make it and undo it. `why_not_undone` says why it cannot be undone."""

    change: Change
    step: Step
    undo: Step | None
    why_not_undone: str = ""


def write_steps(changes: Sequence[Change], left_out: Mapping[str, int]) -> tuple[Written, ...]:
    """The changes of transport rules, in their order.

    `left_out` tells by key how many creations planned before that one do not go ahead. Raises
    NotByScript for a change that must not be written; ask `why_not` first.
    """
    return tuple(_written(change, left_out.get(change.key, 0)) for change in changes)


def why_not(change: Change) -> str:
    """Why a script cannot hold this change, for people; "" where it can."""
    try:
        _step(change, 0)
    except NotByScript as reason:
        return str(reason)
    return ""


def _written(change: Change, left_out: int) -> Written:
    step = _step(change, left_out)
    try:
        return Written(change=change, step=step, undo=_undo(change, step))
    except NotByScript as reason:
        return Written(change=change, step=step, undo=None, why_not_undone=str(reason))


def _step(change: Change, left_out: int) -> Step:
    if change.kind is not RuleKind.TRANSPORT_RULE:
        raise NotByScript("an inbox rule is not written by script (docs/enforce-with.md)")
    before = change.observed
    seen = before if isinstance(before, ObservedTransportRule) else None
    if change.action is not Action.CREATE and seen is None:
        raise NotByScript("the rule was not observed, so it cannot be changed")
    return Step(
        action=change.action,
        name=change.observed_name or change.name,
        guid=seen.guid if seen else "",
        before=seen.properties if seen else None,
        after=change.target,
        send=_sent(change),
        priority=None if change.priority is None else max(0, change.priority - left_out),
    )


def _sent(change: Change) -> Table:
    if change.action is Action.DELETE:
        return {}
    try:
        return _table(cmdlet_parameters(change), change.target)
    except ValueError as error:
        raise NotByScript("the rule would not hold exactly one filled sender condition") from error


def _table(parameters: Parameters, target: Properties | None) -> Table:
    """The parameters with instants as instants: PowerShell converts them for the cmdlet itself."""
    found: dict[str, Literal] = {}
    for name, value in parameters.items():
        if name in _NOT_IN_TABLE:
            continue
        if name in _EXPIRY and value is not None:
            found[name] = (target or {})[name]
        elif isinstance(value, list):
            found[name] = tuple(str(one) for one in value)
        elif value is None or isinstance(value, bool | int | str):
            found[name] = value
        else:
            raise NotByScript(f"the value of {name} is of no kind that a script can hold")
    return found


def _undo(change: Change, step: Step) -> Step:
    """The step that brings back what was there before."""
    reverse = replace(step, before=step.after, after=step.before, send={}, priority=None)
    seen = change.observed
    if change.action is Action.CREATE:
        return replace(reverse, action=Action.DELETE)
    if not isinstance(seen, ObservedTransportRule):
        raise NotByScript("the rule was not observed")
    if not senders_of(seen.properties):
        raise NotByScript("the rule had no sender condition and met all mail")
    try:
        if change.action is Action.DELETE:
            sent = _table(new_parameters(seen.properties), seen.properties)
            # A rule that is made again gets another Guid; its stamp says whose it is.
            return replace(reverse, action=Action.CREATE, guid="", send=sent, priority=seen.priority)
        target = change.target or {}
        sent = _table(set_parameters(seen.properties, target), seen.properties)
    except ValueError as error:
        raise NotByScript("the rule did not hold exactly one filled sender condition") from error
    moved = seen.priority if change.priority is not None else None
    return replace(reverse, name=str(target.get("Name", step.name)), send=sent, priority=moved)
