"""The main path: from the council's decisions to rules that are proven to hold (design.md 2)."""

from m365_restrict.apply import apply_changes
from m365_restrict.checking import check, choices_with_folders, evidence_to_pin, live_cases, stated_cases
from m365_restrict.follow_up import follow_up
from m365_restrict.found import Found, Planned
from m365_restrict.plan.difference import difference, healing
from m365_restrict.plan.guards import judge_guards
from m365_restrict.plan.plan import build_plan
from m365_restrict.plan.proof import ProofGround, prove
from m365_restrict.plan.wanted import mailboxes_to_read, moved_cases
from m365_restrict.reading import (
    find_vanished,
    observe,
    read_directory,
    read_folders,
    read_people,
    read_register,
    remembered,
)
from m365_restrict.recording import record_run, tools_for
from m365_restrict.report.documents import Verb
from m365_restrict.rules.compile import compile_rules
from m365_restrict.run_context import Run


async def reconcile(run: Run) -> Found:
    """Bring the tenant into step with the register, or stop early where the verb only reads.

    1. read the register and the choices, with version history, complete or not at all
    2. check each case against the policy profile
    3. compile accepted cases and choices to rules
    4. observe transport rules and inbox rules; a failed read is Unknown, never absent
    5. plan: three-way difference of last applied, observed, desired
    6. guard the run; openings are never held back
    7. prove what the planned state would do to mail, simulated through both layers
    8. apply exactly that plan, each item isolated
    9. verify by reading back, item by item
    10. record in the ledger, then tell the register and the people; the caller reports

    Raises SourceIncomplete, ConfigurationError, ServiceError, LedgerError or LeaseHeld, always
    before a write or between two.
    """
    options, readers, ledger = run.options, run.readers, run.ledger

    run.progress("Reading the register")  # 1
    applied = ledger.rules.all()
    register = await read_register(readers, options, remembered(ledger))
    people = await read_people(readers.directory, options.people)
    before = ledger.register.live()
    vanished = await find_vanished(
        readers, options, known=(case.item_id for case in before), read=register.cases
    )

    if run.writing is not None:
        ledger.register.note_present(item.item_id for item in register.cases.items)

    judgement, choices = check(run, register, people)  # 2
    ledger.register.pin(evidence_to_pin(judgement, people))
    run.progress("Asking the directory")  # 3
    accepted = judgement.in_force
    counting, stated = [one.case for one in accepted], stated_cases(judgement, before)
    directory = await read_directory(readers.directory, people, [*counting, *stated], choices.choices)
    folders = await read_folders(readers.inbox_rules, accepted, choices.choices, directory, applied)
    choices = choices_with_folders(choices, folders, directory)
    desired = compile_rules(counting, choices.choices, directory, options.compile, stated=stated)

    if run.verb is Verb.VALIDATE:
        return Found(register=register, people=people, judgement=judgement, choices=choices, desired=desired)

    run.progress("Reading the rules in the tenant")  # 4
    observed = await observe(
        readers,
        mailboxes=mailboxes_to_read(desired, applied),
        applied=applied,
        folders=folders,
        instance_id=options.instance_id,
    )

    cases = live_cases(run, judgement, people, before=before, vanished=vanished)  # 5
    compare = healing if run.verb is Verb.HEAL else difference
    found = compare(cases.difference_input(desired, observed, applied, options))

    facts = cases.guard_facts(  # 6
        directory, observed, items_read=len(register.cases.items), frozen=ledger.freezes.current()
    )
    guards = judge_guards(found.changes, facts, options.guards)
    plan = build_plan(
        found, guards=guards, observed=observed, source_version=register.version, place=options.place
    )

    ground = ProofGround(
        cases=[one.case for one in accepted],
        observed=observed,
        directory=directory,
        opted_in=frozenset(rule.holder for rule in desired.transport if rule.holder),
        now=run.now,
        moved=moved_cases(desired, applied) if run.verb is Verb.HEAL else frozenset(),
    )
    planned = Planned(
        directory=directory,
        folders=folders,
        desired=desired,
        observed=observed,
        cases=cases,
        plan=plan,
        proof=prove(plan, ground),  # 7
    )
    result = Found(
        register=register,
        people=people,
        judgement=judgement,
        choices=choices,
        desired=desired,
        planned=planned,
    )
    if run.writing is None or not run.writing.approve(plan):
        return result

    async with run.writing.open_writers() as writers:  # 8, 9
        tools = tools_for(run, run.writing, writers, folders)
        outcomes = await apply_changes(planned.proof.permitted(plan), tools, planned=plan.allowed)
        result = result.after(outcomes)

        record_run(run, planned)  # 10
        if run.verb is Verb.APPLY:
            result = result.having_told(await follow_up(run, result, writers))
    return result
