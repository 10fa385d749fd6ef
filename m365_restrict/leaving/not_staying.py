"""Which of our transport rules may not be left to end by themselves, because the register says otherwise.

A rule that is left has nobody who would open it later, so whatever the register has opened by now, wholly or
in part, must be open before the installation goes (design.md 2: opening is never blocked).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from m365_restrict.errors import RestrictError
from m365_restrict.leaving.standing import Standing
from m365_restrict.plan.change import Action, Applied, RuleKind
from m365_restrict.reconcile import reconcile
from m365_restrict.steps.found import Planned
from m365_restrict.steps.openings import opening_of
from m365_restrict.steps.run_context import Run

_REGISTER_OPENS = "The register opens it or a part of it, and no run has carried that out, so it is not left."
_BY_HAND = "Its case was opened by hand, so it is not left."
_NOT_KNOWN = "The ledger does not know it, so nobody can tell what was decided, and it is not left."


@dataclass(frozen=True, kw_only=True)
class NotStaying:
    """Why rules may not be left, by key, and what could not be asked about it."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


async def read_not_staying(run: Run, standing: Standing) -> NotStaying:
    """Ask the register, as a plan does. Writes nothing in the tenant.

    Raises RestrictError where it cannot be read and rules have not begun to go: they can be removed then.
    Afterwards what the ledger knows has to do, and a note says so.
    """
    planned: Planned | None = None
    notes: tuple[str, ...] = ()
    try:
        planned = (await reconcile(run)).planned
    except RestrictError as error:
        if run.ledger.retirements.current() is None:
            raise
        notes = (f"What the register has opened since the last run was not asked: {error.message}",)
    mine = [(one, rule.properties.get("Name")) for one, rule in standing.council.standing]
    reasons = dict(_unrecorded(run, [one for one, _ in mine], planned))
    reasons |= {one.key: _REGISTER_OPENS for one, name in mine if planned and _opens(planned, one.key, name)}
    openings = run.ledger.openings.standing()
    reasons |= {one.key: _BY_HAND for one, _ in mine if opening_of(one.item_id, one.case_reference, openings)}
    return NotStaying(reasons=reasons, notes=notes)


def _unrecorded(run: Run, mine: Iterable[Applied], planned: Planned | None) -> Iterator[tuple[str, str]]:
    """Rules that the ledger does not know and that are not as the register wants them."""
    known = {one.key for one in run.ledger.rules.all()}
    known |= {one.key for one in planned.plan.difference.takeovers} if planned else set()
    return ((one.key, _NOT_KNOWN) for one in mine if one.key not in known)


def _opens(planned: Planned, key: str, name: object) -> bool:
    """Whether a plan would remove the rule, now or once its successor has settled, or open a part of it."""
    if any(one.name == name for one in planned.plan.difference.settling):
        return True
    return any(
        one.action is Action.DELETE or one.opens or one.opening is not None
        for one in planned.plan.changes
        if one.kind is RuleKind.TRANSPORT_RULE and one.key == key
    )
