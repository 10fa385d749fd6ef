"""`doctor` at work on a council in the sandbox: what it sees, what it asks the tenant, and its canary."""

import contextlib
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from m365_restrict.cli.by_hand import Waive, run_waive
from m365_restrict.cli.by_hand_session import Asked
from m365_restrict.cli.doctor import DoctorRequest, read_answers, run_doctor
from m365_restrict.doctor.document import Doing
from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.outcome import Unknown

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "doctor.json").read_text())
TRIAL = "ict@outside.example"
PILOTS = ("planning@ash.example", "parks@ash.example", "housing@ash.example")
CONTACTS = "Restricted contacts"
CANARY = {"CANARY__ADDRESS": TRIAL, "CANARY__MAILBOXES": ",".join(PILOTS)}
SECRETS = {"AUTH__READER__CERTIFICATE_PATH": "", "AUTH__WRITER__CERTIFICATE_PATH": ""}
SEES_TRACES = pytest.mark.behaviour(
    message_trace=True, reason="without traces the operator's word alone counts"
)
GOOD = {"match": "yes", "exemption": "yes", "copies": "2", "ndr": "yes"}


class Doctor:
    """The verb, with an answer of DNS of the test's own; every document is checked against its schema."""

    def __init__(self, council: Any) -> None:
        self.council = council
        self.settings: dict[str, str] = {}
        self.hosts: tuple[str, ...] | Unknown = ("ash-example.mail.protection.outlook.com",)
        self.code = 0

    def __call__(
        self, doing: Doing = Doing.EXAMINE, *, answers: Iterable[str] = (), certificate: bool = False
    ) -> dict[str, Any]:
        request = DoctorRequest(
            doing=doing, answers=read_answers(answers), output="json", resolver=self._resolve
        )
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.code = run_doctor(request, self._environ(certificate))
        document: dict[str, Any] = json.loads(out.getvalue())
        Draft202012Validator(SCHEMA).validate(document)
        assert document["exit_code"] == self.code
        return document

    def states(self, **options: Any) -> dict[tuple[str, str], str]:
        """The state of each check by its code and what it is about; the worst where there are several."""
        found: dict[tuple[str, str], str] = {}
        for one in self(**options)["checks"]:
            key = (one["code"], one["about"])
            if found.get(key, "ok") == "ok":
                found[key] = one["state"]
        return found

    def answers(self) -> dict[str, str]:
        return {one["question"]: one["value"] for one in self(Doing.PROBE)["answers"]}

    def confirm(self, **seen: str) -> dict[str, Any]:
        answers = [f"{name}={value}" for name, value in seen.items()]
        found: dict[str, Any] = self(Doing.CANARY_CONFIRM, answers=answers)["canary"]
        return found

    def _environ(self, certificate: bool) -> dict[str, str]:
        signed = {} if certificate else SECRETS
        changed = {f"M365_RESTRICT_{name}": value for name, value in {**signed, **self.settings}.items()}
        return {**self.council.sandbox.env, **changed}

    async def _resolve(self, _domain: str) -> tuple[str, ...] | Unknown:
        return self.hosts


@pytest.fixture
def doctor(council: Any) -> Doctor:
    return Doctor(council)


@pytest.fixture
def planted(doctor: Doctor) -> Doctor:
    doctor.council.plant(doctor.council.case("RC-1"))
    return doctor


class TestExamination:
    def test_it_writes_nothing_and_nothing_fails_in_a_sound_council(self, planted: Doctor) -> None:
        planted.council.requests()
        found = planted(certificate=True)
        assert planted.council.writes() == []
        assert (found["summary"]["failed"], found["summary"]["unknown"], planted.code) == (0, 0, 0)

    def test_everything_is_looked_into(self, planted: Doctor) -> None:
        assert {code for code, _ in planted.states()} == {
            "endpoint", "clock-skew", "token-roles", "certificate", "list", "version-headroom",
            "remembered-histories", "group", "mailbox-reach", "protected-mailbox", "single-contact",
            "limits", "audit", "coverage", "canary",
            "tenant-answer",
        }  # fmt: skip

    def test_what_is_wrong_names_the_next_step(self, planted: Doctor) -> None:
        assert all(bool(one["next_step"]) == (one["state"] != "ok") for one in planted()["checks"])

    @pytest.mark.parametrize(
        ("seed", "key", "state"),
        [
            ({"lists": {CONTACTS: {"omit_columns": ["EndsOn"]}}}, ("list", CONTACTS),
             "failed"),
            ({"lists": {CONTACTS: {"omit_columns": ["ContactDetails"]}}},
             ("list", CONTACTS), "warning"),
            ({"lists": {CONTACTS: {"read_security": "own"}}}, ("list", CONTACTS),
             "failed"),
            ({"without": ["Restriction reviews"]}, ("list", "Restriction reviews"), "failed"),
            ({"groups": []}, ("group", "councillors@ash.example"), "failed"),
            ({"settings": {"POLICY__APPROVERS": "gone@ash.example"}}, ("group", "approvers"), "failed"),
            ({"settings": {"POLICY__PROTECTED_MAILBOXES": "gone@ash.example"}},
             ("protected-mailbox", "gone@ash.example"), "failed"),
        ],
    )  # fmt: skip
    def test_what_is_missing_is_found(
        self, doctor: Doctor, seed: Mapping[str, Any], key: tuple[str, str], state: str
    ) -> None:
        doctor.council.plant(doctor.council.case("RC-1"), **seed)
        assert doctor.states()[key] == state
        assert doctor.code == (2 if state == "failed" else 0)

    @pytest.mark.parametrize(
        "change",
        [{"accepts_external": False}, {"forwarding": "officer@ash.example"}, {"mailbox": "on_premises"}],
    )
    def test_a_single_contact_that_cannot_take_mail_fails(
        self, doctor: Doctor, change: Mapping[str, Any]
    ) -> None:
        users = [one | change if one["upn"] == "contact@ash.example" else one for one in doctor.council.users]
        doctor.council.plant(doctor.council.case("RC-1"), users=users)
        assert doctor.states()["single-contact", "contact@ash.example"] == "failed"

    def test_a_contact_whose_mail_another_rule_redirects_fails(self, planted: Doctor) -> None:
        planted.council.cmdlet(
            "New-TransportRule", Name="Away", SentTo=["contact@ash.example"],
            RedirectMessageTo=["parks@ash.example"],
        )  # fmt: skip
        assert planted.states()["single-contact", "contact@ash.example"] == "failed"

    def test_members_through_another_group_are_outside_a_scope(self, doctor: Doctor) -> None:
        inner = {"address": "opposition@ash.example", "members": ["cllr.a@ash.example"]}
        outer = {"address": "councillors@ash.example", "members": ["cllr.b@ash.example", inner["address"]]}
        doctor.council.plant(groups=[inner, outer])
        assert doctor.states()["group", "councillors@ash.example"] == "warning"

    @pytest.mark.parametrize("role", ["reader", "writer"])
    @pytest.mark.parametrize(
        ("scope", "expected"),
        [
            (["councillors@ash.example", "parks@ash.example"], ("ok", "ok", "ok")),
            (["cllr.a@ash.example", "parks@ash.example"], ("failed", "ok", "ok")),
            (["councillors@ash.example"], ("ok", "failed", "ok")),
            (["councillors@ash.example", "parks@ash.example", "director@ash.example"],
             ("ok", "ok", "warning")),
            (None, ("ok", "ok", "warning")),
        ],
        ids=["just-right", "a-councillor-missing", "a-named-one-missing", "too-much", "no-scope"],
    )  # fmt: skip
    def test_each_scope_is_held_against_what_the_application_needs(
        self, doctor: Doctor, role: str, scope: list[str] | None, expected: tuple[str, ...]
    ) -> None:
        junk = {"Measure": "Junk in named mailboxes", "Scope": "Named mailboxes or services"}
        doctor.council.plant(
            doctor.council.case("RC-1", ScopeMailboxes="parks@ash.example", **junk),
            tenant={"accepted_domains": ["ash.example"], "applications": {role: {"mailboxes": scope}}},
        )
        states = doctor.states()
        kinds = ("councillors' mailboxes", "named mailboxes", "other mailboxes")
        assert tuple(states["mailbox-reach", f"{role} application, {one}"] for one in kinds) == expected

    def test_versions_that_were_pruned_are_said(self, doctor: Doctor) -> None:
        doctor.council.plant(doctor.council.case("RC-1"), behaviour={"version_limit": 2})
        doctor.council.edit(1, by="officer@ash.example", LesserMeasuresConsidered="More.")
        assert doctor.states()["version-headroom", CONTACTS] == "warning"

    @pytest.mark.parametrize(
        ("pending_edit", "remember", "state"),
        [("last_approved", "yes", "ok"), ("in_versions", "yes", "failed"), ("in_versions", "no", "ok")],
    )
    def test_a_save_that_an_unchanged_item_hides_is_found(
        self, doctor: Doctor, pending_edit: str, remember: str, state: str
    ) -> None:
        """graph.md 3.8: what an approved item with a pending edit shows is unknown."""
        council = doctor.council
        council.plant(
            council.case("RC-1"),
            lists={CONTACTS: {"content_approval": True}},
            behaviour={"pending_edit": pending_edit},
        )
        for item in (1, 2):
            council.edit(item, by="director@ash.example", _ModerationStatus=0)
        assert council.plan().exit_code == 2
        council.edit(1, by="officer@ash.example", EndsOn="2026-12-01")
        doctor.settings = {"REGISTER__REMEMBER_HISTORIES": remember}
        assert doctor.states()["remembered-histories", CONTACTS] == state
        assert doctor.code == (2 if state == "failed" else 0)

    def test_histories_are_compared_and_not_remembered_by_a_doctor(self, planted: Doctor) -> None:
        said = [one["message"] for one in planted()["checks"] if one["code"] == "remembered-histories"]
        assert {one for one in said if one.startswith("Nothing")} == set(said)
        planted.council.plan()
        said = [one["message"] for one in planted()["checks"] if one["code"] == "remembered-histories"]
        assert said[0].startswith("1 item looked unchanged")

    def test_mail_that_meets_no_rule_is_counted(self, doctor: Doctor) -> None:
        users = [*doctor.council.users, {"upn": "depot@ash.example", "mailbox": "on_premises"}]
        doctor.council.plant(users=users)
        doctor.hosts = ("mx.filter.example",)
        said = {one["about"]: one["message"] for one in doctor()["checks"] if one["code"] == "coverage"}
        assert "mx.filter.example" in said["ash.example"]
        assert "mailboxes may not be covered" in said["ash.example"]
        assert said["mailboxes on premises"].startswith("1 mailbox may not be covered")

    def test_what_cannot_be_told_is_unknown_and_hides_nothing(self, planted: Doctor) -> None:
        planted.hosts = Unknown("ash.example", "no name server answered")
        planted.council.fault("status", status=403, times=9, cmdlet="Get-AdminAuditLogConfig")
        states = planted.states()
        assert states["coverage", "ash.example"] == "unknown"
        assert states["audit", "the unified audit log"] == "unknown"
        assert (states["limits", "transport rules"], planted.code) == ("ok", 4)

    def test_an_application_that_cannot_sign_in_is_a_check(self, planted: Doctor) -> None:
        planted.settings = {"AUTH__WRITER__CLIENT_SECRET": "wrong"}
        assert planted.states()["token-roles", "writer application, graph"] == "failed"

    def test_a_service_that_is_not_there_is_a_check(self, planted: Doctor) -> None:
        planted.settings = {"EXCHANGE__BASE_URL": "https://localhost:9", "EXCHANGE__DEADLINE_SECONDS": "1"}
        assert planted.states()["endpoint", "Exchange"] == "failed"

    def test_without_an_exchange_role_nothing_is_asked_of_exchange(self, planted: Doctor) -> None:
        planted.settings = {"ENFORCE_WITH": "inbox_rules"}
        planted.council.requests()
        codes = {code for code, _ in planted.states()}
        assert not codes & {"limits", "audit", "coverage", "canary"}
        assert [one for one in planted.council.requests() if one["cmdlet"]] == []


class TestProbe:
    @pytest.mark.behaviour(drop_parameter=None, reason="a trial rule that comes up enabled ends the trial")
    def test_trial_rules_never_act_and_never_stay(self, planted: Doctor) -> None:
        before = planted.council.rules()
        planted.council.requests()
        planted.answers()
        assert planted.code == 0
        assert planted.council.rules() == before
        cmdlets = {one["cmdlet"] for one in planted.council.writes()}
        assert cmdlets == {"New-TransportRule", "Set-TransportRule", "Remove-TransportRule"}

    @pytest.mark.behaviour(
        from_external=True,
        drop_parameter=None,
        clears_with="both",
        expiry_offset="honoured",
        rejects_with_both=True,
        duplicate_name_status=400,
        reason="it is about the answers of the tenant that the settings take for granted",
    )
    def test_a_sound_tenant_answers_yes(self, planted: Doctor) -> None:
        found = planted.answers()
        assert set(found.values()) == {"yes"}
        assert {"from-external", "expiry-kept", "lists-clear", "duplicate-name"} <= set(found)

    def test_the_compiler_obeys_the_answer_and_a_setting_wins(self, doctor: Doctor) -> None:
        doctor.council.plant(doctor.council.case("RC-1"), behaviour={"from_external": False})
        assert doctor.answers()["from-external"] == "no"
        assert doctor.council.apply().exit_code == 0
        (rule,) = doctor.council.ours().values()
        assert rule["FromAddressMatchesPatterns"]
        assert doctor.council.named(rule) == ["rc-1@post.example"]
        doctor.settings = {"RULES__SENDER_MATCH": "from"}
        assert "failed" in {state for (code, _), state in doctor.states().items() if code == "tenant-answer"}

    @pytest.mark.parametrize(
        ("dropped", "question"),
        [("ExpiryDate", "expiry-kept"), ("RejectMessageEnhancedStatusCode", "text-and-code")],
    )
    def test_a_parameter_that_is_dropped_is_noticed(
        self, doctor: Doctor, dropped: str, question: str
    ) -> None:
        doctor.council.plant(behaviour={"drop_parameter": dropped})
        assert doctor.answers()[question] == "no"

    @pytest.mark.parametrize("cmdlet", ["Set-TransportRule", "New-TransportRule"])
    def test_trial_rules_go_also_after_a_failure(self, planted: Doctor, cmdlet: str) -> None:
        planted.settings = {"EXCHANGE__DEADLINE_SECONDS": "1"}
        planted.council.fault("reset_after_commit", times=9, cmdlet=cmdlet)
        before = planted.council.rules()
        found = planted(Doing.PROBE)
        assert planted.code == 4
        assert [one["state"] for one in found["checks"] if one["about"] == "trial rules"] == ["ok"]
        assert planted.council.rules() == before

    @pytest.mark.parametrize("how", ["script", "inbox_rules"])
    def test_nothing_is_probed_without_a_grant_to_write(self, planted: Doctor, how: str) -> None:
        planted.settings = {"ENFORCE_WITH": how}
        assert planted(Doing.PROBE)["error"]["code"] == "doctor-no-writer"
        assert (planted.code, planted.council.rule_writes()) == (3, [])

    @pytest.mark.parametrize("doing", [Doing.PROBE, Doing.CANARY_START])
    def test_nothing_is_tried_out_under_a_freeze(self, planted: Doctor, doing: Doing) -> None:
        freeze = Freeze(reason="Election", set_by="clerk", since=datetime(2026, 11, 20, tzinfo=UTC))
        with open_ledger(planted.council.sandbox.env["M365_RESTRICT_LEDGER__URL"]) as ledger:
            ledger.freezes.begin(freeze)
        planted.settings = dict(CANARY)
        assert planted(doing)["error"]["code"] == "frozen"
        assert planted.council.rule_writes() == []

    def test_what_a_killed_probe_leaves_is_an_orphan_that_apply_removes(self, planted: Doctor) -> None:
        planted.council.cmdlet(
            "New-TransportRule", Name="m365-restrict probe abc123 1", From=["nobody@probe.example"],
            Enabled=False, Mode="Audit", PrependSubject="[trial]",
            Comments="[m365-restrict instance=sandbox case=PROBE key=probe/1 digest=0123456789abcdef]",
        )  # fmt: skip
        assert planted.council.apply().exit_code == 0
        assert "m365-restrict probe abc123 1" not in planted.council.rules()


@pytest.fixture
def canary(planted: Doctor) -> Doctor:
    planted.settings = dict(CANARY)
    return planted


def post(doctor: Doctor, message: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Send a message as it was printed; its copies by recipient."""
    raw = (
        f"From: {message['sender']}\r\nTo: {', '.join(message['recipients'])}\r\n"
        f"Subject: {message['subject']}\r\n\r\nA trial.\r\n"
    )
    body = {"raw": raw, "envelope_from": message["sender"], "recipients": message["recipients"]}
    with doctor.council.settled():
        answer = doctor.council.sandbox.control("POST", "mail", body)
    return {one["recipient"]: one for one in answer.json()["copies"] if one["added_by"] is None}


def standing(council: Any, **settings: str) -> tuple[int, list[tuple[str, str, str]]]:
    """The exit code of `drift`, and what it says of canaries: class, severity and what to do."""
    answer = council.drift(settings=settings)
    told = [
        (one["class"], one["severity"], one["action"])
        for one in answer.document["findings"]
        if one["code"] == "canary-not-passed"
    ]
    return answer.exit_code, told


class TestStandingFinding:
    @pytest.fixture
    def in_step(self, council: Any) -> Any:
        council.in_force(council.case("RC-1"))
        return council

    def test_enforcing_without_a_canary_is_high_and_no_difference(self, in_step: Any) -> None:
        code, ((kind, severity, action),) = standing(in_step)
        assert (code, kind, severity) == (0, "register", "high")
        assert "doctor --canary start" in action

    @pytest.mark.parametrize("settings", [{"RULES__MODE": "audit"}, {"ENFORCE_WITH": "inbox_rules"}])
    def test_where_no_transport_rule_acts_there_is_none(self, council: Any, settings: dict[str, str]) -> None:
        council.plant()
        assert standing(council, **settings) == (0, [])

    def test_it_cannot_be_waived(self, in_step: Any, capsys: Any) -> None:
        (found,) = in_step.drift().document["findings"]
        order = Waive(finding=found["id"], until=date(2027, 3, 1), reason="CHG-1", owner="Head of ICT")
        assert run_waive(order, Asked(output="json"), in_step.sandbox.env) == 3
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "not-waivable"


class TestCanary:
    def start(self, doctor: Doctor) -> dict[str, Any]:
        found: dict[str, Any] = doctor(Doing.CANARY_START)["canary"]
        assert doctor.code == 0
        return found

    @pytest.mark.behaviour(
        stop_reach="fork", reason="where a stop ends the rules for every copy, the second rule waits in vain"
    )
    def test_it_acts_on_the_trial_message_alone_and_ends_by_itself(self, canary: Doctor) -> None:
        begun = self.start(canary)
        first, second = begun["messages"]
        copies = post(canary, first)
        assert [copies[one]["outcome"] for one in PILOTS] == ["redirected", "delivered", "rejected"]
        other = post(canary, {**first, "sender": "somebody@outside.example"})
        assert {one["outcome"] for one in other.values()} == {"delivered"}
        canary.council.clock(begun["expires_at"])
        assert {one["outcome"] for one in post(canary, second).values()} == {"delivered"}

    @pytest.mark.behaviour(from_external=True, reason="the other way to name senders has not passed then")
    def test_a_passed_canary_leaves_no_rule_and_is_kept(self, canary: Doctor) -> None:
        before = canary.council.rules()
        begun = self.start(canary)
        first, second = begun["messages"]
        post(canary, first)
        canary.council.clock("2026-11-23T10:30:00Z")
        found = canary.confirm(**GOOD)
        assert (found["state"], found["open"], canary.code) == ("waiting", ["expiry"], 2)
        canary.council.clock(second["from"])
        post(canary, second)
        canary.council.clock("2026-11-23T16:30:00Z")
        found = canary.confirm(expiry="yes")
        assert (found["state"], found["answers"], canary.code) == ("passed", GOOD | {"expiry": "yes"}, 0)
        assert canary.council.rules() == before
        assert ("canary", "from/header") not in canary.states()
        assert canary(Doing.CANARY_STATUS)["canary"]["state"] == "passed"
        assert standing(canary.council)[1] == []
        assert standing(canary.council, RULES__SENDER_MATCH="patterns")[1] != []

    @SEES_TRACES
    def test_an_answer_about_a_message_that_nobody_sent_waits(self, canary: Doctor) -> None:
        self.start(canary)
        canary.council.clock("2026-11-23T10:30:00Z")
        assert canary.confirm(**GOOD)["answers"] == {}

    def test_without_the_trace_the_operator_is_believed(self, doctor: Doctor) -> None:
        doctor.council.plant(behaviour={"message_trace": False})
        doctor.settings = dict(CANARY)
        self.start(doctor)
        doctor.council.clock("2026-11-23T10:30:00Z")
        assert doctor.confirm(**GOOD)["answers"] == GOOD

    @SEES_TRACES
    @pytest.mark.parametrize(("names", "told"), [(True, {"match": "yes"}), (False, {})])
    def test_the_trace_may_say_by_itself_that_the_rule_acted(
        self, doctor: Doctor, *, names: bool, told: dict[str, str]
    ) -> None:
        doctor.council.plant(behaviour={"redirect_trace": "recipient", "trace_names_rules": names})
        doctor.settings = dict(CANARY)
        post(doctor, self.start(doctor)["messages"][0])
        doctor.council.clock("2026-11-23T10:30:00Z")
        assert doctor.confirm()["answers"] == told

    def test_rules_that_are_not_listed_at_once_are_looked_for_again(self, canary: Doctor) -> None:
        canary.council.fault("stale_read", cmdlet="Get-TransportRule")
        self.start(canary)
        assert len(canary.council.ours()) == 2

    @SEES_TRACES
    def test_an_answer_that_the_trace_contradicts_fails(self, canary: Doctor) -> None:
        begun = self.start(canary)
        rules = [name for name in canary.council.ours() if name.endswith("refusal")]
        canary.council.cmdlet("Disable-TransportRule", Identity=rules[0])
        post(canary, begun["messages"][0])
        canary.council.clock("2026-11-23T10:30:00Z")
        found = canary.confirm(**GOOD)
        assert (found["answers"]["ndr"], found["state"], canary.code) == ("contradicted", "failed", 3)
        assert canary.council.ours() == {}

    @pytest.mark.behaviour(from_external=True, reason="the first canary names its sender by From")
    def test_a_sender_that_did_not_match_is_named_by_patterns_from_then_on(self, canary: Doctor) -> None:
        begun = self.start(canary)
        post(canary, begun["messages"][0])
        canary.council.clock("2026-11-23T10:30:00Z")
        assert canary.confirm(match="no")["state"] == "failed"
        again = self.start(canary)
        assert again["form"] == "patterns/caret/header"
        post(canary, again["messages"][0])
        canary.council.clock("2026-11-23T12:30:00Z")
        canary.confirm(match="no")
        assert self.start(canary)["form"] == "patterns/absolute/header"

    def test_another_start_takes_the_earlier_rules_away(self, canary: Doctor) -> None:
        self.start(canary)
        earlier = set(canary.council.ours())
        self.start(canary)
        assert len(canary.council.ours()) == 2
        assert not earlier & set(canary.council.ours())

    @pytest.mark.parametrize(
        "settings",
        [
            {"CANARY__ADDRESS": ""},
            {"CANARY__ADDRESS": "officer@ash.example"},
            {"CANARY__MAILBOXES": "planning@ash.example"},
            {"CANARY__MAILBOXES": "planning@ash.example,cllr.a@ash.example"},
            {"CANARY__MAILBOXES": "planning@ash.example,monitoring@ash.example"},
            {"CANARY__MAILBOXES": "planning@ash.example,gone@ash.example"},
        ],
    )
    def test_nobody_who_must_not_be_tried_on_is(self, canary: Doctor, settings: Mapping[str, str]) -> None:
        canary.settings = CANARY | dict(settings)
        assert canary(Doing.CANARY_START)["error"]["code"] == "canary-not-set"
        assert (canary.code, canary.council.rule_writes()) == (3, [])

    def test_a_rule_that_comes_back_otherwise_never_acts_and_never_stays(self, doctor: Doctor) -> None:
        doctor.council.plant(behaviour={"drop_parameter": "ExceptIfSentTo"})
        doctor.settings = dict(CANARY)
        assert doctor(Doing.CANARY_START)["error"]["code"] == "canary-not-begun"
        assert doctor.council.ours() == {}
        assert "Enable-TransportRule" not in {one["cmdlet"] for one in doctor.council.requests()}

    def test_the_ledger_keeps_no_address_of_it(self, canary: Doctor) -> None:
        self.start(canary)
        url = canary.council.sandbox.env["M365_RESTRICT_LEDGER__URL"]
        with open_ledger(url) as ledger:
            (kept,) = ledger.canaries.all(canary.council.sandbox.tenant.document["id"])
        assert "@" not in json.dumps(vars(kept), default=str)


def test_a_canary_is_no_block_that_nobody_decided(canary: Doctor) -> None:
    canary.council.apply(settings=CANARY)
    canary(Doing.CANARY_START)
    assert canary.council.drift(settings=CANARY).findings("orphan") == []
    assert canary.council.apply(settings=CANARY).changes == []
