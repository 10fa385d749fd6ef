from dataclasses import replace
from datetime import date

import pytest

from m365_restrict.policy.profile import Challenge, PolicyDocument
from m365_restrict.policy.profile_lint import lint_profile


def codes(profile, **options):
    return {one.code.value for one in lint_profile(profile, **options)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("default", {"profile-policy-not-named", "profile-no-approver-posts"}),
        (
            "york-2013",
            {
                "profile-long-review-interval",
                "profile-no-outcome-letter",
                "profile-no-retention",
                "profile-weak-approval",
                "profile-no-longest-time",
                "profile-no-channel-rule",
                "profile-policy-not-named",
            },
        ),
        (
            "york-2025",
            {
                "profile-no-outcome-letter",
                "profile-no-retention",
                "profile-no-councillor-rule",
                "profile-no-channel-rule",
                "profile-policy-not-named",
            },
        ),
        pytest.param(
            "managed-register",
            {
                "profile-no-challenge",
                "profile-minimum-meets-review",
                "profile-weak-approval",
                "profile-no-longest-time",
                "profile-no-channel-rule",
                "profile-no-lesser-measures",
                "profile-policy-not-named",
            },
            marks=pytest.mark.requirement("M-53", "F8"),
        ),
        pytest.param(
            "wrexham",
            {
                "profile-no-review-interval",
                "profile-no-outcome-letter",
                "profile-no-retention",
                "profile-no-councillor-rule",
                "profile-weak-approval",
                "profile-no-longest-time",
                "profile-no-lesser-measures",
                "profile-policy-not-named",
            },
            marks=pytest.mark.requirement("W-8", "W-16"),
        ),
        (
            "tamworth",
            {
                "profile-no-challenge",
                "profile-no-outcome-letter",
                "profile-no-retention",
                "profile-no-councillor-rule",
                "profile-no-approver-posts",
                "profile-no-channel-rule",
                "profile-policy-not-named",
            },
        ),
    ],
)
def test_each_shipped_profile_has_the_weak_points_of_its_policy(shipped, name, expected):
    assert codes(shipped(name)) == expected


@pytest.mark.requirement("M-6")
@pytest.mark.parametrize(("today", "due"), [(date(2027, 1, 1), False), (date(2027, 1, 2), True)])
def test_a_policy_past_its_own_review_is_said(shipped, today, due):
    document = PolicyDocument(name="Policy", url="https://ash.example/p", review_due=date(2027, 1, 1))
    profile = replace(shipped("default"), document=document)
    assert ("profile-policy-review-due" in codes(profile, today=today)) is due


def test_a_warning_names_the_key_that_mends_it(shipped):
    profile = replace(shipped("york-2025"), challenge=Challenge.NONE)
    (found,) = [one for one in lint_profile(profile) if one.code == "profile-no-challenge"]
    assert found.key == "challenge"
    assert "key challenge" in found.message


def test_weak_points_of_a_stage_name_its_table(shipped):
    found = {one.key for one in lint_profile(shipped("managed-register"))}
    assert "stage.1.proposer_may_approve" in found
    assert "stage.2.proposer_may_approve" not in found
