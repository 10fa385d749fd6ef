from pathlib import Path

import pytest

import m365_restrict.doctor
from m365_restrict.doctor.permissions import Need, judge_roles, permission_table

ROOT = Path(__file__).parents[3]
USED = frozenset({Need.ALWAYS, Need.MAIL_FLOW})
READER = frozenset({"Sites.Selected", "GroupMember.Read.All", "User.Read.All"})
WRITER = frozenset({"Sites.Selected"})


def states(application, resource, held, used=USED):
    return {(one.state.value, one.message) for one in judge_roles(application, resource, held, used)}


def test_administrators_see_the_table_that_the_program_judges_by():
    packaged = Path(m365_restrict.doctor.__file__).with_name("permissions.toml")
    assert (ROOT / "deploy" / "permissions" / "permissions.toml").read_bytes() == packaged.read_bytes()


def test_every_row_says_why():
    assert all(row.why.endswith(".") for row in permission_table())


@pytest.mark.parametrize(
    ("application", "resource", "held"),
    [
        ("reader", "graph", READER),
        ("reader", "graph", READER | {"ExchangeMessageTrace.Read.All"}),
        ("reader", "exchange", frozenset({"Exchange.ManageAsApp"})),
        ("writer", "graph", WRITER),
    ],
)
def test_exactly_what_is_needed_is_good(application, resource, held):
    assert {state for state, _ in states(application, resource, held)} == {"ok"}


@pytest.mark.parametrize("role", sorted(READER))
def test_each_role_that_is_missing_is_named(role):
    (found,) = states("reader", "graph", READER - {role})
    assert found[0] == "failed"
    assert f"lacks {role}" in found[1]


@pytest.mark.parametrize(
    ("application", "held", "state"),
    [
        ("reader", READER | {"Calendars.Read"}, "warning"),
        ("reader", READER | {"Mail.ReadWrite"}, "failed"),
        ("reader", READER | {"Mail.Send"}, "failed"),
        ("reader", READER | {"MailboxSettings.Read"}, "warning"),
        ("reader", (READER - {"Sites.Selected"}) | {"Sites.Read.All"}, "warning"),
        ("writer", WRITER | {"Mail.ReadWrite"}, "warning"),
        ("writer", WRITER | {"Mail.Send"}, "warning"),
    ],
)
def test_too_much_is_said_and_a_reader_that_could_write_fails(application, held, state):
    assert {found for found, _ in states(application, "graph", held)} == {state}


def test_what_another_setting_needs_is_too_much_until_it_is_set():
    used = USED | {Need.NOTIFY}
    assert "do not need" in states("writer", "graph", WRITER | {"Mail.Send"}).pop()[1]
    assert "every mailbox" in states("writer", "graph", WRITER | {"Mail.Send"}, used).pop()[1]


def test_a_mailbox_role_that_exchange_gives_is_in_no_token():
    assert {state for state, _ in states("writer", "graph", WRITER, USED | {Need.NOTIFY})} == {"ok"}
