"""What each shipped profile accepts and refuses, by the paragraph of its policy."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from m365_restrict.policy.profile import Challenge, Nation, NoticeTexts, Ombudsman, PolicyLanguage, ReviewFrom
from m365_restrict.register.case import Measure, Stage

NAMES = ("default", "york-2013", "york-2025", "managed-register", "wrexham", "tamworth")
AFTER = datetime(2026, 9, 1, 16, tzinfo=UTC)
APPROVERS = {
    Stage.NONE: frozenset({"id-director", "id-deputy"}),
    Stage.ONE: frozenset({"id-director"}),
    Stage.TWO: frozenset({"id-deputy"}),
}
REFUSE = {"Measure": "Refuse with notice"}
#: What a complete case needs beside that of `default`.
NEEDS = {"managed-register": {"Stage": "1"}, "wrexham": {"NextReviewOn": date(2027, 3, 1)}}


def shows(*ids):
    return pytest.mark.requirement(*ids)


def refused(judgement):
    return [one.code.value for one in judgement.refused]


def approved(case, name, **changes):
    """A case that every approver but the proposer saved."""
    item = case(**{**NEEDS.get(name, {}), **changes})
    return item.save("deputy", AFTER, NoticeMethod="By hand") if name == "york-2025" else item


@pytest.mark.requirement("Y1-5", "M-1")
@pytest.mark.parametrize("name", NAMES)
def test_a_complete_case_is_accepted_under_every_profile(judge, case, name):
    judgement = judge(approved(case, name), under=name)
    assert refused(judgement) == []
    assert len(judgement.in_force) == 1


CASES = [
    pytest.param(
        "york-2013", {"Measure": "File without reply"}, ["measure-not-allowed"], marks=shows("Y0-1")
    ),
    pytest.param("york-2013", REFUSE, ["lesser-measures-missing"], marks=shows("Y1-14", "Y1-15")),
    pytest.param("york-2013", {"Grounds": None}, ["grounds-missing"], marks=shows("Y1-3")),
    pytest.param("york-2013", {"WarningGivenOn": None}, ["warning-missing"], marks=shows("Y1-9")),
    pytest.param("york-2013", {"CouncillorRoute": None}, ["councillor-route-missing"], marks=shows("Y1-23")),
    pytest.param(
        "york-2013", {"EqualityConsideredOn": None}, ["equality-not-considered"], marks=shows("Y0-9")
    ),
    pytest.param("york-2013", {"ChannelsOpen": None}, []),
    pytest.param("york-2013", {"EndsOn": date(2029, 1, 1)}, []),
    pytest.param("york-2013", {"EndsOn": None}, ["end-date-missing"], marks=shows("F4", "M-22")),
    pytest.param("york-2025", {"EndsOn": date(2027, 9, 8)}, ["too-long"], marks=shows("F4")),
    pytest.param("wrexham", {"ChannelsOpen": None}, ["no-channel-open"], marks=shows("W-14")),
    pytest.param(
        "wrexham", {"ChannelsOpen": None, "NoChannelReason": "court order"}, [], marks=shows("W-14")
    ),
    pytest.param("wrexham", REFUSE, [], marks=shows("W-12")),
    pytest.param("wrexham", {"Measure": "File without reply"}, [], marks=shows("W-13")),
    pytest.param("wrexham", {"WarningGivenOn": None}, []),
    pytest.param("wrexham", {"NextReviewOn": None}, ["review-date-missing"], marks=shows("W-16")),
    pytest.param("wrexham", {"AdjustmentNeedsEmail": None}, ["adjustment-not-asked"], marks=shows("W-1")),
    pytest.param("wrexham", {**REFUSE, "AddressShared": "Yes"}, ["address-shared"], marks=shows("F21")),
    pytest.param(
        "wrexham", {**REFUSE, "AdjustmentNeedsEmail": "Yes"}, ["adjustment-needs-email"], marks=shows("F23")
    ),
    pytest.param(
        "wrexham",
        {**REFUSE, "SpocMailbox": None, "ChannelsOpen": ("E-mail SPOC",)},
        ["email-channel-not-open"],
        marks=shows("M-39", "W-9"),
    ),
    pytest.param("managed-register", {"Stage": None}, ["stage-missing"], marks=shows("M-20")),
    pytest.param("managed-register", {"Stage": "None"}, ["stage-missing"], marks=shows("M-20")),
    pytest.param("managed-register", {"EndsOn": date(2027, 3, 5)}, ["too-short"], marks=shows("M-35")),
    pytest.param("managed-register", {"EndsOn": date(2027, 3, 6)}, [], marks=shows("M-35")),
    pytest.param(
        "managed-register", {"SupportServicesContacted": None}, ["field-missing"], marks=shows("M-3")
    ),
    pytest.param("managed-register", {"CaseOwner": None}, ["field-missing"], marks=shows("M-33")),
    pytest.param("managed-register", REFUSE, [], marks=shows("M-38", "M-39")),
    pytest.param("managed-register", {"WarningGivenOn": None}, [], marks=shows("M-34")),
    pytest.param(
        "tamworth",
        {"Measure": "Junk in named mailboxes"},
        ["measure-not-allowed", "junk-needs-named-mailboxes"],
    ),
]


@pytest.mark.parametrize(("name", "changes", "codes"), CASES)
def test_each_policy_refuses_what_its_paragraphs_say(judge, case, name, changes, codes):
    assert refused(judge(approved(case, name, **changes), under=name)) == codes


class TestStages:
    """Stage 1 is approved by the director, Stage 2 by the deputy."""

    def judged(self, judge, item):
        return refused(judge(item, under="managed-register", approvers=APPROVERS))

    @pytest.mark.requirement("M-23")
    @pytest.mark.parametrize(
        ("stage", "who", "codes"),
        [
            ("1", "director", []),
            ("1", "deputy", ["approver-not-eligible"]),
            ("2", "deputy", []),
            ("2", "director", ["approver-not-eligible"]),
        ],
    )
    def test_each_stage_has_its_own_approvers(self, judge, case, stage, who, codes):
        item = case(approved=False, Stage=stage, DecisionDocId="D").save(who, AFTER, Status="Approved")
        assert self.judged(judge, item) == codes

    @pytest.mark.requirement("M-43")
    @pytest.mark.parametrize(("stage", "codes"), [("1", []), ("2", ["approver-is-proposer"])])
    def test_stage_2_is_decided_by_somebody_else_than_its_proposer(self, judge, case, stage, codes):
        who = "director" if stage == "1" else "deputy"
        item = case(approved=False, Stage=stage).save(who, AFTER, EndsOn=date(2027, 4, 1))
        assert self.judged(judge, item.save(who, AFTER, Status="Approved")) == codes

    @pytest.mark.requirement("M-43")
    def test_a_stage_1_case_that_its_proposer_approved_warns(self, judge, case):
        item = case(approved=False, Stage="1").save("director", AFTER, EndsOn=date(2027, 4, 1))
        judgement = judge(
            item.save("director", AFTER, Status="Approved"), under="managed-register", approvers=APPROVERS
        )
        assert "approved-by-proposer" in [one.code for one in judgement.warnings]

    @pytest.mark.requirement("M-20", "M-42")
    @pytest.mark.parametrize(
        ("changes", "codes"),
        [
            ({"WarningGivenOn": None}, ["stage-skipped"]),
            ({"WarningGivenOn": None, "Stage1SkippedReason": "threat of violence"}, []),
            ({}, []),
            pytest.param({"DecisionDocId": None}, ["field-missing"], marks=shows("M-43")),
            pytest.param({"EndsOn": date(2026, 12, 31)}, [], marks=shows("M-35")),
        ],
    )
    def test_stage_2_needs_a_warning_or_the_reason_for_none(self, judge, case, changes, codes):
        item = case(approved=False, Stage="2", **changes).save("deputy", AFTER, Status="Approved")
        assert self.judged(judge, item) == codes

    @pytest.mark.requirement("M-15", "M-41", "M-44")
    @pytest.mark.parametrize(
        ("stage", "measure", "unusual"),
        [
            ("1", "Redirect to single contact", False),
            ("1", "Single contact requested", False),
            ("1", "Allowed recipients only", True),
            ("2", "Redirect to single contact", False),
            ("2", "Copy to single contact", True),
        ],
    )
    def test_a_measure_that_a_stage_does_not_name_warns(self, judge, case, stage, measure, unusual):
        who = "director" if stage == "1" else "deputy"
        item = case(
            approved=False, Stage=stage, Measure=measure, AllowedRecipients="parks@ashbourne.example"
        ).save(who, AFTER, Status="Approved")
        judgement = judge(item, under="managed-register", approvers=APPROVERS)
        assert refused(judgement) == []
        assert ("measure-not-named-by-policy" in [one.code for one in judgement.warnings]) is unusual

    @pytest.mark.requirement("M-35")
    def test_an_end_brought_forward_later_opens_and_is_not_too_short(self, judge, case):
        item = case(Stage="1").save("officer", AFTER, EndsOn=date(2026, 12, 31))
        judgement = judge(item, under="managed-register", approvers=APPROVERS)
        assert judgement.accepted[0].case.protected.ends_on == date(2026, 12, 31)


class TestQuorum:
    @pytest.mark.requirement("Y1-16")
    def test_either_of_two_posts_suffices_for_york_2013(self, judge, case):
        for who in ("director", "deputy"):
            item = case(approved=False).save(who, AFTER, Status="Approved")
            assert refused(judge(item, under="york-2013")) == []

    def test_both_posts_decide_for_york_2025(self, judge, case):
        assert refused(judge(case(), under="york-2025")) == ["quorum-not-reached"]
        both = case().save("deputy", AFTER, NoticeMethod="By hand")
        assert refused(judge(both, under="york-2025")) == []

    @pytest.mark.requirement("Y1-16", "W-8")
    @pytest.mark.parametrize("name", ["york-2013", "wrexham"])
    def test_where_a_policy_only_advises_against_it_the_proposers_approval_counts_and_warns(
        self, judge, case, name
    ):
        item = case(approved=False, **NEEDS.get(name, {})).save(
            "director", AFTER, EndsOn=date(2027, 2, 1), Status="Approved"
        )
        judgement = judge(item, under=name)
        assert refused(judgement) == []
        assert "approved-by-proposer" in [one.code for one in judgement.warnings]


@pytest.mark.requirement("M-49")
@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("default", date(2027, 3, 7)),
        pytest.param("york-2013", date(2027, 9, 7), marks=shows("Y1-22")),
        ("managed-register", date(2027, 3, 1)),
    ],
)
def test_the_next_review_is_counted_as_the_policy_says(judge, case, name, due):
    """In force for a year from 7 September, decided on 1 September."""
    (accepted,) = judge(approved(case, name, EndsOn=date(2027, 9, 7)), under=name).accepted
    assert (accepted.decided_on, accepted.next_review_on) == (date(2026, 9, 1), due)


LGSCO, ENGLAND = Ombudsman.LGSCO, Nation.ENGLAND
ENGLISH, WELSH = PolicyLanguage.ENGLISH, PolicyLanguage.WELSH


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("york-2013", (ENGLAND, LGSCO, (ENGLISH,), Challenge.REPRESENTATIONS, 12, None, None)),
        ("york-2025", (ENGLAND, LGSCO, (ENGLISH,), Challenge.REPRESENTATIONS, 6, None, None)),
        pytest.param(
            "managed-register",
            (ENGLAND, LGSCO, (ENGLISH,), Challenge.NONE, 6, 7, 12),
            marks=shows("M-24", "M-53", "M-54"),
        ),
        pytest.param(
            "wrexham",
            (Nation.WALES, Ombudsman.PSOW, (WELSH, ENGLISH), Challenge.FORMAL_COMPLAINT, None, None, None),
            marks=shows("W-0", "W-17", "W-18"),
        ),
        ("tamworth", (ENGLAND, LGSCO, (ENGLISH,), Challenge.NOT_STATED, 6, None, None)),
    ],
)
def test_what_a_policy_names_is_configuration(shipped, name, named):
    """Nation, ombudsman, languages, challenge, review months, days for the letter, months kept."""
    profile = shipped(name)
    assert named == (
        profile.nation,
        profile.ombudsman,
        profile.languages,
        profile.challenge,
        profile.review_months,
        profile.outcome_letter_working_days,
        profile.retention_months,
    )


@pytest.mark.requirement("Y0-7", "Y0-10", "M-6", "T-8", "F7")
def test_a_profile_carries_the_policy_that_notices_name(shipped):
    york = shipped("york-2013").document
    assert (york.name, york.version, york.adopted_on) == (
        "Restricted Customer Contact Policy and Procedures",
        "2013",
        date(2013, 3, 5),
    )
    assert shipped("tamworth").document.adopted_by == "Cabinet"


@pytest.mark.requirement("M-9", "W-5", "T-1", "T-3", "T-4", "T-5", "M-8", "M-15")
@pytest.mark.parametrize("name", ["york-2013", "managed-register", "wrexham", "tamworth"])
def test_grounds_of_the_policy_pass_and_own_words_alone_warn(judge, case, shipped, name):
    for ground in shipped(name).grounds:
        judgement = judge(approved(case, name, Grounds=(ground,)), under=name)
        assert "ground-not-in-policy" not in [one.code for one in judgement.warnings]
    judgement = judge(approved(case, name, Grounds=("Wears odd socks",)), under=name)
    assert "ground-not-in-policy" in [one.code for one in judgement.warnings]
    assert len(judgement.accepted) == 1


def test_each_policy_names_the_measures_of_its_text(shipped):
    assert Measure.REFUSE in shipped("york-2013").general.measures
    assert Measure.FILE not in shipped("york-2013").general.measures
    assert shipped("managed-register").review_from is ReviewFrom.DECISION
    assert shipped("managed-register").at(Stage.TWO).approver_posts == ("Director of Governance",)


@pytest.mark.parametrize(
    ("cy", "en", "route"),
    [
        ("ysgrifennwch atom", "write to us", "ysgrifennwch atom / write to us"),
        ("", "write to us", ""),
        ("", "", ""),
    ],
)
def test_a_route_is_told_in_every_language_of_the_policy_or_not_at_all(shipped, cy, en, route):
    notices = {PolicyLanguage.WELSH: NoticeTexts(route=cy), PolicyLanguage.ENGLISH: NoticeTexts(route=en)}
    assert replace(shipped("wrexham"), notices=notices).route_text == route
