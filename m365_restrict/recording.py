"""Step 10 of the main path: what the ledger is told, item by item and at the end."""

from m365_restrict.found import Planned
from m365_restrict.plan.change import Action
from m365_restrict.reading import Folders
from m365_restrict.run_context import Run, Writing
from m365_restrict.tenant.session import TenantWriters
from m365_restrict.write_outcome import ChangeOutcome, Result, Tools

_MARKS = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "removed"}


def tools_for(run: Run, writing: Writing, writers: TenantWriters, folders: Folders) -> Tools:
    """What apply works with; every outcome goes into the ledger the moment it is known."""
    return Tools(
        readers=run.readers,
        writers=writers,
        instance_id=run.options.instance_id,
        folders=folders.ids,
        record=lambda outcome: keep_outcome(run, outcome),
        progress=lambda outcome: run.progress(_sentence(outcome)),
        still_ours=writing.lease.check,
    )


def keep_outcome(run: Run, outcome: ChangeOutcome) -> None:
    """Remember a rule as it was read back, or forget one that is proven gone."""
    if outcome.applied is not None:
        run.ledger.rules.record(outcome.applied, run_id=run.run_id, at=run.now)
    elif outcome.result is Result.APPLIED:
        run.ledger.rules.forget(outcome.change.key)


def record_run(run: Run, planned: Planned) -> None:
    """What stands after a run that wrote: takeovers, rules that are gone, holders' choices, live cases."""
    ledger, plan = run.ledger, planned.plan
    for applied in plan.difference.takeovers:
        ledger.rules.record(applied, run_id=run.run_id, at=run.now)
    for key in plan.difference.forgotten:
        ledger.rules.forget(key)
    for key in plan.difference.holder_ended:
        ledger.rules.mark_holder_ended(key)
    cases = planned.cases
    standing = cases.kept | (cases.lost if plan.guards else frozenset())
    remembered = [one for one in cases.before if one.case_reference in standing]
    ledger.register.replace_live([*cases.live, *remembered], run_id=run.run_id)


def _sentence(outcome: ChangeOutcome) -> str:
    """One line of progress. A councillor's choice is named by nothing at all."""
    change = outcome.change
    what = "a councillor's choice" if change.chosen_by_holder else f"'{change.name}'"
    done = _MARKS[change.action] if outcome.result is Result.APPLIED else outcome.result.value
    return f"{done.capitalize()}: {what}"
