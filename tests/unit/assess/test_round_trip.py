from dataclasses import replace
from datetime import UTC, datetime

import pytest

from m365_restrict.assess.carry import Carried, carry
from m365_restrict.assess.correspond import nearest
from m365_restrict.assess.round_trip import proposed_case, round_trip, without_own_exemptions
from m365_restrict.register.case import Measure
from m365_restrict.register.recipient import Unresolved
from m365_restrict.rules.properties import transport_properties
from m365_restrict.rules.transport_rule import SenderLocation, SenderMatch

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
OURS = frozenset({"ash.example"})


def there_and_back(council, rule, **options):
    """Carry a rule, leave out what we add anyway, and compile it back."""
    carried = carry(rule, council_domains=OURS, now=NOW, zone=council.options.zone)
    assert isinstance(carried, Carried)
    slim = without_own_exemptions(carried, council.directory)
    case = proposed_case(slim.fields)
    return slim, round_trip(case, rule, council.directory, replace(council.options, **options))


@pytest.mark.parametrize("measure", [Measure.REDIRECT, Measure.COPY, Measure.REFUSE])
@pytest.mark.parametrize("match", list(SenderMatch))
def test_a_rule_of_ours_comes_back_as_itself(council, measure, match):
    spoc = "contact@ash.example" if measure.needs_single_contact else ""
    allowed = ("officer@ash.example",)
    case = council.case("RC-1", measure, allowed_recipients=allowed, spoc_mailbox=spoc)
    desired = council.compile([case])
    (rule,) = council.tenant(desired).observed().transport
    rule = replace(
        rule, properties={name: value for name, value in rule.properties.items() if name != "Comments"}
    )
    slim, proof = there_and_back(council, rule, sender_match=match)
    assert proof.against == ()
    assert proof.notes == ()
    assert slim.fields["AllowedRecipients"] == "officer@ash.example"
    assert slim.fields["EndsOn"] == case.protected.ends_on


def test_what_every_rule_of_ours_leaves_open_is_an_allowed_difference(council, rule):
    slim, proof = there_and_back(council, rule())
    assert "AllowedRecipients" not in slim.fields
    assert proof.against == ()
    assert len(proof.notes) == 2
    assert all("councillors, protected mailboxes and the single contact" in note for note in proof.notes)


@pytest.mark.parametrize(
    ("properties", "options", "name"),
    [
        ({"SentTo": ["planning@ash.example", "cllr.b@ash.example"]}, {}, "SentTo"),
        ({"SentTo": ["planning@ash.example", "monitoring@ash.example"]}, {}, "SentTo"),
        ({"SentTo": ["cllr.b@ash.example"]}, {}, "SentTo"),
        ({"RedirectMessageTo": ["nobody@ash.example"]}, {}, "RedirectMessageTo"),
        ({"ExceptIfSentTo": ["nobody@ash.example"]}, {}, "ExceptIfSentTo"),
        ({"SenderAddressLocation": "HeaderOrEnvelope"}, {}, "SenderAddressLocation"),
        ({}, {"sender_location": SenderLocation.HEADER_OR_ENVELOPE}, "SenderAddressLocation"),
    ],
)
def test_a_case_that_would_mean_something_else_is_refused_by_property(
    council, rule, properties, options, name
):
    council.know(Unresolved("nobody@ash.example", "not there"))
    _, proof = there_and_back(council, rule(**properties), **options)
    assert name in {one.property for one in proof.against}


def test_a_split_rule_still_meets_the_same_senders(council, rule):
    many = [f"person.{number}@post.example" for number in range(160)]
    _, proof = there_and_back(council, rule(From=many))
    assert proof.against == ()


def test_a_rule_corresponds_to_the_nearest_rule_of_the_case(council, rule):
    case = council.case(
        "RC-1", addresses=("pat@post.example",), scope_mailboxes=("planning@ash.example", "team@ash.example")
    )
    wanted = council.compile([case]).transport
    mailboxes, group = wanted
    assert nearest(rule(SentTo=["planning@ash.example"]), wanted).key == mailboxes.key
    assert nearest(rule(SentToMemberOf=["team@ash.example"]), wanted).key == group.key
    assert nearest(rule(From=["sam@post.example"]), wanted) is None


def test_name_stamp_and_end_are_no_differences(council, rule):
    (wanted,) = council.compile([council.case("RC-1")]).transport
    same = dict(transport_properties(wanted)) | {"Name": "By hand", "Comments": "mine"}
    del same["ExpiryDate"]
    assert nearest(replace(rule(), properties=same), [wanted]).differences == ()


def test_a_pattern_and_a_plain_sender_correspond(council, rule):
    (wanted,) = council.compile([council.case("RC-1", addresses=("pat@post.example",))]).transport
    by_pattern = rule(From=None, FromAddressMatchesPatterns=[r"^pat@post\.example$"])
    fields = {one.field for one in nearest(by_pattern, [wanted]).differences}
    assert {"From", "FromAddressMatchesPatterns"} <= fields
