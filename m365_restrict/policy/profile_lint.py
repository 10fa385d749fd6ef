"""Weak points of a policy profile, in words for those who own the policy. `validate` shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from m365_restrict.codes import CatalogueCode
from m365_restrict.policy.profile import Challenge, CouncillorRule, Profile, StageRules
from m365_restrict.register.case import Measure, Stage

_USUAL_REVIEW_MONTHS = 6


class ProfileCode(CatalogueCode):
    """Weak points of a policy profile. They warn and stop nothing."""

    NO_CHALLENGE = (
        "profile-no-challenge",
        "The policy gives the person no way to challenge the decision inside the council.",
        "Ombudsmen have found fault with that; give a right of review and set challenge.",
    )
    NO_REVIEW_INTERVAL = (
        "profile-no-review-interval",
        "The policy names no longest time to the next review.",
        "Agree one, 6 months is usual, and set review_months.",
    )
    LONG_REVIEW_INTERVAL = (
        "profile-long-review-interval",
        "The policy leaves more than 6 months to the next review.",
        "Consider a shorter interval in review_months.",
    )
    NO_LONGEST_TIME = (
        "profile-no-longest-time",
        "The policy does not say how long a restriction may last without a review that extends it.",
        "Agree a longest time, 12 months is usual, and set max_months.",
    )
    MINIMUM_MEETS_REVIEW = (
        "profile-minimum-meets-review",
        "The shortest time in force is as long as the review interval: the first review falls at the end.",
        "Review four weeks early, so that the letter is out before the end.",
    )
    WEAK_APPROVAL = (
        "profile-weak-approval",
        "One person may propose and approve a case alone.",
        "Set proposer_may_approve to false, or quorum to 2.",
    )
    NO_APPROVER_POSTS = (
        "profile-no-approver-posts",
        "The profile does not say which posts may approve, to compare with POLICY__APPROVERS.",
        "Set approver_posts.",
    )
    NO_OUTCOME_LETTER = (
        "profile-no-outcome-letter",
        "The policy does not say when the outcome of a review must be told.",
        "Set outcome_letter_working_days; 7 is usual.",
    )
    NO_RETENTION = (
        "profile-no-retention",
        "The policy does not say when a closed case is deleted, so none ever is.",
        "Agree a time, 12 months is usual, and set retention_months.",
    )
    NO_CHANNEL_RULE = (
        "profile-no-channel-rule",
        "The policy does not ask that one way of contact stays open.",
        "Add ChannelsOpen or NoChannelReason to required.",
    )
    NO_LESSER_MEASURES = (
        "profile-no-lesser-measures",
        "Mail may be refused without lesser measures having been considered.",
        "Add LesserMeasuresConsidered to required_to_refuse.",
    )
    NO_COUNCILLOR_RULE = (
        "profile-no-councillor-rule",
        "The policy does not say how contact with councillors stands.",
        "Agree it with the councillors and set councillor_rule.",
    )
    NOT_NAMED = (
        "profile-policy-not-named",
        "The name or the address of the published policy is missing, so notices cannot name it.",
        "Set name and url in the table policy.",
    )
    REVIEW_DUE = (
        "profile-policy-review-due",
        "The policy itself is due for review.",
        "Review the policy and set version, adopted_on and review_due.",
    )


@dataclass(frozen=True)
class ProfileWarning:
    """One weak point. `key` is the key of the profile that would mend it."""

    code: ProfileCode
    key: str
    message: str


def lint_profile(profile: Profile, *, today: date | None = None) -> tuple[ProfileWarning, ...]:
    """All weak points, each once; `today` is needed to see that the policy is due for its own review."""
    found = [*_about_challenge(profile), *_about_time(profile), *_about_document(profile, today)]
    for stage, rules in profile.each_stage:
        found += _about_stage(stage, rules)
    return tuple(found)


def _about_challenge(profile: Profile) -> Iterator[ProfileWarning]:
    if profile.challenge in {Challenge.NONE, Challenge.NOT_STATED}:
        yield _warning(ProfileCode.NO_CHALLENGE, "challenge")
    if profile.councillor_rule is CouncillorRule.NOT_STATED:
        yield _warning(ProfileCode.NO_COUNCILLOR_RULE, "councillor_rule")


def _about_time(profile: Profile) -> Iterator[ProfileWarning]:
    if profile.review_months is None:
        yield _warning(ProfileCode.NO_REVIEW_INTERVAL, "review_months")
    elif profile.review_months > _USUAL_REVIEW_MONTHS:
        yield _warning(ProfileCode.LONG_REVIEW_INTERVAL, "review_months")
    if profile.outcome_letter_working_days is None:
        yield _warning(ProfileCode.NO_OUTCOME_LETTER, "outcome_letter_working_days")
    if profile.retention_months is None:
        yield _warning(ProfileCode.NO_RETENTION, "retention_months")
    shortest = max((rules.min_months or 0 for _, rules in profile.each_stage), default=0)
    if profile.review_months and shortest >= profile.review_months:
        yield _warning(ProfileCode.MINIMUM_MEETS_REVIEW, "min_months")


def _about_document(profile: Profile, today: date | None) -> Iterator[ProfileWarning]:
    if not (profile.document.name and profile.document.url):
        yield _warning(ProfileCode.NOT_NAMED, "policy")
    if today and profile.document.review_due and profile.document.review_due < today:
        yield _warning(ProfileCode.REVIEW_DUE, "policy.review_due")


def _about_stage(stage: Stage, rules: StageRules) -> Iterator[ProfileWarning]:
    table = "" if stage is Stage.NONE else f"stage.{stage}."
    if rules.proposer_may_approve and rules.quorum == 1:
        yield _warning(ProfileCode.WEAK_APPROVAL, f"{table}proposer_may_approve")
    if not rules.approver_posts:
        yield _warning(ProfileCode.NO_APPROVER_POSTS, f"{table}approver_posts")
    if rules.max_months is None:
        yield _warning(ProfileCode.NO_LONGEST_TIME, f"{table}max_months")
    if not any("ChannelsOpen" in columns for columns in rules.required):
        yield _warning(ProfileCode.NO_CHANNEL_RULE, f"{table}required")
    lesser = [*rules.required, *rules.required_to_refuse]
    if Measure.REFUSE in rules.measures and not any("LesserMeasuresConsidered" in one for one in lesser):
        yield _warning(ProfileCode.NO_LESSER_MEASURES, f"{table}required_to_refuse")


def _warning(code: ProfileCode, key: str) -> ProfileWarning:
    return ProfileWarning(code, key, f"Policy profile, key {key}: {code.meaning} {code.advice}")
