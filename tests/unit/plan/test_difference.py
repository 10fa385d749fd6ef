"""The three-way difference and its classes (design.md 7)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from m365_restrict.outcome import Unknown
from m365_restrict.plan.change import Action, ChangeClass, Difference, FieldChange
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.difference import difference
from m365_restrict.register.case import Measure
from m365_restrict.register.choice import Handling
from m365_restrict.register.recipient import Unresolved
from m365_restrict.rules.choice_rules import is_choice_key

NAME = "RC-1 Redirect to single contact"


class Scene:
    """A council whose cases RC-1 and RC-2 were applied."""

    def __init__(self, council: Any) -> None:
        self.council = council
        self.cases = {"RC-1": council.case("RC-1"), "RC-2": council.case("RC-2")}
        self.choices: list[Any] = []
        self.settle()

    def settle(self) -> None:
        self.desired = self.council.compile(list(self.cases.values()), self.choices)
        self.tenant = self.council.tenant(self.desired)
        self.applied = self.council.applied(self.desired, self.tenant)

    def compare(self, **more: Any) -> Difference:
        self.desired = self.council.compile(list(self.cases.values()), self.choices)
        given = self.council.compare(self.desired, self.tenant, self.applied, **more)
        return difference(given)


@pytest.fixture
def scene(council: Any) -> Scene:
    return Scene(council)


def brief(found: Difference) -> list[tuple[Action, str, ChangeClass]]:
    return [(change.action, change.key, change.change_class) for change in found.changes]


def test_nothing_to_do_after_an_apply(scene: Scene) -> None:
    found = scene.compare()
    assert (found.changes, found.findings, found.takeovers) == ((), (), ())


def test_a_new_case_is_pending(scene: Scene) -> None:
    scene.cases["RC-3"] = scene.council.case("RC-3")
    found = scene.compare()
    assert brief(found) == [(Action.CREATE, "RC-3/whole/1", ChangeClass.PENDING)]
    assert not found.changes[0].opens


def test_an_edit_in_the_register_is_pending(scene: Scene) -> None:
    scene.cases["RC-1"] = scene.council.case("RC-1", addresses=("rc-1@mail.example", "z@mail.example"))
    found = scene.compare()
    assert brief(found) == [(Action.UPDATE, "RC-1/whole/1", ChangeClass.PENDING)]
    assert found.changes[0].fields == (
        FieldChange("From", ("rc-1@mail.example",), ("rc-1@mail.example", "z@mail.example")),
    )


TAMPERING: list[tuple[dict[str, Any], str, bool]] = [
    ({"State": "Disabled"}, "State", False),
    ({"From": None}, "From", True),
    ({"From": ["RC-1@mail.example", "z@mail.example"]}, "From", True),
    ({"Mode": "Audit"}, "Mode", False),
    ({"ExceptIfSentTo": []}, "ExceptIfSentTo", True),
    ({"ExceptIfFrom": ["rc-1@mail.example"]}, "ExceptIfFrom", False),
    ({"SubjectContainsWords": ["bins"]}, "SubjectContainsWords", False),
    ({"ExpiryDate": None}, "ExpiryDate", True),
    ({"Name": "Renamed"}, "Name", True),
    ({"Comments": "tidied up"}, "Comments", True),
    ({"RedirectMessageTo": ["other@ash.example"]}, "RedirectMessageTo", False),
]


@pytest.mark.parametrize(("edit", "field", "opens"), TAMPERING)
def test_an_edit_in_the_tenant_is_drift_of_that_field(
    scene: Scene, edit: dict[str, Any], field: str, opens: bool
) -> None:
    scene.tenant.rule(NAME).update(edit)
    found = scene.compare()
    assert brief(found) == [(Action.UPDATE, "RC-1/whole/1", ChangeClass.DRIFTED)]
    assert [entry.field for entry in found.changes[0].fields] == [field]
    assert found.changes[0].opens is opens


def test_both_moved(scene: Scene) -> None:
    scene.tenant.rule(NAME)["State"] = "Disabled"
    scene.cases["RC-1"] = scene.council.case("RC-1", ends_on=date(2027, 2, 1))
    assert brief(scene.compare()) == [(Action.UPDATE, "RC-1/whole/1", ChangeClass.BOTH)]


def test_a_rule_that_was_removed_is_missing(scene: Scene) -> None:
    scene.tenant.transport.remove(scene.tenant.rule(NAME))
    assert brief(scene.compare()) == [(Action.CREATE, "RC-1/whole/1", ChangeClass.MISSING)]


@pytest.mark.parametrize(("where", "opens"), [({"opened_case_refs": frozenset({"RC-1"})}, True), ({}, False)])
def test_a_rule_without_its_case_goes_and_opens_if_the_register_says_so(
    scene: Scene, where: dict[str, Any], opens: bool
) -> None:
    del scene.cases["RC-1"]
    found = scene.compare(**where)
    assert brief(found) == [(Action.DELETE, "RC-1/whole/1", ChangeClass.PENDING)]
    assert found.changes[0].opens is opens


def test_a_lifted_case_goes_even_if_its_rule_was_edited(scene: Scene) -> None:
    del scene.cases["RC-1"]
    scene.tenant.rule(NAME)["State"] = "Disabled"
    found = scene.compare(opened_case_refs=frozenset({"RC-1"}))
    assert brief(found) == [(Action.DELETE, "RC-1/whole/1", ChangeClass.BOTH)]


def test_a_vanished_item_keeps_its_rule(scene: Scene) -> None:
    del scene.cases["RC-1"]
    found = scene.compare(kept_case_refs=frozenset({"RC-1"}))
    assert found.changes == ()
    assert [finding.code for finding in found.findings] == [FindingCode.RULE_KEPT]


def test_a_measure_without_mail_removes_the_rule_at_once(scene: Scene) -> None:
    scene.cases["RC-1"] = scene.council.case("RC-1", Measure.NO_EMAIL)
    found = scene.compare(live_case_refs=frozenset({"RC-1", "RC-2"}))
    assert [(change.action, change.opens) for change in found.changes] == [(Action.DELETE, True)]


def test_a_narrower_scope_only_opens(scene: Scene) -> None:
    scene.cases["RC-1"] = scene.council.case("RC-1", scope_mailboxes=("officer@ash.example",))
    found = scene.compare()
    assert {(change.action, change.opens) for change in found.changes} == {
        (Action.CREATE, True),
        (Action.DELETE, True),
    }


def test_a_wider_scope_does_not(scene: Scene) -> None:
    scene.cases["RC-1"] = scene.council.case("RC-1", scope_mailboxes=("officer@ash.example",))
    scene.settle()
    scene.cases["RC-1"] = scene.council.case("RC-1")
    assert {change.opens for change in scene.compare().changes} == {False}


def test_a_refused_case_keeps_its_rule_and_opens_what_it_can(scene: Scene) -> None:
    two = ("a@mail.example", "b@mail.example")
    scene.cases["RC-1"] = scene.council.case("RC-1", addresses=two)
    scene.settle()
    scene.council.know(Unresolved("contact@ash.example", "not found"))
    scene.cases["RC-1"] = scene.council.case("RC-1", addresses=two[:1])
    scene.cases.pop("RC-2")
    found = scene.compare(kept_case_refs=frozenset({"RC-2"}))
    (change,) = found.changes
    assert change.opens
    assert change.target is not None
    assert change.target["From"] == ("a@mail.example",)
    assert change.target["RedirectMessageTo"] == ("contact@ash.example",)


def test_a_refused_case_gets_no_new_rule(scene: Scene) -> None:
    scene.cases["RC-3"] = scene.council.case("RC-3", spoc_mailbox="gone@ash.example")
    assert scene.compare().changes == ()


def test_transport_rules_that_cannot_be_read_are_left_alone(scene: Scene) -> None:
    failed = Unknown("transport rules", "throttled")
    observed = replace(scene.tenant.observed(), transport=failed)
    found = scene.compare(observed=observed)
    assert (found.changes, found.unknown) == ((), (failed,))


class TestEmptyLedger:
    """First run with an empty ledger and stamped rules in the tenant (contracts.md 3)."""

    def test_equal_is_taken_over_without_a_change(self, scene: Scene) -> None:
        known, scene.applied = scene.applied, []
        found = scene.compare()
        assert found.changes == ()
        assert sorted(found.takeovers, key=str) == sorted(known, key=str)

    def test_different_is_both(self, scene: Scene) -> None:
        scene.applied = []
        scene.tenant.rule(NAME)["State"] = "Disabled"
        assert brief(scene.compare()) == [(Action.UPDATE, "RC-1/whole/1", ChangeClass.BOTH)]

    def test_no_live_case_is_an_orphan(self, scene: Scene) -> None:
        scene.applied = []
        del scene.cases["RC-1"]
        assert brief(scene.compare()) == [(Action.DELETE, "RC-1/whole/1", ChangeClass.ORPHAN)]


class TestOrder:
    """Relative order is compared, absolute priority is not."""

    def test_a_foreign_rule_above_ours_is_no_drift(self, scene: Scene) -> None:
        for raw in scene.tenant.transport:
            raw["Priority"] += 1
        scene.tenant.transport.append({"Name": "Disclaimer", "Guid": "f", "Priority": 0})
        assert scene.compare().changes == ()

    def test_rules_that_changed_places_are_drift(self, scene: Scene) -> None:
        scene.tenant.rule(NAME)["Priority"] = 9
        found = scene.compare()
        assert [change.change_class for change in found.changes] == [ChangeClass.DRIFTED]
        assert [entry.field for entry in found.changes[0].fields] == ["order"]
        assert not found.changes[0].opens


class TestForeignRules:
    """Nothing else is ever changed."""

    @pytest.mark.parametrize(
        "comments",
        [
            "",
            "tidy",
            "[m365-restrict instance=ash-1 case=",
            "[m365-restrict instance=ash-2 case=a key=b digest=",
        ],
    )
    def test_they_are_left_alone(self, scene: Scene, comments: str) -> None:
        ending = "0123456789abcdef]" if comments.endswith("digest=") else ""
        scene.tenant.transport.append(
            {"Name": "Other", "Guid": "f", "Priority": 9, "Comments": comments + ending}
        )
        assert scene.compare().changes == ()

    def test_a_name_that_a_foreign_rule_holds_is_reported(self, scene: Scene) -> None:
        scene.tenant.transport.append({"Name": "rc-3 redirect to single contact", "Guid": "f", "Priority": 9})
        scene.cases["RC-3"] = scene.council.case("RC-3")
        found = scene.compare()
        assert found.changes == ()
        assert [finding.code for finding in found.findings] == [FindingCode.NAME_TAKEN]

    @pytest.mark.parametrize("known", [True, False])
    def test_a_copied_stamp_is_reported_and_untouched(self, scene: Scene, known: bool) -> None:
        copy = dict(scene.tenant.rule(NAME)) | {"Name": "Copy of RC-1", "Guid": "copy", "Priority": 9}
        scene.tenant.transport.append(copy)
        scene.applied = scene.applied if known else []
        found = scene.compare()
        assert found.changes == ()
        assert [(entry.code, entry.rule) for entry in found.findings] == [
            (FindingCode.STAMP_COPIED, "Copy of RC-1")
        ]


class TestChoices:
    """A councillor's own rule belongs to the councillor."""

    @pytest.fixture
    def chosen(self, scene: Scene) -> Scene:
        scene.choices = [scene.council.choice()]
        scene.settle()
        return scene

    def inbox(self, scene: Scene) -> list[dict[str, Any]]:
        return scene.tenant.inbox["cllr.b@ash.example"]

    def test_in_step(self, chosen: Scene) -> None:
        assert chosen.compare().changes == ()

    def test_removed_by_the_holder_stays_removed(self, chosen: Scene) -> None:
        self.inbox(chosen).clear()
        found = chosen.compare()
        assert found.changes == ()
        assert [finding.change_class for finding in found.findings] == [ChangeClass.HOLDERS_CHOICE]
        assert found.holder_ended == ("choice-1",)

    def test_changed_by_the_holder_stays_changed(self, chosen: Scene) -> None:
        self.inbox(chosen)[0]["isEnabled"] = False
        found = chosen.compare()
        assert (found.changes, found.holder_ended) == ((), ("choice-1",))

    def test_it_is_not_recorded_twice(self, chosen: Scene) -> None:
        self.inbox(chosen).clear()
        chosen.applied = [replace(entry, holder_ended=bool(entry.saved)) for entry in chosen.applied]
        assert chosen.compare().holder_ended == ()

    def test_choosing_anew_makes_the_rule_again(self, chosen: Scene) -> None:
        self.inbox(chosen).clear()
        chosen.choices = [chosen.council.choice(saved="second")]
        assert brief(chosen.compare()) == [(Action.CREATE, "choice-1", ChangeClass.PENDING)]

    def test_another_folder_is_an_update(self, chosen: Scene) -> None:
        chosen.choices = [chosen.council.choice(Handling.JUNK, saved="second")]
        found = chosen.compare()
        assert brief(found) == [(Action.UPDATE, "choice-1", ChangeClass.PENDING)]
        assert found.changes[0].chosen_by_holder

    def test_stopping_removes_the_rule_whatever_a_guard_says(self, chosen: Scene) -> None:
        chosen.choices = []
        found = chosen.compare()
        assert [(change.action, change.opens) for change in found.changes] == [(Action.DELETE, True)]

    def test_stopping_removes_even_an_edited_rule(self, chosen: Scene) -> None:
        self.inbox(chosen)[0]["isEnabled"] = False
        chosen.choices = []
        assert [change.action for change in chosen.compare().changes] == [Action.DELETE]

    def test_choices_that_could_not_be_read_end_nothing(self, chosen: Scene) -> None:
        chosen.choices = []
        assert chosen.compare(choices_known=False).changes == ()

    def test_a_mailbox_that_cannot_be_read_is_left_alone(self, chosen: Scene) -> None:
        failed = Unknown("inbox rules", "403")
        observed = replace(chosen.tenant.observed(), inbox={"cllr.b@ash.example": failed})
        found = chosen.compare(observed=observed)
        assert (found.changes, found.unknown) == ((), (failed,))

    def test_a_token_that_nothing_explains_is_an_orphan(self, chosen: Scene) -> None:
        chosen.choices, chosen.applied = [], []
        found = chosen.compare()
        assert [(change.action, change.change_class) for change in found.changes if change.mailbox] == [
            (Action.DELETE, ChangeClass.ORPHAN)
        ]
        assert all(change.chosen_by_holder for change in found.changes if change.mailbox)

    def test_a_second_rule_that_was_removed_is_missing(self, scene: Scene) -> None:
        scene.choices = [scene.council.choice(Handling.AS_COUNCIL, sender="", case_reference="RC-1")]
        scene.settle()
        scene.tenant.transport.remove(scene.tenant.rule(f"{NAME} (councillor opted in)"))
        (change,) = scene.compare().changes
        assert (change.change_class, change.chosen_by_holder) == (ChangeClass.MISSING, True)
        assert is_choice_key(change.key)


class TestCouncilJunk:
    """The council's own inbox rules are not a holder's choice."""

    @pytest.fixture
    def junk(self, scene: Scene) -> Scene:
        scene.cases["RC-3"] = scene.council.case(
            "RC-3", Measure.JUNK, scope_mailboxes=("officer@ash.example",)
        )
        scene.settle()
        return scene

    def test_a_removed_rule_is_missing(self, junk: Scene) -> None:
        junk.tenant.inbox["officer@ash.example"].clear()
        assert [change.change_class for change in junk.compare().changes] == [ChangeClass.MISSING]

    def test_an_edited_rule_is_drift(self, junk: Scene) -> None:
        junk.tenant.inbox["officer@ash.example"][0]["isEnabled"] = False
        assert [change.change_class for change in junk.compare().changes] == [ChangeClass.DRIFTED]

    def test_a_lifted_case_ends_it(self, junk: Scene) -> None:
        del junk.cases["RC-3"]
        found = junk.compare(opened_case_refs=frozenset({"RC-3"}))
        assert [(change.action, change.opens) for change in found.changes] == [(Action.DELETE, True)]

    def test_a_copy_in_the_mailbox_is_reported(self, junk: Scene) -> None:
        rules = junk.tenant.inbox["officer@ash.example"]
        rules.append(rules[0] | {"id": "copy"})
        found = junk.compare()
        assert found.changes == ()
        assert [finding.code for finding in found.findings] == [FindingCode.STAMP_COPIED]

    def test_a_rule_in_error_is_reported(self, junk: Scene) -> None:
        junk.tenant.inbox["officer@ash.example"][0]["hasError"] = True
        assert [finding.code for finding in junk.compare().findings] == [FindingCode.RULE_IN_ERROR]
