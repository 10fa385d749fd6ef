"""The main path: from the council's decisions to rules that are proven to hold (design.md 2)."""

from dataclasses import replace

from m365_restrict import __version__
from m365_restrict.apply import apply_changes
from m365_restrict.auditing.approval_audit import consult_audit_log
from m365_restrict.errors import PlanRefused
from m365_restrict.letters.drafting import note_due_letters
from m365_restrict.plan.basis import Shaping
from m365_restrict.plan.change import Plan
from m365_restrict.plan.moves import MoveFacts
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.proof import ProofGround, prove
from m365_restrict.plan.renamed import Renamed
from m365_restrict.plan.wanted import moved_cases
from m365_restrict.report.verb import Verb
from m365_restrict.steps.follow_up import follow_up
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.guarding import GuardScene, guard_run
from m365_restrict.steps.hand_over import hand_over, note_run_by_hand
from m365_restrict.steps.reading_ahead import inbox_rules_ahead
from m365_restrict.steps.recording import record_run, tools_for
from m365_restrict.steps.rule_testing import RuleTestScene, put_to_rule_tests
from m365_restrict.steps.run_context import Run, Writing
from m365_restrict.steps.stages import (
    compare_rules,
    compile_wanted,
    found_so_far,
    judge,
    observe_rules,
    read_sources,
)
from m365_restrict.steps.watch import watch


async def reconcile(run: Run) -> Found:
    """Bring the tenant into step with the register, or stop early where the verb only reads.

    1. read the register and the choices, with version history, complete or not at all, and beside them what
       does not depend on them: who is who, the transport rules, inbox rules where ours are known to stand
    2. check each case against the policy profile
    3. compile accepted cases and choices to rules
    4. observe the inbox rules that are missing yet; a failed read is Unknown, never absent
    5. plan: three-way difference of last applied, observed, desired
    6. guard the run; openings are never held back
    7. prove what the planned state would do to mail, simulated through both layers
    8. apply exactly that plan, each item isolated
    9. verify by reading back, item by item
    10. record in the ledger, then tell the register and the people; the caller reports

    Raises SourceIncomplete, ConfigurationError, ServiceError, LedgerError or LeaseHeld, always
    before a write or between two.
    """
    options = run.options

    async with inbox_rules_ahead(run) as ahead:
        run.progress("Reading the register")
        sources = await read_sources(run)  # 1
        judged = await judge(run, sources)  # 2
        await consult_audit_log(run, sources.register, judged.judgement)
        run.progress("Asking the directory")
        compiled = await compile_wanted(run, sources, judged)  # 3
        if run.verb is Verb.VALIDATE:
            return found_so_far(sources, judged, compiled)

        run.progress("Reading the rules in the tenant")
        compiled, observed = await observe_rules(run, sources, judged, compiled, ahead)  # 4
    result = found_so_far(sources, judged, compiled)
    compared = compare_rules(run, sources, judged, compiled, observed)  # 5
    cases, directory, desired = compared.cases, compiled.directory, compiled.desired

    facts = MoveFacts(cases=judged.in_force, directory=directory, observed=observed, applied=compiled.applied)
    items_read = len(sources.register.cases.items)
    guarded = guard_run(  # 6
        run,
        GuardScene(
            difference=compared.difference,
            facts=facts,
            cases=cases,
            limits=sources.transport.limits,
            items_read=items_read,
        ),
    )
    tested = await put_to_rule_tests(  # 7
        run,
        RuleTestScene(
            judgement=judged.judgement,
            directory=directory,
            desired=desired,
            observed=observed,
            difference=guarded.difference,
        ),
    )
    plan = build_plan(
        guarded.difference,
        guards=(*guarded.verdicts, *tested.guards),
        observed=observed,
        source_version=sources.register.version,
        place=options.place,
        shaping=Shaping(tool_version=__version__, settings=options.shaping),
    )
    ground = ProofGround(
        cases=judged.in_force,
        observed=observed,
        directory=directory,
        desired=desired,
        now=run.now,
        lagging=bool(options.settle),
        carrier=options.compile.carrier,
        domains=sources.people.domains,
        moved=moved_cases(desired, compiled.applied) if run.verb is Verb.HEAL else frozenset(),
    )
    planned = Planned(
        directory=directory,
        folders=compiled.folders,
        desired=desired,
        observed=observed,
        cases=cases,
        plan=plan,
        guarded=guarded,
        proof=prove(plan, ground),
        rule_tests=tested,
    )
    result = replace(result, planned=planned)
    note_run_by_hand(run, planned, compiled.names)
    result = await watch(run, result)
    writing = _approved(run, plan)
    if not isinstance(writing, Writing):
        return replace(result, refusal=writing)
    if run.hand_over is not None:
        return hand_over(run, result, planned, run.hand_over)
    return await _written(run, writing, result, planned, compiled.names)  # 8, 9, 10


async def _written(run: Run, writing: Writing, result: Found, planned: Planned, names: Renamed) -> Found:
    """The last steps of the main path, with writers open."""
    plan = planned.plan
    async with writing.open_writers() as writers:  # 8, 9
        run.ledger.rules.rename(names.rules)
        tools = tools_for(run, writing, writers, planned.folders)
        outcomes = await apply_changes(
            planned.proof.permitted(plan), tools, planned=plan.allowed, line=plan.difference.line
        )
        result = result.after(outcomes)

        note_due_letters(run, result)  # 10
        record_run(run, planned)
        if run.may_follow_up() and run.verb is Verb.APPLY and not writing.stopping():
            result = result.having_told(await follow_up(run, result, writers))
    return replace(result, stopped=writing.stopping())


def _approved(run: Run, plan: Plan) -> Writing | PlanRefused | None:
    """What the run may write with. None where it only reads or a person said no; else why nobody approved."""
    try:
        return run.writing if run.writing is not None and run.writing.approve(plan) else None
    except PlanRefused as refusal:
        return refusal
