"""Addresses that are almost those of somebody else: probably a slip of the keyboard (policy.md 6)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from m365_restrict.policy.advice import Advice
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.known_senders import KnownSenders, one_edit_apart


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
    index: dict[str, set[tuple[str, str]]] = {}
    owners = [(case.case_ref, address) for case in cases for address in case.addresses]
    for owner in [*owners, *(("", address) for address in councillors)]:
        for key in _keys(owner[1], known):
            index.setdefault(key, set()).add(owner)
    found: dict[str, tuple[Advice, ...]] = {}
    for case in cases:
        others = sorted({one for address in case.addresses for one in _near(case, address, index, known)})
        if others:
            found[case.item_id] = tuple(_advice(other) for other in others)
    return found


def _near(
    case: Listed, address: str, index: Mapping[str, set[tuple[str, str]]], known: KnownSenders
) -> Iterator[str]:
    """References of other cases, "" for a councillor, whose address is almost this one."""
    candidates = {owner for key in _keys(address, known) for owner in index.get(key, ())}
    for reference, other in candidates:
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
