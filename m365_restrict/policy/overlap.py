"""Cases that stand in each other's way: the same reference twice, or one address in two live cases."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from m365_restrict.register.approval import ApprovalEvidence
from m365_restrict.register.case import CaseState, ProtectedFields, Scope
from m365_restrict.register.values import as_lines, values_from_json


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a live case lays claim to. `approvals` are its approving saves, oldest first."""

    item_id: str
    case_ref: str
    protected: ProtectedFields
    state: CaseState
    approvals: tuple[ApprovalEvidence, ...]


@dataclass(frozen=True)
class Clash:
    """`loser` is refused because `winner` had the address first."""

    loser: Claim
    winner: Claim


def item_order(item_id: str) -> tuple[int, str]:
    """Sorts item ids by age: SharePoint counts them up."""
    return (int(item_id) if item_id.isdecimal() else 0), item_id


def clashes(claims: Sequence[Claim]) -> tuple[Clash, ...]:
    """The fewest cases to refuse so that no address is in two live cases whose scopes overlap.

    The case in force stays; of two in force, the one in which the address was approved first.
    """
    left = {claim.item_id: claim for claim in claims if claim.protected.measure.acts_on_mail}
    found: list[Clash] = []
    while pairs := [_judge(one, other) for one, other in _overlapping(tuple(left.values()))]:
        worst = max(pairs, key=lambda clash: _rank(clash.loser, clash.winner))
        found.append(worst)
        del left[worst.loser.item_id]
    return tuple(found)


def _overlapping(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    by_address: dict[str, list[Claim]] = {}
    for claim in claims:
        for address in claim.protected.addresses:
            by_address.setdefault(address, []).append(claim)
    for sharing in by_address.values():
        for one, other in combinations(sharing, 2):
            if _scopes_meet(one.protected, other.protected) and _periods_meet(one.protected, other.protected):
                yield one, other


def _judge(one: Claim, other: Claim) -> Clash:
    return Clash(other, one) if _rank(one, other) < _rank(other, one) else Clash(one, other)


def _rank(claim: Claim, against: Claim) -> tuple[bool, datetime, tuple[int, str]]:
    shared = {*claim.protected.addresses} & {*against.protected.addresses}
    return claim.state is not CaseState.IN_FORCE, _since(claim, shared), item_order(claim.item_id)


def _since(claim: Claim, shared: set[str]) -> datetime:
    """When one of the shared addresses was first approved in this case."""
    return min(
        one.saved_at
        for one in claim.approvals
        if not shared.isdisjoint(as_lines(values_from_json(one.values_json).get("Addresses", ())))
    )


def _scopes_meet(one: ProtectedFields, other: ProtectedFields) -> bool:
    if Scope.WHOLE_COUNCIL in {one.scope, other.scope}:
        return True
    return not set(one.scope_mailboxes).isdisjoint(other.scope_mailboxes)


def _periods_meet(one: ProtectedFields, other: ProtectedFields) -> bool:
    if not (one.effective_from and one.ends_on and other.effective_from and other.ends_on):
        return True
    return one.effective_from <= other.ends_on and other.effective_from <= one.ends_on
