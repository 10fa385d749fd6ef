"""Which record of the audit log explains a difference, and who is named of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from m365_restrict.plan.attribution import (
    AUDIT_LOG,
    ChangeRecord,
    SoughtChange,
    SoughtRule,
    actors_of,
    actors_of_choice,
    explaining,
    is_sought,
)
from m365_restrict.plan.beside import Actor, ActorKind
from m365_restrict.plan.change import RuleKind

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = SoughtRule(kind=RuleKind.TRANSPORT_RULE, names=frozenset({"rc-1 redirect", "4f0c-guid"}))
CHOICE = SoughtRule(
    kind=RuleKind.INBOX_RULE,
    names=frozenset({"pat"}),
    mailbox="cllr.a@ash.example",
    owner=frozenset({"cllr.a@ash.example", "oid-a"}),
    is_choice=True,
)
SOUGHT = SoughtChange(rule=RULE, since=NOON, until=NOON + 60 * MINUTE, fields=frozenset({"state"}))
RECORD = ChangeRecord(
    kind=RuleKind.TRANSPORT_RULE,
    operation="disable-transportrule",
    at=NOON + 30 * MINUTE,
    names=frozenset({"rc-1 redirect"}),
    parameters=frozenset({"state", "identity"}),
    actor="admin@ash.example",
    from_where="192.0.2.10",
)
OWN = replace(RECORD, actor_kind=ActorKind.THIS_TOOL, actor="app-writer")
OF_OTHER_PROPERTY = replace(RECORD, parameters=frozenset({"comments"}))
INBOX = replace(
    RECORD,
    kind=RuleKind.INBOX_RULE,
    operation="set-inboxrule",
    names=frozenset({"pat"}),
    mailbox="cllr.a@ash.example",
    parameters=frozenset(),
)
CHANGED_CHOICE = replace(SOUGHT, rule=CHOICE)


def after(minutes, record=RECORD, **other):
    return replace(record, at=NOON + minutes * MINUTE, **other)


@pytest.mark.parametrize(
    ("record", "explains"),
    [
        (RECORD, True),
        (replace(RECORD, names=frozenset({"4f0c-guid"})), True),
        (replace(RECORD, names=frozenset({"rc-2 redirect"})), False),
        (replace(RECORD, names=frozenset()), False),
        (replace(RECORD, kind=RuleKind.INBOX_RULE), False),
        (OF_OTHER_PROPERTY, False),
        (after(0), True),
        (after(-1), False),
        (after(65), True),
        (after(66), False),
    ],
)
def test_a_record_explains_what_it_did_to_that_rule_in_the_span(record, explains):
    assert explaining(SOUGHT, [record]) == ((record,) if explains else ())


@pytest.mark.parametrize(
    ("record", "explains"),
    [
        (RECORD, False),
        (replace(RECORD, operation="remove-transportrule", parameters=frozenset()), True),
        (replace(RECORD, operation="new-transportrule"), False),
    ],
)
def test_a_rule_that_is_gone_is_explained_by_a_removal_alone(record, explains):
    assert bool(explaining(replace(SOUGHT, is_gone=True, fields=frozenset()), [record])) is explains


@pytest.mark.parametrize(
    ("operation", "removes"),
    [
        ("remove-inboxrule", True),
        ("updateinboxrules", True),
        ("updateinboxrules removemailboxrule", True),
        ("updateinboxrules modifymailboxrule", False),
        ("set-inboxrule", False),
    ],
)
def test_which_record_of_an_inbox_rule_may_have_removed_it(operation, removes):
    gone = replace(CHANGED_CHOICE, is_gone=True)
    assert bool(explaining(gone, [replace(INBOX, operation=operation)])) is removes


def test_of_inbox_rules_no_property_need_be_named():
    assert explaining(CHANGED_CHOICE, [INBOX]) == (INBOX,)


@pytest.mark.parametrize(("mailbox", "fits"), [("", True), ("oid-a", True), ("cllr.b@ash.example", False)])
def test_a_rule_of_the_same_name_in_another_mailbox_is_another(mailbox, fits):
    assert is_sought(replace(INBOX, mailbox=mailbox), [RULE, CHOICE]) is fits


def test_of_several_records_the_latest_comes_first():
    earlier, later = after(10), after(20, actor="other@ash.example")
    assert explaining(SOUGHT, [earlier, after(15, OF_OTHER_PROPERTY), later]) == (later, earlier)


@pytest.mark.parametrize(
    ("record", "changed_at", "explains"),
    [
        (OWN, None, False),
        (OWN, OWN.at, True),
        (OWN, OWN.at + 2 * MINUTE, True),
        (OWN, OWN.at + 3 * MINUTE, False),
        (OF_OTHER_PROPERTY, RECORD.at, True),
        (OF_OTHER_PROPERTY, None, False),
    ],
)
def test_this_tool_and_other_properties_count_only_as_the_rules_last_change(record, changed_at, explains):
    assert bool(explaining(replace(SOUGHT, changed_at=changed_at), [record])) is explains


def test_somebody_elses_edit_goes_before_a_later_write_of_this_tool():
    sought = replace(SOUGHT, changed_at=NOON + 40 * MINUTE)
    assert explaining(sought, [RECORD, after(40, OWN)]) == (RECORD,)


def test_each_account_is_named_once_with_its_latest_change_and_no_more_than_three():
    records = [after(number, actor=f"{number % 5}@ash.example") for number in range(10)]
    told = actors_of(records)
    assert [(one.name, one.at) for one in told] == [
        ("4@ash.example", NOON + 9 * MINUTE),
        ("3@ash.example", NOON + 8 * MINUTE),
        ("2@ash.example", NOON + 7 * MINUTE),
    ]


@pytest.mark.parametrize("kind", [ActorKind.PARTNER, ActorKind.APPLICATION, ActorKind.SERVICE])
def test_what_kind_of_account_it_was_is_told(kind):
    assert actors_of([replace(RECORD, actor_kind=kind)]) == (
        Actor(kind=kind, name=RECORD.actor, at=RECORD.at, source=AUDIT_LOG, from_where="192.0.2.10"),
    )


def test_an_owner_is_nobody():
    assert actors_of([replace(INBOX, by_holder=True)]) == ()


@pytest.mark.parametrize(
    "records",
    [
        [],
        [replace(INBOX, by_holder=True, actor="")],
        [replace(INBOX, by_holder=True, actor=""), after(1, INBOX)],
        [replace(INBOX, actor_kind=ActorKind.THIS_TOOL)],
    ],
    ids=["none", "owner", "owner last", "this tool"],
)
def test_nobody_else_is_accused_of_a_choice_that_its_owner_ended(records):
    assert actors_of_choice(records) == ()


@pytest.mark.parametrize(
    ("is_administrator", "named"), [(True, ("admin@ash.example", "192.0.2.10")), (False, ("", ""))]
)
def test_of_a_choice_only_an_administrator_is_named(is_administrator, named):
    (told,) = actors_of_choice([replace(INBOX, is_administrator=is_administrator)])
    assert (told.name, told.from_where) == named
    assert (told.kind, told.at, told.source) == (ActorKind.PERSON, INBOX.at, AUDIT_LOG)
