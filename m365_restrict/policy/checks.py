"""The one entry point of the checks: every item of the register is accepted, refused, a draft or opened.

What is wrong with one item never stops another (contracts.md 3).
"""

from collections.abc import Sequence
from dataclasses import replace

from m365_restrict.policy.advice import Advice
from m365_restrict.policy.codes import CheckCode, WarningCode
from m365_restrict.policy.context import CheckContext
from m365_restrict.policy.item_judge import ItemJudge, ItemResult, refusal, warnings_of
from m365_restrict.policy.judgement import CaseWarning, Judgement
from m365_restrict.policy.near_misses import Listed, near_misses
from m365_restrict.policy.overlap import Claim, clashes, item_order
from m365_restrict.policy.profile import Profile
from m365_restrict.policy.references import policy_references
from m365_restrict.register.approval import Pinned
from m365_restrict.register.codes import RegisterCode
from m365_restrict.register.item import ListItem
from m365_restrict.register.problem import FieldProblem
from m365_restrict.register.reference import reference_key
from m365_restrict.register.review import ReviewKind

_NOT_ABOUT_A_CASE = frozenset({ReviewKind.ANNUAL_LOG, ReviewKind.SIGN_OFF})


def judge_register(
    items: Sequence[ListItem],
    reviews: Sequence[ListItem],
    *,
    profile: Profile,
    context: CheckContext,
    pinned: Pinned,
) -> Judgement:
    """Judge the whole register as read, with the evidence that the ledger has pinned before."""
    by_case = _reviews_by_case(reviews)
    judge = ItemJudge(profile=profile, context=context, pinned=pinned)
    results = [judge.judge(item, by_case.get(_key(item), ())) for item in items]
    results = _refuse_clashes(_refuse_duplicates(results))
    results = _warn_of_near_misses(results, context)
    strays = _stray_reviews(reviews, {_key(item) for item in items})
    accepted = tuple(result.accepted for result in results if result.accepted)
    crowd = _too_many(len(accepted), profile)
    return Judgement(
        accepted=accepted,
        refused=tuple(one for result in results for one in result.refusals),
        warnings=(*(warning for result in results for warning in result.warnings), *strays, *crowd),
        drafts=tuple(result.draft for result in results if result.draft),
        ended_by_register=tuple(result.opened for result in results if result.opened),
        new_evidence=tuple(one for result in results for one in result.new_evidence),
        opened_since_approved=frozenset(one.item_id for one in results if one.opened_since_approved),
        stated=tuple(result.stated for result in results if result.stated),
    )


def _key(item: ListItem) -> str:
    return reference_key(str(item.fields.get("Title", "")))


def _reviews_by_case(reviews: Sequence[ListItem]) -> dict[str, list[ListItem]]:
    grouped: dict[str, list[ListItem]] = {}
    for review in reviews:
        grouped.setdefault(_key(review), []).append(review)
    return grouped


def _refuse_duplicates(results: Sequence[ItemResult]) -> list[ItemResult]:
    """The oldest item that is or was live keeps the reference; drafts and openings are left as they are."""
    holders: dict[str, str] = {}
    for result in sorted(results, key=lambda one: (not one.stands, item_order(one.item_id))):
        holders.setdefault(reference_key(result.case_ref), result.item_id)
    return [
        result
        if holders[reference_key(result.case_ref)] == result.item_id or result.draft or result.opened
        else _refused(
            result,
            RegisterCode.DUPLICATE_REFERENCE,
            f"Item {holders[reference_key(result.case_ref)]} already has this case reference. "
            f"{RegisterCode.DUPLICATE_REFERENCE.advice}",
        )
        for result in results
    ]


def _refuse_clashes(results: Sequence[ItemResult]) -> list[ItemResult]:
    claims = [
        Claim(
            item_id=result.item_id,
            case_ref=result.case_ref,
            protected=result.accepted.case.protected,
            state=result.accepted.state,
            approvals=result.approvals,
        )
        for result in results
        if result.accepted
    ]
    lost = {clash.loser.item_id: clash.winner.case_ref for clash in clashes(claims)}
    return [
        _refused(
            result,
            CheckCode.ADDRESS_IN_OTHER_CASE,
            f"One of its addresses is also in case {lost[result.item_id]}, which is live and whose scope "
            f"overlaps. {CheckCode.ADDRESS_IN_OTHER_CASE.advice}",
        )
        if result.item_id in lost
        else result
        for result in results
    ]


def _warn_of_near_misses(results: Sequence[ItemResult], context: CheckContext) -> list[ItemResult]:
    listed = [
        Listed(result.item_id, result.case_ref, result.addresses) for result in results if not result.opened
    ]
    found = near_misses(listed, councillors=context.councillor_addresses, known=context.known_senders)
    return [_warned(result, found.get(result.item_id, ())) for result in results]


def _warned(result: ItemResult, advice: Sequence[Advice]) -> ItemResult:
    if not advice:
        return result
    warnings = (*result.warnings, *warnings_of(result, advice))
    accepted = replace(result.accepted, warnings=warnings) if result.accepted else None
    return replace(result, accepted=accepted, warnings=warnings)


def _too_many(live: int, profile: Profile) -> list[CaseWarning]:
    """More live cases than the profile expects: perhaps another list was loaded (policy.md 8)."""
    if live <= profile.max_live_cases:
        return []
    code = WarningCode.TOO_MANY_CASES
    message = f"{code.meaning} There are {live}; it expects {profile.max_live_cases} at most. {code.advice}"
    return [CaseWarning(case_ref="", item_id="", code=code, message=message)]


def _refused(result: ItemResult, code: RegisterCode | CheckCode, message: str) -> ItemResult:
    reason = refusal(result, FieldProblem(code, "Title", message))
    stated = result.accepted.case if result.accepted else result.stated
    return replace(result, accepted=None, warnings=(), refusals=(reason, *result.refusals), stated=stated)


def _stray_reviews(reviews: Sequence[ListItem], known: set[str]) -> list[CaseWarning]:
    code = WarningCode.REVIEW_WITHOUT_CASE
    return [
        CaseWarning(
            case_ref=f"review {review.item_id}",
            item_id=f"review:{review.item_id}",
            code=code,
            message=f"Review {review.item_id}: {code.meaning} {code.advice}",
            policy_refs=policy_references(code),
        )
        for review in reviews
        if _key(review) not in known and review.fields.get("Kind") not in _NOT_ABOUT_A_CASE
    ]
