"""When somebody's transport rule is a block."""

from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.plan.blocking import acts, keeps_away, names_senders
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.rules.observed import Properties

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("properties", "acting"),
    [
        ({}, True),
        ({"State": "Disabled"}, False),
        ({"Mode": "AuditAndNotify"}, False),
        ({"ExpiryDate": "2026-11-23T09:00:00Z"}, False),
        ({"ExpiryDate": "2026-11-23T09:00:01Z"}, True),
        ({"ActivationDate": "2026-11-23T09:00:01Z"}, False),
    ],
)
def test_whether_a_rule_acts_now(properties: dict[str, Any], *, acting: bool) -> None:
    raw = {"Guid": "1", "Name": "By hand", "State": "Enabled", "Mode": "Enforce", **properties}
    assert acts(observe_transport_rule(raw), NOW) is acting


@pytest.mark.parametrize(
    ("properties", "away"),
    [
        ({"RedirectMessageTo": ("a@ash.example",)}, True),
        ({"SmtpRejectMessageRejectText": "No."}, True),
        ({"SetSCL": "9"}, True),
        ({"SetSCL": "5"}, True),
        ({"SetSCL": "4"}, False),
        ({"SetSCL": "-1"}, False),
        ({"SetSCL": "²"}, False),
        ({"PrependSubject": "[X]"}, False),
    ],
)
def test_what_keeps_mail_away(properties: Properties, *, away: bool) -> None:
    assert keeps_away(properties) is away


@pytest.mark.parametrize(
    ("condition", "header", "named"),
    [
        ("From", "", True),
        ("SentTo", "", False),
        ("HeaderContainsWords", "From", True),
        ("HeaderContainsWords", "List-Id", False),
        ("HeaderMatchesPatterns", "From", False),
    ],
)
def test_which_condition_names_senders(condition: str, header: str, *, named: bool) -> None:
    assert names_senders(condition, {"HeaderContainsMessageHeader": header}) is named
