"""Judges one item of the register, from its versions to what counts today."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from m365_restrict.policy.advice import (
    Advice,
    advise_on_approval,
    advise_on_challenges,
    advise_on_edits,
    advise_on_records,
    advise_on_reviews,
    last_reviewed_on,
    next_review_on,
)
from m365_restrict.policy.case_checks import CheckedCase, check_case, longest_end
from m365_restrict.policy.concerns import concerns
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.judgement import AcceptedCase, CaseWarning, DraftCase, OpenedCase, Refusal
from m365_restrict.policy.profile import Profile
from m365_restrict.policy.references import policy_references
from m365_restrict.policy.standing import BLANK, Standing, advise_on_extensions, standing_of
from m365_restrict.register.approval import (
    ApprovalEvidence,
    ApprovalVerdict,
    Pinned,
    judge_approval,
)
from m365_restrict.register.case import (
    Case,
    ItemType,
    ProtectedFields,
    Stage,
    Status,
    state_on,
)
from m365_restrict.register.codes import ApprovalCode
from m365_restrict.register.dates import local_day
from m365_restrict.register.extension import ExtensionVerdict, judge_extensions
from m365_restrict.register.item import ListItem
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.read_case import OpenReading, read_open_fields, read_protected
from m365_restrict.register.reference import read_reference
from m365_restrict.register.values import protected_values


@dataclass(frozen=True, kw_only=True)
class ItemResult:
    """Exactly one of accepted, draft, opened and refusals is filled. `approvals` are oldest first.

    `addresses` are the outside addresses of a case that is or may become live. `stated` is what an item
    that is neither accepted nor opened says now; None where a protected column cannot be read.
    `opened_since_approved`: refused or a draft now, but a save has opened it since it was last approved.
    """

    item_id: str
    case_ref: str
    accepted: AcceptedCase | None = None
    draft: DraftCase | None = None
    opened: OpenedCase | None = None
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[CaseWarning, ...] = ()
    approvals: tuple[ApprovalEvidence, ...] = ()
    new_evidence: tuple[ApprovalEvidence, ...] = ()
    addresses: tuple[str, ...] = ()
    stated: Case | None = None
    opened_since_approved: bool = False

    @property
    def stands(self) -> bool:
        """Whether the item holds its reference against newer ones: it is live, or was."""
        return self.accepted is not None or self.opened is not None


def refusal(result: ItemResult, problem: FieldProblem) -> Refusal:
    """A problem as a refusal of that item."""
    return Refusal(
        case_ref=result.case_ref,
        item_id=result.item_id,
        code=problem.code,
        message=problem.message,
        policy_refs=policy_references(problem.code),
    )


def warnings_of(result: ItemResult, advice: Iterable[Advice]) -> tuple[CaseWarning, ...]:
    """Pieces of advice as warnings of that item."""
    return tuple(
        CaseWarning(
            case_ref=result.case_ref,
            item_id=result.item_id,
            code=one.code,
            message=one.message,
            policy_refs=policy_references(one.code),
        )
        for one in advice
    )


@dataclass(frozen=True, kw_only=True)
class ItemJudge:
    """Judges items of one register under one profile. `pinned` is what the ledger has seen before."""

    profile: Profile
    context: CheckContext
    pinned: Pinned

    def judge(self, item: ListItem, reviews: Sequence[ListItem]) -> ItemResult:
        """`reviews` are those of this case alone."""
        reference = read_reference(str(item.fields.get("Title", "")))
        approval = judge_approval(
            item, self.context.approval_rules(self.profile), self.pinned, today=self.context.today
        )
        result = ItemResult(
            item_id=item.item_id,
            case_ref=f"item {item.item_id}" if isinstance(reference, FieldProblem) else reference,
            approvals=approval.approvals,
            new_evidence=approval.new_evidence,
        )
        reading = read_open_fields(item.fields)
        if isinstance(reference, FieldProblem):
            reading = OpenReading(reading.fields, (reference, *reading.problems))
        if reading.fields.status.opens:
            return _opened(result, reading.fields.status)
        if approval.evidence and reading.fields.status.is_live:
            return self._judge_approved(item, reviews, result, reading, approval)
        return self._judge_unapproved(item, result, reading, approval)

    def _judge_unapproved(
        self, item: ListItem, result: ItemResult, reading: OpenReading, approval: ApprovalVerdict
    ) -> ItemResult:
        values = read_protected(protected_values(item.fields), instead=BLANK)
        protected = values.fields or BLANK
        is_draft = reading.fields.status is Status.DRAFT
        if not is_draft and protected.ends_on and protected.ends_on < self.context.today:
            return _opened(result, None)
        checked = self._checked(item, protected, reading)
        problems, advice = self._weighed(checked, [*reading.problems, *values.problems])
        if not is_draft and protected.item_type is not ItemType.PROPERTY:
            problems = [_approval_problem(approval), *problems]
        refusals = tuple(refusal(result, problem) for problem in problems)
        result = replace(
            result,
            warnings=warnings_of(result, advice),
            addresses=protected.addresses,
            opened_since_approved=approval.opened,
        )
        if values.fields and not values.problems:
            result = replace(result, stated=_stated(result, protected, reading))
        if is_draft and not any(problem.column == "Status" for problem in reading.problems):
            draft = DraftCase(case_ref=result.case_ref, item_id=item.item_id, missing=refusals)
            return replace(result, draft=draft)
        return replace(result, refusals=refusals)

    def _judge_approved(
        self,
        item: ListItem,
        reviews: Sequence[ListItem],
        result: ItemResult,
        reading: OpenReading,
        approval: ApprovalVerdict,
    ) -> ItemResult:
        evidence = _of(approval)
        standing = self._standing(item, reviews, evidence)
        counts, waiting, current, end = standing.counts, standing.waiting, standing.current, standing.end
        result = replace(
            result,
            new_evidence=(*result.new_evidence, *standing.extensions.new_evidence),
            addresses=counts.addresses,
        )
        edits = [*advise_on_edits(waiting, current.problems)]
        if _has_nothing_left(standing.approved.fields or BLANK, counts, self.context.today):
            return replace(_opened(result, None), warnings=warnings_of(result, edits))
        checked = replace(
            self._checked(item, counts, reading, end.extended_from),
            approved=standing.approved.fields,
            approvers=approval.approvers,
        )
        problems, advice = self._weighed(checked, [*reading.problems, *standing.approved.problems])
        if problems:
            refusals = tuple(refusal(result, problem) for problem in problems)
            return replace(
                result,
                refusals=refusals,
                warnings=warnings_of(result, [*edits, *advice]),
                stated=_stated(result, counts, reading),
            )
        case = Case(item_id=item.item_id, reference=result.case_ref, protected=counts, other=reading.fields)
        advice = [
            *edits,
            *advice,
            *self._advice_on_life(item, reviews, case, evidence),
            *advise_on_extensions(standing.extensions, end),
        ]
        return self._accepted(result, case, evidence, self._since(reviews, evidence), advice, waiting)

    def _accepted(
        self,
        result: ItemResult,
        case: Case,
        evidence: ApprovalEvidence,
        reviews: Sequence[ListItem],
        advice: Iterable[Advice],
        waiting: tuple[str, ...],
    ) -> ItemResult:
        decided_on = local_day(evidence.saved_at, self.context.zone)
        warnings = warnings_of(result, advice)
        accepted = AcceptedCase(
            case=case,
            state=state_on(case.protected, self.context.today),
            evidence=evidence,
            waiting=waiting,
            warnings=warnings,
            decided_on=decided_on,
            next_review_on=next_review_on(
                case, self.profile, decided_on=decided_on, reviewed_on=last_reviewed_on(reviews)
            ),
        )
        return replace(result, accepted=accepted, warnings=warnings)

    def _advice_on_life(
        self, item: ListItem, reviews: Sequence[ListItem], case: Case, evidence: ApprovalEvidence
    ) -> Iterable[Advice]:
        """What approval and reviews of an accepted case leave to put right."""
        decided_on = local_day(evidence.saved_at, self.context.zone)
        yield from advise_on_approval(case, item, evidence, self.profile, self.context)
        since = self._since(reviews, evidence)
        yield from advise_on_reviews(
            case, since, self.profile, decided_on=decided_on, today=self.context.today
        )
        yield from advise_on_records(reviews)
        yield from advise_on_challenges(reviews, evidence, self.profile)

    def _standing(self, item: ListItem, reviews: Sequence[ListItem], evidence: ApprovalEvidence) -> Standing:
        rules = self.context.approval_rules(self.profile)

        def extensions_at(stage: Stage) -> ExtensionVerdict:
            return judge_extensions(
                item, reviews, stage=stage, rules=rules, pinned=self.pinned, today=self.context.today
            )

        return standing_of(item, evidence, extensions_at, profile=self.profile, zone=self.context.zone)

    def _checked(
        self,
        item: ListItem,
        protected: ProtectedFields,
        reading: OpenReading,
        extended_from: date | None = None,
    ) -> CheckedCase:
        return CheckedCase(
            protected=protected,
            other=reading.fields,
            fields=item.fields,
            longest_end=longest_end(protected, self.profile, extended_from),
        )

    def _weighed(
        self, case: CheckedCase, unreadable: Sequence[FieldProblem]
    ) -> tuple[list[FieldProblem], list[Advice]]:
        """What refuses the case, columns that cannot be read first; and what only warns."""
        if case.protected.item_type is ItemType.PROPERTY:
            return list(check_case(case, self.profile, self.context)), []
        told = {problem.column for problem in unreadable}
        found = [one for one in check_case(case, self.profile, self.context) if one.column not in told]
        raised = [one for one in concerns(case, self.profile, self.context) if one.column not in told]
        refused = [one for one in raised if one.code in self.profile.refuse_on]
        advice = [Advice(one.code, one.message) for one in raised if one not in refused]
        return [*unreadable, *found, *refused], advice

    def _since(self, reviews: Sequence[ListItem], evidence: ApprovalEvidence) -> list[ListItem]:
        """Reviews decided on or after the day of approval."""
        approved_on = local_day(evidence.saved_at, self.context.zone)
        return [
            review
            for review in reviews
            if isinstance(decided := review.fields.get("DecidedOn"), date) and decided >= approved_on
        ]


def _of(approval: ApprovalVerdict) -> ApprovalEvidence:
    if approval.evidence is None:
        raise AssertionError("only an approved case is judged as one")
    return approval.evidence


def _stated(result: ItemResult, protected: ProtectedFields, reading: OpenReading) -> Case:
    return Case(item_id=result.item_id, reference=result.case_ref, protected=protected, other=reading.fields)


def _has_nothing_left(approved: ProtectedFields, counts: ProtectedFields, today: date) -> bool:
    """Whether the register itself opens the case: its last day is past, or an edit took all of it away."""
    if counts.ends_on and counts.ends_on < today:
        return True
    if _has_days(approved) and not _has_days(counts):
        return True
    no_sender = bool(approved.addresses) and not counts.addresses
    return no_sender or (bool(approved.scope_mailboxes) and not counts.scope_mailboxes)


def _has_days(protected: ProtectedFields) -> bool:
    start, end = protected.effective_from, protected.ends_on
    return start is not None and end is not None and start <= end


def _approval_problem(approval: ApprovalVerdict) -> FieldProblem:
    code = approval.code or ApprovalCode.NOT_APPROVED
    return FieldProblem(code, "Status", approval.message or f"{code.meaning} {code.advice}")


def _opened(result: ItemResult, status: Status | None) -> ItemResult:
    opened = OpenedCase(case_ref=result.case_ref, item_id=result.item_id, by_status=status)
    return replace(result, opened=opened)
