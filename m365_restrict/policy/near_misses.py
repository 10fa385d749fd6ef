"""Addresses that are almost those of somebody else: probably a slip of the keyboard (policy.md 6)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from m365_restrict.policy.advice import Advice
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.known_senders import KnownSenders, one_edit_apart

_Owner: TypeAlias = tuple[str, str]
"""The reference of a case, "" for a councillor, and one of its addresses."""


@dataclass(frozen=True)
class Listed:
    """The addresses of one case."""

    item_id: str
    case_ref: str
    addresses: tuple[str, ...]


def near_misses(
    cases: Sequence[Listed], *, councillors: Iterable[str], known: KnownSenders
) -> Mapping[str, tuple[Advice, ...]]:
    """Advice by item id: addresses one edit, or one spelling of a mailbox, from somebody else's."""
    owners = [(case.case_ref, address) for case in cases for address in case.addresses]
    neighbours = _neighbours([*owners, *(("", address) for address in councillors)], known)
    found: dict[str, tuple[Advice, ...]] = {}
    for case in cases:
        others = sorted(
            {one for address in case.addresses for one in _near(case, address, neighbours, known)}
        )
        if others:
            found[case.item_id] = tuple(_advice(other) for other in others)
    return found


def _neighbours(owners: Iterable[_Owner], known: KnownSenders) -> Mapping[_Owner, set[_Owner]]:
    """For each address those that share a key with it, itself among them; few have any."""
    index: dict[str, set[_Owner]] = {}
    for owner in owners:
        for key in _keys(owner[1], known):
            index.setdefault(key, set()).add(owner)
    found: dict[_Owner, set[_Owner]] = {}
    for sharing in index.values():
        if len(sharing) > 1:
            for owner in sharing:
                found.setdefault(owner, set()).update(sharing)
    return found


def _near(
    case: Listed, address: str, neighbours: Mapping[_Owner, set[_Owner]], known: KnownSenders
) -> Iterator[str]:
    """References of other cases, "" for a councillor, whose address is almost this one."""
    for reference, other in neighbours.get((case.case_ref, address), ()):
        if reference == case.case_ref or other == address or other in case.addresses:
            continue
        if one_edit_apart(address, other) or known.mailbox_of(address) == known.mailbox_of(other):
            yield reference


def _keys(address: str, known: KnownSenders) -> Iterator[str]:
    """What two addresses one edit apart, or of one mailbox, share: all ways to leave out a letter."""
    yield address
    yield f"mailbox {known.mailbox_of(address)}"
    for place in range(len(address)):
        yield address[:place] + address[place + 1 :]


def _advice(reference: str) -> Advice:
    code = WarningCode.ADDRESS_NEAR_MISS
    whose = f"It is like one of case {reference}." if reference else "It is like a councillor's."
    return Advice(code, f"{code.meaning} {whose} {code.advice}")
