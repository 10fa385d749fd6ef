"""A rule that cannot have its new name is written under the one that it bears: no opening waits for a name.

No two rules may have the same name (exchange.md 7.1 row 18), so a name is not to be had while a foreign rule
bears it, or one of ours that stays, because a guard or an item that has vanished keeps it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, Change, GuardVerdict, LineEntry, Observed, RuleKind
from m365_restrict.rules.stamp import with_digest


def under_its_own_name(change: Change) -> tuple[Change, ...]:
    """All of a change but the new name, which cannot be had: nothing that opens waits for a name."""
    before, target = change.observed, change.target
    if before is None or target is None:
        return ()
    form = {**target, "Name": change.observed_name}
    form["Comments"] = with_digest(str(form.get("Comments", "")), form)
    fields = tuple(entry for entry in change.fields if entry.field not in {"Name", "Comments"})
    whole = replace(change, name=change.observed_name, target=form, fields=fields)
    return (whole,) if fields else ()


def with_names_to_be_had(
    changes: Iterable[Change],
    line: Sequence[LineEntry],
    observed: Observed,
    guards: Sequence[GuardVerdict],
) -> tuple[Change, ...]:
    """The changes without the new names that rules of ours bear and keep; a guard holds such names back."""
    found = tuple(changes)
    names = _names(line, observed)
    while True:
        stuck = next((one for one in found if _waits_for_a_name(one, found, names)), None)
        if stuck is None:
            return found
        waiting = (replace(stuck, held_by=guards[0].code.value, opening=None),) if guards else ()
        instead = (*under_its_own_name(stuck), *waiting)
        found = tuple(entry for one in found for entry in (instead if one is stuck else (one,)))


def _names(line: Sequence[LineEntry], observed: Observed) -> Mapping[str, str]:
    """The key of each transport rule of ours by the name that it bears."""
    keys = {entry.guid: entry.key for entry in line if entry.key}
    rules = () if isinstance(observed.transport, Unknown) else observed.transport
    return {rule.name.casefold(): keys[rule.guid] for rule in rules if rule.guid in keys}


def _waits_for_a_name(change: Change, changes: Iterable[Change], names: Mapping[str, str]) -> bool:
    """Whether the new name of a rule that stands is borne by one which no change takes it from."""
    if change.held_by or change.action is not Action.UPDATE or change.kind is not RuleKind.TRANSPORT_RULE:
        return False
    bearer = names.get(_new_name(change), change.key)
    return bearer != change.key and not any(
        one.key == bearer and one.kind is change.kind and not one.held_by and _gives_its_name_up(one)
        for one in changes
    )


def _new_name(change: Change) -> str:
    return str((change.target or {}).get("Name", "")).casefold()


def _gives_its_name_up(change: Change) -> bool:
    return change.action is Action.DELETE or _new_name(change) != change.observed_name.casefold()
