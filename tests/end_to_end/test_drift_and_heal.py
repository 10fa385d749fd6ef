"""Somebody tampers; drift says so and heal puts back what was last applied, and nothing newer."""

from typing import Any

import pytest

REDIRECT = "RC-1 Redirect to single contact"
NAMED = "Named mailboxes or services"


def names(rule: dict[str, Any], parameter: str) -> list[str]:
    """The addresses that a rule's parameter holds, lower case and sorted."""
    return sorted(str(value).lower() for value in rule[parameter] or [])


@pytest.fixture
def applied(council: Any) -> Any:
    """Two redirects, a refusal, a Junk case and a councillor's choice, in step."""
    council.in_force(
        council.case("RC-1", Addresses="one@post.example\ntwo@post.example"),
        council.case("RC-2"),
        council.case("RC-3", Measure="Refuse with notice"),
        council.case(
            "RC-4",
            Measure="Junk in named mailboxes",
            Scope=NAMED,
            ScopeMailboxes="planning@ash.example",
            SpocMailbox="",
        ),
        choices=[council.choice(council.councillors[0], "pat@post.example", "Junk Email")],
    )
    return council


def disabled(council: Any) -> None:
    council.cmdlet("Disable-TransportRule", Identity=REDIRECT)


def other_senders(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, **council.senders("somebody@else.example"))


def fewer_senders(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, **council.senders("one@post.example"))


def no_senders(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, **council.senders())


def exception_added(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, ExceptIfSubjectContainsWords=["urgent"])


def other_target(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, RedirectMessageTo=["parks@ash.example"])


def no_end(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, ExpiryDate=None)


def renamed(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, Name="Something else")


def unstamped(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, Comments="")


def audited(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, Mode="Audit")


def exemptions_removed(council: Any) -> None:
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, ExceptIfSentTo=[])


EDITS = [
    (disabled, "State"),
    (other_senders, "senders"),
    (fewer_senders, "senders"),
    (no_senders, "senders"),
    (exception_added, "ExceptIfSubjectContainsWords"),
    (other_target, "RedirectMessageTo"),
    (no_end, "ExpiryDate"),
    (renamed, "Name"),
    (unstamped, "Comments"),
    (audited, "Mode"),
    (exemptions_removed, "ExceptIfSentTo"),
]


@pytest.mark.parametrize(("edit", "field"), EDITS, ids=[edit.__name__ for edit, _ in EDITS])
def test_an_edited_rule_is_drifted_and_healed(applied: Any, edit: Any, field: str) -> None:
    before = applied.rules()[REDIRECT]
    edit(applied)
    found = applied.drift()
    assert (found.exit_code, found.document["status"]) == (2, "differences")
    (finding,) = found.findings()
    assert (finding["class"], finding["case_ref"]) == ("drifted", "RC-1")
    changed = applied.sender_field if field == "senders" else field
    assert changed in {one["field"] for one in finding["fields"]}
    assert finding["changed_by"] == "E Admin"
    states = {line["case_ref"]: line["state"] for line in found.document["live"]}
    assert states == {"RC-1": "differs", "RC-2": "in_step", "RC-3": "in_step", "RC-4": "in_step"}

    healed = applied.heal()
    assert healed.exit_code == 0, healed.document
    assert [(change["action"], change["outcome"]) for change in healed.changes] == [("update", "applied")]
    after = applied.rules()[REDIRECT]
    derived = {"Priority", "WhenChanged", "LastModifiedBy", "Description", "DistinguishedName", "Name"}
    assert {key: value for key, value in after.items() if key not in derived} == {
        key: value for key, value in before.items() if key not in derived
    }
    assert applied.drift().exit_code == 0
    assert applied.plan().exit_code == 0


def test_a_rule_that_meets_everybodys_mail_is_critical(applied: Any) -> None:
    no_senders(applied)
    (finding,) = applied.drift().findings()
    assert finding["severity"] == "critical"


@pytest.mark.requirement("Y0-8", "M-14", "T-7")
def test_a_deleted_rule_is_missing_and_healed(applied: Any) -> None:
    applied.cmdlet("Remove-TransportRule", Identity=REDIRECT)
    found = applied.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["class"], finding["case_ref"]) == (2, "missing", "RC-1")
    assert found.document["live"][0]["state"] == "missing"
    assert applied.heal().exit_code == 0
    assert applied.rules()[REDIRECT]["State"] == "Enabled"
    assert (applied.drift().exit_code, applied.plan().exit_code) == (0, 0)


def test_rules_in_another_order_are_put_back(applied: Any) -> None:
    council = applied
    named = council.case(
        "RC-5", Addresses="one.more@post.example", Scope=NAMED, ScopeMailboxes="parks@ash.example"
    )
    item = council.add(by="officer@ash.example", **named["versions"][0]["fields"])
    council.edit(int(item), by="director@ash.example", Status="Approved")
    assert council.apply().exit_code == 0
    order = list(council.ours())
    assert order[0] == "RC-5 Redirect to single contact"
    council.cmdlet("Set-TransportRule", Identity=order[0], Priority=len(council.rules()) - 1)
    (finding,) = council.drift().findings()
    assert (finding["class"], [one["field"] for one in finding["fields"]]) == ("drifted", ["order"])
    assert council.heal().exit_code == 0
    assert list(council.ours()) == order
    assert council.drift().exit_code == 0


def test_a_foreign_rule_in_between_is_no_difference(applied: Any) -> None:
    applied.cmdlet("New-TransportRule", Name="New one", SubjectContainsWords=["x"], SetSCL=5, Priority=5)
    assert (applied.plan().exit_code, applied.drift().exit_code) == (0, 0)


def test_a_deleted_junk_rule_of_a_mailbox_is_missing_and_healed(applied: Any) -> None:
    (rule,) = applied.inbox_rules("planning@ash.example")
    applied.holder("planning@ash.example", "DELETE", f"/me/mailFolders/inbox/messageRules/{rule['id']}")
    found = applied.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["class"], finding["case_ref"]) == (2, "missing", "RC-4")
    assert applied.heal().exit_code == 0
    (again,) = applied.inbox_rules("planning@ash.example")
    assert {**again, "id": ""} == {**rule, "id": ""}
    assert applied.drift().exit_code == 0


def test_an_edited_junk_rule_is_drifted_and_healed(applied: Any) -> None:
    (rule,) = applied.inbox_rules("planning@ash.example")
    path = f"/me/mailFolders/inbox/messageRules/{rule['id']}"
    applied.holder("planning@ash.example", "PATCH", path, {"isEnabled": False})
    (finding,) = applied.drift().findings()
    assert (finding["class"], finding["case_ref"], finding["mailbox"]) == (
        "drifted",
        "RC-4",
        "planning@ash.example",
    )
    assert applied.heal().exit_code == 0
    assert applied.inbox_rules("planning@ash.example") == [rule]


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_a_councillors_own_change_is_said_and_stands(applied: Any, method: str) -> None:
    holder = applied.councillors[0]
    (rule,) = applied.inbox_rules(holder)
    path = f"/me/mailFolders/inbox/messageRules/{rule['id']}"
    applied.holder(holder, method, path, {"isEnabled": False} if method == "PATCH" else None)
    left = applied.inbox_rules(holder)
    found = applied.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["class"], finding["fields"]) == (0, "holders_choice", [])
    assert isinstance(finding["mailbox"], int)
    for verb in (applied.heal, applied.apply, applied.plan):
        answer = verb()
        assert (answer.exit_code, answer.changes) == (0, [])
    assert applied.inbox_rules(holder) == left
    assert [one["class"] for one in applied.drift().findings()] == ["holders_choice"]


def test_a_new_choice_after_a_deletion_makes_a_rule_again(applied: Any) -> None:
    holder = applied.councillors[0]
    (rule,) = applied.inbox_rules(holder)
    applied.holder(holder, "DELETE", f"/me/mailFolders/inbox/messageRules/{rule['id']}")
    applied.apply()
    applied.add(
        by=holder, title="Councillor mail choices", Title="pat@post.example", Handling="Category only"
    )
    assert applied.apply().exit_code == 0
    (made,) = applied.inbox_rules(holder)
    assert made["actions"].get("assignCategories")
    assert applied.drift().findings() == []


def test_a_deleted_choice_is_stopped(applied: Any) -> None:
    holder = applied.councillors[0]
    applied.delete(1, title="Councillor mail choices", by=holder)
    assert applied.apply().exit_code == 0
    assert applied.inbox_rules(holder) == []
    assert applied.plan().exit_code == 0


def held(council: Any) -> list[str]:
    """The senders of the rule as the tenant holds them."""
    return sorted(council.rules()[REDIRECT][council.sender_field])


def test_healing_brings_nothing_newer_from_the_register(applied: Any) -> None:
    disabled(applied)
    applied.edit(
        1, by="officer@ash.example", Addresses="one@post.example\ntwo@post.example\nnew@post.example"
    )
    applied.edit(1, by="director@ash.example", Status="Approved")
    applied.edit(2, by="officer@ash.example", SpocMailbox="parks@ash.example")
    applied.edit(2, by="director@ash.example", Status="Approved")
    assert applied.heal().exit_code == 0
    rules = applied.rules()
    assert rules[REDIRECT]["State"] == "Enabled"
    assert held(applied) == applied.senders("one@post.example", "two@post.example")[applied.sender_field]
    assert names(rules["RC-2 Redirect to single contact"], "RedirectMessageTo") == ["contact@ash.example"]
    found = applied.drift()
    assert {one["class"] for one in found.findings()} == {"pending"}
    assert applied.apply().exit_code == 0
    assert set(applied.senders("new@post.example")[applied.sender_field]) <= set(held(applied))
    assert applied.drift().exit_code == 0


def test_healing_does_not_close_what_the_register_has_opened(applied: Any) -> None:
    applied.edit(1, by="clerk@ash.example", Status="Lifted")
    disabled(applied)
    assert applied.heal().exit_code == 0
    assert REDIRECT not in applied.rules()
    assert applied.drift().exit_code == 0


def test_a_change_on_both_sides_is_both(applied: Any) -> None:
    applied.cmdlet("Set-TransportRule", Identity=REDIRECT, RedirectMessageTo=["parks@ash.example"])
    applied.edit(1, by="officer@ash.example", SpocMailbox="housing@ash.example")
    applied.edit(1, by="director@ash.example", Status="Approved")
    (finding,) = applied.drift().findings()
    assert finding["class"] == "both"
    assert applied.apply().exit_code == 0
    assert names(applied.rules()[REDIRECT], "RedirectMessageTo") == ["housing@ash.example"]
    assert applied.drift().exit_code == 0


def test_what_is_pending_is_said(applied: Any) -> None:
    applied.edit(1, by="officer@ash.example", EndsOn="2027-04-30")
    applied.edit(1, by="director@ash.example", Status="Approved")
    found = applied.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["class"]) == (2, "pending")


def test_since_stays_while_a_difference_lasts(applied: Any) -> None:
    disabled(applied)
    first = applied.drift().findings()[0]["since"]
    applied.clock("2026-11-24T09:00:00Z")
    assert applied.drift().findings()[0]["since"] == first == "2026-11-23T09:00:00Z"


def test_all_at_once_from_the_command_line(applied: Any) -> None:
    disabled(applied)
    applied.cmdlet(
        "Set-TransportRule", Identity="RC-2 Redirect to single contact", **applied.senders("a@b.example")
    )
    applied.cmdlet("Remove-TransportRule", Identity="RC-3 Refuse with notice")
    found = applied.shell("drift", "--json")
    assert found.exit_code == 2
    assert sorted(one["class"] for one in found.findings()) == ["drifted", "drifted", "missing"]
    assert applied.shell("heal", "--approve", "--json").exit_code == 0
    assert applied.drift().exit_code == 0
