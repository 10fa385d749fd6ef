import pytest

from m365_restrict.doctor.list_checks import version_checks
from m365_restrict.doctor.people_checks import (
    contact_check,
    councillors_check,
    protected_check,
)
from m365_restrict.outcome import Unknown
from m365_restrict.register.item import Identity, ItemVersion, ListItem, ListSnapshot, SaverKind
from m365_restrict.register.recipient import RecipientKind, Unresolved
from m365_restrict.rules.normalise import observe_transport_rule
from m365_restrict.tenant.directory import Member

CONTACT, OTHER = "contact@ash.example", "other@ash.example"
MEMBERS = frozenset(Member(str(number), f"cllr.{number}@ash.example") for number in range(4))


def state(check):
    return check.state.value


@pytest.mark.parametrize(
    ("members", "direct", "expected"),
    [
        (MEMBERS, 4, "ok"),
        (MEMBERS, 3, "warning"),
        (frozenset(), 0, "failed"),
        (MEMBERS, Unknown("group", "HTTP 403"), "unknown"),
    ],
)
def test_who_is_in_the_group_through_another_is_outside_a_scope(members, direct, expected):
    assert state(councillors_check("councillors@ash.example", members, direct)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "ok"),
        ({"kind": RecipientKind.SHARED_MAILBOX, "account_enabled": False}, "ok"),
        ({"account_enabled": False}, "failed"),
        ({"accepts_outside_senders": False}, "failed"),
        ({"forwards": True}, "failed"),
        ({"moderated": True}, "failed"),
        ({"kind": RecipientKind.GROUP}, "failed"),
    ],
)
def test_a_single_contact_takes_mail_and_keeps_it(council, change, expected):
    found = council.recipient(CONTACT, **change)
    assert {state(one) for one in contact_check(CONTACT, found, ())} == {expected}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"SentTo": [CONTACT], "RedirectMessageTo": [OTHER]}, "failed"),
        ({"SentTo": [CONTACT], "RedirectMessageTo": [OTHER], "State": "Disabled"}, "ok"),
        ({"SentTo": [OTHER], "RedirectMessageTo": [CONTACT]}, "ok"),
    ],
)
def test_a_rule_that_takes_the_contacts_mail_away_is_named(council, rule, expected):
    observed = observe_transport_rule({"Guid": "1", "Name": "Away", "State": "Enabled", **rule})
    (found,) = contact_check(CONTACT, council.recipient(CONTACT), (observed,))
    assert (state(found), "Away" in found.message) == (expected, expected == "failed")


@pytest.mark.parametrize(("absent", "expected"), [(True, "failed"), (False, "unknown")])
def test_what_could_not_be_asked_about_is_not_missing(absent, expected):
    found = Unresolved(CONTACT, "the directory does not say", absent=absent)
    assert state(protected_check(CONTACT, found)) == expected
    assert {state(one) for one in contact_check(CONTACT, found, ())} == {expected}


def register(first, count):
    """A list with one item of `count` versions, of which `first` is the oldest that is kept."""
    nobody = Identity(SaverKind.USER)
    versions = tuple(
        ItemVersion(number=f"{first + number}.0", saved_at=None, saver=nobody, fields={})
        for number in range(count)
    )
    return ListSnapshot("Cases", (ListItem("7", "", nobody, {}, versions),), "1")


@pytest.mark.parametrize(
    ("first", "count", "expected"),
    [(1, 399, "ok"), (1, 400, "warning"), (2, 3, "warning")],
)
def test_items_near_the_version_limit_or_past_it_are_named(first, count, expected):
    (found,) = version_checks(register(first, count))
    assert (state(found), "item 7" in found.message.lower()) == (expected, expected != "ok")
