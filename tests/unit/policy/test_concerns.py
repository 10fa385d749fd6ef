"""What warns under the default profile and refuses where a profile says so."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from m365_restrict.policy.checks import judge_register
from m365_restrict.policy.codes import WarningCode
from m365_restrict.policy.profile import PolicyDocument
from m365_restrict.register.case import Stage
from m365_restrict.register.columns import RESTRICTED_CONTACTS
from m365_restrict.register.item import Person
from settings.known_senders import known_senders

KNOWN = known_senders(())
REFUSE = {"Measure": "Refuse with notice", "LesserMeasuresConsidered": "single contact tried"}
NAMED = {"Scope": "Named mailboxes or services", "ScopeMailboxes": "planning@ashbourne.example"}
AFTER = datetime(2026, 9, 1, 16, tzinfo=UTC)


def shows(*ids):
    return pytest.mark.requirement(*ids)


def refused(judgement):
    return {one.code.value for one in judgement.refused}


def warned(judgement):
    return {one.code.value for one in judgement.warnings}


CONCERNS = [
    pytest.param({**REFUSE, "AdjustmentNeedsEmail": "Yes"}, "adjustment-needs-email", marks=shows("F23")),
    pytest.param({"AdjustmentNeedsEmail": "Yes"}, "adjustment-email-redirected", marks=shows("F23")),
    pytest.param({**REFUSE, "AddressShared": "Yes"}, "address-shared", marks=shows("F21")),
    pytest.param(
        {"Grounds": ("Criticism of the council",)},
        "ground-is-criticism",
        marks=shows("M-16", "T-2", "M-11"),
    ),
    pytest.param(
        {"Grounds": ("Shouted on the telephone",)}, "single-telephone-incident", marks=shows("Y1-7")
    ),
    pytest.param(
        {**REFUSE, "SpocMailbox": None, "ChannelsOpen": ("E-mail SPOC",)},
        "email-channel-not-open",
        marks=shows("M-39", "W-9"),
    ),
    pytest.param(
        {**REFUSE, "ChannelsOpen": None, "NoChannelReason": "court order"},
        "route-not-stated",
        marks=shows("M-18", "T-10"),
    ),
    pytest.param({"Measure": "Allowed recipients only"}, "allowed-recipients-missing", marks=shows("Y1-10")),
    pytest.param(
        {"CouncillorRoute": "Alternative arranged"}, "ward-councillors-missing", marks=shows("Y1-23")
    ),
    pytest.param({"Stage": "1"}, "stage-not-in-policy", marks=shows("M-20")),
    pytest.param({"WarningGivenOn": date(2026, 9, 8)}, "considered-after-start", marks=shows("Y1-9")),
    pytest.param({"EqualityConsideredOn": date(2026, 9, 8)}, "considered-after-start", marks=shows("M-2")),
    pytest.param({"Addresses": "someone@gmial.com"}, "domain-looks-misspelt"),
    pytest.param({"Addresses": "some.one+tag@mail.example"}, "address-has-variants"),
    pytest.param({"ScopeReason": None}, "detail-missing", marks=shows("F2", "T-11")),
    pytest.param({"SupportServicesContacted": None}, "detail-missing", marks=shows("Y1-8", "M-3")),
    pytest.param({"DecisionDocId": None}, "detail-missing", marks=shows("Y1-19")),
    pytest.param({"CaseOwner": None}, "detail-missing", marks=shows("M-33")),
]


@pytest.mark.parametrize(("changes", "code"), CONCERNS)
def test_each_concern_warns_under_the_default_profile_and_stops_nothing(judge, case, changes, code):
    judgement = judge(case(**changes), known_senders=KNOWN)
    assert (refused(judgement), warned(judgement)) == (set(), {code})
    assert len(judgement.accepted) == 1


@pytest.mark.parametrize(("changes", "code"), CONCERNS)
def test_a_profile_may_refuse_on_any_of_them(profile, context, case, changes, code):
    strict = replace(profile, refuse_on=frozenset({WarningCode(code)}))
    known = replace(context, known_senders=KNOWN)
    judgement = judge_register([case(**changes).build()], (), profile=strict, context=known, pinned={})
    assert refused(judgement) == {code}
    assert judgement.accepted == ()


@pytest.mark.requirement("M-13")
@pytest.mark.parametrize("status", ["Draft", "Proposed"])
def test_concerns_are_told_before_anyone_approves(judge, case, status):
    judgement = judge(case(approved=False, Status=status, AdjustmentNeedsEmail="Yes"))
    assert warned(judgement) == {"adjustment-email-redirected"}


@pytest.mark.requirement("M-13")
@pytest.mark.parametrize(("changes", "code"), CONCERNS)
def test_a_concern_names_the_column_as_the_form_does_and_nobody(judge, case, changes, code):
    (message,) = [
        one.message for one in judge(case(**changes), known_senders=KNOWN).warnings if one.code == code
    ]
    assert any(f"{column.display_name} ({column.name})" in message for column in RESTRICTED_CONTACTS.columns)
    assert not any(word in message for word in ("someone@", "gmial", "Shouted", "Criticism of the"))


@pytest.mark.requirement("Y1-9")
def test_a_day_that_has_not_come_has_not_been_used(judge, case):
    early = case(EffectiveFrom=date(2026, 12, 20), NoticeSentOn=date(2026, 12, 20))
    assert warned(judge(early)) == {"date-in-future"}


@pytest.mark.parametrize("changes", [{**NAMED}, {"Measure": "No e-mail measure"}])
def test_a_reason_for_the_scope_is_asked_for_the_whole_council_alone(judge, case, changes):
    assert warned(judge(case(ScopeReason=None, **changes))) == set()


BODY = {"Addresses": "someone@region.nhs.uk"}


class TestNeverRestricted:
    @pytest.mark.requirement("F11", "M-17")
    def test_it_refuses(self, judge, case):
        assert refused(judge(case(**BODY), known_senders=KNOWN)) == {"never-restricted-address"}

    @pytest.mark.parametrize("second", [True, False])
    def test_two_approvers_and_a_legal_referral_override_it(self, judge, case, second):
        item = case(**BODY, PoliceOrLegalReferral=True)
        if second:
            item.save("deputy", AFTER, NoticeMethod="By hand")
        judgement = judge(item, known_senders=KNOWN)
        assert refused(judgement) == (set() if second else {"never-restricted-address"})
        assert warned(judgement) == ({"never-restricted-overridden"} if second else set())

    def test_two_approvers_alone_do_not(self, judge, case):
        item = case(**BODY).save("deputy", AFTER, NoticeMethod="By hand")
        assert refused(judge(item, known_senders=KNOWN)) == {"never-restricted-address"}

    @pytest.mark.requirement("M-17")
    def test_a_protected_mailbox_elsewhere_is_no_sender_to_restrict(self, judge, case):
        judgement = judge(
            case(Addresses="line@helpline.example"), protected_mailboxes=frozenset({"line@helpline.example"})
        )
        assert refused(judgement) == {"protected-address"}


class TestOfTheRegister:
    @pytest.mark.parametrize("status", ["Approved", "Draft"])
    def test_addresses_almost_alike_are_said_of_every_case_and_draft(self, judge, case, status):
        judgement = judge(
            case("1", Addresses="jon@mail.example"),
            case("2", approved=status == "Approved", Status="Draft", Addresses="john@mail.example"),
        )
        assert [one.case_ref for one in judgement.warnings] == ["RC-2026-001", "RC-2026-002"]
        assert warned(judgement) == {"address-near-miss"}

    @pytest.mark.requirement("Y0-2", "Y0-5", "W-2")
    def test_more_live_cases_than_a_policy_expects_are_said_once(self, profile, context, case):
        crowd = [
            case(number, Addresses=f"{number * 7}@mail{number}.example").build() for number in ("1", "2")
        ]
        narrow = replace(profile, max_live_cases=1)
        judgement = judge_register(crowd, (), profile=narrow, context=context, pinned={})
        assert [one.code for one in judgement.warnings] == ["too-many-live-cases"]
        assert len(judgement.accepted) == 2


class TestOfTheApproval:
    @pytest.mark.requirement("M-6")
    @pytest.mark.parametrize(("adopted", "old"), [(date(2026, 9, 2), True), (date(2026, 9, 1), False)])
    def test_a_decision_older_than_the_policy_is_said(self, profile, context, case, adopted, old):
        newer = replace(profile, document=PolicyDocument(adopted_on=adopted))
        judgement = judge_register([case().build()], (), profile=newer, context=context, pinned={})
        assert warned(judgement) == ({"old-policy-version"} if old else set())

    @pytest.mark.requirement("Y1-16")
    def test_an_approval_outlives_its_approver_and_that_is_said(self, judge, case):
        pinned = {one.key: one for one in judge(case()).new_evidence}
        nobody = {Stage.NONE: frozenset({"id-successor"})}
        judgement = judge(case(), pinned=pinned, approvers=nobody)
        assert (refused(judgement), warned(judgement)) == (set(), {"approver-left"})

    @pytest.mark.requirement("Y1-16")
    def test_an_approval_outlives_its_version_and_that_is_said(self, profile, context, case):
        whole = case().save("officer", AFTER, NoticeMethod="By hand").build()
        first = judge_register([whole], (), profile=profile, context=context, pinned={})
        pinned = {one.key: one for one in first.new_evidence}
        pruned = replace(whole, versions=whole.versions[-1:])
        judgement = judge_register([pruned], (), profile=profile, context=context, pinned=pinned)
        assert (refused(judgement), warned(judgement)) == (set(), {"approving-version-pruned"})

    @pytest.mark.parametrize(
        ("period", "flagged"),
        [
            ((date(2026, 9, 1), date(2026, 9, 3)), True),
            ((date(2026, 9, 7), date(2026, 10, 1)), True),
            ((date(2026, 9, 2), date(2026, 9, 6)), False),
            (None, False),
        ],
    )
    def test_a_decision_before_an_election_is_flagged(self, judge, case, period, flagged):
        assert warned(judge(case(), pre_election=period)) == ({"pre-election-period"} if flagged else set())


class TestOfReviews:
    @pytest.mark.requirement("M-30", "M-31", "M-51", "F5")
    @pytest.mark.parametrize("column", ["DecidedOn", "OfficerTitle", "Considerations"])
    def test_a_review_with_a_gap_in_its_record_is_said(self, judge, case, review, column):
        assert warned(judge(case(), reviews=[review(Outcome="Keep", **{column: None})])) == {
            "review-incomplete"
        }

    def test_a_review_that_is_still_open_has_no_gap(self, judge, case, review):
        open_one = review(Outcome="Pending", DecidedOn=None, OfficerTitle=None, Considerations=None)
        assert warned(judge(case(), reviews=[open_one])) == set()

    @pytest.mark.requirement("Y1-22", "M-49")
    def test_an_empty_review_day_is_counted_from_the_last_review(self, judge, case, review):
        reviewed = review(Outcome="Keep", DecidedOn=date(2026, 12, 1))
        long = {"EndsOn": date(2027, 8, 31)}
        assert judge(case(**long)).accepted[0].next_review_on == date(2027, 3, 7)
        assert judge(case(**long), reviews=[reviewed]).accepted[0].next_review_on == date(2027, 6, 1)

    @pytest.mark.parametrize("reviewed", [False, True])
    def test_an_empty_review_day_is_never_after_the_last_day(self, judge, case, review, reviewed):
        reviews = [review(Outcome="Keep", DecidedOn=date(2026, 12, 1))] if reviewed else []
        assert judge(case(), reviews=reviews).accepted[0].next_review_on == date(2027, 3, 6)

    @pytest.mark.requirement("Y1-22", "M-49")
    def test_a_review_day_on_the_item_is_over_once_that_review_is_held(self, judge, case, review):
        """The tool fills the day in and nobody has to move it: a recorded review does."""
        named = {"NextReviewOn": date(2026, 12, 4), "EndsOn": date(2027, 8, 31)}
        held = review(Outcome="Keep", DecidedOn=date(2026, 12, 1))
        assert warned(judge(case(**named), reviews=[held])) == set()
        assert judge(case(**named), reviews=[held]).accepted[0].next_review_on == date(2027, 6, 1)
        assert warned(judge(case(**named))) == {"review-overdue"}

    @pytest.mark.parametrize(
        ("under", "who", "said"),
        [
            pytest.param("wrexham", "director", True, marks=shows("W-18")),
            ("wrexham", "deputy", False),
            pytest.param("default", "director", False, marks=shows("Y1-20")),
        ],
    )
    def test_who_approved_does_not_decide_the_appeal_where_the_policy_says_so(
        self, judge, case, review, under, who, said
    ):
        appeal = review(who, Kind="Appeal", Outcome="Dismissed")
        found = warned(judge(case(NextReviewOn=date(2027, 3, 1)), reviews=[appeal], under=under))
        assert ("challenge-decided-by-approver" in found) is said


def test_a_start_moved_past_the_end_opens_the_case(judge, case):
    moved = case().save("officer", AFTER, EffectiveFrom=date(2027, 3, 7))
    assert [one.case_ref for one in judge(moved).ended_by_register] == ["RC-2026-001"]


def test_a_ward_councillor_is_named_by_account(judge, case):
    arranged = case(
        CouncillorRoute="Alternative arranged", WardCouncillors=(Person("9", "cllr.b@ashbourne.example"),)
    )
    assert warned(judge(arranged)) == set()
