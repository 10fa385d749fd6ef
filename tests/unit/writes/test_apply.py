"""The order of writes, their places in the list, and what happens when one fails or the lease is lost."""

from typing import Any

import pytest

from m365_restrict.errors import LeaseHeld
from m365_restrict.plan.change import Action

FOREIGN = ["Foreign 1", "Foreign 2"]


def cases(desk: Any, *references: str, **fields: Any) -> list[Any]:
    return [desk.council.case(reference, **fields) for reference in references]


def ours(desk: Any) -> list[str]:
    """Our rules in the tenant's order, after those of others."""
    names = [name.split(" Redirect")[0] for name in desk.rules()]
    assert names[:2] == FOREIGN
    return names[2:]


def test_creations_go_before_updates_and_removals_last(desk: Any) -> None:
    desk.cases = cases(desk, "RC-1", "RC-2")
    desk.carry_out(desk.plan())
    desk.cases = [*cases(desk, "RC-2", spoc_mailbox="officer@ash.example"), *cases(desk, "RC-3")]
    plan = desk.plan()
    assert desk.carry_out(plan) == [("RC-3", "applied"), ("RC-2", "applied"), ("RC-1", "applied")]
    assert [change.action for change in plan.changes] == [Action.CREATE, Action.UPDATE, Action.DELETE]
    assert desk.in_step()


@pytest.mark.parametrize("failing", ["RC-1", "RC-2", "RC-3"])
def test_one_that_fails_never_stops_the_others(desk: Any, failing: str) -> None:
    desk.cases = cases(desk, "RC-1", "RC-2", "RC-3")
    plan, at = desk.plan(), int(failing[-1]) - 1
    assert [name for name, _ in _failing_at(desk, plan, at)] == ["RC-1", "RC-2", "RC-3"]
    assert [result for _, result in desk.results].index("failed") == at
    assert ours(desk) == [name for name in ("RC-1", "RC-2", "RC-3") if name != failing]
    assert desk.carry_out(desk.plan()) == [(failing, "applied")]
    assert ours(desk) == ["RC-1", "RC-2", "RC-3"]
    assert desk.in_step()


def _failing_at(desk: Any, plan: Any, at: int) -> list[tuple[str, str]]:
    """Carry the plan out; Exchange refuses the creation at that place of it."""
    turn = iter(range(len(plan.changes)))

    def _refuse() -> None:
        if next(turn) == at:
            desk.fault("status", status=400, cmdlet="New-TransportRule")

    desk.before_each = _refuse
    done: list[tuple[str, str]] = desk.carry_out(plan)
    desk.before_each = lambda: None
    return done


def test_a_creation_that_does_not_go_ahead_leaves_no_hole(desk: Any) -> None:
    """Its proof failed, say; those after it were placed below it."""
    desk.cases = cases(desk, "RC-1", "RC-2", "RC-3")
    plan = desk.plan()
    assert [change.priority for change in plan.changes] == [2, 3, 4]
    assert desk.carry_out(plan, plan.changes[1:]) == [("RC-2", "applied"), ("RC-3", "applied")]
    assert ours(desk) == ["RC-2", "RC-3"]


def swapped(desk: Any) -> Any:
    """RC-5 stands above RC-4, and three creations come first: the plan moves it below them all."""
    desk.cases = cases(desk, "RC-4", "RC-5")
    desk.carry_out(desk.plan())
    body = {
        "by": "officer@ash.example",
        "cmdlet": "Set-TransportRule",
        "parameters": {"Identity": "RC-5 Redirect to single contact", "Priority": 2},
    }
    assert desk.sandbox.control("POST", "cmdlet", body).is_success
    assert ours(desk) == ["RC-5", "RC-4"]
    desk.cases = cases(desk, "RC-1", "RC-2", "RC-3", "RC-4", "RC-5")
    plan = desk.plan()
    assert [change.action for change in plan.changes][3:] == [Action.UPDATE]
    return plan


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_rule_that_moves_is_placed_by_what_was_made_before_it(desk: Any, missing: int) -> None:
    """A priority beyond the end of the list is refused by Exchange (exchange.md 2.5)."""
    plan = swapped(desk)
    _failing_at(desk, plan, missing)
    assert sorted(result for _, result in desk.results) == ["applied", "applied", "applied", "failed"]
    left = [name for name in ("RC-1", "RC-2", "RC-3") if name != f"RC-{missing + 1}"]
    assert ours(desk) == [*left, "RC-4", "RC-5"]


def test_a_rule_that_moves_is_placed_by_what_goes_ahead(desk: Any) -> None:
    plan = swapped(desk)
    assert desk.carry_out(plan, plan.changes[3:]) == [(desk.results[0][0], "applied")]
    assert ours(desk) == ["RC-4", "RC-5"]


def test_a_lost_lease_ends_the_run_between_two_writes(desk: Any) -> None:
    desk.cases = cases(desk, "RC-1", "RC-2", "RC-3")
    turn = iter([False, True])

    def _taken_over() -> None:
        if next(turn):
            raise LeaseHeld("Another run took the lease over.")

    desk.before_each = _taken_over
    plan = desk.plan()
    with pytest.raises(LeaseHeld):
        desk.carry_out(plan)
    assert desk.results == [("RC-1", "applied")]
    assert ours(desk) == ["RC-1"]
    desk.before_each = lambda: None
    assert desk.carry_out(desk.plan()) == [("RC-2", "applied"), ("RC-3", "applied")]
    assert desk.in_step()


def test_a_lost_lease_ends_the_mailboxes_too(desk: Any) -> None:
    desk.cases = [desk.junk("RC-1")]

    def _taken_over() -> None:
        raise LeaseHeld("Another run took the lease over.")

    desk.before_each = _taken_over
    plan = desk.plan()
    with pytest.raises(LeaseHeld):
        desk.carry_out(plan)
    assert desk.inbox_rules("planning@ash.example") == []
