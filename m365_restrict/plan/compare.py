"""One rule at a time: the class of a difference, its fields, and the change that follows."""

from dataclasses import replace

from m365_restrict.plan.change import Action, Applied, Change, ChangeClass, FieldChange, ObservedRule
from m365_restrict.plan.effects import effect_of
from m365_restrict.plan.opening import only_opens, opened
from m365_restrict.plan.wanted import Wanted
from m365_restrict.rules.observed import Properties
from m365_restrict.rules.properties import senders_of
from m365_restrict.rules.stamp import Stamp, parse_stamp


def class_of(
    desired: Properties | None, observed: Properties | None, applied: Properties | None
) -> ChangeClass | None:
    """The three-way class (design.md 7); None where desired and observed agree."""
    if desired == observed:
        return None
    if observed is None:
        return ChangeClass.PENDING if applied is None else ChangeClass.MISSING
    if desired is None and applied is None:
        return ChangeClass.ORPHAN
    if applied == observed:
        return ChangeClass.PENDING
    if applied is not None and applied == desired:
        return ChangeClass.DRIFTED
    return ChangeClass.BOTH


def fields_between(observed: Properties, desired: Properties) -> tuple[FieldChange, ...]:
    """The properties that differ, by name. A stamp that only follows the other fields is left out."""
    names = sorted(name for name in {*observed, *desired} if observed.get(name) != desired.get(name))
    if len(names) > 1 and "Comments" in names and _same_words(observed, desired):
        names.remove("Comments")
    return tuple(FieldChange(name, observed.get(name), desired.get(name)) for name in names)


def _same_words(observed: Properties, desired: Properties) -> bool:
    """Whether two comments differ in nothing but the digest and the end date of the same stamp."""
    old, new = (parse_stamp(str(side.get("Comments", ""))) for side in (observed, desired))
    return isinstance(old, Stamp) and isinstance(new, Stamp) and old.key == new.key


def creation(wanted: Wanted, change_class: ChangeClass, *, opens: bool) -> Change:
    """The change that makes a rule."""
    return Change(
        action=Action.CREATE,
        kind=wanted.kind,
        key=wanted.key,
        name=name_in(wanted.properties),
        case_reference=wanted.case_reference,
        mailbox=wanted.mailbox,
        chosen_by_holder=wanted.chosen_by_holder,
        change_class=change_class,
        fields=fields_between({}, wanted.properties),
        effect=effect_of(
            Action.CREATE,
            wanted.kind,
            case_reference=wanted.case_reference,
            chosen_by_holder=wanted.chosen_by_holder,
            target=wanted.properties,
            zone=wanted.zone,
        ),
        opens=opens,
        target=wanted.properties,
        saved=wanted.saved,
        item_id=wanted.item_id,
    )


def name_in(properties: Properties) -> str:
    """A rule's name in either service's spelling."""
    return str(properties.get("Name") or properties.get("displayName") or "")


def update(
    wanted: Wanted,
    observed: ObservedRule,
    change_class: ChangeClass,
    still_restricted: frozenset[str],
    *,
    opens: bool,
) -> Change:
    """The change that turns an observed rule into the wanted one, with its opening part beside it."""
    whole = _updated(wanted, observed, change_class, wanted.properties)
    if opens or only_opens(observed.properties, wanted.properties):
        return replace(whole, opens=True)
    part = opening_part(wanted, observed, change_class, still_restricted)
    return replace(whole, opening=part)


def opening_part(
    wanted: Wanted,
    observed: ObservedRule,
    change_class: ChangeClass,
    still_restricted: frozenset[str],
) -> Change | None:
    """That part of an update which only lets mail through; None where there is none."""
    senders = still_restricted or frozenset(senders_of(wanted.properties))
    form = opened(observed.properties, wanted.properties, senders)
    if form == observed.properties:
        return None
    if form is None:
        return deletion(wanted, observed, change_class, opens=True)
    return replace(_updated(wanted, observed, change_class, form), opens=True)


def _updated(wanted: Wanted, observed: ObservedRule, change_class: ChangeClass, target: Properties) -> Change:
    return Change(
        action=Action.UPDATE,
        kind=wanted.kind,
        key=wanted.key,
        name=name_in(target),
        case_reference=wanted.case_reference,
        mailbox=wanted.mailbox,
        chosen_by_holder=wanted.chosen_by_holder,
        change_class=change_class,
        fields=fields_between(observed.properties, target),
        effect=effect_of(
            Action.UPDATE,
            wanted.kind,
            case_reference=wanted.case_reference,
            chosen_by_holder=wanted.chosen_by_holder,
            target=target,
            zone=wanted.zone,
        ),
        opens=False,
        target=target,
        observed=observed,
        saved=wanted.saved,
        item_id=wanted.item_id,
    )


def deletion(
    identity: Wanted | Applied, observed: ObservedRule, change_class: ChangeClass, *, opens: bool
) -> Change:
    """The change that removes a rule of ours."""
    return Change(
        action=Action.DELETE,
        kind=identity.kind,
        key=identity.key,
        name=name_in(observed.properties),
        case_reference=identity.case_reference,
        mailbox=identity.mailbox,
        chosen_by_holder=identity.chosen_by_holder,
        change_class=change_class,
        fields=(),
        effect=effect_of(
            Action.DELETE,
            identity.kind,
            case_reference=identity.case_reference,
            chosen_by_holder=identity.chosen_by_holder,
            target=None,
        ),
        opens=opens,
        observed=observed,
        saved=identity.saved,
        item_id=identity.item_id,
    )
