from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Observed
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.difference import difference
from m365_restrict.plan.guards import GuardFacts, GuardSettings, ServiceLimits, judge_guards
from m365_restrict.register.recipient import RecipientKind, Unresolved
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.transport_rule import SenderMatch

SETTINGS = GuardSettings()


def refs(count: int) -> frozenset[str]:
    return frozenset(f"RC-{number}" for number in range(count))


def codes(council: Any, changes: Any = (), **more: Any) -> list[GuardCode]:
    facts: dict[str, Any] = {
        "items_read": 10,
        "live_before": refs(10),
        "lost": frozenset(),
        "directory": council.directory,
        "observed": Observed((), {}),
    }
    return [verdict.code for verdict in judge_guards(changes, GuardFacts(**facts | more), SETTINGS)]


def test_nothing_fires_on_an_ordinary_run(council: Any) -> None:
    assert codes(council) == []


def test_an_empty_register_with_live_cases(council: Any) -> None:
    assert codes(council, items_read=0) == [GuardCode.SOURCE_EMPTY]


def test_an_empty_register_that_always_was(council: Any) -> None:
    assert codes(council, items_read=0, live_before=frozenset()) == []


@pytest.mark.parametrize(
    ("lost", "live", "fires"),
    [
        (1, 1, False),
        (1, 2, False),
        (2, 4, True),
        (2, 6, True),
        (2, 7, False),
        (3, 10, False),
        (4, 10, True),
        (5, 100, False),
        (6, 100, True),
    ],
)
def test_a_shrunken_register(council: Any, lost: int, live: int, fires: bool) -> None:
    found = codes(council, live_before=refs(live), lost=refs(lost))
    assert found == ([GuardCode.SOURCE_SHRUNKEN] if fires else [])


def test_losses_that_were_never_live_do_not_count(council: Any) -> None:
    assert codes(council, live_before=refs(2), lost=frozenset({"X-1", "X-2", "X-3"})) == []


def test_a_protected_mailbox_that_is_gone(council: Any) -> None:
    council.protected = (Unresolved("monitoring@ash.example", "not found"),)
    assert codes(council) == [GuardCode.PROTECTED_UNRESOLVED]


def test_a_councillors_group_that_is_gone(council: Any) -> None:
    council.group = Unresolved("councillors@ash.example", "not found")
    assert codes(council) == [GuardCode.COUNCILLORS_UNREADABLE]


def test_a_councillors_group_that_is_no_group(council: Any) -> None:
    council.group = council.recipient("councillors@ash.example", RecipientKind.SHARED_MAILBOX)
    assert codes(council) == [GuardCode.COUNCILLORS_UNREADABLE]


def test_members_that_cannot_be_read(council: Any) -> None:
    council.members = Unknown("group", "throttled")
    assert codes(council) == [GuardCode.COUNCILLORS_UNREADABLE]


def foreign(count: int, **more: Any) -> Observed:
    raw = [{"Name": f"F{number}", "Guid": f"f{number}", "Priority": number} | more for number in range(count)]
    return Observed(tuple(observe_transport_rule(rule) for rule in raw), {})


@pytest.mark.parametrize(("standing", "fires"), [(294, False), (295, True)])
def test_too_many_rules_with_foreign_ones_counted(council: Any, standing: int, fires: bool) -> None:
    observed = foreign(standing)
    desired = council.compile([council.case()])
    changes = difference(council.compare(desired, council.tenant(council.compile([])), [])).changes
    found = codes(council, changes, observed=observed)
    assert found == ([GuardCode.TOO_MANY_RULES] if fires else [])


def test_a_full_house_without_a_new_rule_is_no_reason(council: Any) -> None:
    assert codes(council, observed=foreign(300)) == []


def test_patterns_of_all_rules_are_counted(council: Any) -> None:
    council.options = replace(council.options, sender_match=SenderMatch.PATTERNS)
    desired = council.compile([council.case()])
    changes = difference(council.compare(desired, council.tenant(council.compile([])), [])).changes
    limits = ServiceLimits(pattern_characters=40)
    observed = foreign(1, SubjectContainsWords=["x" * 30])
    assert codes(council, changes, observed=observed, limits=limits) == [GuardCode.TOO_MANY_PATTERNS]


def test_a_freeze_is_named_with_its_reason(council: Any) -> None:
    assert codes(council, frozen="Pre-election period") == [GuardCode.FROZEN]


def test_an_approver_whom_nobody_knows_is_named(council: Any) -> None:
    facts = GuardFacts(
        items_read=10,
        live_before=refs(10),
        lost=frozenset(),
        directory=council.directory,
        observed=Observed((), {}),
        unknown_approvers=("left@ash.example",),
    )
    (verdict,) = judge_guards((), facts, SETTINGS)
    assert verdict.code is GuardCode.APPROVER_UNKNOWN
    assert "left@ash.example" in verdict.message
