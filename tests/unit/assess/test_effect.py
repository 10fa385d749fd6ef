from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.assess.effect import effect_of_rule


def told(rule, now, zone=UTC):
    return effect_of_rule(rule, now=now, zone=zone)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({}, "is sent to contact@ash.example instead"),
        ({"DeleteMessage": True, "RedirectMessageTo": None}, "is deleted, and nobody is told"),
        ({"Quarantine": True, "RedirectMessageTo": None}, "held in quarantine"),
        (
            {"RejectMessageReasonText": "No.", "RedirectMessageTo": None},
            "is refused, and the sender gets a notice",
        ),
        ({"RejectMessageEnhancedStatusCode": "5.7.900", "RedirectMessageTo": None}, "is refused"),
        ({"BlindCopyTo": ["a@ash.example"], "RedirectMessageTo": None}, "copied to a@ash.example without"),
        ({"SetSCL": 9, "RedirectMessageTo": None}, "is treated as spam"),
        ({"SetSCL": "-1", "RedirectMessageTo": None}, "passes the spam filter"),
        ({"RemoveHeader": "X", "RedirectMessageTo": None}, "is treated apart"),
        ({"SentTo": ["planning@ash.example"]}, "Mail to planning@ash.example is sent"),
        ({"ExceptIfSentTo": ["parks@ash.example"]}, "Except to parks@ash.example."),
        ({"SubjectContainsWords": ["x"]}, "It has further settings: SubjectContainsWords."),
        ({"StopRuleProcessing": True}, "No later rule is run for it."),
        ({"State": "Disabled"}, "Switched off: it does nothing now."),
        ({"Mode": "Audit"}, "It only logs"),
        ({"ExpiryDate": "2023-03-01T00:00:00Z"}, "Ended on 1 March 2023: it does nothing now."),
        ({"ActivationDate": "2027-03-01T00:00:00Z"}, "It has not begun yet."),
    ],
)
def test_what_a_rule_does_is_said_in_plain_words(rule, now, properties, words):
    assert words in told(rule(**properties), now)


def test_an_end_is_told_by_the_councils_day(rule, now):
    one = rule(ExpiryDate="2026-06-30T23:00:00Z")
    assert "Ended on 1 July 2026" in told(one, now, ZoneInfo("Europe/London"))


def test_a_long_list_is_cut_short(rule, now):
    many = [f"box{number}@ash.example" for number in range(9)]
    assert "box5@ash.example and 3 more" in told(rule(SentTo=many), now)
