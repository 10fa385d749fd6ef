from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.plan.change import Action, GuardVerdict, Plan
from m365_restrict.plan.codes import GuardCode
from m365_restrict.plan.difference import difference
from m365_restrict.plan.place import Place
from m365_restrict.plan.plan import build_plan

SHRUNKEN = GuardVerdict(code=GuardCode.SOURCE_SHRUNKEN, message="…", override="")
TWO = ("a@mail.example", "b@mail.example")


class Scene:
    def __init__(self, council: Any) -> None:
        self.council = council
        self.cases = [council.case("RC-1", addresses=TWO), council.case("RC-2")]
        desired = council.compile(self.cases)
        self.tenant = council.tenant(desired)
        self.applied = council.applied(desired, self.tenant)
        self.version = "v1"

    def plan(self, *guards: GuardVerdict, **more: Any) -> Plan:
        given = self.council.compare(self.council.compile(self.cases), self.tenant, self.applied, **more)
        return build_plan(
            difference(given),
            guards=guards,
            observed=given.observed,
            source_version=self.version,
            place=Place.LAST,
        )


@pytest.fixture
def scene(council: Any) -> Scene:
    return Scene(council)


def test_the_same_plan_has_the_same_id(scene: Scene) -> None:
    assert scene.plan().plan_id == scene.plan().plan_id


def test_another_version_of_the_register_is_another_plan(scene: Scene) -> None:
    before, scene.version = scene.plan().plan_id, "v2"
    assert scene.plan().plan_id != before


def test_another_edit_in_the_tenant_is_another_plan(scene: Scene) -> None:
    scene.tenant.rule("RC-1 Redirect to single contact")["State"] = "Disabled"
    before = scene.plan().plan_id
    scene.tenant.rule("RC-1 Redirect to single contact")["Mode"] = "Audit"
    assert scene.plan().plan_id != before


def test_what_was_read_outside_a_window_has_the_id_that_it_has_within(scene: Scene) -> None:
    scene.cases.append(scene.council.case("RC-3"))
    outside = GuardVerdict(code=GuardCode.OUTSIDE_CHANGE_WINDOW, message="…", override="")
    assert scene.plan(outside).allowed == ()
    assert scene.plan(outside).plan_id == scene.plan().plan_id
    assert scene.plan(SHRUNKEN).plan_id != scene.plan().plan_id


def test_a_guard_holds_back_what_does_not_open(scene: Scene) -> None:
    scene.cases.append(scene.council.case("RC-3"))
    plan = scene.plan(SHRUNKEN)
    assert plan.allowed == ()
    assert [change.held_by for change in plan.changes] == ["source-shrunken"]


def test_a_guard_never_holds_back_an_opening(scene: Scene) -> None:
    scene.cases.pop(0)
    plan = scene.plan(SHRUNKEN, opened_case_refs=frozenset({"RC-1"}))
    assert [change.action for change in plan.allowed] == [Action.DELETE]


def test_a_removal_that_the_register_does_not_record_is_held(scene: Scene) -> None:
    scene.cases.pop(0)
    assert scene.plan(SHRUNKEN).allowed == ()


def test_the_opening_part_of_a_held_change_goes_ahead(scene: Scene) -> None:
    scene.cases[0] = scene.council.case("RC-1", addresses=("a@mail.example", "z@mail.example"))
    plan = scene.plan(SHRUNKEN)
    (opening,) = plan.allowed
    assert opening.target is not None
    assert opening.target["From"] == ("a@mail.example",)
    assert len(plan.changes) == 2


class TestANameThatAnotherRuleOfOursBears:
    """Case 1 is called RC-2 by now and names one address less; the rule of item 2 has lost its decision."""

    @pytest.fixture
    def renamed(self, scene: Scene) -> Scene:
        scene.cases = [scene.council.case("RC-2", addresses=("a@mail.example",))]
        keys = {"RC-1/whole/1": ("RC-2/whole/1", "RC-2"), "RC-2/whole/1": ("item 2/whole/1", "item 2")}
        scene.applied = [
            replace(one, key=keys[one.key][0], case_reference=keys[one.key][1]) for one in scene.applied
        ]
        return scene

    def test_what_opens_does_not_wait_for_it_while_a_guard_keeps_that_rule(self, renamed: Scene) -> None:
        plan = renamed.plan(SHRUNKEN)
        (opening,) = plan.allowed
        assert opening.target is not None
        assert opening.target["Name"] == "RC-1 Redirect to single contact"
        assert opening.target["From"] == ("a@mail.example",)
        held = [(one.action, one.key) for one in plan.changes if one.held_by]
        assert sorted(held) == [(Action.DELETE, "item 2/whole/1"), (Action.UPDATE, "RC-2/whole/1")]

    def test_a_new_name_alone_waits(self, renamed: Scene) -> None:
        renamed.cases = [renamed.council.case("RC-2", addresses=TWO)]
        assert renamed.plan(SHRUNKEN).allowed == ()

    def test_nothing_is_written_for_it_while_the_item_of_that_rule_has_vanished(self, renamed: Scene) -> None:
        (update,) = renamed.plan(kept_case_refs=frozenset({"item 2"})).allowed
        assert update.target is not None
        assert update.target["Name"] == "RC-1 Redirect to single contact"

    def test_it_is_taken_once_that_rule_goes(self, renamed: Scene) -> None:
        *_, update = sorted(renamed.plan().allowed, key=lambda one: one.action)
        assert update.target is not None
        assert update.target["Name"] == "RC-2 Redirect to single contact"
        assert len(renamed.plan().allowed) == 2


def test_without_a_guard_the_whole_change_goes_ahead(scene: Scene) -> None:
    scene.cases[0] = scene.council.case("RC-1", addresses=("a@mail.example", "z@mail.example"))
    (change,) = scene.plan().allowed
    assert change.target is not None
    assert change.target["From"] == ("a@mail.example", "z@mail.example")


def test_new_rules_go_below_foreign_ones_in_our_order(scene: Scene) -> None:
    for raw in scene.tenant.transport:
        raw["Priority"] += 1
    scene.tenant.transport.append({"Name": "Disclaimer", "Guid": "f", "Priority": 0})
    scene.cases += [scene.council.case("RC-0"), scene.council.case("RC-3")]
    places = {change.case_reference: change.priority for change in scene.plan().changes}
    assert places == {"RC-0": 1, "RC-3": 4}
