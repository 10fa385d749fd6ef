"""Where a snapshot and the admin endpoint show the same rule differently."""

from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.plan.second_view import LACKING, RuleDisagreement, disagreements, standing
from m365_restrict.rules.normalise import observe_transport_rule

TAKEN = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAT, QUIN = "pat@post.example", "quin@post.example"


def rule(**properties):
    return observe_transport_rule(
        {
            "Name": "RC-1 Redirect",
            "Guid": "4f0c",
            "Priority": 3,
            "State": "Enabled",
            "Mode": "Enforce",
            "From": [PAT, QUIN],
            "RedirectMessageTo": ["contact@ash.example"],
            "StopRuleProcessing": True,
            "WhenChanged": "2026-11-20T09:00:00Z",
            **properties,
        }
    )


def differing(observed=None, **shown):
    known = {"Name": "rc-1 redirect", "Enabled": True, "Mode": "Enforce", "From": [QUIN, PAT.upper()]}
    found = disagreements([observed or rule()], {"RC-1 redirect": {**known, **shown}}, before=TAKEN)
    return [name for one in found for name in one.fields]


@pytest.mark.parametrize(
    ("shown", "fields"),
    [
        ({}, []),
        ({"Enabled": False}, ["State"]),
        ({"Enabled": None}, []),
        ({"Mode": "Audit"}, ["Mode"]),
        ({"Mode": "ENFORCE"}, []),
        ({"StopRuleProcessing": True}, []),
        ({"StopRuleProcessing": False}, ["StopRuleProcessing"]),
        ({"From": [PAT]}, ["From"]),
        ({"From": []}, ["From"]),
        ({"From": ["Pat Example", "Quin Example"]}, []),
        ({"RedirectMessageTo": "Contact Centre"}, []),
        ({"SubjectContainsWords": ["x"]}, ["SubjectContainsWords"]),
        ({"SubjectContainsWords": []}, []),
        ({"Priority": 9, "ExpiryDate": "soon", "Unheard": "of"}, []),
        ({"Enabled": False, "Mode": "Audit", "From": [PAT]}, ["State", "From", "Mode"]),
    ],
)
def test_only_what_both_show_is_compared(shown, fields):
    assert differing(**shown) == fields


@pytest.mark.parametrize(
    "hostile",
    [
        {"Priority": "high"},
        {"ExpiryDate": "/Date(99999999999999999999)/"},
        {"Mode": {"a": [None]}, "Enabled": "yes"},
        {"From": [None, {"a": 1}, 7]},
        {"From": "half \ud800"},
        {"StopRuleProcessing": [True, [False]]},
        {"Comments": {"x": "y"}, "SetHeaderName": ["a", "b"]},
    ],
)
def test_a_shape_that_nobody_expects_ends_nothing(hostile):
    assert isinstance(differing(**hostile), list)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ("2026-11-23T11:59:59Z", [LACKING]),
        ("2026-11-23T12:00:00Z", []),
        ("2026-11-24T09:00:00Z", []),
        (None, []),
    ],
)
def test_what_may_be_newer_than_the_snapshot_is_not_compared(changed, found):
    told = disagreements([rule(WhenChanged=changed)], {}, before=TAKEN)
    assert [name for one in told for name in one.fields] == found


def test_a_rule_that_the_snapshot_alone_shows_is_no_disagreement():
    assert disagreements([], {"RC-9": {"Name": "RC-9", "Enabled": True}}, before=TAKEN) == ()


@pytest.mark.parametrize(
    ("observed", "stands"),
    [
        ([rule(Name="RC-1 REDIRECT")], True),
        ([rule(WhenChanged=(TAKEN + timedelta(minutes=1)).isoformat())], False),
        ([rule(Name="another")], False),
        ([], False),
    ],
)
def test_a_disagreement_stands_until_its_rule_changes_or_goes(observed, stands):
    known = (RuleDisagreement(name="RC-1 Redirect", fields=("State",)),)
    assert standing(known, observed, before=TAKEN) == (known if stands else ())
