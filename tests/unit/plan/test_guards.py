"""Each guard at, below and above its limit, in small sets too, and what an override lets pass."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Change, Difference, Observed
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.difference import difference
from m365_restrict.plan.guards import Guarded, GuardFacts, GuardSettings, guard, judge_guards
from m365_restrict.plan.moves import Moves
from m365_restrict.plan.overrides import OVERRIDABLE, Override
from m365_restrict.plan.windows import read_window
from m365_restrict.register.recipient import RecipientKind, Unresolved

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SETTINGS = GuardSettings()


def refs(count: int) -> frozenset[str]:
    return frozenset(f"RC-{number}" for number in range(count))


def facts_of(council: Any, **more: Any) -> GuardFacts:
    facts: dict[str, Any] = {
        "items_read": 10,
        "live_before": refs(10),
        "lost": frozenset(),
        "directory": council.directory,
        "observed": Observed((), {}),
        "now": NOW,
    }
    return GuardFacts(**facts | more)


def codes(council: Any, changes: Any = (), **more: Any) -> list[GuardCode]:
    return [verdict.code for verdict in judge_guards(changes, facts_of(council, **more), SETTINGS)]


def guarded(council: Any, *overrides: Override, settings: GuardSettings = SETTINGS, **more: Any) -> Guarded:
    given = more.pop("changes", ())
    facts = facts_of(council, overrides=overrides, **more)
    return guard(Difference(changes=given, findings=(), unknown=()), facts, settings)


def creation(council: Any) -> Change:
    """A change that restricts more."""
    desired = council.compile([council.case()])
    (change,) = difference(council.compare(desired, council.tenant(council.compile([])), [])).changes
    return change


def test_nothing_fires_on_an_ordinary_run(council: Any) -> None:
    assert codes(council) == []


def test_an_empty_register_with_live_cases(council: Any) -> None:
    assert codes(council, items_read=0) == [GuardCode.SOURCE_EMPTY]


def test_an_empty_register_that_always_was(council: Any) -> None:
    assert codes(council, items_read=0, live_before=frozenset()) == []


LIMITS = [
    (1, 1, False),
    (1, 2, False),
    (2, 4, True),
    (2, 6, True),
    (2, 7, False),
    (3, 10, False),
    (4, 10, True),
    (5, 100, False),
    (6, 100, True),
]


@pytest.mark.parametrize(("lost", "live", "fires"), LIMITS)
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


def test_a_freeze_is_named_with_its_reason(council: Any) -> None:
    assert codes(council, frozen="Pre-election period") == [GuardCode.FROZEN]


def test_an_approver_whom_nobody_knows_is_named(council: Any) -> None:
    (verdict,) = judge_guards((), facts_of(council, unknown_approvers=("left@ash.example",)), SETTINGS)
    assert verdict.code is GuardCode.APPROVER_UNKNOWN
    assert "left@ash.example" in verdict.message


@pytest.mark.parametrize(("moved", "live", "fires"), LIMITS)
def test_too_many_reroutings(council: Any, moved: int, live: int, fires: bool) -> None:
    found = codes(council, moves=Moves(standing=refs(live), rerouted=refs(moved)))
    assert found == ([GuardCode.TOO_MANY_REROUTINGS] if fires else [])


@pytest.mark.parametrize(("moved", "live", "fires"), LIMITS)
def test_too_many_weakenings(council: Any, moved: int, live: int, fires: bool) -> None:
    change = creation(council)
    weakened = {ref: replace(change, case_reference=ref) for ref in refs(moved)}
    found = codes(council, moves=Moves(standing=refs(live), unrecorded=weakened))
    assert found == ([GuardCode.TOO_MANY_WEAKENINGS] if fires else [])


def test_a_weakening_is_held_only_where_there_are_too_many(council: Any) -> None:
    change = replace(creation(council), opens=True)
    unrecorded = {"a": replace(change, case_reference="A"), change.key: replace(change, opens=False)}
    few, many = (Moves(standing=refs(live), unrecorded=unrecorded) for live in (7, 6))
    assert [one.opens for one in guarded(council, changes=(change,), moves=few).difference.changes] == [True]
    assert [one.opens for one in guarded(council, changes=(change,), moves=many).difference.changes] == [
        False
    ]


WINDOWS = replace(SETTINGS, windows=(read_window("Tue 09:00-17:00"),))


def test_outside_its_windows_a_run_says_when_the_next_one_opens(council: Any) -> None:
    (verdict,) = guarded(council, settings=WINDOWS, changes=(creation(council),)).verdicts
    assert verdict.code is GuardCode.OUTSIDE_CHANGE_WINDOW
    assert "Tuesday 24 November 2026 at 09:00" in verdict.message


def test_within_a_window_nothing_is_said(council: Any) -> None:
    inside = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert guarded(council, settings=WINDOWS, changes=(creation(council),), now=inside).verdicts == ()


def test_outside_its_windows_a_run_that_only_opens_is_not_judged(council: Any) -> None:
    opening = replace(creation(council), opens=True)
    assert guarded(council, settings=WINDOWS, changes=(opening,)).verdicts == ()


def shrunken(limit: int | None = None, code: GuardCode = GuardCode.SOURCE_SHRUNKEN) -> Override:
    return Override(code=code, reason="CHG-1042", until=datetime(2026, 11, 23, 13, tzinfo=UTC), limit=limit)


@pytest.mark.parametrize(
    ("override", "stands"),
    [
        (shrunken(), False),
        (shrunken(limit=4), False),
        (shrunken(limit=3), True),
        (shrunken(code=GuardCode.TOO_MANY_REROUTINGS), True),
    ],
)
def test_an_override_lets_its_own_guard_pass_up_to_its_limit(
    council: Any, override: Override, stands: bool
) -> None:
    found = guarded(council, override, lost=refs(4), frozen="Pre-election period")
    standing = [verdict.code for verdict in found.verdicts]
    assert standing == [*([GuardCode.SOURCE_SHRUNKEN] if stands else []), GuardCode.FROZEN]
    assert [verdict.code for verdict in found.overridden] == ([] if stands else [GuardCode.SOURCE_SHRUNKEN])


def test_an_override_of_fewer_cases_is_named_in_the_verdict(council: Any) -> None:
    (verdict,) = guarded(council, shrunken(limit=3), lost=refs(4)).verdicts
    assert "lets 3 pass" in verdict.message


def test_an_override_of_weakenings_lets_them_open(council: Any) -> None:
    change = replace(creation(council), opens=True)
    moves = Moves(standing=refs(2), unrecorded={"a": replace(change, case_reference="A"), change.key: change})
    found = guarded(council, shrunken(code=GuardCode.TOO_MANY_WEAKENINGS), changes=(change,), moves=moves)
    assert (found.verdicts, found.difference.changes) == ((), (change,))


def test_a_verdict_names_the_setting_and_the_exact_command(council: Any) -> None:
    (verdict,) = guarded(council, lost=refs(4)).verdicts
    assert verdict.override == (
        "SAFETY__MAX_REMOVALS and SAFETY__MAX_REMOVALS_PERCENT, or once: "
        'm365-restrict override source-shrunken --reason "…" --limit 4'
    )


@pytest.mark.parametrize(
    "code",
    [
        GuardCode.SOURCE_EMPTY,
        GuardCode.PROTECTED_UNRESOLVED,
        GuardCode.COUNCILLORS_UNREADABLE,
        GuardCode.PROOF_FAILED,
        GuardCode.TOO_MANY_RULES,
        GuardCode.TOO_MANY_PATTERNS,
        GuardCode.TOO_MANY_TARGETS,
        GuardCode.FROZEN,
    ],
)
def test_a_guard_behind_which_somebody_could_be_caught_has_no_override(code: GuardCode) -> None:
    assert code not in OVERRIDABLE
