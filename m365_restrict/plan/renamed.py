"""Cases are known by their list item, so a rule follows its case when the case reference is edited.

The reference stands in rule names, stamps and keys. A new one is a Set on the same Guid (design.md 2.8):
no gap, no twin, and what the item opens is opened in the rule that bears the old reference.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from m365_restrict.plan.change import Applied
from m365_restrict.policy.judgement import Judgement
from m365_restrict.register.reference import reference_key


@dataclass(frozen=True)
class Renamed:
    """What cases and rules are called now.

    `references` gives the case reference by item id, no two items the same: what is said of a reference
    is said of one item. `rules` gives every applied rule by the key under which the ledger holds it, with
    the key, reference and item id that it has now.
    """

    references: Mapping[str, str]
    rules: Mapping[str, Applied]


def known_again(applied: Sequence[Applied], before: Mapping[str, str], judgement: Judgement) -> Renamed:
    """Find the cases of the last run and of the applied rules in the register as it is now.

    `before` gives the references of the live cases of the last run by item id. A rule without item id
    belongs to the case that had its reference then, or that has it now.
    """
    accepted = {one.case.item_id: one.case.reference for one in judgement.accepted}
    ended = {one.item_id: one.case_ref for one in judgement.ended_by_register}
    owners = _owners(accepted) | _owners(before)
    found = [replace(one, item_id=_item_of(one, owners)) for one in applied]
    left = {one.item_id: one.case_reference for one in found if one.item_id and one.case_reference}
    references = _told_apart(accepted, ended, before, left)
    return Renamed(references, _rekeyed(found, references))


def _told_apart(*ranks: Mapping[str, str]) -> Mapping[str, str]:
    """The reference of each item, by the first of `ranks` that has it.

    A reference that another item bears already is not shared: two cases under one reference would be opened,
    kept and written as if they were one.
    """
    result: dict[str, str] = {}
    taken: set[str] = set()
    for rank in ranks:
        for item_id, reference in rank.items():
            if item_id not in result:
                result[item_id] = reference if reference_key(reference) not in taken else f"item {item_id}"
                taken.add(reference_key(result[item_id]))
    return result


def _owners(references: Mapping[str, str]) -> dict[str, str]:
    return {reference_key(reference): item_id for item_id, reference in references.items()}


def _item_of(rule: Applied, owners: Mapping[str, str]) -> str:
    if rule.item_id or not rule.case_reference:
        return rule.item_id
    return owners.get(reference_key(rule.case_reference), "")


def _rekeyed(applied: Iterable[Applied], references: Mapping[str, str]) -> Mapping[str, Applied]:
    """Each rule under a key of its own; those whose case kept its reference come first."""
    ordered = sorted(applied, key=lambda one: _name_now(one, references) != one.case_reference)
    taken: set[str] = set()
    result: dict[str, Applied] = {}
    for one in ordered:
        reference = _name_now(one, references)
        key = one.key
        if key.startswith(f"{one.case_reference}/"):
            key = reference + key.removeprefix(one.case_reference)
        while key in taken:
            key += "~"
        taken.add(key)
        result[one.key] = replace(one, key=key, case_reference=reference)
    return result


def _name_now(rule: Applied, references: Mapping[str, str]) -> str:
    return references.get(rule.item_id, rule.case_reference) if rule.item_id else rule.case_reference
