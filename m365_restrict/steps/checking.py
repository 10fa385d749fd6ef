"""Step 2 of the main path and what follows from it: which cases count, and which are lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from m365_restrict.ledger.register_memory import LiveCase
from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Applied, Observed
from m365_restrict.plan.claims import Claims
from m365_restrict.plan.wanted import DifferenceInput
from m365_restrict.policy.checks import judge_register
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.judgement import AcceptedCase, Judgement
from m365_restrict.register.case import Case, CaseState, Measure
from m365_restrict.register.choice import RefusedChoice
from m365_restrict.register.codes import ChoiceCode
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict
from m365_restrict.register.read_choice import ChoiceContext, ChoiceReading, read_choices
from m365_restrict.register.recipient import Recipient
from m365_restrict.rules.compilation import Desired, Directory
from m365_restrict.steps.openings import is_opened, opened_references, with_openings
from m365_restrict.steps.options import RunOptions
from m365_restrict.steps.reading import People, Register
from m365_restrict.steps.run_context import Run
from m365_restrict.tenant.together import meanwhile
from m365_restrict.writes.mailbox_folders import Folders, can_be_made

_NO_FOLDER = ChoiceCode.FOLDER_NOT_FOUND
_PROVEN_GONE = 2
"""Runs that must get a 404 for an item before its case counts as gone (contracts.md 1)."""


async def check(run: Run, register: Register, people: People) -> tuple[Judgement, ChoiceReading]:
    """Judge every case against the profile, then every councillor's choice against the live cases."""
    pinned, openings = run.ledger.register.evidence(), run.ledger.openings.standing()

    def _judged() -> tuple[Judgement, ChoiceReading]:
        judgement = judge_register(
            register.cases.items,
            register.reviews.items,
            profile=run.options.profile,
            context=_check_context(run, people),
            pinned=pinned,
        )
        judgement = with_openings(judgement, openings)
        context = _choice_context(run, people, judgement.in_force)
        return judgement, read_choices(register.choices.items, context)

    return await meanwhile(_judged)


def _check_context(run: Run, people: People) -> CheckContext:
    options = run.options
    return CheckContext(
        today=run.today,
        zone=options.zone,
        approvers=people.approvers,
        council_domains=people.domains,
        councillor_addresses=people.councillor_addresses,
        protected_mailboxes=frozenset(
            entry.address for entry in people.protected if isinstance(entry, Recipient)
        ),
        flow_identities=frozenset(one.strip().lower() for one in options.people.flow_identities),
        known_senders=options.people.known_senders,
        pre_election=options.people.pre_election,
    )


def evidence_to_pin(judgement: Judgement, people: People) -> tuple[ApprovalEvidence, ...]:
    """What the ledger keeps. While an approver is unknown, nobody is judged for good not to be one."""
    if not people.unknown_approvers:
        return judgement.new_evidence
    return tuple(one for one in judgement.new_evidence if one.verdict is not EvidenceVerdict.NOT_ELIGIBLE)


def _choice_context(run: Run, people: People, accepted: Sequence[AcceptedCase]) -> ChoiceContext:
    return ChoiceContext(
        today=run.today,
        zone=run.options.zone,
        term_ends_on=run.options.people.term_ends_on,
        councillor_ids=people.councillor_ids,
        councillor_addresses=people.councillor_names,
        council_domains=people.domains,
        live_cases={one.case.reference: one.case.protected.measure for one in accepted},
    )


def choices_with_folders(
    reading: ChoiceReading, folders: Folders, directory: Directory, options: RunOptions
) -> ChoiceReading:
    """Refuse the choices whose folder is not in the holder's mailbox and is not to be made there.

    Each other folder is named in one way.
    """
    homeless = [
        one
        for one in reading.choices
        if folders.is_missing(one, directory)
        and not (options.create_folders and can_be_made(one.folder_name))
    ]
    refused = [
        RefusedChoice(
            one.item_id, _NO_FOLDER.value, f"Choice {one.item_id}: {_NO_FOLDER.meaning} {_NO_FOLDER.advice}"
        )
        for one in homeless
    ]
    return replace(
        reading,
        choices=tuple(folders.as_named(one, directory) for one in reading.choices if one not in homeless),
        refused=(*reading.refused, *refused),
    )


def stated_cases(judgement: Judgement, before: Sequence[LiveCase]) -> tuple[Case, ...]:
    """What the items of cases say that were live in the last run and have no live decision now.

    Under the reference and the measure that they had: these are the rules that a guard may keep.
    """
    said = {one.item_id: one for one in judgement.stated}
    renamed = {one.case.item_id: one.case for one in judgement.accepted}
    found: list[Case] = []
    for known in before:
        case = said.get(known.item_id) or renamed.get(known.item_id)
        if case is None or (known.item_id in renamed and case.reference == known.case_reference):
            continue
        protected = replace(
            case.protected,
            measure=Measure(known.measure),
            ends_on=case.protected.ends_on or known.ends_on,
        )
        found.append(replace(case, reference=known.case_reference, protected=protected))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class LiveCases:
    """Where the cases of this run and of the last stand.

    `opened` are those that the register or a person opened, known by their items (`opened_items`): under
    the references of `plan/renamed.py`, of which no two items share one. `kept` have vanished without
    proof: their rules stay. `lost` were live and are so no longer, without the register having opened them.
    """

    live: tuple[LiveCase, ...]
    before: tuple[LiveCase, ...]
    opened: frozenset[str]
    kept: frozenset[str]
    lost: frozenset[str]
    choices_known: bool
    unknown_approvers: tuple[str, ...]
    opened_items: frozenset[str] = frozenset()

    def difference_input(
        self,
        desired: Desired,
        observed: Observed,
        applied: Sequence[Applied],
        options: RunOptions,
        *,
        claims: Claims,
    ) -> DifferenceInput:
        """What the difference is made of."""
        return DifferenceInput(
            desired=desired,
            observed=observed,
            applied=applied,
            instance_id=options.instance_id,
            live_case_refs=frozenset(one.case_reference for one in self.live),
            opened_case_refs=self.opened,
            kept_case_refs=self.kept,
            choices_known=self.choices_known,
            zone=options.zone,
            claims=claims,
        )


def live_cases(
    run: Run,
    judgement: Judgement,
    people: People,
    *,
    before: Sequence[LiveCase],
    references: Mapping[str, str],
    vanished: frozenset[str],
) -> LiveCases:
    """Compare the live cases with those of the last run. Only a run that writes counts a 404.

    `references` are those of today by item id, of which no two items share one (`plan/renamed.py`).
    """
    live = tuple(_remembered(one) for one in judgement.in_force)
    accepted = {one.case.item_id for one in judgement.accepted}
    by_hand = run.ledger.openings.standing()
    opened_items = {one.item_id for one in judgement.ended_by_register}
    opened_items |= {case.item_id for case in before if is_opened(case, by_hand)}
    opened_items |= judgement.opened_since_approved
    gone = {item_id for item_id in vanished if _is_proven_gone(run, item_id)}
    lost = [case for case in before if case.item_id not in accepted | opened_items]
    opened_items |= _not_now(judgement, before, run.today) | _over(judgement, before, run.today)
    return LiveCases(
        live=live,
        before=tuple(before),
        opened=frozenset(references[one] for one in opened_items if one in references)
        | opened_references(by_hand, judgement, references),
        kept=frozenset(case.case_reference for case in lost if case.item_id in vanished - gone),
        lost=frozenset(case.case_reference for case in lost),
        choices_known=not isinstance(people.councillors, Unknown),
        unknown_approvers=people.unknown_approvers,
        opened_items=frozenset(opened_items),
    )


def _not_now(judgement: Judgement, before: Sequence[LiveCase], today: date) -> frozenset[str]:
    """Items whose first day is still to come, whose last is past, or that somebody has opened by hand."""
    scheduled = {one.case.item_id for one in judgement.accepted if one.state is not CaseState.IN_FORCE}
    said = [(one.item_id, one.protected) for one in stated_cases(judgement, before)]
    return frozenset(scheduled) | {
        item_id
        for item_id, values in said
        if (values.effective_from and values.effective_from > today)
        or (values.ends_on and values.ends_on < today)
    }


def _over(judgement: Judgement, before: Sequence[LiveCase], today: date) -> frozenset[str]:
    """Items without a live decision that the register opened meanwhile, or whose approved end is past.

    The first of them also where the last run did not hold the case to be live any more: its rule may stand.
    """
    accepted = {one.case.item_id for one in judgement.accepted}
    past = {one.item_id for one in before if one.item_id not in accepted and one.ends_on < today}
    return judgement.opened_since_approved | past


def _remembered(one: AcceptedCase) -> LiveCase:
    ends_on = one.case.protected.ends_on
    if ends_on is None:
        raise AssertionError("a case in force has an end date")
    return LiveCase(
        item_id=one.case.item_id,
        case_reference=one.case.reference,
        measure=one.case.protected.measure.value,
        ends_on=ends_on,
    )


def _is_proven_gone(run: Run, item_id: str) -> bool:
    if run.writing is None:
        # What the next run that writes will conclude, so that its plan is the one that was shown.
        return run.ledger.register.times_vanished(item_id) + 1 >= _PROVEN_GONE
    return run.ledger.register.note_vanished(item_id, run_id=run.run_id) >= _PROVEN_GONE
