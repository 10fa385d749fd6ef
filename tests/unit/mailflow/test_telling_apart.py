"""Which tests of rules can tell two senders or two recipients apart, and which rules matter to nobody."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from m365_restrict.mailflow.behaviour import TransportBehaviour
from m365_restrict.mailflow.evaluation import answers
from m365_restrict.mailflow.message import Message
from m365_restrict.mailflow.predicates import (
    ANY_RECIPIENT_TESTS,
    MESSAGE_TESTS,
    RECIPIENT_TESTS,
    SENDER_TESTS,
    VISIBLE_RECIPIENT_TESTS,
    Addressee,
    Predicate,
    Scene,
    always_tells,
)
from m365_restrict.mailflow.remembered import RememberedDirectory
from m365_restrict.mailflow.stored_rule import StoredRule, read_rules
from m365_restrict.mailflow.telling_apart import (
    is_certain,
    never_acts,
    only_goes_on,
    only_marks,
    seen_of_recipients,
    seen_of_sender,
    telling,
)
from m365_restrict.mailflow.verdict import Verdict

ONE, OTHER = "one@mail.example", "other@post.example"
A, B = "a@ashbourne.example", "b@elsewhere.example"
VALUES = (
    "one",
    "mail.example",
    ONE,
    "^a",
    A,
    "NotInOrganization",
    "10 MB",
    "OOF",
    "(?x)",
    "all@ashbourne.example",
)


def scene(town: Any, *, sender: str = ONE, to: str = A, recipients: tuple[str, ...] = (A,)) -> Scene:
    message = Message(
        header_from=sender, from_addresses=(sender,), sender="", envelope_from=sender, to=(to,), cc=(to,)
    )
    directory = RememberedDirectory(town)
    addressees = tuple(Addressee(one, directory.primary(one)) for one in recipients)
    return Scene(message, addressees, directory, TransportBehaviour())


def stored(town: Any, **parameters: Any) -> StoredRule:
    return read_rules([{"Name": "Theirs", **parameters}], town).rules[0]


def told(town: Any, name: str, value: str, seen: Scene) -> tuple[Verdict, str]:
    (answer,) = answers(stored(town), seen, [Predicate(name, (value,))])
    return answer.verdict, answer.reason


@pytest.mark.parametrize("name", MESSAGE_TESTS)
def test_tests_that_answer_differently_of_two_senders_are_known(town: Any, name: str) -> None:
    scenes = scene(town), scene(town, sender=OTHER)
    differs = any(len({told(town, name, value, one) for one in scenes}) > 1 for value in VALUES)
    assert not differs or name in SENDER_TESTS


@pytest.mark.parametrize("name", MESSAGE_TESTS)
def test_tests_that_answer_differently_of_two_recipients_are_known(town: Any, name: str) -> None:
    for value in VALUES:
        first = told(town, name, value, scene(town))
        assert told(town, name, value, scene(town, recipients=(B,))) == first or name in ANY_RECIPIENT_TESTS
        assert told(town, name, value, scene(town, to=B)) == first or name in VISIBLE_RECIPIENT_TESTS


@pytest.mark.parametrize("name", [*MESSAGE_TESTS, *RECIPIENT_TESTS])
def test_what_always_tells_is_never_undecided(town: Any, name: str) -> None:
    for value in VALUES:
        asked = {name: [value], f"{name.removesuffix('Words')}MessageHeader": "X-A"}
        rule = stored(town, **asked)
        found = [one.reason for one in answers(rule, scene(town), rule.conditions.message)]
        found += seen_of_recipients([telling(rule)], scene(town), [Addressee(A, A)])[0]
        undecided = any(isinstance(one, str) and one for one in found)
        assert not undecided or not (always_tells(Predicate(name, (value,))) or is_certain(rule))


@pytest.mark.parametrize(
    ("parameters", "alike"),
    [
        ({"From": [ONE, OTHER]}, True),
        ({"From": [ONE]}, False),
        ({"SubjectContainsWords": ["bins"]}, True),
        ({"FromAddressContainsWords": ["post"]}, False),
        ({"ExceptIfSenderDomainIs": ["mail.example"]}, False),
        ({"FromScope": "NotInOrganization", "ExceptIfFromAddressMatchesPatterns": ["^o"]}, True),
    ],
)
def test_senders_are_alike_of_whom_a_rule_sees_the_same(
    town: Any, parameters: Mapping[str, Any], alike: bool
) -> None:
    rule = telling(stored(town, **parameters))
    seen = [seen_of_sender(rule, scene(town, sender=one)) for one in (ONE, OTHER)]
    assert (seen[0] == seen[1]) is alike


@pytest.mark.parametrize(
    ("parameters", "alike"),
    [
        ({"SentTo": [A]}, False),
        ({"SentTo": [A, B]}, True),
        ({"ExceptIfRecipientDomainIs": ["ashbourne.example"]}, False),
        ({"AnyOfRecipientAddressContainsWords": ["elsewhere"]}, False),
        ({"AnyOfRecipientAddressContainsWords": ["example"]}, True),
        ({"SentToScope": "Weird"}, True),
        ({"From": [ONE]}, True),
    ],
)
def test_recipients_are_alike_of_whom_a_rule_sees_the_same(
    town: Any, parameters: Mapping[str, Any], alike: bool
) -> None:
    addressees = [Addressee(one, one) for one in (A, B)]
    first, second = seen_of_recipients([telling(stored(town, **parameters))], scene(town), addressees)
    assert (first == second) is alike


@pytest.mark.parametrize(
    ("parameters", "never"),
    [
        ({"SubjectContainsWords": ["bins"]}, True),
        ({"SubjectContainsWords": ["bins"], "From": [ONE]}, True),
        ({"From": ["nobody@post.example"]}, False),
        ({"AnyOfToHeader": [B]}, False),
        ({"AttachmentExtensionMatchesWords": ["exe"]}, False),
        ({}, False),
    ],
)
def test_a_rule_never_acts_that_looks_for_what_no_such_message_holds(
    town: Any, parameters: Mapping[str, Any], never: bool
) -> None:
    assert never_acts(stored(town, **parameters), scene(town)) is never


@pytest.mark.parametrize(
    ("parameters", "marks", "goes_on"),
    [
        ({"PrependSubject": "[External] "}, True, True),
        ({"PrependSubject": "[A] ", "AttachmentExtensionMatchesWords": ["exe"]}, False, False),
        ({"PrependSubject": "[A] ", "ExpiryDate": "no date"}, False, False),
        ({"PrependSubject": "[A] ", "SentTo": [A]}, False, True),
        ({"BlindCopyTo": [A]}, False, True),
        ({"SetSCL": "9"}, False, True),
        ({"StopRuleProcessing": True}, False, False),
        ({"RedirectMessageTo": [A]}, False, False),
        ({"Quarantine": True}, False, False),
    ],
)
def test_what_a_rule_does_to_the_rules_after_it(
    town: Any, parameters: Mapping[str, Any], marks: bool, goes_on: bool
) -> None:
    rule = stored(town, **parameters)
    assert (only_marks(rule), only_goes_on(rule)) == (marks, goes_on)


def test_a_rule_equals_itself_alone(town: Any) -> None:
    rule = stored(town, From=[ONE])
    assert rule != replace(rule)
