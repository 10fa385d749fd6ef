from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from m365_restrict.plan.change import Applied, RuleKind
from m365_restrict.plan.renamed import Renamed, known_again
from m365_restrict.policy.judgement import AcceptedCase, Judgement, OpenedCase
from m365_restrict.register.case import CaseState
from m365_restrict.register.evidence import ApprovalEvidence, EvidenceVerdict

EVIDENCE = ApprovalEvidence(
    item_id="1",
    version="2.0",
    saver_object_id="oid",
    saver_address="director@ash.example",
    saved_at=datetime(2026, 9, 3, tzinfo=UTC),
    fields_hash="",
    values_json="{}",
    seen_on=date(2026, 9, 3),
    verdict=EvidenceVerdict.ELIGIBLE,
)


def rule(key: str, item_id: str = "") -> Applied:
    return Applied(
        key=key,
        kind=RuleKind.TRANSPORT_RULE,
        guid_or_rule_id=f"guid of {key}",
        mailbox="",
        case_reference="" if key.startswith("choice-") else key.partition("/")[0],
        name=key,
        properties={},
        item_id=item_id,
    )


def again(
    council: Any,
    applied: Sequence[Applied],
    *,
    before: Mapping[str, str],
    accepted: Mapping[str, str],
    opened: Mapping[str, str] | None = None,
) -> Renamed:
    cases = [replace(council.case(name), item_id=item_id) for item_id, name in accepted.items()]
    judgement = Judgement(
        accepted=tuple(AcceptedCase(case=one, state=CaseState.IN_FORCE, evidence=EVIDENCE) for one in cases),
        ended_by_register=tuple(
            OpenedCase(case_ref=name, item_id=item_id, by_status=None)
            for item_id, name in (opened or {}).items()
        ),
    )
    return known_again(applied, before, judgement)


def names(found: Renamed) -> dict[str, tuple[str, str, str]]:
    return {old: (one.key, one.case_reference, one.item_id) for old, one in found.rules.items()}


def test_a_rule_follows_its_case(council: Any) -> None:
    applied = [rule("RC-1/whole/1", "1"), rule("RC-1/choice-ab/1", "1")]
    found = again(council, applied, before={"1": "RC-1"}, accepted={"1": "RC-9"})
    assert names(found) == {
        "RC-1/whole/1": ("RC-9/whole/1", "RC-9", "1"),
        "RC-1/choice-ab/1": ("RC-9/choice-ab/1", "RC-9", "1"),
    }


def test_a_case_that_the_register_opened_is_known_by_its_new_reference(council: Any) -> None:
    found = again(
        council, [rule("RC-1/whole/1", "1")], before={"1": "RC-1"}, accepted={}, opened={"1": "item 1"}
    )
    assert names(found)["RC-1/whole/1"] == ("item 1/whole/1", "item 1", "1")


def test_a_case_without_a_decision_keeps_the_reference_that_it_had(council: Any) -> None:
    found = again(council, [rule("RC-1/whole/1", "1")], before={"1": "RC-1"}, accepted={})
    assert names(found)["RC-1/whole/1"] == ("RC-1/whole/1", "RC-1", "1")


def test_and_loses_it_to_an_item_that_bears_it_now(council: Any) -> None:
    applied = [rule("RC-1/whole/1", "1"), rule("RC-2/whole/1", "2")]
    found = again(council, applied, before={"1": "RC-1", "2": "RC-2"}, accepted={"2": "rc-1"})
    assert found.references == {"1": "item 1", "2": "rc-1"}
    assert names(found)["RC-1/whole/1"] == ("item 1/whole/1", "item 1", "1")


def test_a_case_that_the_register_opened_loses_its_reference_to_one_that_is_accepted(council: Any) -> None:
    applied = [rule("RC-1/whole/1", "1"), rule("RC-2/whole/1", "2")]
    before = {"1": "RC-1", "2": "RC-2"}
    found = again(council, applied, before=before, accepted={"2": "RC-1"}, opened={"1": "RC-1"})
    assert found.references == {"1": "item 1", "2": "RC-1"}
    assert [one[:2] for one in names(found).values()] == [
        ("item 1/whole/1", "item 1"),
        ("RC-1/whole/1", "RC-1"),
    ]


def test_an_item_that_is_known_by_its_rule_alone_shares_no_reference_either(council: Any) -> None:
    applied = [rule("RC-1/whole/1", "1"), rule("RC-2/whole/1", "2")]
    found = again(council, applied, before={"2": "RC-2"}, accepted={"2": "RC-1"})
    assert found.references == {"1": "item 1", "2": "RC-1"}
    assert {one[0] for one in names(found).values()} == {"item 1/whole/1", "RC-1/whole/1"}


def test_references_that_were_swapped(council: Any) -> None:
    applied = [rule("RC-1/whole/1", "1"), rule("RC-2/whole/1", "2")]
    found = again(council, applied, before={}, accepted={"1": "RC-2", "2": "RC-1"})
    assert [one[0] for one in names(found).values()] == ["RC-2/whole/1", "RC-1/whole/1"]


def test_a_rule_without_item_id_belongs_to_the_case_that_had_its_reference(council: Any) -> None:
    found = again(council, [rule("RC-1/whole/1")], before={"1": "rc-1"}, accepted={"1": "RC-9", "2": "RC-1"})
    assert names(found)["RC-1/whole/1"] == ("RC-9/whole/1", "RC-9", "1")


def test_or_else_to_the_case_that_has_it(council: Any) -> None:
    found = again(council, [rule("RC-1/whole/1")], before={}, accepted={"1": "RC-1"})
    assert names(found)["RC-1/whole/1"] == ("RC-1/whole/1", "RC-1", "1")


def test_a_rule_that_no_case_explains_stays_as_it_is(council: Any) -> None:
    applied = [rule("RC-7/whole/1"), rule("RC-8/whole/1", "8"), rule("choice-3")]
    found = again(council, applied, before={}, accepted={"1": "RC-1"})
    assert list(found.rules.values()) == applied


def test_two_rules_never_get_one_key(council: Any) -> None:
    applied = [rule("RC-1/whole/1", "1"), rule("RC-9/whole/1", "1")]
    found = again(council, applied, before={}, accepted={"1": "RC-9"})
    assert sorted(one[0] for one in names(found).values()) == ["RC-9/whole/1", "RC-9/whole/1~"]
