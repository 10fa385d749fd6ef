from datetime import date

import pytest

from m365_restrict.register.approval import ApprovalRules
from m365_restrict.register.case import Stage
from m365_restrict.register.extension import judge_extensions

RULES = ApprovalRules(approvers={Stage.NONE: frozenset({"id-director"})})
EXTEND = {
    "Title": "RC-2026-001",
    "Kind": "Scheduled review",
    "Outcome": "Extend",
    "NewEndsOn": date(2027, 9, 6),
}


def judge(*reviews, rules=RULES, pinned=None):
    return judge_extensions(
        "RC-2026-001", reviews, stage=Stage.NONE, rules=rules, pinned=pinned or {}, today=date(2027, 3, 1)
    )


def test_an_extend_saved_by_an_approver_approves_the_new_end(item):
    verdict = judge(
        item().save("officer", **{**EXTEND, "Outcome": "Pending"}).save("director", **EXTEND).build()
    )
    assert verdict.extension.ends_on == date(2027, 9, 6)
    assert verdict.extension.evidence.item_id == "review:1"


@pytest.mark.parametrize("who", ["officer", "tool"])
def test_an_extend_saved_by_anyone_else_does_not(item, who):
    verdict = judge(item(item_id="7").save(who, **EXTEND).build())
    assert (verdict.extension, verdict.not_approved) == (None, ("7",))


@pytest.mark.parametrize(
    "changes", [{"Title": "RC-2026-002"}, {"Outcome": "Keep"}, {"NewEndsOn": None}, {"NewEndsOn": "later"}]
)
def test_other_reviews_extend_nothing(item, changes):
    verdict = judge(item().save("director", **{**EXTEND, **changes}).build())
    assert (verdict.extension, verdict.not_approved) == (None, ())


def test_an_officer_cannot_push_the_approved_end_further(item):
    built = item().save("director", **EXTEND).save("officer", NewEndsOn=date(2028, 1, 1)).build()
    assert judge(built).extension.ends_on == date(2027, 9, 6)


def test_an_officer_can_bring_it_forward_or_take_it_back(item):
    earlier = item().save("director", **EXTEND).save("officer", NewEndsOn=date(2027, 6, 1)).build()
    assert judge(earlier).extension.ends_on == date(2027, 6, 1)
    assert judge(item().save("director", **EXTEND).save("officer", Outcome="Keep").build()).extension is None


def test_the_evidence_survives_pruning_and_departure(item):
    builder = item().save("director", **EXTEND).save("officer", OfficerTitle="Director")
    pinned = {one.key: one for one in judge(builder.build()).new_evidence}
    nobody = ApprovalRules(approvers={Stage.NONE: frozenset()})
    assert judge(builder.build(keep=1), rules=nobody, pinned=pinned).extension is not None
    assert judge(builder.build(), rules=nobody).extension is None
