"""From what a run found, and what the ledger remembers, to the one report (policy.md 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from m365_restrict.life.reading import Lives, lives_of
from m365_restrict.policy.sign_off import signatures
from m365_restrict.report.documents import DriftDocument, Head
from m365_restrict.report.edition import Edition, Period
from m365_restrict.report.lines import guard_lines, override_lines
from m365_restrict.report.model import PeriodCovered, PublicCounts, Report
from m365_restrict.reporting.actions import actions_taken
from m365_restrict.reporting.approvals import Approval
from m365_restrict.reporting.councillors import councillor_numbers
from m365_restrict.reporting.duties import Duties
from m365_restrict.reporting.editions import edited
from m365_restrict.reporting.exceptions import standing_exceptions
from m365_restrict.reporting.found_lines import FindingScene, fixed_sentences, report_findings
from m365_restrict.reporting.identity import run_identity
from m365_restrict.reporting.live import LiveScene, live_cases
from m365_restrict.reporting.not_covered import not_covered
from m365_restrict.reporting.numbers import numbers_of
from m365_restrict.reporting.periods import period_covered
from m365_restrict.reporting.public_counts import public_counts
from m365_restrict.reporting.remembered import Remembered, remembered_of
from m365_restrict.reporting.request import Beside, ReportRequest
from m365_restrict.reporting.sign_off import sign_off_of
from m365_restrict.reporting.trends import trends_of
from m365_restrict.reporting.worklist import due_tasks
from m365_restrict.steps.found import Found, Planned
from m365_restrict.steps.options import RunOptions
from m365_restrict.steps.run_context import Run
from m365_restrict.steps.run_document import choice_counts, holders_of

NOTHING_BESIDE = Beside()


async def compose(
    run: Run,
    found: Found,
    document: DriftDocument,
    *,
    request: ReportRequest,
    finished: Callable[[], datetime],
    beside: Beside = NOTHING_BESIDE,
) -> Report:
    """The report of one run of `drift`, whose document it never contradicts.

    1. which days it covers, and what the ledger knows of them
    2. what is due, for the weekly worklist alone
    3. all parts in the order of policy.md 5
    4. the numbers, counted from the parts
    5. what this edition leaves out

    `finished` gives the moment at the end. Raises as `reconcile` does where the worklist has to read more.
    """
    planned = found.planned
    if planned is None:
        raise AssertionError("a run of drift has a plan")
    options = run.options
    period = period_covered(
        request.period, today=run.today, day=request.day, year_begins=options.report.year_begins
    )
    memory = remembered_of(run.ledger, period, now=run.now, zone=options.zone)  # 1
    lives = await lives_of(run, found) if request.period is Period.WEEKLY else None  # 2
    scene = _Scene(run, found, planned, document, request, beside, period, memory, lives)
    whole = _whole(scene, head=replace(document.head, finished_at=finished()))  # 3
    before = memory.compared
    whole = replace(
        whole,
        numbers=numbers_of(whole, before.numbers if before else {}, today=run.today),  # 4
        compared_on=before.day(options.zone) if before else None,
    )
    return edited(whole)  # 5


@dataclass(frozen=True)
class _Scene:
    """Everything that a report is made of, read already."""

    run: Run
    found: Found
    planned: Planned
    document: DriftDocument
    request: ReportRequest
    beside: Beside
    period: PeriodCovered
    memory: Remembered
    lives: Lives | None

    @property
    def options(self) -> RunOptions:
        """The run's."""
        return self.run.options

    @property
    def approvals(self) -> Mapping[str, Approval]:
        """By case reference: of an accepted case what counts, of every other the last there was."""
        known, now = self.memory.approvals, self.run.now
        judgement = self.found.judgement
        others = {one.case_ref: one.item_id for one in judgement.refused}
        others |= {one.case_ref: one.item_id for one in judgement.ended_by_register}
        found = {reference: known.of(item_id, at=now) for reference, item_id in others.items()}
        for one in judgement.accepted:
            save = one.evidence
            found[one.case.reference] = known.with_values(one.case.item_id, save.fields_hash, at=now)
        return found

    @property
    def duties(self) -> Duties:
        """Who owns what."""
        owned = {one.case.reference for one in self.found.judgement.accepted if one.case.other.case_owner}
        return Duties(
            options=self.options.report, nation=self.options.profile.nation, owned_cases=frozenset(owned)
        )


def _whole(scene: _Scene, *, head: Head) -> Report:
    run, options, memory, watched = scene.run, scene.options, scene.memory, scene.found.watched
    edition, today = scene.request.for_whom, run.today
    approvals, duties, lines = scene.approvals, scene.duties, scene.document.findings
    findings = report_findings(lines, _finding_scene(scene, approvals))
    live = live_cases(scene.document.live, _live_scene(scene, approvals), by_hand=edition is Edition.ICT)
    in_force = scene.found.judgement.in_force
    signed = signatures(scene.found.register.reviews.items, options.zone)
    holders = holders_of(run.ledger, scene.planned)
    return Report(
        identity=run_identity(
            head, options, language=scene.request.language, evidence_hash=scene.beside.evidence_hash
        ),
        period=scene.period,
        edition=edition,
        summary=scene.document.summary,
        findings=findings,
        fixed=() if head.unknown else fixed_sentences(lines, memory.before, unseen=watched.unseen),
        live=live,
        contacts=watched.contacts,
        councillors=councillor_numbers(scene.found, scene.planned, choice_counts(scene.found)),
        actions=actions_taken(memory.written, memory.approvals, memory.holders),
        exceptions=standing_exceptions(
            memory, in_force, today=today, zone=options.zone, duties=duties, approvals=approvals
        ),
        guards=guard_lines(scene.planned.plan.guards, holders),
        overrides=override_lines(scene.planned.guarded),
        not_covered=not_covered(
            head,
            options,
            further=(*watched.not_covered, *scene.beside.not_covered),
            blocks_unread=scene.lives.unknown if scene.lives else None,
        ),
        sign_off=sign_off_of(scene.period, edition, signed, today=today, options=options),
        trends=trends_of(findings, live, memory.history, today=today, mail_by_week=watched.mail_by_week),
        language=scene.request.language,
        welsh_is_checked=options.report.welsh_is_checked(today),
        worklist=due_tasks(scene.lives, duties) if scene.lives else (),
        public=_public(scene) if edition is Edition.PUBLIC else None,
    )


def _finding_scene(scene: _Scene, approvals: Mapping[str, Approval]) -> FindingScene:
    return FindingScene(
        duties=scene.duties,
        zone=scene.options.zone,
        approvals=approvals,
        actors=scene.found.watched.actors,
        before=scene.memory.before,
        domains=scene.found.people.domains,
    )


def _live_scene(scene: _Scene, approvals: Mapping[str, Approval]) -> LiveScene:
    return LiveScene(
        today=scene.run.today,
        mode=scene.options.compile.mode,
        accepted=scene.found.judgement.accepted,
        rules=scene.memory.rules,
        made_at=scene.memory.made_at,
        approvals=approvals,
        mail=scene.found.watched.mail,
    )


def _public(scene: _Scene) -> PublicCounts:
    memory = scene.memory
    return public_counts(
        scene.found, scene.period, approvals=memory.approvals, lives=memory.lives, options=scene.options
    )
