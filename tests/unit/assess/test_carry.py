from datetime import date
from zoneinfo import ZoneInfo

import pytest

from m365_restrict.assess.carry import Carried, carry

LONDON, OURS = ZoneInfo("Europe/London"), frozenset({"ash.example"})


def carried(rule, now):
    return carry(rule, council_domains=OURS, now=now, zone=LONDON)


@pytest.mark.parametrize(
    ("action", "measure"),
    [
        ({}, "Redirect to single contact"),
        ({"RedirectMessageTo": None, "BlindCopyTo": ["contact@ash.example"]}, "Copy to single contact"),
        ({"RedirectMessageTo": None, "RejectMessageReasonText": "No."}, "Refuse with notice"),
    ],
)
def test_the_action_tells_the_measure(rule, now, action, measure):
    assert carried(rule(**action), now).fields["Measure"] == measure


def test_what_the_rule_does_not_tell_is_left_out(rule, now):
    assert carried(rule(), now).fields == {
        "Addresses": "pat@post.example",
        "Measure": "Redirect to single contact",
        "Scope": "Whole council",
        "SpocMailbox": "contact@ash.example",
        "Status": "Draft",
    }


def test_exact_patterns_are_addresses(rule, now):
    patterns = [r"^pat@post\.example$", r"\Asam@post\.example\Z"]
    fields = carried(rule(From=None, FromAddressMatchesPatterns=patterns), now).fields
    assert fields["Addresses"].split() == ["pat@post.example", "sam@post.example"]


@pytest.mark.parametrize(
    ("expires", "ends_on"),
    [
        ("2027-03-28T23:00:00Z", date(2027, 3, 28)),
        ("2027-01-01T00:00:00Z", date(2026, 12, 31)),
        ("2027-01-01T17:30:00Z", date(2026, 12, 31)),
    ],
    ids=["summer midnight", "winter midnight", "within a day"],
)
def test_the_case_never_lasts_longer_than_the_rule(rule, now, expires, ends_on):
    assert carried(rule(ExpiryDate=expires), now).fields["EndsOn"] == ends_on


def test_a_beginning_is_carried_as_its_local_day(rule, now):
    found = carried(rule(ActivationDate="2027-06-30T23:00:00Z"), now)
    assert found.fields["EffectiveFrom"] == date(2027, 7, 1)
    assert "The case begins at 00:00 on 1 July 2027." in found.notes


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({}, "The rule has no end."),
        ({"ExpiryDate": "2023-03-01T00:00:00Z"}, "The rule has ended."),
        ({"State": "Disabled"}, "does nothing to mail now"),
        ({"Mode": "Audit"}, "does nothing to mail now"),
        ({"RedirectMessageTo": None, "RejectMessageReasonText": "No."}, "the text of the policy"),
        ({}, "no later rule is run"),
    ],
)
def test_differences_that_are_allowed_are_said(rule, now, properties, words):
    assert any(words in note for note in carried(rule(**properties), now).notes)


@pytest.mark.parametrize(
    ("properties", "name", "kind"),
    [
        ({"From": None, "FromAddressContainsWords": ["x"]}, "FromAddressContainsWords", "words"),
        ({"From": None, "SubjectContainsWords": ["x"]}, "SubjectContainsWords", "words"),
        ({"From": None}, "From", "nothing"),
        ({"From": ["Pat Person"]}, "From", "a name or id"),
        ({"From": ["pat@ash.example"]}, "From", "an address of the council"),
        ({"FromAddressMatchesPatterns": [r"^sam@post\.example$"]}, "FromAddressMatchesPatterns", "patterns"),
        ({"From": None, "FromAddressMatchesPatterns": ["pat"]}, "FromAddressMatchesPatterns", "a pattern"),
        ({"FromMemberOf": ["g@ash.example"]}, "FromMemberOf", "groups"),
        ({"SenderDomainIs": ["post.example"]}, "SenderDomainIs", "domains"),
        ({"RecipientAddressMatchesPatterns": ["x"]}, "RecipientAddressMatchesPatterns", "patterns"),
        ({"SetSCL": "9"}, "SetSCL", "a number"),
        ({"Quarantine": True}, "Quarantine", "yes or no"),
        ({"PrependSubject": "[X]"}, "PrependSubject", "text"),
        ({"RejectMessageReasonText": "No."}, "RejectMessageReasonText", "text"),
        ({"RejectMessageEnhancedStatusCode": "5.7.900"}, "RejectMessageEnhancedStatusCode", "text"),
        ({"RedirectMessageTo": ["a@ash.example", "b@ash.example"]}, "RedirectMessageTo", "2 mailboxes"),
        ({"RedirectMessageTo": None}, "Actions", "nothing"),
        ({"SentTo": ["a@ash.example"], "SentToMemberOf": ["g@ash.example"]}, "SentToMemberOf", "groups"),
        ({"ExceptIfFrom": ["sam@post.example"]}, "ExceptIfFrom", "a list"),
        (
            {"RedirectMessageTo": None, "BlindCopyTo": ["a@ash.example"], "StopRuleProcessing": True},
            "StopRuleProcessing",
            "yes or no",
        ),
        ({"SomethingNew": "x"}, "SomethingNew", "text"),
    ],
)
def test_what_no_case_can_say_is_named_without_its_value(rule, now, properties, name, kind):
    found = carried(rule(**properties), now)
    assert not isinstance(found, Carried)
    assert (name, kind) in {(one.property, one.value_kind) for one in found}
    assert not any("post.example" in one.reason for one in found)
