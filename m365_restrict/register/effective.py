"""What counts today: the approved values, with later edits that only open (contracts.md 1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from m365_restrict.register.case import ProtectedFields, Scope


def effective(
    approved: ProtectedFields, current: ProtectedFields | None
) -> tuple[ProtectedFields, tuple[str, ...]]:
    """Apply what opens, column by column, and name the columns whose edits wait for approval.

    Fewer addresses, an earlier end, a later start, a narrower scope and more allowed
    recipients open, whoever saved them. Everything else keeps its approved value.
    """
    if current is None:
        return approved, ()
    result = approved
    for part in (_addresses, _allowed, _start, _end, _scope):
        result = part(result, current)
    waiting = tuple(
        column for column, attribute in _COLUMNS if getattr(result, attribute) != getattr(current, attribute)
    )
    return result, waiting


_COLUMNS = (
    ("ItemType", "item_type"),
    ("Addresses", "addresses"),
    ("Stage", "stage"),
    ("Measure", "measure"),
    ("Scope", "scope"),
    ("ScopeMailboxes", "scope_mailboxes"),
    ("SpocMailbox", "spoc_mailbox"),
    ("AllowedRecipients", "allowed_recipients"),
    ("CouncillorRoute", "councillor_route"),
    ("WardCouncillors", "ward_councillors"),
    ("EffectiveFrom", "effective_from"),
    ("EndsOn", "ends_on"),
)


def _addresses(approved: ProtectedFields, current: ProtectedFields) -> ProtectedFields:
    return replace(approved, addresses=_both(approved.addresses, current.addresses))


def _allowed(approved: ProtectedFields, current: ProtectedFields) -> ProtectedFields:
    either = {*approved.allowed_recipients, *current.allowed_recipients}
    return replace(approved, allowed_recipients=tuple(sorted(either)))


def _start(approved: ProtectedFields, current: ProtectedFields) -> ProtectedFields:
    return replace(approved, effective_from=_pick(max, approved.effective_from, current.effective_from))


def _end(approved: ProtectedFields, current: ProtectedFields) -> ProtectedFields:
    return replace(approved, ends_on=_pick(min, approved.ends_on, current.ends_on))


def _scope(approved: ProtectedFields, current: ProtectedFields) -> ProtectedFields:
    """Whole council to named mailboxes narrows, once mailboxes are named; fewer mailboxes narrow."""
    if current.scope is not Scope.NAMED:
        return approved
    if approved.scope is Scope.NAMED:
        return replace(approved, scope_mailboxes=_both(approved.scope_mailboxes, current.scope_mailboxes))
    if not current.scope_mailboxes:
        return approved
    return replace(approved, scope=Scope.NAMED, scope_mailboxes=current.scope_mailboxes)


def _both(approved: tuple[str, ...], current: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*approved} & {*current}))


def _pick(choose: Callable[[date, date], date], approved: date | None, current: date | None) -> date | None:
    """An approved day that is missing stays missing: no edit may complete what was approved."""
    return approved if approved is None or current is None else choose(approved, current)
