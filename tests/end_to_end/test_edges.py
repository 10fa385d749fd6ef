"""Registers and tenants as they really are: aliases, long lists, odd references, people who come and go."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

PAT, OFFICER, CONTACT = "pat@post.example", "officer@ash.example", "contact@ash.example"
REDIRECT = "RC-1 Redirect to single contact"
NAMED = "Named mailboxes or services"


def in_step(council: Any) -> bool:
    """Whether a second plan and drift find nothing, of any class."""
    planned, found = council.plan(), council.drift()
    return (planned.exit_code, planned.changes, found.exit_code, found.findings()) == (0, [], 0, [])


def fate(council: Any, sender: str, recipient: str) -> tuple[str, str]:
    (copied,) = council.mail(sender, [recipient])
    return copied["outcome"], copied["mailbox"]


def test_aliases_stand_for_their_mailboxes(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=PAT, SpocMailbox="Contact.Point@ash.example"))
    assert fate(council, PAT, OFFICER) == ("redirected", CONTACT)
    assert fate(council, PAT, "contact.point@ash.example") == ("delivered", CONTACT)
    assert in_step(council)


def test_upper_case_in_every_address_column(council: Any) -> None:
    council.in_force(
        council.case(
            "RC-1",
            Addresses=PAT.upper(),
            SpocMailbox=CONTACT.upper(),
            AllowedRecipients="PARKS@ASH.EXAMPLE",
            Scope=NAMED,
            ScopeMailboxes="PLANNING@ASH.EXAMPLE\nBENEFITS@ASH.EXAMPLE",
        )
    )
    assert fate(council, PAT, "planning@ash.example") == ("redirected", CONTACT)
    assert fate(council, PAT, "caseworker@ash.example") == ("redirected", CONTACT)
    assert in_step(council)


TAKES_FROM = pytest.mark.behaviour(from_external=True, reason="it is about rules that name senders by From")


@pytest.mark.parametrize("match", [pytest.param("from", marks=TAKES_FROM), "patterns"])
def test_many_addresses_are_split_over_numbered_rules(council: Any, match: str) -> None:
    addresses = [f"person.number.{number}@some-long-domain-name.example" for number in range(150)]
    settings = {"RULES__SENDER_MATCH": match}
    council.in_force(council.case("RC-1", Addresses="\n".join(addresses)), settings=settings)
    names = list(council.ours())
    assert len(names) > 1
    assert names == [f"{REDIRECT} ({number})" for number in range(1, len(names) + 1)]
    for address in (addresses[0], addresses[74], addresses[149]):
        assert fate(council, address, OFFICER) == ("redirected", CONTACT)
    assert in_step(council)
    council.edit(1, by="clerk@ash.example", Addresses="\n".join(addresses[:3]))
    assert council.apply().exit_code == 0
    assert fate(council, addresses[149], OFFICER) == ("delivered", OFFICER)
    assert fate(council, addresses[2], OFFICER) == ("redirected", CONTACT)
    assert in_step(council)


@pytest.mark.parametrize(
    "reference", ["RC/2026/014", "rc 2026 14", "RC-2026-014 (b)", "Cyfeirnod 7é", "RC-'1'", 'RC "1"', "RC*1"]
)
def test_references_of_any_shape_work_or_are_refused(council: Any, reference: str) -> None:
    council.plant(council.case(reference, Addresses=PAT), council.case("RC-1"))
    applied = council.apply()
    assert applied.exit_code == 0
    refused = bool(applied.document["refused"])
    assert fate(council, PAT, OFFICER)[0] == ("delivered" if refused else "redirected")
    assert fate(council, "rc-1@post.example", OFFICER)[0] == "redirected"
    assert council.plan().changes == []


@pytest.mark.parametrize("reference", ["", "  ", "x" * 80, "pat@post.example"])
def test_references_that_cannot_name_a_rule_are_refused_by_item(council: Any, reference: str) -> None:
    council.plant(council.case(reference, Addresses=PAT), council.case("RC-1"))
    applied = council.apply()
    assert applied.exit_code == 0
    assert len(applied.refused) == 1
    assert list(council.ours()) == [REDIRECT]
    assert not [one for one in applied.document["refused"] if "@" in one["case_ref"]]


def test_a_reference_twice_refuses_the_newer(council: Any) -> None:
    council.plant(council.case("RC-1", Addresses=PAT), council.case("rc-1", Addresses="two@post.example"))
    applied = council.apply()
    assert applied.refused == {"rc-1": ["duplicate-reference"]}
    assert list(council.ours()) == [REDIRECT]


def test_one_address_in_two_cases_with_disjoint_scopes(council: Any) -> None:
    council.in_force(
        council.case("RC-1", Addresses=PAT, Scope=NAMED, ScopeMailboxes="planning@ash.example"),
        council.case(
            "RC-2",
            Addresses=PAT,
            Scope=NAMED,
            ScopeMailboxes="parks@ash.example",
            Measure="Refuse with notice",
        ),
    )
    assert fate(council, PAT, "planning@ash.example")[0] == "redirected"
    assert fate(council, PAT, "parks@ash.example")[0] == "rejected"
    assert fate(council, PAT, OFFICER)[0] == "delivered"
    assert in_step(council)


@pytest.mark.parametrize(
    "unfit",
    [
        {"forwarding": "elsewhere@home.example"},
        {"accepts_external": False},
        {"mailbox": "user", "enabled": False},
        {"mailbox": "guest"},
        {"mailbox": "none"},
        {"mailbox": "on_premises"},
    ],
)
def test_a_target_that_is_not_fit_refuses_its_case(council: Any, unfit: dict[str, Any]) -> None:
    users = [{"upn": "unfit@ash.example", "mailbox": "shared", **unfit}, *council.users]
    council.plant(council.case("RC-1", SpocMailbox="unfit@ash.example"), council.case("RC-2"), users=users)
    applied = council.apply()
    assert applied.exit_code == 0
    assert list(applied.refused) == ["RC-1"]
    assert "unfit@ash.example" in applied.document["refused"][0]["message"]
    assert list(council.ours()) == ["RC-2 Redirect to single contact"]


def groups(council: Any, members: list[str]) -> list[dict[str, Any]]:
    made = copy.deepcopy(list(council.groups))
    made[0]["members"] = members
    return made


def test_a_new_councillor_is_exempt_after_the_next_run(council: Any) -> None:
    *old, new = council.councillors
    council.plant(council.case("RC-1", Addresses=PAT), groups=groups(council, old))
    assert council.apply().exit_code == 0
    assert fate(council, PAT, new)[0] == "redirected"
    council.join("councillors@ash.example", council.councillors)
    (change,) = council.plan().changes
    assert [one["field"] for one in change["fields"]] == ["ExceptIfSentTo"]
    assert council.apply().exit_code == 0
    assert fate(council, PAT, new)[0] == "delivered"
    assert in_step(council)


def test_a_councillor_who_leaves_loses_exemption_and_choices(council: Any) -> None:
    *others, leaver = council.councillors
    council.in_force(
        council.case("RC-1", Addresses=PAT), choices=[council.choice(leaver, "x@post.example", "Junk Email")]
    )
    council.join("councillors@ash.example", others)
    assert council.apply().exit_code == 0
    assert fate(council, PAT, leaver)[0] == "redirected"
    assert council.inbox_rules(leaver) == []
    assert in_step(council)


def test_councillors_in_nested_groups_are_exempt(council: Any) -> None:
    first, *others = council.councillors
    nested = [
        *groups(council, [first, "labour@ash.example"]),
        {"address": "labour@ash.example", "members": others},
    ]
    council.in_force(council.case("RC-1", Addresses=PAT), groups=nested)
    assert [fate(council, PAT, who)[0] for who in council.councillors] == ["delivered"] * 12
    assert in_step(council)


@pytest.mark.parametrize("kind", ["security", "m365", "dynamic"])
def test_councillors_in_groups_of_any_kind_are_exempt(council: Any, kind: str) -> None:
    made = groups(council, list(council.councillors))
    made[0]["kind"] = kind
    council.plant(council.case("RC-1", Addresses=PAT), groups=made)
    applied = council.apply()
    assert applied.exit_code in {0, 3}
    assert [fate(council, PAT, who)[0] for who in council.councillors] == ["delivered"] * 12


def test_protected_groups_are_exempt(council: Any) -> None:
    settings = {"POLICY__PROTECTED_MAILBOXES": "benefits@ash.example,monitoring@ash.example"}
    council.in_force(council.case("RC-1", Addresses=PAT), settings=settings)
    assert fate(council, PAT, "caseworker@ash.example")[0] == "delivered"
    assert in_step(council)


def test_rules_stand_first_where_the_settings_say_so(council: Any) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"), settings={"RULES__PLACE": "first"})
    assert list(council.rules())[:2] == [REDIRECT, "RC-2 Redirect to single contact"]
    assert in_step(council)


def test_named_scopes_stand_above_the_whole_council(council: Any) -> None:
    council.plant(council.case("RC-1"), council.case("RC-2"))
    council.apply()
    named = council.case("RC-3", Scope=NAMED, ScopeMailboxes="planning@ash.example")
    item = council.add(by=OFFICER, **named["versions"][0]["fields"])
    council.edit(int(item), by="director@ash.example", Status="Approved")
    assert council.apply().exit_code == 0
    assert [name[:4] for name in council.ours()] == ["RC-3", "RC-1", "RC-2"]
    assert in_step(council)


def test_a_choice_about_a_case_follows_its_addresses(council: Any) -> None:
    holder = council.councillors[0]
    council.in_force(
        council.case("RC-1", Addresses=PAT), choices=[council.choice(holder, "RC-1", "Move to folder")]
    )
    (rule,) = council.inbox_rules(holder)
    assert [one["emailAddress"]["address"] for one in rule["conditions"]["fromAddresses"]] == [PAT]
    council.edit(1, by="clerk@ash.example", Status="Lifted")
    assert council.apply().exit_code == 0
    assert council.inbox_rules(holder) == []
    assert council.plan().changes == []


def test_a_choice_ends_on_its_day_and_with_the_term(council: Any) -> None:
    a, b, *_ = council.councillors
    council.in_force(
        choices=[
            council.choice(a, PAT, "Junk Email", EndsOn="2026-12-31"),
            council.choice(b, PAT, "Junk Email"),
        ],
        settings={"POLICY__TERM_ENDS_ON": "2027-05-06"},
    )
    assert "6 May 2027" in council.inbox_rules(b)[0]["displayName"]
    council.clock("2027-01-01T00:00:00Z")
    assert council.apply().exit_code == 0
    assert (council.inbox_rules(a), len(council.inbox_rules(b))) == ([], 1)
    council.clock("2027-05-06T23:00:00Z")
    assert council.apply().exit_code == 0
    assert council.inbox_rules(b) == []


def test_the_later_of_two_choices_counts(council: Any) -> None:
    holder = council.councillors[0]
    council.in_force(
        choices=[council.choice(holder, PAT, "Junk Email"), council.choice(holder, PAT, "Leave in Inbox")]
    )
    assert council.inbox_rules(holder) == []


def test_results_go_to_files(council: Any, tmp_path: Path) -> None:
    council.in_force(council.case("RC-1"))
    shown = council.shell("drift", "--json", "-o", str(tmp_path / "drift.json"))
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert json.loads((tmp_path / "drift.json").read_text())["status"] == "in_step"


def test_a_mistyped_option_is_no_difference(council: Any) -> None:
    council.plant()
    assert council.shell("plan", "--jason").exit_code == 64


@pytest.mark.parametrize("address", ["not an address", "", "a@b, c@d"])
def test_explaining_what_is_no_address(council: Any, address: str) -> None:
    council.plant()
    refused = council.run("explain", address=address)
    assert refused.exit_code == 5
    assert refused.document["error"]["message"]


def test_explaining_an_address_of_nobody(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    told = council.run("explain", address="nobody@post.example", recipients=(OFFICER,))
    assert (told.exit_code, told.document["case_refs"], told.document["rules"]) == (0, [], [])
    assert [one["outcome"] for one in told.document["copies"]] == ["delivered"]
