from dataclasses import replace

import pytest

from m365_restrict.plan.change import Action
from m365_restrict.register.case import Measure
from m365_restrict.script.steps import NotByScript, why_not, write_steps


@pytest.fixture
def changed(council, plan_of):
    """The one change of a case whose addresses were edited after it was applied."""
    desired = council.compile([council.case(addresses=("a@post.example", "b@post.example"))])
    before = council.compile([council.case(addresses=("a@post.example",))])
    tenant = council.tenant(before)
    (change,) = plan_of(desired, tenant, council.applied(before, tenant)).changes
    return change


@pytest.fixture
def created(council, plan_of):
    desired = council.compile([council.case()])
    (change,) = plan_of(desired, council.tenant(council.compile([]))).changes
    return change


def test_a_creation_finds_its_rule_by_name_and_is_undone_by_removing_it(created):
    (written,) = write_steps([created], {})
    assert (written.step.guid, written.step.before, written.step.after) == ("", None, created.target)
    assert written.undo is not None
    assert (written.undo.action, written.undo.before, written.undo.send) == (
        Action.DELETE,
        created.target,
        {},
    )


def test_a_change_is_undone_on_the_same_rule_with_what_was_seen(changed):
    (written,) = write_steps([changed], {})
    assert written.step.guid == changed.observed.guid
    assert written.undo is not None
    assert (written.undo.guid, written.undo.send["From"]) == (changed.observed.guid, ("a@post.example",))
    assert (written.undo.before, written.undo.after) == (changed.target, changed.observed.properties)


def test_a_removed_rule_is_made_again_where_it_stood(changed):
    removal = replace(changed, action=Action.DELETE, target=None)
    (written,) = write_steps([removal], {})
    assert written.step.send == {}
    assert written.undo is not None
    assert (written.undo.action, written.undo.guid) == (Action.CREATE, "")
    assert (written.undo.priority, written.undo.send["From"]) == (0, ("a@post.example",))


def test_creations_that_do_not_go_ahead_leave_later_ones_higher(created):
    placed = replace(created, priority=4)
    assert write_steps([placed], {created.key: 3})[0].step.priority == 1


def test_a_rule_that_met_all_mail_is_never_brought_back(changed):
    bare = {name: value for name, value in changed.observed.properties.items() if name != "From"}
    broken = replace(changed, observed=replace(changed.observed, properties=bare))
    (written,) = write_steps([broken], {})
    assert written.undo is None
    assert "met all mail" in written.why_not_undone


@pytest.mark.parametrize("senders", [None, ()])
def test_a_rule_without_senders_is_never_written(created, senders):
    target = {name: value for name, value in created.target.items() if name != "From"}
    bare = replace(created, target=target if senders is None else {**target, "From": senders})
    assert "sender condition" in why_not(bare)
    with pytest.raises(NotByScript):
        write_steps([bare], {})


def test_an_inbox_rule_is_not_written_by_script(council, plan_of):
    desired = council.compile(
        [council.case(measure=Measure.JUNK, scope_mailboxes=("planning@ash.example",), spoc_mailbox="")]
    )
    tenant = council.tenant(council.compile([]))
    tenant.inbox["planning@ash.example"] = []
    (change,) = plan_of(desired, tenant).changes
    assert "inbox rule" in why_not(change)
