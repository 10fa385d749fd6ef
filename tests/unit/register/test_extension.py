from dataclasses import replace
from datetime import date, timedelta

import pytest

from m365_restrict.register.approval import ApprovalRules
from m365_restrict.register.case import Stage
from m365_restrict.register.extension import judge_extensions
from m365_restrict.register.item import Identity, ItemVersion, ListItem, SaverKind

RULES = ApprovalRules(approvers={Stage.NONE: frozenset({"id-director"})})
EXTEND = {
    "Title": "RC-2026-001",
    "Kind": "Scheduled review",
    "Outcome": "Extend",
    "NewEndsOn": date(2027, 9, 6),
}


def case(*, versions=()):
    return ListItem(
        item_id="1",
        etag="1",
        created_by=Identity(SaverKind.USER),
        fields={"Title": "RC-2026-001"},
        versions=tuple(versions),
    )


def judge(*reviews, of=None, rules=RULES, pinned=None):
    return judge_extensions(
        of or case(), reviews, stage=Stage.NONE, rules=rules, pinned=pinned or {}, today=date(2027, 3, 1)
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


@pytest.mark.requirement("M-23", "M-43")
@pytest.mark.parametrize(
    ("renamed", "counts"), [(timedelta(hours=-1), True), (timedelta(0), True), (timedelta(hours=1), False)]
)
def test_what_was_saved_before_the_case_bore_the_reference_was_decided_about_another(item, renamed, counts):
    review = item().save("director", **EXTEND).build()
    saved = review.versions[0]
    named = ItemVersion("1.0", saved.saved_at - timedelta(days=9), saved.saver, {"Title": "RC-2026-003"})
    again = replace(named, number="2.0", saved_at=saved.saved_at + renamed, fields={"Title": "rc-2026-001"})
    verdict = judge(review, of=case(versions=[named, again]))
    assert (verdict.extension is not None, verdict.not_approved) == (counts, () if counts else ("1",))
    assert len(verdict.new_evidence) == 1


def test_versions_that_are_gone_take_no_extension_away(item):
    review = item().save("director", **EXTEND).build()
    saved = review.versions[0]
    later = replace(saved, number="9.0", saved_at=saved.saved_at + timedelta(days=1))
    assert judge(review, of=case(versions=[later])).extension is not None
