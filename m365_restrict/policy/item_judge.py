"""Judges one item of the register, from its versions to what counts today."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from m365_restrict.policy.advice import Advice, advise_on_case, advise_on_edits, advise_on_reviews
from m365_restrict.policy.case_checks import CheckedCase, check_case, longest_end
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.judgement import AcceptedCase, CaseWarning, DraftCase, OpenedCase, Refusal
from m365_restrict.policy.profile import Profile
from m365_restrict.policy.references import policy_references
from m365_restrict.register.approval import ApprovalEvidence, ApprovalVerdict, Pinned, judge_approval
from m365_restrict.register.case import (
    Case,
    ItemType,
    Measure,
    ProtectedFields,
    Scope,
    Stage,
    Status,
    state_on,
)
from m365_restrict.register.codes import ApprovalCode
from m365_restrict.register.dates import local_day
from m365_restrict.register.effective import effective
from m365_restrict.register.extension import Extension, ExtensionVerdict, judge_extensions
from m365_restrict.register.item import ListItem
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.read_case import OpenReading, ProtectedReading, read_open_fields, read_protected
from m365_restrict.register.reference import read_reference
from m365_restrict.register.values import protected_values, values_from_json

#: Stands in for protected columns that cannot be read, so that all the other checks still speak.
_BLANK = ProtectedFields(
    item_type=ItemType.PERSON,
    addresses=(),
    stage=Stage.NONE,
    measure=Measure.NO_EMAIL,
    scope=Scope.WHOLE_COUNCIL,
    scope_mailboxes=(),
    spoc_mailbox="",
    allowed_recipients=(),
    councillor_route=None,
    ward_councillors=(),
    effective_from=None,
    ends_on=None,
)


@dataclass(frozen=True, kw_only=True)
class ItemResult:
    """Exactly one of accepted, draft, opened and refusals is filled. `approvals` are oldest first."""

    item_id: str
    case_ref: str
    accepted: AcceptedCase | None = None
    draft: DraftCase | None = None
    opened: OpenedCase | None = None
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[CaseWarning, ...] = ()
    approvals: tuple[ApprovalEvidence, ...] = ()
    new_evidence: tuple[ApprovalEvidence, ...] = ()

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


def _warnings(result: ItemResult, advice: Iterable[Advice]) -> tuple[CaseWarning, ...]:
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
            return self._judge_approved(item, reviews, result, reading, approval.evidence)
        return self._judge_unapproved(item, result, reading, approval)

    def _judge_unapproved(
        self, item: ListItem, result: ItemResult, reading: OpenReading, approval: ApprovalVerdict
    ) -> ItemResult:
        values = read_protected(protected_values(item.fields), instead=_BLANK)
        protected = values.fields or _BLANK
        is_draft = reading.fields.status is Status.DRAFT
        if not is_draft and protected.ends_on and protected.ends_on < self.context.today:
            return _opened(result, None)
        problems = self._problems(item, protected, reading, values.problems, None)
        if not is_draft and protected.item_type is not ItemType.PROPERTY:
            problems = [_approval_problem(approval), *problems]
        refusals = tuple(refusal(result, problem) for problem in problems)
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
        evidence: ApprovalEvidence,
    ) -> ItemResult:
        standing = self._standing(item, reviews, result, evidence)
        counts, waiting, current, end = standing.counts, standing.waiting, standing.current, standing.end
        result = replace(result, new_evidence=(*result.new_evidence, *standing.extensions.new_evidence))
        edits = [*advise_on_edits(waiting, current.problems)]
        if _has_nothing_left(standing.approved.fields or _BLANK, counts, self.context.today):
            return replace(_opened(result, None), warnings=_warnings(result, edits))
        problems = self._problems(item, counts, reading, standing.approved.problems, end.extended_from)
        if problems:
            return replace(result, refusals=tuple(refusal(result, problem) for problem in problems))
        case = Case(item_id=item.item_id, reference=result.case_ref, protected=counts, other=reading.fields)
        advice = [
            *edits,
            *advise_on_case(case, item.fields, self.context),
            *advise_on_reviews(case, self._since(reviews, evidence), self.profile, self.context.today),
            *_advise_on_extensions(standing.extensions, end),
        ]
        warnings = _warnings(result, advice)
        accepted = AcceptedCase(
            case=case,
            state=state_on(counts, self.context.today),
            evidence=evidence,
            waiting=waiting,
            warnings=warnings,
        )
        return replace(result, accepted=accepted, warnings=warnings)

    def _standing(
        self,
        item: ListItem,
        reviews: Sequence[ListItem],
        result: ItemResult,
        evidence: ApprovalEvidence,
    ) -> "_Standing":
        """The approved values, extended by reviews and opened by later edits."""
        approved = read_protected(values_from_json(evidence.values_json), instead=_BLANK)
        protected = approved.fields or _BLANK
        extensions = self._extensions(result.case_ref, reviews, protected.stage)
        end = _EndDate.of(item, protected, evidence, extensions.extension, self)
        protected = replace(protected, ends_on=end.approved)
        current = read_protected(protected_values(item.fields), instead=protected)
        now = replace(current.fields or protected, ends_on=end.current)
        counts, waiting = effective(protected, now)
        return _Standing(
            approved=approved,
            current=current,
            extensions=extensions,
            end=end,
            counts=counts,
            waiting=waiting,
        )

    def _problems(
        self,
        item: ListItem,
        protected: ProtectedFields,
        reading: OpenReading,
        unreadable: Sequence[FieldProblem],
        extended_from: date | None,
    ) -> list[FieldProblem]:
        """Columns that cannot be read, then what the checks find in the others."""
        case = CheckedCase(
            protected=protected,
            other=reading.fields,
            fields=item.fields,
            longest_end=longest_end(protected, self.profile, extended_from),
        )
        found = check_case(case, self.profile, self.context)
        if protected.item_type is ItemType.PROPERTY:
            return list(found)
        problems = [*reading.problems, *unreadable]
        told = {problem.column for problem in problems}
        return [*problems, *(problem for problem in found if problem.column not in told)]

    def _extensions(self, case_ref: str, reviews: Sequence[ListItem], stage: Stage) -> ExtensionVerdict:
        return judge_extensions(
            case_ref,
            reviews,
            stage=stage,
            rules=self.context.approval_rules(self.profile),
            pinned=self.pinned,
            today=self.context.today,
        )

    def _since(self, reviews: Sequence[ListItem], evidence: ApprovalEvidence) -> list[ListItem]:
        """Reviews decided on or after the day of approval."""
        approved_on = local_day(evidence.saved_at, self.context.zone)
        return [
            review
            for review in reviews
            if isinstance(decided := review.fields.get("DecidedOn"), date) and decided >= approved_on
        ]


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """How an approved item stands: what was approved, what the item says now, and what counts."""

    approved: ProtectedReading
    current: ProtectedReading
    extensions: ExtensionVerdict
    end: "_EndDate"
    counts: ProtectedFields
    waiting: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _EndDate:
    """The approved end and the end on the item, once extensions are counted in."""

    approved: date | None
    current: date | None
    extended_from: date | None = None
    too_long: bool = False

    @classmethod
    def of(
        cls,
        item: ListItem,
        protected: ProtectedFields,
        evidence: ApprovalEvidence,
        extension: Extension | None,
        judge: ItemJudge,
    ) -> "_EndDate":
        """An extension counts if it was saved after the approval; a later edit of EndsOn may shorten it."""
        named = item.fields.get("EndsOn")
        current = named if isinstance(named, date) else None
        plain = cls(approved=protected.ends_on, current=current)
        if extension is None or protected.ends_on is None:
            return plain
        day = local_day(extension.saved_at, judge.context.zone)
        allowed = longest_end(protected, judge.profile, day)
        if allowed is None or extension.ends_on > allowed:
            return replace(plain, too_long=True)
        if extension.saved_at < evidence.saved_at:
            return replace(plain, extended_from=day if protected.ends_on <= extension.ends_on else None)
        edited = _end_edited_at(item)
        stale = edited is None or edited <= extension.saved_at
        return cls(
            approved=extension.ends_on, current=extension.ends_on if stale else current, extended_from=day
        )


def _end_edited_at(item: ListItem) -> datetime | None:
    """When EndsOn last changed; None where no visible version changed it."""
    changed = [
        after.saved_at
        for before, after in zip(item.versions, item.versions[1:], strict=False)
        if before.fields.get("EndsOn") != after.fields.get("EndsOn")
    ]
    return changed[-1] if changed else None


def _advise_on_extensions(verdict: ExtensionVerdict, end: _EndDate) -> Iterable[Advice]:
    if end.too_long:
        code = WarningCode.EXTENSION_TOO_LONG
        yield Advice(code, f"{code.meaning} {code.advice}")
    for review_id in verdict.not_approved:
        code = WarningCode.EXTENSION_REFUSED
        yield Advice(code, f"Review {review_id}: {code.meaning} {code.advice}")


def _has_nothing_left(approved: ProtectedFields, counts: ProtectedFields, today: date) -> bool:
    """Whether the register itself opens the case: its last day is past, or an edit took all of it away."""
    if counts.ends_on and counts.ends_on < today:
        return True
    no_sender = bool(approved.addresses) and not counts.addresses
    return no_sender or (bool(approved.scope_mailboxes) and not counts.scope_mailboxes)


def _approval_problem(approval: ApprovalVerdict) -> FieldProblem:
    code = approval.code or ApprovalCode.NOT_APPROVED
    return FieldProblem(code, "Status", approval.message or f"{code.meaning} {code.advice}")


def _opened(result: ItemResult, status: Status | None) -> ItemResult:
    opened = OpenedCase(case_ref=result.case_ref, item_id=result.item_id, by_status=status)
    return replace(result, opened=opened)
