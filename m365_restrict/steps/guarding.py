"""Step 6 of the main path: what the guards are told, and what they leave of a difference."""

from dataclasses import dataclass

from m365_restrict.plan.change import Difference
from m365_restrict.plan.guards import Guarded, GuardFacts, guard
from m365_restrict.plan.limits import ServiceLimits
from m365_restrict.plan.moves import MoveFacts, moves_in
from m365_restrict.steps.checking import LiveCases
from m365_restrict.steps.run_context import Run


@dataclass(frozen=True, kw_only=True)
class GuardScene:
    """What the run has found out by the time that its guards judge it."""

    difference: Difference
    facts: MoveFacts
    cases: LiveCases
    limits: ServiceLimits
    items_read: int


def guard_run(run: Run, scene: GuardScene) -> Guarded:
    """Judge the run by its guards, with the freeze and the overrides that stand at its moment."""
    facts, cases, frozen = scene.facts, scene.cases, run.ledger.freezes.current()
    given = GuardFacts(
        items_read=scene.items_read,
        live_before=frozenset(one.case_reference for one in cases.before),
        lost=cases.lost,
        directory=facts.directory,
        observed=facts.observed,
        now=run.now,
        moves=moves_in(scene.difference, facts),
        limits=scene.limits,
        frozen=frozen.reason if frozen else "",
        unknown_approvers=cases.unknown_approvers,
        overrides=run.ledger.overrides.standing(run.now),
    )
    return guard(scene.difference, given, run.options.guards)
