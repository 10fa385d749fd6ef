from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.plan.change import ChangeClass, Severity
from m365_restrict.plan.difference import difference
from m365_restrict.plan.findings import findings_of

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NAME = "RC-1 Redirect to single contact"


def found(council: Any, edit: dict[str, Any]) -> Any:
    desired = council.compile([council.case("RC-1"), council.case("RC-2")])
    tenant = council.tenant(desired)
    applied = council.applied(desired, tenant)
    tenant.rule(NAME).update(edit)
    return findings_of(difference(council.compare(desired, tenant, applied)), now=NOW)


@pytest.mark.parametrize(
    ("edit", "severity"),
    [
        ({"From": None}, Severity.CRITICAL),
        ({"State": "Disabled"}, Severity.HIGH),
        ({"From": ["rc-1@mail.example", "b@mail.example"]}, Severity.HIGH),
        ({"ExceptIfSentTo": []}, Severity.CRITICAL),
        ({"ExceptIfSentToMemberOf": None}, Severity.CRITICAL),
        ({"ExceptIfFrom": ["rc-1@mail.example"]}, Severity.HIGH),
        ({"Comments": "tidied up"}, Severity.LOW),
    ],
)
def test_how_bad(council: Any, edit: dict[str, Any], severity: Severity) -> None:
    (finding,) = found(council, edit)
    assert (finding.severity, finding.change_class) == (severity, ChangeClass.DRIFTED)


def test_who_and_which_rule(council: Any) -> None:
    (finding,) = found(council, {"Name": "Renamed"})
    assert (finding.rule, finding.changed_by, finding.case_reference) == (
        "Renamed",
        "A Administrator",
        "RC-1",
    )
