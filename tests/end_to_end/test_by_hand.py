"""What people decide by hand, against the sandbox: waivers, openings, looking back, undoing."""

import json
import os
from datetime import UTC, date, datetime
from typing import Any

import jsonschema
import pytest

from m365_restrict.cli.by_hand import (
    EndOpening,
    EndWaiver,
    ListOpenings,
    ListWaivers,
    LookBack,
    Open,
    Undo,
    Waive,
    run_history,
    run_open,
    run_undo,
    run_waive,
)
from m365_restrict.cli.by_hand_session import Asked
from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger

RULE, OTHER = "RC-1 Redirect to single contact", "RC-2 Redirect to single contact"
SENDER, OFFICER, CONTACT = "rc-1@post.example", "officer@ash.example", "contact@ash.example"


@pytest.fixture
def by_hand(council: Any, capsys: Any) -> Any:
    """Carry out an order as its verb does; its exit code and its document, which follows its schema."""
    verbs: dict[str, Any] = {"waive": run_waive, "open": run_open, "history": run_history, "undo": run_undo}

    def _run(verb: str, order: Any, **settings: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        env = council.sandbox.env | {f"M365_RESTRICT_{name}": value for name, value in settings.items()}
        code = verbs[verb](order, Asked(output="json"), env)
        document = json.loads(capsys.readouterr().out)
        jsonschema.validate(document, json.loads((council.schemas / f"{verb}.json").read_text()))
        assert document["exit_code"] == code
        return code, document

    return _run


@pytest.fixture
def live(council: Any) -> Any:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    return council


def waive(by_hand: Any, finding: str, until: str = "2027-03-31", **more: Any) -> tuple[int, dict[str, Any]]:
    given = {"reason": "CHG-1042", "owner": "Head of ICT", **more}
    answer: tuple[int, dict[str, Any]] = by_hand(
        "waive", Waive(finding=finding, until=date.fromisoformat(until), **given)
    )
    return answer


def where(council: Any, sender: str = SENDER, recipient: str = OFFICER) -> str:
    (copy,) = council.mail(sender, [recipient])
    return str(copy["mailbox"])


def only(council: Any) -> dict[str, Any]:
    answer = council.drift()
    (finding,) = answer.findings()
    jsonschema.validate(answer.document, json.loads((council.schemas / "drift.json").read_text()))
    return {**finding, "exit_code": answer.exit_code}


class TestWaive:
    @pytest.fixture
    def moved(self, live: Any) -> Any:
        live.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
        live.requests()
        return live

    def test_a_waived_finding_is_told_and_neither_counts_nor_is_written_over(
        self, moved: Any, by_hand: Any
    ) -> None:
        found = only(moved)
        assert (found["exit_code"], found["waived"]) == (2, None)
        assert waive(by_hand, found["id"])[0] == 0
        again = only(moved)
        assert (again["exit_code"], again["code"], again["id"]) == (0, "rule-drifted", found["id"])
        accepted = {"number": 1, "owner": "Head of ICT", "reason": "CHG-1042", "until": "2027-03-31"}
        assert again["waived"] == accepted
        for verb in ("plan", "apply", "heal"):
            answer = moved.run(verb, approve=verb != "plan")
            (change,) = answer.changes
            assert (answer.exit_code, change["outcome"], change["waived"]) == (0, "skipped", True)
            assert "Head of ICT (waiver 1): CHG-1042" in change["reason"]
        assert moved.rule_writes() == []
        assert where(moved) == "parks@ash.example"
        text = moved.run("drift", output="text").stdout
        assert "Accepted until 2027-03-31 by Head of ICT (waiver 1): CHG-1042" in text

    def test_another_edit_brings_it_back_and_says_what_has_changed(self, moved: Any, by_hand: Any) -> None:
        found = only(moved)
        waive(by_hand, found["id"])
        moved.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["planning@ash.example"])
        back = only(moved)
        assert (back["exit_code"], back["code"], back["waived"]) == (2, "waiver-no-longer-fits", None)
        assert "changed since it was given: RedirectMessageTo." in back["message"]
        assert back["id"] == found["id"]
        assert moved.apply().exit_code == 0
        assert where(moved) == CONTACT

    def test_an_edit_of_another_property_brings_it_back_too(self, moved: Any, by_hand: Any) -> None:
        waive(by_hand, only(moved)["id"])
        moved.cmdlet("Set-TransportRule", Identity=RULE, PrependSubject="[Test]")
        back = only(moved)
        assert (back["exit_code"], back["code"]) == (2, "waiver-no-longer-fits")
        assert {one["field"] for one in back["fields"]} == {"RedirectMessageTo", "PrependSubject"}

    def test_its_last_day_counts_and_the_next_brings_it_back(self, moved: Any, by_hand: Any) -> None:
        waive(by_hand, only(moved)["id"], until="2026-11-24")
        moved.clock("2026-11-24T23:59:00Z")
        assert only(moved)["exit_code"] == 0
        moved.clock("2026-11-25T00:00:00Z")
        back = only(moved)
        assert (back["exit_code"], back["code"]) == (2, "waiver-ended")
        assert "Waiver 1 (Head of ICT) ended on 24 November 2026." in back["message"]
        assert moved.apply().exit_code == 0
        assert where(moved) == CONTACT

    def test_what_the_register_moves_beside_it_is_written_and_it_stays(
        self, moved: Any, by_hand: Any
    ) -> None:
        waive(by_hand, only(moved)["id"])
        moved.edit(1, by="clerk@ash.example", AllowedRecipients="housing@ash.example")
        planned = moved.plan()
        assert [one["waived"] for one in planned.changes] == [False, True]
        assert moved.apply().exit_code == 0
        assert where(moved) == "parks@ash.example"
        assert where(moved, recipient="housing@ash.example") == "housing@ash.example"
        assert (moved.plan().exit_code, only(moved)["exit_code"]) == (0, 0)
        moved.cmdlet("Set-TransportRule", Identity=RULE, PrependSubject="[Test]")
        assert only(moved)["code"] == "waiver-no-longer-fits"

    def test_another_decision_in_that_point_brings_it_back(self, moved: Any, by_hand: Any) -> None:
        waive(by_hand, only(moved)["id"])
        moved.edit(1, by=OFFICER, SpocMailbox="housing@ash.example")
        moved.edit(1, by="director@ash.example", Status="Approved")
        back = only(moved)
        assert back["code"] == "waiver-no-longer-fits"
        assert moved.apply().exit_code == 0
        assert where(moved) == "housing@ash.example"

    def test_a_lifted_case_goes_whatever_was_waived(self, moved: Any, by_hand: Any) -> None:
        waive(by_hand, only(moved)["id"])
        moved.edit(1, by="clerk@ash.example", Status="Lifted")
        assert moved.apply().exit_code == 0
        assert RULE not in moved.rules()

    def test_a_removed_rule_that_is_waived_is_not_made_again(self, live: Any, by_hand: Any) -> None:
        live.cmdlet("Remove-TransportRule", Identity=RULE)
        found = only(live)
        assert found["class"] == "missing"
        assert waive(by_hand, found["id"])[0] == 0
        answer = live.drift()
        assert answer.exit_code == 0
        assert [one["state"] for one in answer.document["live"]] == ["missing", "in_step"]
        assert live.apply().exit_code == 0
        assert live.heal().exit_code == 0
        assert RULE not in live.rules()
        assert by_hand("waive", EndWaiver(1))[0] == 0
        assert live.heal().exit_code == 0
        assert where(live) == CONTACT

    def test_a_rule_of_somebody_else_is_watched_as_a_whole(self, live: Any, by_hand: Any) -> None:
        live.cmdlet(
            "New-TransportRule",
            Name="Old block",
            From=[SENDER],
            RedirectMessageTo=["planning@ash.example"],
            StopRuleProcessing=True,
            Priority=0,
        )
        found = only(live)
        assert found["class"] == "foreign_effect"
        waive(by_hand, found["id"])
        assert only(live)["exit_code"] == 0
        live.cmdlet("Set-TransportRule", Identity="Old block", RedirectMessageTo=["housing@ash.example"])
        assert only(live)["code"] == "waiver-no-longer-fits"

    @pytest.mark.parametrize(
        ("parameters", "why"),
        [
            ({"ExceptIfSentToMemberOf": [], "ExceptIfSentTo": []}, "critical"),
            ({"From": [SENDER, "else@post.example"]}, "in {senders} the rule acts on mail"),
            ({"ExpiryDate": "2027-06-01T00:00:00Z"}, "in ExpiryDate the rule acts on mail"),
            ({"ExpiryDate": None}, "in ExpiryDate the rule acts on mail"),
            ({"RedirectMessageTo": ["somebody@else.example"]}, "would leave the organisation"),
        ],
    )
    def test_nobody_may_accept_what_no_decision_restricts(
        self, live: Any, by_hand: Any, parameters: dict[str, Any], why: str
    ) -> None:
        live.cmdlet("Set-TransportRule", Identity=RULE, **parameters)
        code, document = waive(by_hand, only(live)["id"])
        assert (code, document["error"]["code"]) == (3, "not-waivable")
        assert why.format(senders=live.sender_field) in document["error"]["message"]
        assert only(live)["exit_code"] == 2

    @pytest.mark.parametrize(
        "added",
        [
            {"DeleteMessage": True},
            {"Quarantine": True},
            {"ModerateMessageByUser": ["parks@ash.example"]},
            {"ModerateMessageByManager": True},
            {"RejectMessageReasonText": "No.", "RedirectMessageTo": None},
            {"SetSCL": 9},
        ],
    )
    def test_nobody_may_accept_that_a_rule_of_ours_keeps_mail_from_people(
        self, live: Any, by_hand: Any, added: dict[str, Any]
    ) -> None:
        live.cmdlet("Set-TransportRule", Identity=RULE, **added)
        code, document = waive(by_hand, only(live)["id"])
        assert (code, document["error"]["code"]) == (3, "not-waivable")
        assert f"by {next(iter(added))} mail would be kept from people" in document["error"]["message"]
        assert "m365-restrict plan" in document["error"]["advice"]
        assert by_hand("waive", ListWaivers())[1]["waivers"] == []

    def test_what_only_adds_to_mail_may_be_accepted(self, live: Any, by_hand: Any) -> None:
        live.cmdlet("Set-TransportRule", Identity=RULE, PrependSubject="[Contact] ")
        assert waive(by_hand, only(live)["id"])[0] == 0

    @pytest.mark.parametrize(
        "added",
        [
            {"DeleteMessage": True},
            {"Quarantine": True},
            {"RejectMessageReasonText": "No."},
            {"SetSCL": 9},
            {"RedirectMessageTo": ["somebody@else.example"]},
            {"BlindCopyTo": ["somebody@else.example"]},
        ],
    )
    def test_nobody_may_accept_that_somebody_elses_rule_keeps_a_persons_mail_or_sends_it_outside(
        self, live: Any, by_hand: Any, added: dict[str, Any]
    ) -> None:
        live.cmdlet("New-TransportRule", Name="Old block", From=[SENDER], Priority=0, **added)
        code, document = waive(by_hand, only(live)["id"])
        assert (code, document["error"]["code"]) == (3, "not-waivable")
        assert f"by {next(iter(added))}" in document["error"]["message"]

    @pytest.mark.parametrize("added", ["delete", "permanentDelete"])
    def test_nobody_may_accept_that_a_mailbox_deletes_what_was_to_be_junk(
        self, council: Any, by_hand: Any, added: str
    ) -> None:
        planning = "planning@ash.example"
        fields = {"Scope": "Named mailboxes or services", "ScopeMailboxes": planning}
        council.in_force(council.case("RC-1", Measure="Junk in named mailboxes", **fields))
        (rule,) = council.inbox_rules(planning)
        path = f"/me/mailFolders/inbox/messageRules/{rule['id']}"
        council.holder(planning, "PATCH", path, {"actions": {**rule["actions"], added: True}})
        code, document = waive(by_hand, only(council)["id"])
        assert (code, document["error"]["code"]) == (3, "not-waivable")
        assert f"by actions.{added}" in document["error"]["message"]

    def test_nobody_may_accept_that_a_rule_for_one_mailbox_is_for_all(
        self, council: Any, by_hand: Any
    ) -> None:
        council.in_force(
            council.case("RC-1", Scope="Named mailboxes or services", ScopeMailboxes="planning@ash.example")
        )
        (rule,) = council.ours()
        council.cmdlet("Set-TransportRule", Identity=rule, SentTo=None)
        code, document = waive(by_hand, only(council)["id"])
        assert (code, document["error"]["code"]) == (3, "not-waivable")
        assert "in SentTo the rule acts on mail" in document["error"]["message"]

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"until": "2027-11-24"}, "waiver-too-long"),
            ({"until": "2026-11-22"}, "waiver-too-long"),
            ({"reason": "as pat@post.example said"}, "text-names-address"),
            ({"owner": "head@ash.example"}, "text-names-address"),
            ({"finding": "0000000000"}, "finding-not-found"),
        ],
    )
    def test_a_waiver_that_says_too_little_or_too_much_is_refused(
        self, moved: Any, by_hand: Any, more: dict[str, str], code: str
    ) -> None:
        given = {"finding": only(moved)["id"], **more}
        exit_code, document = waive(by_hand, given.pop("finding"), **given)
        assert (exit_code, document["error"]["code"]) == (3, code)
        assert by_hand("waive", ListWaivers())[1]["waivers"] == []

    def test_a_pending_change_cannot_be_waived(self, live: Any, by_hand: Any) -> None:
        live.edit(1, by="clerk@ash.example", Status="Lifted")
        found = min(live.drift().findings(), key=lambda one: one["severity"] != "critical")
        assert waive(by_hand, found["id"])[1]["error"]["code"] == "not-waivable"

    def test_the_journal_keeps_what_was_replaced_and_ended(self, moved: Any, by_hand: Any) -> None:
        for reason in ("first", "second"):
            waive(by_hand, only(moved)["id"], reason=reason)
        by_hand("waive", EndWaiver(2))
        assert by_hand("waive", EndWaiver(2))[0] == 3
        _, journal = by_hand("waive", ListWaivers())
        assert [(one["reason"], one["stands"]) for one in journal["waivers"]] == [
            ("first", False),
            ("second", False),
        ]
        assert journal["waivers"][0]["fields"] == [
            {"field": "RedirectMessageTo", "observed": ["parks@ash.example"], "desired": [CONTACT]}
        ]
        assert only(moved)["exit_code"] == 2


class TestOpen:
    def test_a_case_is_opened_at_once_and_stays_open(self, live: Any, by_hand: Any) -> None:
        assert where(live) == CONTACT
        code, document = by_hand("open", Open(case="rc-1", reason="INC-77"))
        assert (code, document["case_ref"], document["recorded"]) == (0, "RC-1", True)
        assert [(one["name"], one["outcome"]) for one in document["rules"]] == [(RULE, "removed")]
        assert document["rules"][0]["by_hand"].startswith("Disable-TransportRule -Identity '")
        assert (where(live), where(live, "rc-2@post.example")) == (OFFICER, CONTACT)
        planned = live.plan()
        assert (planned.exit_code, planned.changes, planned.refused) == (0, [], {"RC-1": ["opened-by-hand"]})
        assert live.apply().exit_code == 0
        assert live.heal().exit_code == 0
        assert where(live) == OFFICER

    def test_it_is_reported_every_day_until_the_register_follows(self, live: Any, by_hand: Any) -> None:
        by_hand("open", Open(case="RC-1", reason="INC-77"))
        live.apply()
        live.clock("2026-11-25T09:00:00Z")
        found = only(live)
        assert (found["code"], found["severity"], found["exit_code"]) == ("opened-by-hand", "high", 2)
        assert (found["since"], found["case_ref"]) == ("2026-11-23T09:00:00Z", "RC-1")
        assert found["changed_by"]
        assert "INC-77" in found["message"]
        assert [one["state"] for one in live.drift().document["live"]] == ["missing", "in_step"]
        live.edit(1, by="clerk@ash.example", Status="Lifted")
        assert live.apply().exit_code == 0
        assert live.drift().findings() == []
        (opening,) = by_hand("open", ListOpenings())[1]["openings"]
        assert (opening["stands"], opening["end_reason"]) == (False, "The register has followed.")
        live.edit(1, by=OFFICER, Status="Proposed")
        live.edit(1, by="director@ash.example", Status="Approved")
        assert live.apply().exit_code == 0
        assert where(live) == CONTACT

    def test_another_approval_does_not_end_it_and_somebody_does(self, live: Any, by_hand: Any) -> None:
        by_hand("open", Open(case="RC-1", reason="INC-77"))
        live.edit(1, by=OFFICER, SpocMailbox="housing@ash.example")
        live.edit(1, by="director@ash.example", Status="Approved")
        assert live.apply().exit_code == 0
        assert where(live) == OFFICER
        code, document = by_hand("open", EndOpening(case="RC-1", reason="INC-77 solved"))
        assert (code, document["openings"][0]["end_reason"]) == (0, "INC-77 solved")
        assert by_hand("open", EndOpening(case="RC-1", reason="again"))[1]["error"]["code"] == (
            "case-not-opened"
        )
        assert live.apply().exit_code == 0
        assert where(live) == "housing@ash.example"

    @pytest.mark.parametrize("trouble", ["register", "frozen", "window", "guard"])
    def test_nothing_holds_it_up(self, council: Any, by_hand: Any, trouble: str) -> None:
        council.in_force(*(council.case(f"RC-{number}") for number in (1, 2, 3)))
        settings: dict[str, str] = {}
        if trouble == "register":
            council.fault("status", times=50, status=503, path_regex=".*(/lists|/sites|/groups).*")
        elif trouble == "frozen":
            council.shell("freeze", "--reason", "CHG-1")
        elif trouble == "window":
            settings = {"SAFETY__CHANGE_WINDOWS": "Sat 22:00-23:00"}
        else:
            settings = {"POLICY__PROTECTED_MAILBOXES": "gone@ash.example"}
        assert by_hand("open", Open(case="RC-1", reason="INC-77"), **settings)[0] == 0
        assert where(council) == OFFICER
        if trouble == "register":
            council.sandbox.control("DELETE", "faults")
        held = council.apply(settings=settings)
        assert held.exit_code == (3 if trouble == "guard" else 0)
        assert (where(council), where(council, "rc-2@post.example")) == (OFFICER, CONTACT)

    def test_councillors_who_joined_the_case_are_open_as_well(self, council: Any, by_hand: Any) -> None:
        holder = council.councillors[0]
        council.in_force(
            council.case("RC-1", CouncillorRoute="Councillor opted in", WardCouncillors=[holder]),
            choices=[council.choice(holder, "RC-1", "Same as the council")],
        )
        assert where(council, recipient=holder) == CONTACT
        code, document = by_hand("open", Open(case="RC-1", reason="INC-77"))
        assert code == 0
        assert where(council, recipient=holder) == holder
        assert holder not in json.dumps(document)
        assert council.apply().exit_code == 0
        assert where(council, recipient=holder) == holder
        by_hand("open", EndOpening(case="RC-1", reason="solved"))
        assert council.apply().exit_code == 0
        assert where(council, recipient=holder) == CONTACT

    def test_junk_rules_in_named_mailboxes_go_too(self, council: Any, by_hand: Any) -> None:
        council.in_force(
            council.case(
                "RC-1",
                Measure="Junk in named mailboxes",
                Scope="Named mailboxes or services",
                ScopeMailboxes="parks@ash.example",
                SpocMailbox="",
            )
        )
        assert len(council.inbox_rules("parks@ash.example")) == 1
        code, document = by_hand("open", Open(case="RC-1", reason="INC-77"))
        assert (code, [one["outcome"] for one in document["rules"]]) == (0, ["removed"])
        assert council.inbox_rules("parks@ash.example") == []
        assert "in Outlook on the web, opened as parks@ash.example" in document["rules"][0]["by_hand"]
        assert "InboxRule" not in document["rules"][0]["by_hand"]
        assert council.plan().exit_code == 0

    def test_what_cannot_be_removed_is_switched_off(self, live: Any, by_hand: Any) -> None:
        live.fault("status", times=20, status=400, cmdlet="Remove-TransportRule")
        code, document = by_hand("open", Open(case="RC-1", reason="INC-77"))
        assert (code, document["rules"][0]["outcome"]) == (0, "disabled")
        assert where(live) == OFFICER
        live.sandbox.control("DELETE", "faults")
        assert live.apply().exit_code == 0
        assert RULE not in live.rules()

    def test_while_exchange_is_down_it_is_recorded_and_done_later(self, live: Any, by_hand: Any) -> None:
        live.fault("status", times=200, status=503, path_regex=".*InvokeCommand.*")
        code, document = by_hand("open", Open(case="RC-1", reason="INC-77"))
        assert (code, document["recorded"], document["rules"][0]["outcome"]) == (4, True, "stands")
        assert document["rules"][0]["by_hand"]
        live.sandbox.control("DELETE", "faults")
        live.shell("freeze", "--reason", "CHG-1")
        live.apply()
        assert where(live) == OFFICER

    def test_while_another_run_is_at_work_it_is_recorded(self, live: Any, by_hand: Any) -> None:
        me = Holder(holder="another run", host=os.uname().nodename, pid=os.getpid())
        with (
            open_ledger(live.sandbox.env["M365_RESTRICT_LEDGER__URL"]) as ledger,
            ledger.lease(me, seconds=60, clock=lambda: datetime.now(UTC)),
        ):
            code, document = by_hand("open", Open(case="RC-1", reason="INC-77"))
        assert (code, document["recorded"], document["error"]["code"]) == (6, True, "lease-held")
        assert document["rules"][0]["outcome"] == "stands"
        assert live.apply().exit_code == 0
        assert where(live) == OFFICER

    @pytest.mark.usefixtures("live")
    def test_a_case_that_nobody_knows_is_refused(self, by_hand: Any) -> None:
        code, document = by_hand("open", Open(case="RC-9", reason="INC-77"))
        assert (code, document["error"]["code"], document["recorded"]) == (3, "case-not-known", False)
        assert by_hand("open", ListOpenings())[1]["openings"] == []

    def test_a_lost_ledger_is_made_up_for_by_the_stamps(self, live: Any, by_hand: Any) -> None:
        ledger = live.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///")
        os.unlink(ledger)  # noqa: PTH108 - the test's own file
        assert by_hand("open", Open(case="RC-1", reason="INC-77"))[0] == 0
        assert where(live) == OFFICER
        assert live.apply().exit_code == 0
        assert where(live) == OFFICER

    def test_the_item_shows_officers_that_it_is_open(self, live: Any, life: Any, by_hand: Any) -> None:
        by_hand("open", Open(case="RC-1", reason="INC-77"))
        live.apply()
        fields = life.item("Restricted contacts", 1)["fields"]
        assert fields["EnforcementStatus"] == "Opened by hand: not restricted"
        assert "ask ICT to end the opening" in fields["EnforcementNote"]

    def test_by_script_nothing_is_written_and_the_line_is_given(self, live: Any, by_hand: Any) -> None:
        live.requests()
        code, document = by_hand("open", Open(case="RC-1", reason="INC-77"), ENFORCE_WITH="script")
        assert (code, document["rules"][0]["outcome"]) == (2, "stands")
        assert live.rule_writes() == []
        (change,) = live.plan().changes
        assert (change["action"], change["case_ref"]) == ("delete", "RC-1")

    def test_without_an_exchange_role_exchange_is_not_asked(self, live: Any, by_hand: Any) -> None:
        live.requests()
        code, document = by_hand("open", Open(case="RC-1", reason="INC-77"), ENFORCE_WITH="inbox_rules")
        (rule,) = document["rules"]
        assert (code, rule["outcome"]) == (4, "stands")
        assert "no Exchange role" in rule["reason"]
        assert [one for one in live.requests() if one["cmdlet"]] == []


class TestHistory:
    def test_runs_and_what_each_wrote(self, live: Any, by_hand: Any) -> None:
        live.plan()
        live.cmdlet("Disable-TransportRule", Identity=RULE)
        live.clock("2026-11-23T10:00:00Z")
        live.heal()
        _, document = by_hand("history", LookBack())
        runs = {one["verb"]: (one["changes"], one["exit_code"]) for one in document["runs"]}
        assert runs == {"apply": (2, 0), "plan": (0, 0), "heal": (1, 0)}
        run = document["runs"][0]["run_id"]
        (written,) = by_hand("history", LookBack(run=run))[1]["written"]
        assert (written["action"], written["name"], written["result"]) == ("update", RULE, "applied")
        assert written["fields"] == [{"field": "State", "before": "Disabled", "after": "Enabled"}]
        assert by_hand("history", LookBack(run="none"))[1]["error"]["code"] == "run-not-found"

    def test_what_was_in_force_on_a_day(self, live: Any, by_hand: Any) -> None:
        live.clock("2026-12-01T09:00:00Z")
        live.edit(1, by="clerk@ash.example", Status="Lifted")
        live.apply()
        live.clock("2027-04-01T09:00:00Z")

        def cases(day: str) -> list[str]:
            found = by_hand("history", LookBack(on=date.fromisoformat(day)))[1]["in_force"]
            return [one["case_ref"] for one in found]

        assert cases("2026-11-22") == []
        assert cases("2026-11-23") == ["RC-1", "RC-2"]
        assert cases("2026-11-30") == ["RC-1", "RC-2"]
        assert cases("2026-12-01") == ["RC-2"]
        assert cases("2027-03-28") == ["RC-2"]
        assert cases("2027-03-29") == []

    def test_councillors_choices_are_told_under_a_number(self, council: Any, by_hand: Any) -> None:
        holder = council.councillors[0]
        council.in_force(choices=[council.choice(holder, "pat@post.example", "Junk Email")])
        _, day = by_hand("history", LookBack(on=date(2026, 11, 23)))
        run = by_hand("history", LookBack())[1]["runs"][0]["run_id"]
        _, wrote = by_hand("history", LookBack(run=run))
        (rule,) = day["in_force"][0]["rules"]
        assert (day["in_force"][0]["case_ref"], rule["name"]) == (None, "a councillor's own choice")
        assert wrote["written"][0]["fields"] == []
        for document in (day, wrote):
            assert holder not in json.dumps(document)
            assert "pat@post.example" not in json.dumps(document)


class TestUndo:
    def redirected(self, council: Any) -> None:
        council.edit(1, by=OFFICER, SpocMailbox="housing@ash.example")
        council.edit(1, by="director@ash.example", Status="Approved")
        assert council.apply().exit_code == 0
        assert where(council) == "housing@ash.example"

    def test_every_rule_gets_its_earlier_form(self, live: Any, by_hand: Any) -> None:
        self.redirected(live)
        code, document = by_hand("undo", Undo(approve=True))
        (change,) = document["changes"]
        assert (code, change["name"], change["outcome"]) == (0, RULE, "applied")
        assert where(live) == CONTACT
        assert any("The next apply makes these changes again" in note for note in document["notes"])
        (pending,) = live.plan().changes
        assert pending["class"] == "pending"
        assert by_hand("undo", Undo(approve=True))[0] == 0
        assert where(live) == "housing@ash.example"

    def test_what_was_made_is_removed(self, live: Any, by_hand: Any) -> None:
        assert by_hand("undo", Undo(approve=True))[0] == 0
        assert live.ours() == {}
        assert live.apply().exit_code == 0
        assert where(live) == CONTACT

    def test_nobody_is_restricted_again_whom_the_register_has_opened(self, live: Any, by_hand: Any) -> None:
        live.edit(1, by="clerk@ash.example", Status="Lifted")
        live.edit(2, by="clerk@ash.example", AllowedRecipients="parks@ash.example", EndsOn="2027-01-31")
        live.apply()
        code, document = by_hand("undo", Undo(approve=True))
        left = {one["case_ref"]: one["code"] for one in document["not_undone"]}
        assert (code, left) == (3, {"RC-1": "no-live-decision", "RC-2": "register-decides-less"})
        assert "has opened case RC-1" in next(
            one["message"] for one in document["not_undone"] if one["case_ref"] == "RC-1"
        )
        assert where(live) == OFFICER
        assert where(live, "rc-2@post.example", "parks@ash.example") == "parks@ash.example"

    def test_an_opening_by_hand_is_not_undone(self, live: Any, by_hand: Any) -> None:
        by_hand("open", Open(case="RC-1", reason="INC-77"))
        code, document = by_hand("undo", Undo(approve=True))
        assert (code, document["not_undone"][0]["code"]) == (3, "no-live-decision")
        assert where(live) == OFFICER

    def test_a_rule_that_was_edited_since_is_left_and_named(self, live: Any, by_hand: Any) -> None:
        self.redirected(live)
        live.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
        live.requests()
        code, document = by_hand("undo", Undo(approve=True))
        assert (code, document["changes"]) == (3, [])
        assert [(one["rule"], one["code"]) for one in document["not_undone"]] == [(RULE, "edited-since")]
        assert live.rule_writes() == []

    def test_nobody_has_approved_so_nothing_is_written(self, live: Any, by_hand: Any) -> None:
        self.redirected(live)
        live.requests()
        shown = live.shell("undo")
        assert shown.exit_code == 3
        assert "RedirectMessageTo: is housing@ash.example; should be contact@ash.example" in shown.stdout
        assert live.rule_writes() == []
        plan_id = by_hand("undo", Undo(plan_id="0000000000000000"))[1]["plan_id"]
        assert by_hand("undo", Undo(plan_id=plan_id))[0] == 0

    @pytest.mark.parametrize(
        ("edited", "named"),
        [
            ({"RedirectMessageTo": ["somebody@else.example"]}, "RedirectMessageTo"),
            ({"RedirectMessageTo": ["parks@ash.example"]}, "RedirectMessageTo"),
            ({"RedirectMessageTo": None, "DeleteMessage": True}, "DeleteMessage, RedirectMessageTo"),
            ({"ModerateMessageByUser": ["parks@ash.example"]}, "ModerateMessageByUser"),
        ],
    )
    def test_an_edit_that_was_healed_is_not_put_back(
        self, live: Any, by_hand: Any, edited: dict[str, Any], named: str
    ) -> None:
        live.cmdlet("Set-TransportRule", Identity=RULE, **edited)
        assert live.heal().exit_code == 0
        live.requests()
        code, document = by_hand("undo", Undo(approve=True))
        (left,) = document["not_undone"]
        assert (code, document["changes"], left["code"]) == (3, [], "action-not-decided")
        assert f"It would differ in {named}." in left["message"]
        assert live.rule_writes() == []
        assert where(live) == CONTACT

    def test_a_rule_that_is_made_again_has_its_place_among_the_others(self, live: Any, by_hand: Any) -> None:
        before = [name for name in live.rules() if name != OTHER]
        live.edit(2, by="clerk@ash.example", Status="Lifted")
        assert live.apply().exit_code == 0
        live.edit(2, by=OFFICER, Status="Proposed")
        live.edit(2, by="director@ash.example", Status="Approved")
        code, document = by_hand("undo", Undo(approve=True))
        assert (code, [one["action"] for one in document["changes"]]) == (0, ["create"])
        rules = live.rules()
        assert sorted(rules, key=lambda name: rules[name]["Priority"]) == [*before, OTHER]

    def test_while_frozen_nothing_is_sent_elsewhere(self, live: Any, by_hand: Any) -> None:
        self.redirected(live)
        live.shell("freeze", "--reason", "CHG-1")
        code, document = by_hand("undo", Undo(approve=True))
        assert (code, [one["code"] for one in document["not_undone"]]) == (3, ["held-by-freeze"])
        assert where(live) == "housing@ash.example"

    def test_while_frozen_nothing_is_tightened(self, live: Any, by_hand: Any) -> None:
        live.run("apply", approve=True, settings={"POLICY__PROTECTED_MAILBOXES": "monitoring@ash.example"})
        live.run(
            "apply",
            approve=True,
            settings={"POLICY__PROTECTED_MAILBOXES": "monitoring@ash.example,parks@ash.example"},
        )
        live.shell("freeze", "--reason", "CHG-1")
        settings = {"POLICY__PROTECTED_MAILBOXES": "monitoring@ash.example"}
        code, document = by_hand("undo", Undo(approve=True), **settings)
        assert (code, {one["code"] for one in document["not_undone"]}) == (3, {"held-by-freeze"})

    def test_councillors_choices_are_left_to_them(self, council: Any, by_hand: Any) -> None:
        holder = council.councillors[0]
        council.in_force(choices=[council.choice(holder, "pat@post.example", "Junk Email")])
        code, document = by_hand("undo", Undo(approve=True))
        assert (code, document["changes"]) == (0, [])
        assert document["notes"] == ["1 of councillors' own choices are left to them."]
        assert len(council.inbox_rules(holder)) == 1

    def test_there_is_nothing_to_undo(self, council: Any, by_hand: Any) -> None:
        council.plant()
        assert by_hand("undo", Undo(approve=True))[1]["error"]["code"] == "nothing-to-undo"


def test_the_commands_themselves(live: Any) -> None:
    live.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=["parks@ash.example"])
    finding = only(live)["id"]
    given = ("--reason", "CHG-1042", "--owner", "Head of ICT", "--until", "2027-03-31")
    assert live.shell("waive", finding, *given).exit_code == 0
    assert "Head of ICT: CHG-1042" in live.shell("waive", "--list").stdout
    assert live.shell("open", "RC-2", "--reason", "INC-77").exit_code == 0
    assert "RC-2: INC-77" in live.shell("open", "--list").stdout
    assert "2 cases with rules" not in live.shell("history", "--on", "2026-11-23").stdout
    assert " open: exit code 0, 1 change" in live.shell("history").stdout
    for mistyped in (("waive",), ("waive", finding), ("open", "RC-2"), ("open", "--end"), ("undo", "x")):
        assert live.shell(*mistyped).exit_code == 64
