"""Rules of somebody else: none is touched, and what they make of a case's mail is told as it weighs."""

from typing import Any

import pytest

REDIRECT = "Redirect to single contact"


@pytest.mark.parametrize("priority", [0, 2])
def test_an_unrelated_rule_in_any_place_is_no_difference(council: Any, priority: int) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    council.cmdlet(
        "New-TransportRule", Name="New", SentTo=["parks@ash.example"], From=["x@else.example"],
        DeleteMessage=True, Priority=priority,
    )  # fmt: skip
    assert [one["code"] for one in council.drift().findings("drifted", "both", "foreign_effect")] == []
    assert council.plan().changes == []


ADDS: list[dict[str, Any]] = [
    {"PrependSubject": "[X] "},
    {"BlindCopyTo": ["parks@ash.example"]},
    {"SetHeaderName": "X-Seen", "SetHeaderValue": "yes"},
    {"ApplyHtmlDisclaimerText": "<p>Outside</p>", "ApplyHtmlDisclaimerLocation": "Prepend"},
]


@pytest.mark.parametrize("action", ADDS, ids=[next(iter(one)) for one in ADDS])
def test_a_rule_of_others_that_only_adds_is_low(council: Any, action: dict[str, Any]) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    council.cmdlet("New-TransportRule", Name="By hand", From=["rc-1@post.example"], Priority=0, **action)
    found = council.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["severity"], finding["case_ref"]) == (0, "low", "RC-1")
    assert (finding["code"], finding["rule"]) == ("foreign-rule-adds", "By hand")


DOES_MORE: list[dict[str, Any]] = [
    {"PrependSubject": "[X] ", "StopRuleProcessing": True},
    {"RedirectMessageTo": ["parks@ash.example"]},
    {"RejectMessageReasonText": "No."},
    {"Quarantine": True},
    {"SetSCL": -1},
]


@pytest.mark.parametrize("action", DOES_MORE, ids=[next(reversed(one)) for one in DOES_MORE])
@pytest.mark.parametrize("measure", [REDIRECT, "Copy to single contact"])
def test_a_rule_of_others_that_does_more_is_at_least_medium(
    council: Any, action: dict[str, Any], measure: str
) -> None:
    council.in_force(council.case("RC-1", Measure=measure))
    council.cmdlet("New-TransportRule", Name="By hand", From=["rc-1@post.example"], Priority=0, **action)
    found = council.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["class"]) == (2, "foreign_effect")
    assert finding["severity"] in {"medium", "high", "critical"}
    assert (finding["rule"], finding["case_ref"]) == ("By hand", "RC-1")
    assert finding["changed_by"] == "E Admin"


def test_a_banner_above_is_not_blamed_for_what_another_rule_does(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    council.cmdlet(
        "New-TransportRule", Name="Elsewhere", From=["rc-1@post.example"], Priority=0,
        RedirectMessageTo=["parks@ash.example"],
    )  # fmt: skip
    council.cmdlet(
        "New-TransportRule", Name="Banner", FromScope="NotInOrganization", PrependSubject="[X] ", Priority=0
    )
    (finding,) = council.drift().findings()
    assert (finding["rule"], finding["severity"]) == ("Elsewhere", "high")


@pytest.mark.behaviour(
    from_external=True, reason="a rule with patterns counts as one that may meet anybody's mail"
)
def test_plan_names_the_rules_of_others_around_ours(council: Any) -> None:
    council.plant(council.case("RC-1"))
    council.cmdlet(
        "New-TransportRule", Name="Banner", FromScope="NotInOrganization", PrependSubject="[X] ", Priority=0
    )
    council.cmdlet("New-TransportRule", Name="Bulk", From=["news@bulk.example"], SetSCL=4, Priority=1)
    planned = council.plan().document["foreign_rules"]
    assert (planned["before"][0], planned["skipped"]) == ("Banner", [])
    assert "Bulk" not in planned["before"]
    assert council.apply().exit_code == 0
    council.cmdlet("New-TransportRule", Name="Newsletter footer", PrependSubject="[Y] ")
    assert council.plan().document["foreign_rules"]["skipped"] == ["Newsletter footer"]
    assert "Newsletter footer" in council.plan(output="text").stdout
