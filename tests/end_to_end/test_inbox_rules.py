"""ENFORCE_WITH=inbox_rules: Graph alone, named mailboxes, and not one request to Exchange."""

from typing import Any

import pytest

NAMED = "Named mailboxes or services"
MODE = {"ENFORCE_WITH": "inbox_rules"}
PLANNING, PARKS, CONTACT = "planning@ash.example", "parks@ash.example", "contact@ash.example"
RULES = "/me/mailFolders/inbox/messageRules"


class ByGraph:
    """The council, and the program without any Exchange role."""

    def __init__(self, council: Any) -> None:
        self.council = council

    def plant(self, *cases: Any, **seed: Any) -> None:
        settings = {**MODE, **seed.pop("settings", {})}
        self.council.plant(*cases, settings=settings, **seed)
        self.council.requests()

    def in_force(self, *cases: Any, **seed: Any) -> None:
        self.plant(*cases, **seed)
        done = self.council.apply()
        assert done.exit_code == 0, done.document
        self.council.requests()

    def ours(self, mailbox: str) -> list[dict[str, Any]]:
        return [one for one in self.council.inbox_rules(mailbox) if "Council mail" in one["displayName"]]


def named(council: Any, reference: str, measure: str = "Redirect to single contact", **fields: Any) -> Any:
    """A case about two named mailboxes."""
    usual = {"Measure": measure, "Scope": NAMED, "ScopeMailboxes": f"{PLANNING}\n{PARKS}"}
    return council.case(reference, **{**usual, **fields})


@pytest.fixture
def by_graph(council: Any) -> ByGraph:
    return ByGraph(council)


def test_plan_apply_and_nothing_left_to_do(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.plant(named(council, "RC-2026-001"))
    planned, applied = council.plan(), council.apply()
    assert (planned.exit_code, applied.exit_code) == (2, 0), applied.document
    assert [(one["kind"], one["action"]) for one in planned.changes] == [("inbox_rule", "create")] * 2
    again, drifted = council.plan(), council.drift()
    assert (again.exit_code, again.changes) == (0, [])
    assert (drifted.exit_code, drifted.document["findings"]) == (0, [])
    assert [one["state"] for one in drifted.document["live"]] == ["in_step"]


def test_nothing_is_asked_of_exchange(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.plant(named(council, "RC-2026-001"))
    for run in (council.plan, council.apply, council.drift, council.heal):
        run()
    council.run("explain", address="rc-2026-001@post.example")
    asked = council.requests()
    assert len(asked) > 10
    assert [one for one in asked if one["cmdlet"]] == []


@pytest.mark.parametrize("measure", ["Redirect to single contact", "File without reply"])
def test_mail_is_sent_on_and_the_original_put_away(by_graph: ByGraph, measure: str) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001", measure))
    first, onward = council.mail("rc-2026-001@post.example", [PLANNING])
    assert (first["outcome"], first["mailbox"], first["folder"]) == ("delivered", PLANNING, "Archive")
    assert (onward["mailbox"], onward["folder"]) == (CONTACT, "Inbox")
    assert council.folder(CONTACT, "Inbox")[0]["from"] == "rc-2026-001@post.example"


def test_a_copy_leaves_the_original_in_the_inbox(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001", "Copy to single contact"))
    first, onward = council.mail("rc-2026-001@post.example", [PLANNING])
    assert (first["folder"], onward["mailbox"]) == ("Inbox", CONTACT)


def test_mail_of_others_and_to_others_is_left_alone(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001"))
    elsewhere = council.mail("rc-2026-001@post.example", ["officer@ash.example", council.councillors[0]])
    others = council.mail("somebody@post.example", [PLANNING])
    assert [one["folder"] for one in [*elsewhere, *others]] == ["Inbox"] * 3


def test_allowed_recipients_stay_open(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001", "Allowed recipients only", AllowedRecipients=PARKS))
    copies = council.mail("rc-2026-001@post.example", [PLANNING, PARKS])
    assert [one["folder"] for one in copies[:2]] == ["Archive", "Inbox"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Measure": "Refuse with notice"}, "refuse-needs-mail-flow"),
        ({"Scope": "Whole council", "ScopeMailboxes": ""}, "whole-council-needs-mail-flow"),
        ({"ScopeMailboxes": "benefits@ash.example"}, "group-needs-mail-flow"),
        ({"Addresses": "\n".join(f"p{n}@post.example" for n in range(151))}, "too-many-addresses"),
        ({"ScopeMailboxes": "monitoring@ash.example"}, "scope-empty"),
    ],
)
def test_what_no_inbox_rule_can_do_is_refused(by_graph: ByGraph, fields: Any, code: str) -> None:
    council = by_graph.council
    by_graph.plant(named(council, "RC-2026-001", **fields), named(council, "RC-2026-002"))
    applied = council.apply()
    assert applied.refused == {"RC-2026-001": [code]}
    assert (applied.exit_code, len(by_graph.ours(PLANNING))) == (0, 1)
    assert council.run("validate").exit_code == 3


def test_at_most_25_mailboxes(by_graph: ByGraph) -> None:
    council = by_graph.council
    boxes = [f"desk{number}@ash.example" for number in range(26)]
    users = [*council.users, *({"upn": one} for one in boxes)]
    by_graph.plant(
        named(council, "RC-2026-001", ScopeMailboxes="\n".join(boxes)),
        named(council, "RC-2026-002", ScopeMailboxes="\n".join(boxes[:25])),
        users=users,
    )
    planned = council.plan()
    assert planned.refused == {"RC-2026-001": ["too-many-mailboxes"]}
    assert len(planned.changes) == 25


def test_a_member_of_an_exempt_group_is_left_out(by_graph: ByGraph) -> None:
    council = by_graph.council
    scope = f"caseworker@ash.example\n{PLANNING}"
    by_graph.in_force(
        named(council, "RC-2026-001", AllowedRecipients="benefits@ash.example", ScopeMailboxes=scope)
    )
    assert (len(by_graph.ours("caseworker@ash.example")), len(by_graph.ours(PLANNING))) == (0, 1)
    copies = council.mail("rc-2026-001@post.example", ["caseworker@ash.example"])
    assert [one["folder"] for one in copies] == ["Inbox"]


def test_a_lifted_case_is_opened(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001"))
    council.edit(1, by="officer@ash.example", Status="Lifted")
    applied = council.apply()
    assert [one["action"] for one in applied.changes] == ["delete", "delete"]
    assert (applied.exit_code, by_graph.ours(PLANNING)) == (0, [])


def test_a_case_past_its_end_is_opened_by_the_next_run(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001"))
    assert "until 28 March 2027" in by_graph.ours(PLANNING)[0]["displayName"]
    council.clock("2027-03-28T23:30:00Z")
    late = council.drift()
    assert {one["severity"] for one in late.findings("pending")} == {"critical"}
    assert council.apply().exit_code == 0
    assert by_graph.ours(PLANNING) == []


def test_an_edit_in_the_mailbox_is_drift_and_healed(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001"))
    rule = by_graph.ours(PLANNING)[0]
    to = [{"emailAddress": {"address": "officer@ash.example"}}]
    council.holder(
        PLANNING, "PATCH", f"{RULES}/{rule['id']}", {"actions": {**rule["actions"], "redirectTo": to}}
    )
    council.holder(PARKS, "DELETE", f"{RULES}/{by_graph.ours(PARKS)[0]['id']}")
    drifted = council.drift()
    assert sorted(one["class"] for one in drifted.document["findings"]) == ["drifted", "missing"]
    assert council.heal().exit_code == 0
    assert council.drift().exit_code == 0


def test_audit_mode_writes_rules_that_are_switched_off(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.plant(named(council, "RC-2026-001"), settings={"RULES__MODE": "audit"})
    applied = council.apply()
    assert (applied.exit_code, by_graph.ours(PLANNING)[0]["isEnabled"]) == (0, False)
    assert council.mail("rc-2026-001@post.example", [PLANNING])[0]["folder"] == "Inbox"
    enforced = council.apply(settings={"RULES__MODE": "enforce"})
    assert (enforced.exit_code, by_graph.ours(PLANNING)[0]["isEnabled"]) == (0, True)


def test_the_owners_own_rules_stay(by_graph: ByGraph) -> None:
    council = by_graph.council
    own = {"displayName": "Mine", "sequence": 3, "conditions": {"subjectContains": ["tender"]},
           "actions": {"markAsRead": True}}  # fmt: skip
    by_graph.in_force(named(council, "RC-2026-001"), inbox_rules={PLANNING: [own]})
    council.edit(1, by="officer@ash.example", Status="Lifted")
    council.apply()
    assert [one["displayName"] for one in council.inbox_rules(PLANNING)] == ["Mine"]


def test_a_councillor_who_chose_the_same_gets_a_rule_of_their_own(by_graph: ByGraph) -> None:
    council = by_graph.council
    cllr = council.councillors[0]
    by_graph.in_force(
        named(council, "RC-2026-001"), choices=[council.choice(cllr, "RC-2026-001", "Same as the council")]
    )
    assert council.mail("rc-2026-001@post.example", [cllr])[0]["folder"] == "Archive"
    assert council.mail("rc-2026-001@post.example", [council.councillors[1]])[0]["folder"] == "Inbox"
    assert cllr not in council.plan().stdout


def test_rules_from_before_are_reported_until_somebody_says_that_they_are_gone(by_graph: ByGraph) -> None:
    council = by_graph.council
    council.in_force(council.case("RC-2026-001"), named(council, "RC-2026-002"))
    council.edit(1, by="officer@ash.example", Status="Lifted")
    applied = council.apply(settings=MODE)
    assert applied.exit_code == 0
    found = council.run("drift", settings=MODE)
    left = [one for one in found.document["findings"] if one["code"] == "transport-rule-left-behind"]
    assert sorted((one["case_ref"], one["severity"], one["class"]) for one in left) == [
        ("RC-2026-001", "critical", "orphan"),
        ("RC-2026-002", "high", "orphan"),
    ]
    assert (found.exit_code, len(council.ours())) == (2, 2)
    for name in list(council.ours()):
        council.cmdlet("Remove-TransportRule", Identity=name)
        said = council.shell("disown", name, "--reason", "Removed by hand", "--json", **MODE)
        assert said.exit_code == 0, said.stdout + said.stderr
    assert council.run("drift", settings=MODE).exit_code == 0


def test_rules_that_have_expired_by_themselves_are_not_reported(by_graph: ByGraph) -> None:
    council = by_graph.council
    council.in_force(council.case("RC-2026-001"))
    council.clock("2027-03-29T09:00:00Z")
    assert council.run("drift", settings=MODE).document["findings"] == []


def test_going_to_mail_flow_replaces_inbox_rules_by_transport_rules(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001"))
    settings = {"ENFORCE_WITH": "mail_flow", "RULES__SETTLE_MINUTES": "0"}
    assert council.apply(settings=settings).exit_code == 0
    assert (by_graph.ours(PLANNING), len(council.ours())) == ([], 1)
    assert council.plan(settings=settings).changes == []


def test_inbox_rules_stay_until_the_transport_rules_have_settled(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001"))
    settings = {"ENFORCE_WITH": "mail_flow", "RULES__SETTLE_MINUTES": "60"}
    council.apply(settings=settings)
    assert (len(by_graph.ours(PLANNING)), len(council.ours())) == (1, 1)
    council.clock("2026-11-23T10:30:00Z")
    assert council.apply(settings=settings).exit_code == 0
    assert by_graph.ours(PLANNING) == []


def test_a_mailbox_without_its_folder_refuses_the_case(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.plant(named(council, "RC-2026-001"))
    store = council.sandbox.tenant.store
    for key, document in store.all("folders"):
        kept = [one for one in document["folders"] if one["path"] != "Archive"]
        store.put("folders", key, {"folders": kept})
    assert council.plan().refused == {"RC-2026-001": ["folder-of-rule-missing"]}
    assert council.apply().changes == []


def test_explain_tells_where_mail_goes(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001"))
    told = council.run("explain", address="rc-2026-001@post.example", recipients=(PLANNING,))
    assert [(one["mailbox"], one["folder"]) for one in told.document["copies"]] == [
        (PLANNING, "Archive"),
        (CONTACT, "Inbox"),
    ]
    assert "Without an Exchange role" in " ".join(told.document["because"])


def test_a_contact_that_another_case_puts_away_stops_the_case(by_graph: ByGraph) -> None:
    """A message is redirected once, and what reaches the contact would be put away there (exchange.md 3)."""
    council = by_graph.council
    shared = {"Addresses": "one@post.example"}
    by_graph.plant(
        named(council, "RC-2026-001", ScopeMailboxes=PLANNING, **shared),
        named(council, "RC-2026-002", ScopeMailboxes=CONTACT, SpocMailbox=PARKS, **shared),
    )
    applied = council.apply()
    assert (applied.exit_code, by_graph.ours(PLANNING)) == (3, [])
    assert "proof-failed" in {one["code"] for one in applied.document["guards"]}


def test_switching_many_cases_off_by_a_setting_is_held_back(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(*(named(council, f"RC-2026-00{number}") for number in (1, 2, 3)))
    done = council.apply(settings={"RULES__MODE": "audit", "SAFETY__MAX_REMOVALS": "1"})
    assert done.exit_code == 3
    assert {one["isEnabled"] for one in by_graph.ours(PLANNING)} == {True}


def test_sending_many_cases_to_another_mailbox_is_held_back(by_graph: ByGraph) -> None:
    council = by_graph.council
    by_graph.in_force(*(named(council, f"RC-2026-00{number}") for number in (1, 2, 3)))
    for item in (1, 2, 3):
        council.edit(item, by="officer@ash.example", SpocMailbox="housing@ash.example", Status="Proposed")
        council.edit(item, by="director@ash.example", Status="Approved")
    done = council.apply(settings={"SAFETY__MAX_REMOVALS": "1"})
    assert "too-many-reroutings" in {one["code"] for one in done.document["guards"]}
    assert done.exit_code == 3


def test_a_case_is_closed_though_exchange_cannot_be_searched(by_graph: ByGraph, life: Any) -> None:
    council = by_graph.council
    by_graph.in_force(named(council, "RC-2026-001"), settings=dict(life.settings))
    council.edit(1, by="officer@ash.example", Status="Lifted")
    council.apply()
    done = life.reviews("2026-11-24")
    assert (done["unknown"], done["closed"]) == ([], ["RC-2026-001"])
