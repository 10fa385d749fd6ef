from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from m365_restrict.plan.change import Action, Difference
from m365_restrict.plan.healing import healing
from m365_restrict.plan.wanted import moved_cases
from m365_restrict.register.case import Measure

NOW, HOUR = datetime(2026, 11, 23, 9, tzinfo=UTC), timedelta(hours=1)
NAME = "RC-1 Redirect to single contact"
TWO = ("a@mail.example", "b@mail.example")


class Scene:
    def __init__(self, council: Any) -> None:
        self.council = council
        self.cases = [council.case("RC-1", addresses=TWO), council.case("RC-2")]
        self.choices = [council.choice()]
        desired = council.compile(self.cases, self.choices)
        self.tenant = council.tenant(desired)
        self.applied = council.applied(desired, self.tenant)

    def heal(self, **more: Any) -> Difference:
        desired = self.council.compile(self.cases, self.choices)
        given = self.council.compare(desired, self.tenant, self.applied, **more)
        return healing(given, now=NOW, wait=HOUR)


@pytest.fixture
def scene(council: Any) -> Scene:
    return Scene(council)


def test_nothing_to_heal(scene: Scene) -> None:
    assert scene.heal().changes == ()


@pytest.mark.parametrize(
    "edit", [{"State": "Disabled"}, {"From": None}, {"ExceptIfFrom": ["a@mail.example"]}]
)
def test_an_edit_is_undone(scene: Scene, edit: dict[str, Any]) -> None:
    scene.tenant.rule(NAME).update(edit)
    (change,) = scene.heal().changes
    assert change.target == scene.applied[0].properties


def test_a_removed_rule_comes_back(scene: Scene) -> None:
    scene.tenant.transport.remove(scene.tenant.rule(NAME))
    (change,) = scene.heal().changes
    assert (change.action, change.target) == (Action.CREATE, scene.applied[0].properties)


def test_newer_values_of_the_register_wait(scene: Scene) -> None:
    scene.cases[0] = scene.council.case("RC-1", addresses=(*TWO, "z@mail.example"))
    assert scene.heal().changes == ()


def test_what_the_register_opened_is_not_closed_again(scene: Scene) -> None:
    scene.tenant.transport.remove(scene.tenant.rule(NAME))
    scene.cases[0] = scene.council.case("RC-1", addresses=TWO[:1])
    (change,) = scene.heal().changes
    assert change.target is not None
    assert change.target["From"] == TWO[:1]


def test_a_lifted_case_is_not_healed(scene: Scene) -> None:
    scene.tenant.transport.remove(scene.tenant.rule(NAME))
    scene.cases.pop(0)
    assert scene.heal(opened_case_refs=frozenset({"RC-1"})).changes == ()


def test_a_case_without_a_decision_is_neither_healed_nor_removed(scene: Scene) -> None:
    scene.tenant.rule(NAME)["State"] = "Disabled"
    scene.cases.pop(0)
    assert scene.heal().changes == ()


def test_a_new_case_is_not_made(scene: Scene) -> None:
    scene.cases.append(scene.council.case("RC-3"))
    assert scene.heal().changes == ()


def test_an_empty_ledger_heals_nothing(scene: Scene) -> None:
    scene.applied = []
    scene.tenant.rule(NAME)["State"] = "Disabled"
    assert scene.heal().changes == ()


def test_a_councillors_choice_is_not_put_back(scene: Scene) -> None:
    scene.tenant.inbox["cllr.b@ash.example"].clear()
    assert scene.heal().changes == ()


def test_the_councils_junk_rule_is_put_back(council: Any) -> None:
    scene = Scene(council)
    case = council.case("RC-3", Measure.JUNK, scope_mailboxes=("officer@ash.example",))
    scene.cases = [case]
    desired = council.compile(scene.cases)
    scene.tenant, scene.choices = council.tenant(desired), []
    scene.applied = council.applied(desired, scene.tenant)
    scene.tenant.inbox["officer@ash.example"].clear()
    assert [change.action for change in scene.heal().changes] == [Action.CREATE]


def test_a_case_is_on_its_way_while_a_rule_stands_that_it_needs_no_more(scene: Scene) -> None:
    desired = scene.council.compile(scene.cases, scene.choices)
    assert moved_cases(desired, scene.applied) == frozenset()
    left = replace(scene.applied[0], key="RC-1/named-groups/1")
    assert moved_cases(desired, [*scene.applied, left]) == {"RC-1"}
