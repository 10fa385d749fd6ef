"""Tenants that behave otherwise and services that fail: nothing is enabled unproven or removed unseen."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

PAT, OFFICER = "pat@post.example", "officer@ash.example"
REDIRECT = "RC-1 Redirect to single contact"
NAMED = "Named mailboxes or services"
TAKES_FROM = pytest.mark.behaviour(from_external=True, reason="it is about rules that name senders by From")
THIRTY_MINUTES = {"propagation_minutes": 30, "propagation_lags": []}
MADE_DISABLED = pytest.mark.behaviour(drop_parameter=None, reason="New alone brings such a rule into force")


@pytest.mark.parametrize(
    ("dropped", "measure"),
    [
        pytest.param("From", "Redirect to single contact", marks=TAKES_FROM),
        pytest.param("From", "Refuse with notice", marks=TAKES_FROM),
        ("ExceptIfSentTo", "Redirect to single contact"),
        ("ExceptIfSentToMemberOf", "Redirect to single contact"),
        ("ExpiryDate", "Copy to single contact"),
        ("RedirectMessageTo", "Redirect to single contact"),
        ("Enabled", "Redirect to single contact"),
    ],
)
def test_a_rule_that_lost_a_parameter_is_never_enabled(council: Any, dropped: str, measure: str) -> None:
    council.plant(council.case("RC-1", Measure=measure), behaviour={"drop_parameter": dropped})
    applied = council.apply()
    if dropped == "Enabled":
        # The rule came up enabled, whole as it was sent: nothing is wrong with it.
        assert applied.exit_code == 0
        return
    assert (applied.exit_code, applied.document["status"]) == (4, "partial")
    assert [change["outcome"] for change in applied.changes] == ["failed"]
    assert [rule for rule in council.ours().values() if rule["State"] == "Enabled"] == []
    assert "Enable-TransportRule" not in {one["cmdlet"] for one in council.requests()}
    assert council.mail(PAT, [OFFICER])[0]["outcome"] == "delivered"


@TAKES_FROM
def test_a_dropped_sender_in_an_update_disables_the_rule(council: Any) -> None:
    council.in_force(council.case("RC-1", Addresses=f"{PAT}\nother@post.example"))
    council.cmdlet("Set-TransportRule", Identity=REDIRECT, From=[])
    council.sandbox.tenant.store.put(
        "tenant",
        "tenant",
        {
            **council.sandbox.tenant.document,
            "behaviour": {**council.sandbox.tenant.document["behaviour"], "drop_parameter": "From"},
        },
    )
    healed = council.heal()
    assert healed.exit_code == 4
    assert council.rules()[REDIRECT]["State"] == "Disabled"


def test_a_tenant_that_refuses_outside_addresses_says_so_and_patterns_work(council: Any) -> None:
    council.plant(council.case("RC-1", Addresses=PAT), behaviour={"from_external": False})
    failed = council.apply(settings={"RULES__SENDER_MATCH": "from"})
    assert failed.exit_code == 4
    (change,) = failed.changes
    assert change["outcome"] == "failed"
    assert "patterns" in change["reason"]
    assert council.ours() == {}

    assert council.apply(settings={"RULES__SENDER_MATCH": "patterns"}).exit_code == 0
    assert council.mail(PAT, [OFFICER])[0]["outcome"] == "redirected"
    for neighbour in ("xpat@post.example", "pat@post.example.org", "pat@postxexample"):
        assert council.mail(neighbour, [OFFICER])[0]["outcome"] == "delivered"
    assert council.drift(settings={"RULES__SENDER_MATCH": "patterns"}).exit_code == 0


def test_rules_that_take_time_to_act_are_verified_all_the_same(council: Any) -> None:
    council.plant(council.case("RC-1", Addresses=PAT), behaviour=THIRTY_MINUTES)
    applied = council.apply()
    assert applied.exit_code == 0
    assert "30 minutes" in applied.changes[0]["reason"]
    assert council.mail(PAT, [OFFICER])[0]["outcome"] == "delivered"
    assert council.plan().exit_code == 0
    council.clock("2026-11-23T09:30:00Z")
    assert council.mail(PAT, [OFFICER])[0]["outcome"] == "redirected"


def test_junk_under_its_well_known_name_is_the_same_folder(council: Any) -> None:
    holder = council.councillors[0]
    council.in_force(choices=[council.choice(holder, PAT, "Junk Email")], behaviour={"junkemail_as_id": True})
    assert (council.plan().exit_code, council.plan().changes) == (0, [])


@pytest.mark.parametrize("status", [403, 400])
def test_unread_transport_rules_are_unknown_and_nothing_is_written(council: Any, status: int) -> None:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    council.edit(1, by="clerk@ash.example", Status="Lifted")
    council.fault("status", status=status, times=50, cmdlet="Get-TransportRule")
    for verb in (council.plan, council.apply, council.heal, council.drift):
        answer = verb()
        assert (answer.exit_code, answer.document["status"]) == (4, "partial")
        assert [one["scope"] for one in answer.document["unknown"]] == ["transport rules"]
    assert council.rule_writes() == []
    found = council.drift()
    assert {line["state"] for line in found.document["live"]} == {"unknown"}
    assert council.run("explain", address=PAT).exit_code == 1


def test_a_service_that_recovers_is_waited_for(council: Any) -> None:
    council.plant(council.case("RC-1"))
    council.fault("status", status=503, times=2, cmdlet="Get-TransportRule")
    assert council.apply().exit_code == 0


def test_one_unreadable_mailbox_leaves_the_others_alone(council: Any) -> None:
    a, b, *_ = council.councillors
    council.in_force(council.case("RC-1"))
    for who in (a, b):
        council.add(by=who, title="Councillor mail choices", Title=PAT, Handling="Category only")
    council.fault("status", status=403, times=50, path_regex=f"users/{a}/mailFolders/inbox/messageRules")
    applied = council.apply()
    assert applied.exit_code == 4
    assert len(applied.document["unknown"]) == 1
    assert a not in applied.stdout + applied.stderr
    assert (council.inbox_rules(a), len(council.inbox_rules(b))) == ([], 1)


def test_an_unreadable_mailbox_loses_nothing(council: Any) -> None:
    case = council.case(
        "RC-1", Measure="Junk in named mailboxes", Scope=NAMED, ScopeMailboxes="planning@ash.example"
    )
    council.in_force(case, council.case("RC-2"))
    council.edit(1, by="clerk@ash.example", Status="Lifted")
    council.fault("status", status=404, times=1, path_regex="inbox/messageRules")
    assert council.apply().exit_code == 4
    assert len(council.inbox_rules("planning@ash.example")) == 1
    assert council.apply().exit_code == 0
    assert council.inbox_rules("planning@ash.example") == []


def test_one_failed_write_leaves_the_others_alone(council: Any) -> None:
    council.plant(*(council.case(f"RC-{number}") for number in range(1, 4)))
    council.fault("status", status=400, cmdlet="New-TransportRule")
    applied = council.apply()
    assert applied.exit_code == 4
    assert sorted(change["outcome"] for change in applied.changes) == ["applied", "applied", "failed"]
    assert council.apply().exit_code == 0
    assert len(council.ours()) == 3
    assert council.drift().exit_code == 0


@pytest.mark.parametrize(
    "cmdlet", [pytest.param("Enable-TransportRule", marks=MADE_DISABLED), "New-TransportRule"]
)
def test_a_failure_half_way_is_finished_by_the_next_run(council: Any, cmdlet: str) -> None:
    council.plant(council.case("RC-1"))
    council.fault("status", status=500, cmdlet=cmdlet)
    assert council.apply().exit_code == 4
    assert council.apply().exit_code == 0
    assert council.rules()[REDIRECT]["State"] == "Enabled"
    assert (council.plan().exit_code, council.drift().exit_code) == (0, 0)


@pytest.mark.parametrize("path", ["/lists/", "/items", "/versions", "/groups"])
def test_a_register_that_cannot_be_read_stops_the_run(council: Any, path: str) -> None:
    council.in_force(council.case("RC-1"))
    council.edit(1, by="clerk@ash.example", SpocMailbox="parks@ash.example")
    council.fault("status", status=403, times=50, path_regex=path)
    stopped = council.apply()
    assert stopped.exit_code in {1, 3, 5, 7}
    assert council.rule_writes() == []
    assert len(council.ours()) == 1


def test_an_unreadable_councillors_group_captures_nobody_more(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    council.add(by="officer@ash.example", **council.case("RC-2")["versions"][0]["fields"])
    council.edit(3, by="director@ash.example", Status="Approved")
    council.fault("status", status=403, times=50, path_regex="transitiveMembers")
    held = council.apply()
    assert held.exit_code == 3
    assert "councillors-unreadable" in {guard["code"] for guard in held.document["guards"]}
    assert list(council.ours()) == [REDIRECT]


@pytest.mark.parametrize("who", ["contact@ash.example", "monitoring@ash.example", "councillors@ash.example"])
def test_a_recipient_that_cannot_be_looked_up_is_unknown(council: Any, who: str) -> None:
    council.in_force(council.case("RC-1"))
    council.cmdlet("Disable-TransportRule", Identity=REDIRECT)
    council.fault("status", status=400, times=99, cmdlet="Get-Recipient")
    for verb in (council.plan, council.apply, council.drift):
        answer = verb()
        assert answer.exit_code in {3, 4}
        assert who in {one["scope"] for one in answer.document["unknown"]}
    assert council.rule_writes() == []


def test_a_councillor_who_cannot_be_looked_up_is_told_without_the_address(council: Any) -> None:
    council.plant(choices=[council.choice(council.councillors[11], PAT, "Junk Email")])
    council.fault("status", status=400, times=99, cmdlet="Get-Recipient")
    answer = council.plan()
    assert "a councillor's mailbox" in {one["scope"] for one in answer.document["unknown"]}
    assert council.councillors[11] not in answer.stdout + answer.stderr


def test_a_wrong_secret_is_a_plain_failure(council: Any) -> None:
    council.plant(council.case("RC-1"))
    refused = council.plan(settings={"AUTH__READER__CLIENT_SECRET": "wrong"})
    assert (refused.exit_code, refused.document["error"]["code"]) == (5, "sign-in-failed")
    assert "reader" in refused.document["error"]["message"]


def test_a_certificate_signs_in_as_a_secret_does(council: Any) -> None:
    council.in_force(council.case("RC-1"))
    env = council.sandbox.env
    names = ("AUTH__READER__CERTIFICATE_PATH", "AUTH__WRITER__CERTIFICATE_PATH")
    council.edit(1, by="clerk@ash.example", Status="Lifted")
    applied = council.apply(settings={name: env[f"M365_RESTRICT_{name}"] for name in names})
    assert applied.exit_code == 0
    assert council.ours() == {}


STRANGER = "stranger@else.example"


def from_now_on(council: Any, **behaviour: Any) -> None:
    """The tenant behaves otherwise from now on."""
    document = council.sandbox.tenant.document
    changed = {**document, "behaviour": {**document["behaviour"], **behaviour}}
    council.sandbox.tenant.store.put("tenant", "tenant", changed)


def untouched(council: Any) -> bool:
    """Whether mail of somebody whom no case names arrives as it always did."""
    (copy,) = council.mail(STRANGER, [OFFICER])
    return (copy["outcome"], copy["folder"], copy["rules"]) == ("delivered", "Inbox", [])


@pytest.mark.parametrize("measure", ["Redirect to single contact", "Refuse with notice"])
@pytest.mark.parametrize("match", ["from", "patterns"])
def test_a_sender_that_is_dropped_when_a_rule_is_made_touches_nobody(
    council: Any, measure: str, match: str
) -> None:
    dropped = "From" if match == "from" else "FromAddressMatchesPatterns"
    council.plant(
        council.case("RC-1", Measure=measure), council.case("RC-2"), behaviour={"drop_parameter": dropped}
    )
    assert council.apply(settings={"RULES__SENDER_MATCH": match}).exit_code == 4
    assert untouched(council)
    assert {one["State"] for one in council.ours().values()} <= {"Disabled"}
    log = council.requests()
    assert {one["cmdlet"] for one in log} & {"Enable-TransportRule"} == set()


@TAKES_FROM
def test_a_sender_that_is_dropped_from_one_new_rule_alone_touches_nobody(council: Any) -> None:
    council.plant(council.case("RC-1"), council.case("RC-2"))
    council.fault("drop_parameter", cmdlet="New-TransportRule")
    council.apply()
    assert untouched(council)
    assert all(rule["From"] for rule in council.ours().values() if rule["State"] == "Enabled")


@TAKES_FROM
@pytest.mark.parametrize(
    ("match", "dropped"), [("patterns", "FromAddressMatchesPatterns"), ("from", "From")], ids=str
)
def test_a_sender_that_is_dropped_from_an_update_touches_nobody_once_it_is_read_back(
    council: Any, match: str, dropped: str
) -> None:
    """The rule changes from one sender condition to the other, and the new one never arrives."""
    before = "from" if match == "patterns" else "patterns"
    council.plant(council.case("RC-1"), council.case("RC-2"))
    assert council.apply(settings={"RULES__SENDER_MATCH": before}).exit_code == 0
    from_now_on(council, drop_parameter=dropped)
    assert council.apply(settings={"RULES__SENDER_MATCH": match}).exit_code == 4
    assert untouched(council)
    assert all(
        rule["From"] or rule["FromAddressMatchesPatterns"]
        for rule in council.ours().values()
        if rule["State"] == "Enabled"
    )


NO_OFFSET = "the end of a rule is taken by the council's clock, whatever offset was sent"


@MADE_DISABLED
@pytest.mark.behaviour(clears_with="both", reason="a Set that empties nothing is not refused first")
@pytest.mark.behaviour(expiry_offset="ignored", reason=NO_OFFSET)
def test_an_end_that_was_taken_by_another_clock_is_sent_again_as_it_is_meant(council: Any) -> None:
    council.plant(council.case("RC-1", EndsOn="2027-06-30"))
    assert council.apply().exit_code == 0
    assert council.rules()[REDIRECT]["ExpiryDate"] == "2027-06-30T23:00:00.0000000+00:00"
    assert council.rules()[REDIRECT]["State"] == "Enabled"
    cmdlets = [one["cmdlet"] for one in council.rule_writes()]
    assert cmdlets == ["New-TransportRule", "Set-TransportRule", "Enable-TransportRule"]
    council.edit(1, by="officer@ash.example", EndsOn="2027-05-31")
    assert council.apply().exit_code == 0
    assert council.rules()[REDIRECT]["ExpiryDate"] == "2027-05-31T23:00:00.0000000+00:00"
    assert (council.plan().exit_code, council.drift().exit_code) == (0, 0)


@pytest.mark.behaviour(expiry_offset="honoured", reason="an end in winter comes back right under both")
def test_an_end_that_comes_back_right_is_sent_once(council: Any) -> None:
    council.plant(council.case("RC-1", EndsOn="2027-06-30"))
    assert council.apply().exit_code == 0
    assert [one["cmdlet"] for one in council.rule_writes()] == ["New-TransportRule", "Enable-TransportRule"]


@MADE_DISABLED
@pytest.mark.behaviour(expiry_offset="ignored", reason=NO_OFFSET)
def test_the_probe_says_that_an_end_can_be_kept_all_the_same(council: Any) -> None:
    council.plant(now="2027-05-03T09:00:00Z")
    answers = council.shell("doctor", "--probe", "--json").document["answers"]
    assert {one["question"]: one["value"] for one in answers}["expiry-kept"] == "yes"


CLEARS = "what empties a list in Set differs"


@pytest.mark.behaviour(expiry_offset="honoured", reason="an end that was taken otherwise is sent twice")
@pytest.mark.parametrize(
    "sets",
    [
        pytest.param(2, marks=pytest.mark.behaviour(clears_with="null", reason=CLEARS), id="null"),
        pytest.param(1, marks=pytest.mark.behaviour(clears_with="empty_list", reason=CLEARS), id="list"),
        pytest.param(1, marks=pytest.mark.behaviour(clears_with="both", reason=CLEARS), id="both"),
    ],
)
def test_an_exception_is_taken_away_as_the_tenant_takes_it(council: Any, sets: int) -> None:
    """The form that was refused is tried once; what worked is kept to in the rest of the run."""
    cases = [council.case(f"RC-{number}", AllowedRecipients="parks@ash.example") for number in (1, 2)]
    council.in_force(*cases)
    for item in (1, 2):
        council.edit(item, by="officer@ash.example", AllowedRecipients="")
        council.edit(item, by="director@ash.example", Status="Approved")
    applied = council.apply()
    assert applied.exit_code == 0, applied.document
    assert [one["cmdlet"] for one in council.rule_writes()] == ["Set-TransportRule"] * (sets + 1)
    for rule in council.ours().values():
        assert "parks@ash.example" not in (rule["ExceptIfSentTo"] or [])
    assert (council.plan().exit_code, council.drift().exit_code) == (0, 0)


@pytest.mark.behaviour(inside_senders="legacy_dn", reason="addresses of the council come back by other names")
def test_a_mailbox_that_graph_shows_by_another_name_is_known_by_it_and_no_other(council: Any) -> None:
    case = council.case("RC-1", Scope=NAMED, ScopeMailboxes="planning@ash.example")
    council.in_force(case, settings={"ENFORCE_WITH": "inbox_rules"})
    assert (council.plan().changes, council.drift().exit_code) == ([], 0)
    (rule,) = council.inbox_rules("planning@ash.example")
    (target,) = rule["actions"]["redirectTo"]
    assert "@" not in target["emailAddress"]["address"]

    elsewhere = {"redirectTo": [{"emailAddress": {"address": "parks@ash.example"}}]}
    path = f"/me/mailFolders/inbox/messageRules/{rule['id']}"
    changed = {"actions": {**rule["actions"], **elsewhere}}
    council.holder("planning@ash.example", "PATCH", path, changed)
    (finding,) = council.drift().findings()
    assert (finding["class"], [one["field"] for one in finding["fields"]]) == (
        "drifted",
        ["actions.redirectTo"],
    )
    assert council.heal().exit_code == 0
    (healed,) = council.inbox_rules("planning@ash.example")
    assert healed["actions"] == rule["actions"]
    assert council.drift().exit_code == 0


ANSWERS = tomllib.loads((Path(__file__).parents[2] / "tools" / "behaviour_rows.toml").read_text())["answer"]


@pytest.mark.parametrize(
    "_answer", [pytest.param(row["is"], marks=pytest.mark.behaviour(row["is"])) for row in ANSWERS]
)
def test_the_main_path_leads_to_the_same_end_under_every_answer(council: Any, _answer: str) -> None:
    """Made, read back, acting, edited by hand and healed, lifted: in every tenant that may be out there."""
    holder, planning = council.councillors[0], "planning@ash.example"
    council.plant(
        council.case("RC-1", Addresses=PAT, AllowedRecipients="housing@ash.example"),
        council.case(
            "RC-2",
            Addresses="junk@post.example",
            Measure="Junk in named mailboxes",
            Scope=NAMED,
            ScopeMailboxes=planning,
        ),
        council.case("RC-3", Measure="Refuse with notice", EndsOn="2027-01-31"),
        choices=[council.choice(holder, PAT, "Junk Email")],
    )
    applied = council.apply()
    assert applied.exit_code == 0, applied.document
    assert (council.plan().changes, council.drift().exit_code) == ([], 0)
    assert [copy["outcome"] for copy in council.mail(PAT, [OFFICER])] == ["redirected"]
    assert [copy["outcome"] for copy in council.mail("rc-3@post.example", [OFFICER])] == ["rejected"]
    assert [copy["folder"] for copy in council.mail("junk@post.example", [planning])] == ["Junk Email"]
    assert [copy["folder"] for copy in council.mail(PAT, [holder])] == ["Junk Email"]
    assert [copy["folder"] for copy in council.mail(PAT, ["housing@ash.example"])] == ["Inbox"]
    assert untouched(council)

    council.cmdlet("Set-TransportRule", Identity=REDIRECT, RedirectMessageTo=["parks@ash.example"])
    council.edit(1, by="officer@ash.example", AllowedRecipients="")
    council.edit(1, by="director@ash.example", Status="Approved")
    assert (council.drift().exit_code, council.heal().exit_code) == (2, 0)
    assert council.apply().exit_code == 0
    assert [copy["mailbox"] for copy in council.mail(PAT, ["housing@ash.example"])] == ["contact@ash.example"]
    council.edit(1, by="clerk@ash.example", Status="Lifted")
    assert council.apply().exit_code == 0
    assert (council.plan().changes, council.drift().exit_code) == ([], 0)
    assert [copy["outcome"] for copy in council.mail(PAT, [OFFICER])] == ["delivered"]
