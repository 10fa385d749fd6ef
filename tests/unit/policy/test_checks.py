from datetime import UTC, date, datetime

import pytest

from m365_restrict.register.case import CaseState, Scope, Status

LATER = datetime(2026, 10, 1, 9, tzinfo=UTC)


def shows(*ids):
    return pytest.mark.requirement(*ids)


def codes(judgement):
    return [one.code for one in judgement.refused]


def warnings(judgement):
    return [one.code for one in judgement.warnings]


def test_a_complete_case_is_accepted_without_a_word(judge, case):
    judgement = judge(case())
    (accepted,) = judgement.accepted
    assert (accepted.case.reference, accepted.state) == ("RC-2026-001", CaseState.IN_FORCE)
    assert accepted.evidence.saver_object_id == "id-director"
    assert (judgement.refused, judgement.warnings) == ((), ())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"Addresses": None}, "addresses-missing", marks=shows("M-26")),
        ({"Addresses": "someone@mail.example\nnobody"}, "address-malformed"),
        pytest.param({"Measure": None}, "measure-missing", marks=shows("M-27")),
        ({"Measure": "Block everything"}, "value-unknown"),
        pytest.param({"Scope": None}, "scope-missing", marks=shows("F2")),
        pytest.param({"Grounds": None}, "grounds-missing", marks=shows("Y1-3")),
        pytest.param({"EffectiveFrom": None}, "start-date-missing", marks=shows("M-28")),
        pytest.param({"EndsOn": None}, "end-date-missing", marks=shows("M-22", "M-28", "F4")),
        pytest.param({"EqualityConsideredOn": None}, "equality-not-considered", marks=shows("Y0-9", "M-2")),
        pytest.param({"AdjustmentNeedsEmail": None}, "adjustment-not-asked", marks=shows("M-21", "W-1")),
        ({"AdjustmentNeedsEmail": "Not asked"}, "adjustment-not-asked"),
        pytest.param({"WarningGivenOn": None}, "warning-missing", marks=shows("Y1-9")),
        pytest.param({"ChannelsOpen": None}, "no-channel-open", marks=shows("W-14")),
        pytest.param({"CouncillorRoute": None}, "councillor-route-missing", marks=shows("Y1-23")),
        pytest.param({"NoticeSentOn": None}, "notice-missing", marks=shows("Y1-12", "Y1-19", "M-29")),
        pytest.param({"NoticeSentOn": date(2026, 9, 8)}, "notice-after-start", marks=shows("M-19")),
        pytest.param({"SpocMailbox": None}, "single-contact-not-given", marks=shows("M-45")),
        pytest.param(
            {"Measure": "Refuse with notice"}, "lesser-measures-missing", marks=shows("Y1-14", "Y1-15")
        ),
        ({"Measure": "Junk in named mailboxes"}, "junk-needs-named-mailboxes"),
        ({"Scope": "Named mailboxes or services"}, "scope-mailboxes-missing"),
        pytest.param({"EndsOn": date(2027, 9, 8)}, "too-long", marks=shows("M-22")),
        ({"EffectiveFrom": date(2027, 3, 7)}, "ends-before-start"),
        pytest.param({"Addresses": "someone@ashbourne.example"}, "internal-address", marks=shows("M-4")),
        pytest.param({"Addresses": "Cllr.Home@mail.example"}, "councillor-address", marks=shows("F11")),
        pytest.param(
            {"AdvocateAddresses": "someone@mail.example"}, "advocate-address", marks=shows("M-46", "W-3")
        ),
        pytest.param(
            {"ItemType": "Property", "Measure": None, "Addresses": None},
            "property-has-no-mail-effect",
            marks=shows("M-32"),
        ),
        ({"Title": "someone@mail.example"}, "reference-unusable"),
        ({"Title": None}, "reference-missing"),
        pytest.param({"Status": "Proposed"}, "not-approved", marks=shows("Y0-6")),
        ({"LanguagePreference": "Elvish"}, "value-unknown"),
    ],
)
def test_each_gap_refuses_that_case_alone_with_one_code(judge, case, changes, code):
    broken = case("1", approved="Status" not in changes, **changes)
    judgement = judge(broken, case("2", Addresses="other@mail.example"))
    assert codes(judgement) == [code]
    assert [one.case.reference for one in judgement.accepted] == ["RC-2026-002"]


@pytest.mark.parametrize(
    "changes",
    [
        {"WarningGivenOn": None, "WarningWaivedReason": "threat"},
        {"ChannelsOpen": None, "NoChannelReason": "court order"},
        {"Measure": "Refuse with notice", "LesserMeasuresConsidered": "single contact", "SpocMailbox": None},
        {"Measure": "No e-mail measure", "SpocMailbox": None},
        {"EndsOn": date(2027, 9, 7)},
        {"NoticeSentOn": date(2026, 9, 7)},
        {
            "Measure": "Junk in named mailboxes",
            "Scope": "Named mailboxes or services",
            "ScopeMailboxes": "planning@ashbourne.example",
        },
    ],
)
def test_what_the_policy_allows_is_accepted(judge, case, changes):
    assert codes(judge(case(**changes))) == []


def test_all_gaps_of_a_case_are_told_at_once_and_never_name_anyone(judge, case):
    judgement = judge(case(Grounds=None, EndsOn=None, Addresses="someone@mail.example\nMrs Secret"))
    assert sorted(codes(judgement)) == ["address-malformed", "end-date-missing", "grounds-missing"]
    assert not any("Secret" in one.message or "someone" in one.message for one in judgement.refused)


def test_refusals_cite_the_policy(judge, case):
    (refused,) = judge(case(EndsOn=None)).refused
    assert refused.policy_refs == ("M-22", "M-28", "F4")


def test_an_unusable_reference_is_replaced_by_the_items_number(judge, case):
    assert judge(case(Title="a@b.example")).refused[0].case_ref == "item 1"


def test_a_draft_lists_what_is_missing_and_is_not_refused(judge, case):
    judgement = judge(case(approved=False, Status="Draft", Grounds=None))
    assert codes(judgement) == []
    assert [one.code for one in judgement.drafts[0].missing] == ["grounds-missing"]


@pytest.mark.parametrize("status", ["Suspended", "Lifted", "Closed", "Rejected", "Withdrawn"])
def test_a_status_that_opens_takes_effect_whoever_saved_it(judge, case, status):
    judgement = judge(case().save("officer", LATER, Status=status, Grounds=None))
    assert [one.by_status for one in judgement.ended_by_register] == [Status(status)]
    assert (judgement.accepted, judgement.refused) == ((), ())


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2026, 9, 6), CaseState.SCHEDULED),
        (date(2026, 9, 7), CaseState.IN_FORCE),
        (date(2027, 3, 6), CaseState.IN_FORCE),
        (date(2027, 3, 7), None),
    ],
)
def test_a_case_is_in_force_from_its_first_to_its_last_day(judge, case, today, state):
    judgement = judge(case(), today=today)
    assert [one.state for one in judgement.accepted] == ([state] if state else [])
    assert len(judgement.ended_by_register) == (0 if state else 1)


class TestLaterEdits:
    def test_an_added_address_waits(self, judge, case):
        judgement = judge(case().save("officer", LATER, Addresses="someone@mail.example\nnew@mail.example"))
        (accepted,) = judgement.accepted
        assert accepted.case.protected.addresses == ("someone@mail.example",)
        assert (accepted.waiting, warnings(judgement)) == (("Addresses",), ["edit-waits-for-approval"])

    def test_a_narrower_scope_takes_effect(self, judge, case):
        named = {"Scope": "Named mailboxes or services", "ScopeMailboxes": "planning@ashbourne.example"}
        (accepted,) = judge(case().save("officer", LATER, **named)).accepted
        assert (accepted.case.protected.scope, accepted.waiting) == (Scope.NAMED, ())

    @pytest.mark.parametrize(
        "edit", [{"Addresses": "nonsense"}, {"Measure": "Block everything"}, {"EndsOn": "soon"}]
    )
    def test_an_unreadable_edit_leaves_the_approved_value_in_force(self, judge, case, edit):
        before = judge(case()).accepted[0].case.protected
        judgement = judge(case().save("officer", LATER, **edit))
        assert judgement.accepted[0].case.protected == before
        assert warnings(judgement) == ["edit-unreadable"]

    def test_an_opening_in_the_same_save_as_an_unreadable_edit_still_counts(self, judge, case):
        edited = case().save("officer", LATER, Measure="Block everything", EndsOn=date(2027, 1, 1))
        assert judge(edited).accepted[0].case.protected.ends_on == date(2027, 1, 1)

    def test_removing_every_address_opens_the_case(self, judge, case):
        judgement = judge(case().save("officer", LATER, Addresses=None))
        assert [one.by_status for one in judgement.ended_by_register] == [None]

    def test_an_earlier_end_that_is_past_ends_the_case(self, judge, case):
        assert judge(case().save("officer", LATER, EndsOn=date(2026, 12, 6))).ended_by_register

    def test_setting_a_live_case_back_to_proposed_loses_its_approval(self, judge, case):
        assert codes(judge(case().save("officer", LATER, Status="Proposed"))) == ["not-approved"]

    def test_a_case_under_review_stays_live(self, judge, case):
        assert judge(case().save("officer", LATER, Status="Under review")).accepted

    def test_approved_values_are_read_from_pinned_evidence(self, judge, case):
        pinned = {one.key: one for one in judge(case()).new_evidence}
        item = case().save("officer", LATER, Addresses="someone@mail.example\nnew@mail.example")
        judgement = judge(item, pinned=pinned, approvers={})
        assert judgement.accepted[0].case.protected.addresses == ("someone@mail.example",)


class TestWarnings:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"CaseOwner": None}, "detail-missing"),
            ({"ScopeReason": None}, "detail-missing"),
            ({"NextReviewOn": date(2026, 12, 6)}, "review-overdue"),
            ({"NextReviewOn": date(2027, 3, 8)}, "review-too-late"),
            ({"Measure": "File without reply", "AdjustmentNeedsEmail": "Yes"}, "adjustment-needs-email"),
            (
                {
                    "Measure": "Refuse with notice",
                    "LesserMeasuresConsidered": "yes",
                    "AddressShared": "Yes",
                },
                "address-shared",
            ),
            (
                {
                    "Scope": "Named mailboxes or services",
                    "ScopeMailboxes": "Safeguarding@ashbourne.example",
                },
                "scope-names-protected",
            ),
        ],
    )
    def test_a_warning_never_stops_a_case(self, judge, case, changes, code):
        judgement = judge(case(**changes))
        assert warnings(judgement) == [code]
        assert judgement.accepted[0].warnings == judgement.warnings

    def test_a_review_of_no_case_is_said(self, judge, case, review):
        judgement = judge(case(), reviews=[review(Title="RC-2026-099")])
        assert warnings(judgement) == ["review-without-case"]

    def test_a_review_that_lifts_is_said_while_the_case_is_live(self, judge, case, review):
        lift = review(Outcome="Lift", DecidedOn=date(2026, 12, 1))
        assert warnings(judge(case(), reviews=[lift])) == ["review-says-lift"]


class TestExtensions:
    def test_an_approved_extension_moves_the_end(self, judge, case, review):
        judgement = judge(case(), reviews=[review(NewEndsOn=date(2027, 9, 6))])
        assert judgement.accepted[0].case.protected.ends_on == date(2027, 9, 6)
        assert judgement.warnings == ()
        assert {one.item_id for one in judgement.new_evidence} == {"1", "review:1"}

    def test_it_counts_beyond_the_longest_time_from_the_first_day(self, judge, case, review):
        judgement = judge(case(), reviews=[review(NewEndsOn=date(2027, 12, 1))])
        assert judgement.accepted[0].case.protected.ends_on == date(2027, 12, 1)

    def test_one_that_is_too_long_is_left_out(self, judge, case, review):
        judgement = judge(case(), reviews=[review(NewEndsOn=date(2027, 12, 2))])
        assert judgement.accepted[0].case.protected.ends_on == date(2027, 3, 6)
        assert warnings(judgement) == ["extension-too-long"]

    def test_one_saved_by_an_officer_is_left_out(self, judge, case, review):
        judgement = judge(case(), reviews=[review("officer", NewEndsOn=date(2027, 9, 6))])
        assert judgement.accepted[0].case.protected.ends_on == date(2027, 3, 6)
        assert warnings(judgement) == ["extension-not-approved"]

    def test_a_later_edit_may_still_bring_the_end_forward(self, judge, case, review):
        item = case().save("officer", datetime(2026, 12, 2, tzinfo=UTC), EndsOn=date(2027, 1, 1))
        judgement = judge(item, reviews=[review(NewEndsOn=date(2027, 9, 6))])
        assert judgement.accepted[0].case.protected.ends_on == date(2027, 1, 1)

    def test_an_earlier_shortening_gives_way_to_the_review(self, judge, case, review):
        item = case().save("officer", LATER, EndsOn=date(2027, 1, 1))
        judgement = judge(item, reviews=[review(NewEndsOn=date(2027, 9, 6))])
        assert judgement.accepted[0].case.protected.ends_on == date(2027, 9, 6)

    def test_a_later_approval_decides_the_end_again(self, judge, case, review):
        item = case().save("deputy", datetime(2026, 12, 3, tzinfo=UTC), NoticeMethod="By hand")
        judgement = judge(item, reviews=[review(NewEndsOn=date(2027, 9, 6))])
        assert judgement.accepted[0].case.protected.ends_on == date(2027, 3, 6)

    def test_the_item_may_be_brought_into_line_without_a_new_decision(self, judge, case, review):
        item = case().save("officer", datetime(2026, 12, 2, tzinfo=UTC), EndsOn=date(2027, 12, 1))
        item.save("director", datetime(2026, 12, 3, tzinfo=UTC))
        judgement = judge(item, reviews=[review(NewEndsOn=date(2027, 12, 1))])
        assert judgement.accepted[0].case.protected.ends_on == date(2027, 12, 1)


class TestClashes:
    def test_of_two_cases_with_one_address_the_older_stays(self, judge, case):
        judgement = judge(case("2", day=2), case("1", day=1))
        assert [(one.case_ref, one.code) for one in judgement.refused] == [
            ("RC-2026-002", "address-in-other-case")
        ]

    def test_the_case_in_force_stays_although_it_is_newer(self, judge, case):
        scheduled = case("1", day=1, EffectiveFrom=date(2027, 1, 1))
        assert [one.case_ref for one in judge(scheduled, case("2", day=2)).refused] == ["RC-2026-001"]

    def test_an_address_added_to_an_older_case_does_not_push_out_the_case_that_had_it(self, judge, case):
        older = case("1", day=1).save("officer", LATER, Addresses="someone@mail.example\nnew@mail.example")
        older.save("director", LATER)
        assert [
            one.case_ref for one in judge(older, case("2", day=2, Addresses="new@mail.example")).refused
        ] == ["RC-2026-001"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (
                {"Scope": "Named mailboxes or services", "ScopeMailboxes": "a@ashbourne.example"},
                {"Scope": "Named mailboxes or services", "ScopeMailboxes": "b@ashbourne.example"},
            ),
            ({}, {"Measure": "No e-mail measure"}),
            ({"EndsOn": date(2026, 12, 31)}, {"EffectiveFrom": date(2027, 1, 1)}),
        ],
        ids=["other mailboxes", "not on mail", "one after the other"],
    )
    def test_cases_that_do_not_meet_may_share_an_address(self, judge, case, one, other):
        assert codes(judge(case("1", **one), case("2", **other))) == []

    def test_overlapping_named_mailboxes_do_meet(self, judge, case):
        named = {"Scope": "Named mailboxes or services", "ScopeMailboxes": "a@ashbourne.example"}
        assert codes(judge(case("1", **named), case("2"))) == ["address-in-other-case"]


class TestDuplicates:
    def test_the_newer_of_two_items_with_one_reference_is_refused(self, judge, case):
        judgement = judge(
            case("10", Title="rc-2026-009 ", Addresses="b@mail.example"),
            case("9", Addresses="c@mail.example"),
        )
        assert [(one.item_id, one.code) for one in judgement.refused] == [("10", "duplicate-reference")]

    def test_a_draft_does_not_take_the_reference_of_a_live_case(self, judge, case):
        judgement = judge(case("1", approved=False, Status="Draft", Title="RC-2026-002"), case("2"))
        assert [one.case.item_id for one in judgement.accepted] == ["2"]

    def test_the_reference_of_a_closed_case_is_not_used_again(self, judge, case):
        closed = case("1", Title="RC-2026-002").save("officer", LATER, Status="Closed")
        assert codes(judge(closed, case("2"))) == ["duplicate-reference"]
