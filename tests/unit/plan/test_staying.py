"""An edit of a rule that stays because its case waits is told, and nothing is written for it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.plan.change import ChangeClass, Finding
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.difference import difference
from m365_restrict.plan.findings import finding_for
from m365_restrict.register.case import Measure

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
OUTSIDE, OFFICER = "x@elsewhere.example", "officer@ash.example"
CONTACT = "contact@ash.example"
WAYS = ["withheld", "vanished"]


class Scene:
    """A case as it was applied, which nobody can compile, or find in the list, for now."""

    def __init__(self, council: Any, case: Any) -> None:
        self.council, self.case = council, case
        self.desired = council.compile([case])
        self.tenant = council.tenant(self.desired)
        self.applied = council.applied(self.desired, self.tenant)

    def found(self, way: str) -> Any:
        if way == "withheld":
            forwarding = self.council.recipient(CONTACT, forwards=True)
            self.council.know(forwarding)
            given = self.council.compare(self.council.compile([self.case]), self.tenant, self.applied)
        else:
            kept = frozenset({"RC-1"})
            none = self.council.compile([])
            given = self.council.compare(none, self.tenant, self.applied, kept_case_refs=kept)
        return difference(given)

    def told(self, way: str) -> tuple[Finding, ...]:
        found = self.found(way)
        assert found.changes == ()
        return tuple(one for one in found.findings if one.code is not FindingCode.RULE_KEPT)


@pytest.fixture
def scene(council: Any) -> Scene:
    return Scene(council, council.case("RC-1"))


@pytest.mark.parametrize("way", WAYS)
def test_an_untouched_rule_is_not_spoken_of(scene: Scene, way: str) -> None:
    assert scene.told(way) == ()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("edit", "severity"),
    [
        ({"RedirectMessageTo": [OUTSIDE]}, "high"),
        ({"Mode": "Audit"}, "high"),
        ({"State": "Disabled"}, "high"),
        ({"DeleteMessage": True}, "high"),
        ({"Name": "Mine"}, "low"),
    ],
)
def test_an_edit_is_told(scene: Scene, way: str, edit: dict[str, Any], severity: str) -> None:
    scene.tenant.transport[0].update(edit)
    (finding,) = scene.told(way)
    assert (finding.code, finding.change_class) == (FindingCode.RULE_DRIFTED, ChangeClass.DRIFTED)
    assert ([one.field for one in finding.fields], finding.severity.value) == (list(edit), severity)
    assert (finding.case_reference, finding.changed_by) == ("RC-1", "A Administrator")


def test_one_that_meets_all_mail_is_critical(scene: Scene) -> None:
    scene.tenant.transport[0]["From"] = None
    assert [one.severity.value for one in scene.told("vanished")] == ["critical"]


@pytest.mark.parametrize("way", WAYS)
def test_a_removed_rule_is_told(scene: Scene, way: str) -> None:
    scene.tenant.transport.clear()
    (finding,) = scene.told(way)
    assert (finding.code, finding.change_class) == (FindingCode.RULE_MISSING, ChangeClass.MISSING)
    assert (finding.rule, finding.severity.value) == ("RC-1 Redirect to single contact", "high")


def test_what_the_opening_part_puts_right_is_not_told_twice(scene: Scene) -> None:
    scene.tenant.transport[0] |= {"ExceptIfSentTo": None, "DeleteMessage": True}
    found = scene.found("withheld")
    (change,), (finding,) = found.changes, found.findings
    assert ([one.field for one in change.fields], change.opens) == (["ExceptIfSentTo"], True)
    assert [one.field for one in finding.fields] == ["DeleteMessage"]
    assert finding.known_by != finding_for(change, now=NOW).known_by


def test_a_rule_that_the_ledger_does_not_know_is_compared_with_nothing(scene: Scene) -> None:
    scene.tenant.transport[0]["Mode"], scene.applied = "Audit", []
    assert scene.told("withheld") == ()


def test_an_inbox_rule_too(council: Any) -> None:
    scene = Scene(council, council.case("RC-1", Measure.JUNK, scope_mailboxes=(OFFICER,)))
    scene.tenant.inbox[OFFICER][0]["isEnabled"] = False
    (finding,) = scene.told("vanished")
    assert (finding.code, finding.mailbox) == (FindingCode.RULE_DRIFTED, OFFICER)


def test_a_lifted_case_is_silent(scene: Scene) -> None:
    scene.tenant.transport.clear()
    given = scene.council.compare(
        scene.council.compile([]), scene.tenant, scene.applied, opened_case_refs=frozenset({"RC-1"})
    )
    assert difference(given).findings == ()
