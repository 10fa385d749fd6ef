"""One message stands for every sender and every recipient whom no rule tells apart."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from m365_restrict.mailflow.mailboxes import KnownMailboxes
from m365_restrict.mailflow.remembered import RememberedDirectory
from m365_restrict.plan.alike import Alike, PostOfAClass
from m365_restrict.plan.difference import difference
from m365_restrict.plan.mail_directory import PlannedDirectory
from m365_restrict.plan.prefixes import line_of
from m365_restrict.plan.simulation import Setting
from m365_restrict.register.case import Measure

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MANY = tuple(sorted(f"writer{number}@mail{number % 2}.example" for number in range(50)))
PEOPLE = [f"officer{number}@ash.example" for number in range(20)]


def posts(
    council: Any,
    cases: Sequence[Any],
    *,
    foreign: Sequence[Mapping[str, Any]] = (),
    inbox: Mapping[str, Sequence[Mapping[str, object]]] | None = None,
    names_marks: bool = True,
) -> list[PostOfAClass]:
    """The mail that is simulated where the rules of these cases stand below those of others."""
    desired = council.compile(cases)
    tenant = council.tenant(desired)
    added = [
        {"Guid": f"theirs-{number}", "Name": f"Theirs {number}", **one} for number, one in enumerate(foreign)
    ]
    tenant.transport = [{**one, "Priority": place} for place, one in enumerate([*added, *tenant.transport])]
    given = council.compare(desired, tenant, ())
    directory = RememberedDirectory(PlannedDirectory(council.directory))
    line = line_of(difference(given).line, (), given.observed, directory)
    boxes = KnownMailboxes(rules=inbox or {})
    alike = Alike(Setting(line, directory, boxes, NOW, line.names, names_marks=names_marks))
    senders = [one for case in cases for one in case.protected.addresses]
    return list(alike.posts(senders, PEOPLE))


def of_sizes(found: Sequence[PostOfAClass]) -> list[int]:
    return [one.senders for one in found]


def test_all_addresses_of_a_case_are_one_message_where_no_rule_looks_at_senders(council: Any) -> None:
    foreign = [{"FromScope": "NotInOrganization", "PrependSubject": "[External] "}]
    found = posts(council, [council.case(addresses=MANY)], foreign=foreign)
    assert (of_sizes(found), found[0].recipients) == ([50], PEOPLE[:1])


@pytest.mark.parametrize("cases", [1, 2, 4, 8])
def test_the_messages_of_many_cases_are_as_many_as_the_cases(council: Any, cases: int) -> None:
    each = 40 // cases
    addresses = [tuple(MANY[number * each : (number + 1) * each]) for number in range(cases)]
    found = posts(council, [council.case(f"RC-{n}", addresses=one) for n, one in enumerate(addresses)])
    assert of_sizes(found) == [each] * cases


@pytest.mark.parametrize(
    ("condition", "sizes"),
    [
        ({"SenderDomainIs": ["mail1.example"]}, [25, 25]),
        ({"From": [MANY[0]]}, [1, 49]),
        ({"FromAddressMatchesPatterns": ["^writer1@"]}, [1, 49]),
        ({"FromAddressContainsWords": ["mail0"], "SubjectContainsWords": ["bins"]}, [50]),
        ({"ExceptIfFromAddressContainsWords": ["mail0"]}, [25, 25]),
    ],
)
def test_a_rule_of_others_parts_the_senders_whom_it_tells_apart(
    council: Any, condition: Mapping[str, Any], sizes: list[int]
) -> None:
    foreign = [{**condition, "BlindCopyTo": ["planning@ash.example"]}]
    found = posts(council, [council.case(addresses=MANY)], foreign=foreign)
    assert sorted(of_sizes(found)) == sizes


def test_a_rule_that_only_marks_parts_nobody_where_it_is_not_to_be_named(council: Any) -> None:
    foreign = [{"SenderDomainIs": ["mail1.example"], "PrependSubject": "[Bulk] "}]
    case = council.case(addresses=MANY)
    named, unnamed = (posts(council, [case], foreign=foreign, names_marks=one) for one in (True, False))
    assert (of_sizes(named), of_sizes(unnamed)) == ([25, 25], [50])


def test_a_sender_whom_a_mailbox_treats_otherwise_is_one_of_their_own(council: Any) -> None:
    senders = [{"emailAddress": {"address": MANY[7].upper()}}]
    rule = {"displayName": "Aside", "conditions": {"fromAddresses": senders}, "actions": {"delete": True}}
    found = posts(council, [council.case(addresses=MANY)], inbox={PEOPLE[3]: [rule]})
    assert sorted(of_sizes(found)) == [1, 49]
    assert all(one.recipients == [PEOPLE[0], PEOPLE[3]] for one in found)


@pytest.mark.parametrize(
    ("foreign", "recipients"),
    [
        ({"SentTo": PEOPLE[4:6], "SetSCL": "9"}, [PEOPLE[0], PEOPLE[4]]),
        ({"RecipientAddressContainsWords": ["officer9"], "SetSCL": "9"}, [PEOPLE[0], PEOPLE[9]]),
        ({"AnyOfRecipientAddressContainsWords": ["officer9"], "SetSCL": "9"}, [PEOPLE[0], PEOPLE[9]]),
        ({"BlindCopyTo": [PEOPLE[4], PEOPLE[5]]}, [PEOPLE[0], PEOPLE[4], PEOPLE[5]]),
        ({"From": ["nobody@mail.example"], "BlindCopyTo": [PEOPLE[4]]}, [PEOPLE[0]]),
    ],
)
def test_recipients_are_simulated_once_for_all_whom_no_rule_tells_apart(
    council: Any, foreign: Mapping[str, Any], recipients: list[str]
) -> None:
    (found,) = posts(council, [council.case(addresses=MANY)], foreign=[foreign])
    assert found.recipients == recipients
    assert list(found.stands_for) == PEOPLE


def test_recipients_whom_a_case_covers_stand_for_each_other_alone(council: Any) -> None:
    for one in PEOPLE:
        council.know(council.recipient(one))
    case = council.case(measure=Measure.REDIRECT, addresses=MANY, scope_mailboxes=tuple(PEOPLE[5:9]))
    (found,) = posts(council, [case])
    assert found.recipients == [PEOPLE[0], PEOPLE[5]]
