"""Where every case stands in its life: the register as judged, and what still names cases that have ended."""

from collections.abc import Mapping
from dataclasses import dataclass

from m365_restrict.findings.left_behind import acting_transport_rules
from m365_restrict.ledger.lives import LifeRecord
from m365_restrict.life.cases import Cases, case_files
from m365_restrict.life.closing import Searched, Traces, addresses_of, life_after, traces_of
from m365_restrict.outcome import Unknown
from m365_restrict.policy.life import CaseFile, Task, life_rules
from m365_restrict.policy.life_tasks import Today
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.steps.checking import check
from m365_restrict.steps.found import Found
from m365_restrict.steps.reading import read_people, read_register, remembered
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.block_lists import BlockLists


@dataclass(frozen=True, kw_only=True)
class Lives:
    """The register as it was read and judged, and where every case stands in its life."""

    found: Found
    cases: Cases
    traces: Mapping[str, Traces]
    records: tuple[LifeRecord, ...]
    unknown: tuple[Unknown, ...]
    today: Today

    def owner(self, task: Task) -> str:
        """The address of the owner of the task's case, or ""."""
        case = self.case(task.item_id)
        return case.owner if case else ""

    def case(self, item_id: str) -> CaseFile | None:
        """The case file of an item."""
        return next((one for one in self.cases.files if one.item.item_id == item_id), None)

    def record_of(self, case: CaseFile) -> LifeRecord | None:
        """What the ledger is to remember of a case."""
        return next((one for one in self.records if one.item_id == case.item.item_id), None)


async def read_lives(run: Run) -> Lives:
    """Read and judge the register, and look for what still names the addresses of its cases."""
    run.progress("Reading the register")
    register = await read_register(run.readers, run.options, remembered(run.ledger))
    people = await read_people(run.readers.directory, run.options.people)
    judgement, choices = await check(run, register, people)
    run.ledger.register.pin(judgement.new_evidence)
    return await lives_of(run, Found(register=register, people=people, judgement=judgement, choices=choices))


async def lives_of(run: Run, found: Found) -> Lives:
    """The lives of the cases of a run that has read and judged the register already."""
    known = run.ledger.lives.all()
    cases = case_files(run, found, known)

    run.progress("Looking for what still names cases that have ended")
    searched = await _search(run)
    evidence = run.ledger.register.evidence()
    traces = {
        case.item.item_id: traces_of(case.case_ref, addresses_of(case.item, evidence), searched)
        for case in cases.files
    }
    records = tuple(
        life_after(
            case,
            known.get(case.item.item_id),
            traces[case.item.item_id],
            readable=not searched.unknown,
            today=run.today,
            run_id=run.run_id,
        )
        for case in cases.files
    )
    today = Today(day=run.today, zone=run.options.zone, rules=life_rules(run.options.profile))
    return Lives(
        found=found, cases=cases, traces=traces, records=records, unknown=searched.unknown, today=today
    )


async def _search(run: Run) -> Searched:
    if not run.options.sees_transport_rules:
        # Nothing in Exchange can be looked at; of what is ours there, the ledger knows.
        return Searched(
            transport=(),
            applied=run.ledger.rules.all(),
            blocks=BlockLists(),
            now=run.now,
            unseen=tuple(acting_transport_rules(run.ledger.rules.all(), run.now)),
        )
    raw = await run.readers.transport_rules.list_rules()
    return Searched(
        transport=raw if isinstance(raw, Unknown) else tuple(observe_transport_rule(one) for one in raw),
        applied=run.ledger.rules.all(),
        blocks=await run.readers.block_lists.read(),
        now=run.now,
    )
