"""What warns about a case that is accepted: it stays in force and something should be put right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from m365_restrict.codes import CatalogueCode
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.concerns import shown
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.profile import Profile, ReviewFrom
from m365_restrict.policy.review_days import counts_for
from m365_restrict.register.address import normalise
from m365_restrict.register.approval import ApprovalEvidence, ApprovalRules, is_by_proposer
from m365_restrict.register.case import Case
from m365_restrict.register.dates import add_months, local_day
from m365_restrict.register.item import Identity, ListItem, SaverKind
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.review import Outcome, ReviewKind
from m365_restrict.register.values import as_text


@dataclass(frozen=True)
class Advice:
    """One warning: its code and a sentence that names the column or the review."""

    code: CatalogueCode
    message: str


_REVIEW_RECORD = ("DecidedOn", "OfficerTitle", "Considerations")
_DECIDED = frozenset({Outcome.EXTEND, Outcome.AMEND, Outcome.LIFT, Outcome.KEEP})
_CHALLENGES = frozenset({ReviewKind.APPEAL, ReviewKind.REPRESENTATION})
_CHALLENGE_DECIDED = frozenset({*_DECIDED, Outcome.UPHELD, Outcome.DISMISSED})


def next_review_on(
    case: Case, profile: Profile, *, decided_on: date | None = None, reviewed_on: date | None = None
) -> date | None:
    """The review day on the item until that review is held; after it, or where it is empty, the policy's.

    That is counted from the latest review (`reviewed_on`), or else from the day of the decision
    or the first day, as the profile says (M-49, Y1-22), and is never after the last day of the case.
    None where the policy names no interval.
    """
    named = case.other.next_review_on
    if named and not (reviewed_on and counts_for(reviewed_on, named)):
        return named
    decision = decided_on if profile.review_from is ReviewFrom.DECISION else None
    start = reviewed_on or decision or case.protected.effective_from
    if not start or not profile.review_months:
        return None
    day = add_months(start, profile.review_months)
    return min(day, case.protected.ends_on or day)


def last_reviewed_on(reviews: Sequence[ListItem]) -> date | None:
    """The latest day on which a review was decided; a review that is still open does not count."""
    days = [
        day
        for review in reviews
        if isinstance(day := review.fields.get("DecidedOn"), date)
        and review.fields.get("Outcome", Outcome.PENDING) != Outcome.PENDING
    ]
    return max(days, default=None)


def advise_on_edits(waiting: Sequence[str], unreadable: Sequence[FieldProblem]) -> Iterator[Advice]:
    """Edits after approval that have not taken effect, and those that cannot be read."""
    bad = {problem.column for problem in unreadable}
    held = [shown(column) for column in waiting if column not in bad]
    if held:
        meaning, advice = WarningCode.EDIT_WAITS.meaning, WarningCode.EDIT_WAITS.advice
        yield Advice(WarningCode.EDIT_WAITS, f"{meaning} Columns: {', '.join(held)}. {advice}")
    for problem in unreadable:
        yield Advice(
            WarningCode.EDIT_UNREADABLE, f"{problem.message} Until then the approved value stays in force."
        )


def advise_on_approval(
    case: Case, item: ListItem, evidence: ApprovalEvidence, profile: Profile, context: CheckContext
) -> Iterator[Advice]:
    """When and by whom the case was approved: under which policy, before an election, by the proposer."""
    yield from _advise_on_approver(case, item, evidence, context.approval_rules(profile))
    approved_on = local_day(evidence.saved_at, context.zone)
    adopted_on = profile.document.adopted_on
    if adopted_on and approved_on < adopted_on:
        yield _plain(WarningCode.OLD_POLICY)
    if context.pre_election:
        first, last = context.pre_election
        days = [day for day in (approved_on, case.protected.effective_from) if day]
        if any(first <= day <= last for day in days):
            yield _plain(WarningCode.PRE_ELECTION)


def _advise_on_approver(
    case: Case, item: ListItem, evidence: ApprovalEvidence, rules: ApprovalRules
) -> Iterator[Advice]:
    if rules.lets_proposer_approve(case.protected.stage) and is_by_proposer(item, evidence):
        yield _plain(WarningCode.APPROVED_BY_PROPOSER)
    approver = Identity(SaverKind.USER, object_id=evidence.saver_object_id, address=evidence.saver_address)
    if not rules.may_approve(approver, case.protected.stage):
        yield _plain(WarningCode.APPROVER_LEFT)
    if evidence.version not in {version.number for version in item.versions}:
        yield _plain(WarningCode.APPROVAL_PRUNED)


def advise_on_reviews(
    case: Case, reviews: Sequence[ListItem], profile: Profile, *, decided_on: date, today: date
) -> Iterator[Advice]:
    """Reviews that are due, too far off, or whose outcome the item does not show yet."""
    due = next_review_on(case, profile, decided_on=decided_on, reviewed_on=last_reviewed_on(reviews))
    if due and due < today:
        yield Advice(
            WarningCode.REVIEW_OVERDUE,
            f"The review was due on {due.isoformat()}. {WarningCode.REVIEW_OVERDUE.advice}",
        )
    latest = _latest_review_day(case, reviews, profile, decided_on)
    if due and latest and due > latest:
        yield Advice(
            WarningCode.REVIEW_TOO_LATE,
            f"The next review is on {due.isoformat()}; the policy allows {latest.isoformat()} at the latest. "
            f"{WarningCode.REVIEW_TOO_LATE.advice}",
        )
    if any(review.fields.get("Outcome") == Outcome.LIFT for review in reviews):
        yield _plain(WarningCode.REVIEW_SAYS_LIFT)


def advise_on_records(reviews: Sequence[ListItem]) -> Iterator[Advice]:
    """Reviews with an outcome whose record lacks a part (M-31, M-51)."""
    for review in reviews:
        empty = [column for column in _REVIEW_RECORD if not as_text(review.fields.get(column, ""))]
        if empty and review.fields.get("Outcome") in _DECIDED:
            code = WarningCode.REVIEW_INCOMPLETE
            yield Advice(code, f"Review {review.item_id}: {code.meaning} {code.advice}")


def advise_on_challenges(
    reviews: Sequence[ListItem], evidence: ApprovalEvidence, profile: Profile
) -> Iterator[Advice]:
    """Challenges that the approver decided, where the policy wants somebody else to (W-18)."""
    if not profile.challenge_by_another:
        return
    for review in reviews:
        is_challenge = review.fields.get("Kind") in _CHALLENGES
        if is_challenge and any(_is_approver(saver, evidence) for saver in _deciders(review)):
            code = WarningCode.CHALLENGE_BY_APPROVER
            yield Advice(code, f"Review {review.item_id}: {code.meaning} {code.advice}")


def _latest_review_day(
    case: Case, reviews: Sequence[ListItem], profile: Profile, decided_on: date
) -> date | None:
    """The latest day that the policy allows for the next review."""
    start = decided_on if profile.review_from is ReviewFrom.DECISION else case.protected.effective_from
    last = max((day for day in (start, last_reviewed_on(reviews)) if day), default=None)
    return add_months(last, profile.review_months) if last and profile.review_months else None


def _deciders(review: ListItem) -> list[Identity]:
    """Who saved the outcome: the saver of each version in which it became a decision."""
    found: list[Identity] = []
    before: object = None
    for version in review.versions:
        outcome = version.fields.get("Outcome")
        if outcome != before and outcome in _CHALLENGE_DECIDED:
            found.append(version.saver)
        before = outcome
    return found


def _is_approver(saver: Identity, evidence: ApprovalEvidence) -> bool:
    if saver.object_id and evidence.saver_object_id:
        return saver.object_id.lower() == evidence.saver_object_id.lower()
    return bool(saver.address) and normalise(saver.address) == normalise(evidence.saver_address)


def _plain(code: WarningCode) -> Advice:
    return Advice(code, f"{code.meaning} {code.advice}")
