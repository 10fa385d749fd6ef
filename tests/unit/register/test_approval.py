from dataclasses import replace
from datetime import date

import pytest

from m365_restrict.register.approval import ApprovalRules, EvidenceVerdict, judge_approval
from m365_restrict.register.case import Stage
from m365_restrict.register.values import values_from_json

TODAY = date(2026, 10, 1)
RULES = ApprovalRules(approvers={Stage.NONE: frozenset({"id-director", "id-deputy"})})


def judge(built, rules=RULES, pinned=None):
    return judge_approval(built, rules, pinned or {}, today=TODAY)


def pins(verdict):
    return {one.key: one for one in verdict.new_evidence}


def addresses(verdict):
    return values_from_json(verdict.evidence.values_json)["Addresses"]


def test_an_approver_who_is_not_the_proposer_approves(proposed):
    verdict = judge(proposed.save("director", Status="Approved").build())
    assert (verdict.evidence.version, verdict.evidence.saver_object_id) == ("2.0", "id-director")
    assert addresses(verdict) == ("someone@mail.example",)


@pytest.mark.parametrize(
    ("saves", "code"),
    [
        ([], "not-approved"),
        ([("officer", {"Status": "Approved"})], "approver-not-eligible"),
        ([("tool", {"Status": "Approved"})], "approved-by-application"),
        ([("colleague", {"Status": "Approved"})], "approved-by-flow"),
        (
            [("director", {"Addresses": "other@mail.example"}), ("director", {"Status": "Approved"})],
            "approver-is-proposer",
        ),
        ([("director", {"Status": "Approved", "EndsOn": date(2027, 1, 1)})], "approver-is-proposer"),
        ([("director", {"Status": "Under review"})], "not-approved"),
        ([("director", {"Status": "Approved"}), ("officer", {"Status": "Lifted"})], "not-approved"),
        (
            [
                ("director", {"Status": "Approved"}),
                ("officer", {"Status": "Suspended"}),
                ("officer", {"Status": "Approved"}),
            ],
            "approver-not-eligible",
        ),
    ],
)
def test_what_is_no_approval_has_its_own_code(proposed, saves, code):
    for who, changes in saves:
        proposed.save(who, **changes)
    flows = frozenset({"b.colleague@ashbourne.example"})
    verdict = judge(proposed.build(), replace(RULES, flow_identities=flows))
    assert verdict.evidence is None
    assert verdict.code == code
    assert verdict.message


def test_the_creator_never_approves_their_own_case(item):
    built = item().save("director", Status="Proposed").save("officer", Addresses="a@mail.example")
    verdict = judge(built.save("director", Status="Approved").build())
    assert verdict.code == "approver-is-proposer"


def test_a_profile_may_let_the_proposer_approve(item):
    built = item().save("director", Status="Proposed").save("director", Status="Approved").build()
    assert judge(built, replace(RULES, proposer_may_approve=True)).evidence.version == "2.0"


def test_a_flow_identity_is_known_by_object_id_too(proposed):
    built = proposed.save("director", Status="Approved").build()
    assert judge(built, replace(RULES, flow_identities=frozenset({"id-director"}))).code == "approved-by-flow"


def test_an_approved_case_keeps_its_values_when_someone_else_adds_an_address(proposed):
    built = proposed.save("director", Status="Approved").save(
        "officer", Addresses="someone@mail.example\nx@y.example"
    )
    assert addresses(judge(built.build())) == ("someone@mail.example",)


def test_a_later_approval_takes_the_new_values(proposed):
    proposed.save("director", Status="Approved").save("officer", Addresses="new@mail.example")
    assert addresses(judge(proposed.save("deputy").build())) == ("new@mail.example",)


def test_line_order_case_and_display_names_do_not_make_a_new_decision(proposed):
    proposed.save("officer", Addresses="a@mail.example\nb@mail.example")
    proposed.save("director", Addresses="B <B@mail.example>\r\n\r\n A@MAIL.example ", Status="Approved")
    assert judge(proposed.build()).evidence is not None


def test_the_tools_own_writes_neither_approve_nor_are_pinned(proposed):
    proposed.save("director", Status="Approved").save("tool", EnforcementStatus="In force")
    verdict = judge(proposed.build())
    assert [one.version for one in verdict.new_evidence] == ["2.0"]


class TestQuorum:
    rules = replace(RULES, quorum=2)

    def test_one_of_two_is_not_enough(self, proposed):
        verdict = judge(proposed.save("director", Status="Approved").build(), self.rules)
        assert verdict.code == "quorum-not-reached"

    def test_the_same_approver_twice_counts_once(self, proposed):
        proposed.save("director", Status="Approved").save("director", NoticeMethod="post")
        assert judge(proposed.build(), self.rules).code == "quorum-not-reached"

    def test_two_different_approvers_of_the_same_values_are_enough(self, proposed):
        proposed.save("director", Status="Approved").save("deputy", NoticeMethod="post")
        assert judge(proposed.build(), self.rules).evidence.version == "3.0"

    def test_two_approvers_of_different_values_are_not(self, proposed):
        proposed.save("director", Status="Approved").save("officer", EndsOn=date(2027, 5, 1)).save("deputy")
        assert judge(proposed.build(), self.rules).code == "quorum-not-reached"


class TestStages:
    rules = ApprovalRules(
        approvers={Stage.NONE: frozenset({"id-director"}), Stage.TWO: frozenset({"id-deputy"})}
    )

    @pytest.mark.parametrize(
        ("stage", "who", "approved"),
        [("2", "deputy", True), ("2", "director", False), ("1", "director", True), ("1", "deputy", False)],
    )
    def test_each_stage_has_its_approvers_or_falls_back(self, item, stage, who, approved):
        built = item().save("officer", Status="Proposed", Stage=stage).save(who, Status="Approved").build()
        assert (judge(built, self.rules).evidence is not None) is approved


class TestPinnedEvidence:
    def test_it_survives_the_pruning_of_the_approving_version(self, proposed):
        whole = proposed.save("director", Status="Approved").save("tool", EnforcementStatus="x")
        pinned = pins(judge(whole.build()))
        assert judge(whole.build(keep=1), pinned=pinned).evidence.version == "2.0"

    def test_it_survives_the_approvers_departure(self, proposed):
        built = proposed.save("director", Status="Approved").build()
        pinned = pins(judge(built))
        nobody = replace(RULES, approvers={Stage.NONE: frozenset()})
        assert judge(built, nobody, pinned).evidence.version == "2.0"

    def test_not_eligible_when_first_seen_stays_so(self, proposed):
        built = proposed.save("colleague", Status="Approved").build()
        pinned = pins(judge(built))
        promoted = replace(RULES, approvers={Stage.NONE: frozenset({"id-colleague"})})
        assert judge(built, promoted, pinned).code == "approver-not-eligible"
        assert judge(built, promoted).evidence is not None

    def test_a_suspension_that_was_pruned_still_cancels_the_approval_before_it(self, proposed):
        proposed.save("director", Status="Approved").save("officer", Status="Suspended")
        proposed.save("officer", Status="Approved")
        pinned = pins(judge(proposed.build()))
        assert EvidenceVerdict.CANCELS in {one.verdict for one in pinned.values()}
        assert judge(proposed.build(keep=1), pinned=pinned).evidence is None

    def test_it_is_not_made_twice(self, proposed):
        built = proposed.save("director", Status="Approved").build()
        assert judge(built, pinned=pins(judge(built))).new_evidence == ()

    def test_evidence_of_another_item_does_not_count(self, proposed):
        built = proposed.save("director", Status="Approved").build()
        other = {("2", one.version): replace(one, item_id="2") for one in judge(built).new_evidence}
        nobody = replace(RULES, approvers={Stage.NONE: frozenset()})
        assert judge(built, nobody, other).evidence is None

    def test_ten_sorts_after_nine(self, item):
        built = item(first=9).save("officer", Status="Proposed").save("director", Status="Approved")
        built.save("officer", Status="Lifted")
        assert judge(built.build()).evidence is None


def test_an_approval_whose_earlier_versions_are_gone_does_not_prove_who_proposed(proposed):
    proposed.save("director", Addresses="x@mail.example").save("director", Status="Approved")
    assert judge(proposed.build(keep=1)).code == "approval-history-pruned"


def test_a_change_hidden_by_thinned_versions_is_not_taken_for_an_approval(proposed):
    proposed.save("colleague", Addresses="x@mail.example").save("director", Status="Approved")
    built = proposed.build()
    thinned = replace(built, versions=(built.versions[0], built.versions[2]))
    assert judge(thinned).code == "approval-history-pruned"


@pytest.mark.parametrize(
    ("saves", "opened"),
    [
        ([("director", "Approved"), ("officer", "Suspended"), ("officer", "Approved")], True),
        ([("director", "Approved"), ("officer", "Lifted"), ("officer", "Draft")], True),
        ([("director", "Approved"), ("officer", "Draft"), ("officer", "Approved")], False),
        ([("officer", "Suspended"), ("director", "Approved")], False),
    ],
)
def test_a_save_that_opened_the_case_counts_until_it_is_approved_again(proposed, saves, opened):
    for who, status in saves:
        proposed.save(who, Status=status)
    assert judge(proposed.build()).opened is opened
