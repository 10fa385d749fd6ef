"""What nobody could look for is never told as put right, and nobody is named for what another did."""

import contextlib
import io
import json
import re
from typing import Any

import pytest

from m365_restrict.cli.report import ReportOrder, run_report
from m365_restrict.cli.report_form import ReportFormat
from m365_restrict.ledger.ledger import open_ledger
from m365_restrict.report.edition import Period
from m365_restrict.reporting.request import ReportRequest

CASE, RULE = "RC-1", "RC-1 Redirect to single contact"
ADMIN, ASSISTANT, CLERK, CONTACT = (
    f"{name}@ash.example" for name in ("admin", "assistant", "clerk", "contact")
)
LOG, VIEW = "AuditLogsQuery-Exchange.Read.All", "ConfigurationMonitoring.ReadWrite.All"
SEES_TRACES = pytest.mark.behaviour(message_trace=True, reason="only traces tell of a leak")
_SETTINGS = {
    "AUTH__READER__CERTIFICATE_PATH": "",
    "AUTH__WRITER__CERTIFICATE_PATH": "",
    "NOTIFY__SENDER": ASSISTANT,
    "NOTIFY__LIBRARY": "Reports",
    "DELIVERY__ICT__TO": ADMIN,
}


class Town:
    """A council in step, its reports, and what is delivered of them."""

    def __init__(self, council: Any) -> None:
        self.council, self.sandbox, self.said = council, council.sandbox, ""

    def plant(self, *, roles: tuple[str, ...] = (), **seed: Any) -> None:
        """The reader may do what `roles` say, beside what it may do anyway."""
        tenant = {
            "accepted_domains": ["ash.example"],
            "behaviour": {"audit_delay_minutes": 0, **seed.pop("behaviour", {})},
            "applications": {"reader": {"add_roles": list(roles)}},
        }
        case = self.council.case(CASE, **seed.pop("fields", {}))
        self.council.in_force(case, tenant=tenant, **seed)
        self.council.clock("2026-11-23T12:00:00Z")

    def report(self, now: str, *, deliver: bool = False, **asked: Any) -> dict[str, Any]:
        """The report of a run, and what was said of its delivery."""
        self.council.clock(now)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            request = ReportRequest(**asked)
            order = ReportOrder(request=request, form=ReportFormat.JSON, deliver=deliver)
            env = {f"M365_RESTRICT_{name}": value for name, value in _SETTINGS.items()}
            run_report(order, {**self.sandbox.env, **env})
        self.said = err.getvalue()
        found: dict[str, Any] = json.loads(out.getvalue())
        assert found["error"] is None, (found["error"], err.getvalue())
        return found

    def daily(self, day: int) -> str:
        """The digest of that morning: the mail as words."""
        self.report(f"2026-11-{day}T12:00:00Z", deliver=True, period=Period.DAILY)
        return re.sub(r"<[^>]+>", " ", self.mails()[-1]["content"])

    def mails(self) -> list[dict[str, Any]]:
        return list(self.sandbox.control("GET", "sent").json()["sent"])

    def remembered(self) -> list[str]:
        """The findings whose first day the ledger keeps."""
        with open_ledger(self.sandbox.env["M365_RESTRICT_LEDGER__URL"], read_only=True) as ledger:
            return list(ledger.findings.known())

    def by(self, who: str, cmdlet: str) -> None:
        """An administrator does something to the rule."""
        body = {"by": who, "cmdlet": cmdlet, "parameters": {"Identity": RULE}}
        answer = self.sandbox.control("POST", "cmdlet", body)
        assert answer.is_success, answer.text

    def leak(self, times: int = 1) -> None:
        self.council.cmdlet("Disable-TransportRule", Identity=RULE)
        for _ in range(times):
            self.council.mail("rc-1@post.example", [CLERK])
        self.council.cmdlet("Enable-TransportRule", Identity=RULE)


@pytest.fixture
def town(council: Any) -> Town:
    return Town(council)


def of_code(document: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = [one for one in document["findings"] if one["code"] == code]
    return found


def logged(finding: dict[str, Any]) -> list[str]:
    return [one["name"] for one in finding["actors"] if one["source"] == "audit log"]


@pytest.mark.requirement("Y1-21", "M-14")
@pytest.mark.parametrize(
    ("cmdlet", "code"), [("Remove-TransportRule", "rule-missing"), ("Disable-TransportRule", "rule-drifted")]
)
def test_an_edit_after_a_repair_is_its_own_makers(town: Town, cmdlet: str, code: str) -> None:
    town.plant(roles=(LOG,))
    town.by(ADMIN, cmdlet)
    assert logged(of_code(town.report("2026-11-23T12:10:00Z"), code)) == [ADMIN]
    town.council.clock("2026-11-23T12:20:00Z")
    assert town.council.heal().exit_code == 0
    town.council.clock("2026-11-23T13:00:00Z")
    town.by(ASSISTANT, cmdlet)
    told = of_code(town.report("2026-11-23T13:10:00Z"), code)
    assert logged(told) == [ASSISTANT]
    assert told["changed_at"] == "2026-11-23T13:00:00Z"


def test_an_edit_of_what_was_edited_is_asked_about_again(town: Town) -> None:
    town.plant(roles=(LOG,))
    town.by(ADMIN, "Disable-TransportRule")
    town.report("2026-11-23T12:10:00Z")
    town.council.clock("2026-11-23T13:00:00Z")
    town.by(ASSISTANT, "Enable-TransportRule")
    town.council.clock("2026-11-23T13:10:00Z")
    town.by(ASSISTANT, "Disable-TransportRule")
    told = of_code(town.report("2026-11-23T13:20:00Z"), "rule-drifted")
    assert logged(told) == [ASSISTANT, ADMIN]


@pytest.mark.requirement("F24")
def test_a_contact_whose_mailbox_is_out_of_sight_is_not_told_as_read(town: Town) -> None:
    town.plant()
    town.council.mail("rc-1@post.example", [CLERK])
    assert "contact-mailbox-unread" in town.daily(29)
    town.council.fault("status", status=403, times=50, path_regex="(?i)mailFolders")
    assert town.report("2026-11-30T11:00:00Z")["fixed"] == []
    assert [one for one in town.remembered() if one.startswith("contact-mailbox-unread|")]
    digest = town.daily(30)
    assert "no longer found" not in digest
    assert "1 finding that you were told of before could not be looked for and may still stand." in digest
    assert "Nothing that you were told of before still stands." not in digest


def test_what_is_read_again_and_right_is_told_as_put_right(town: Town) -> None:
    town.plant()
    town.council.mail("rc-1@post.example", [CLERK])
    town.daily(29)
    path = "/me/mailFolders/inbox/messages"
    for message in town.council.holder(CONTACT, "GET", path)["value"]:
        town.council.holder(CONTACT, "PATCH", f"{path}/{message['id']}", {"isRead": True})
    assert "contact-mailbox-unread is no longer found" in town.daily(30)


@SEES_TRACES
@pytest.mark.requirement("F24")
def test_a_leak_whose_traces_do_not_answer_is_not_told_as_put_right(town: Town) -> None:
    town.plant()
    town.leak()
    town.report("2026-11-23T13:00:00Z", deliver=True)
    town.council.fault("status", status=503, times=50, path_regex="(?i)messagetraces")
    assert town.report("2026-11-23T14:00:00Z", deliver=True)["fixed"] == []
    subjects = ["Restricted contacts: 1 new critical finding"]
    assert [one["subject"] for one in town.mails()] == subjects
    town.sandbox.control("DELETE", "faults")
    town.report("2026-11-23T15:00:00Z", deliver=True)
    assert [one["subject"] for one in town.mails()] == subjects


@SEES_TRACES
@pytest.mark.requirement("F24")
def test_what_leaks_on_a_later_day_is_told_at_once_again(town: Town) -> None:
    town.plant()
    town.leak()
    first = town.report("2026-11-23T13:00:00Z", deliver=True)
    town.council.clock("2026-11-25T12:00:00Z")
    town.leak(3)
    again = town.report("2026-11-25T13:00:00Z", deliver=True)
    assert of_code(first, "mail-leaked")["id"] == of_code(again, "mail-leaked")["id"]
    assert again["fixed"] == []
    town.report("2026-11-25T14:00:00Z", deliver=True)
    assert [one["subject"] for one in town.mails()] == ["Restricted contacts: 1 new critical finding"] * 2


def test_drift_says_what_it_could_not_look_at(town: Town) -> None:
    town.plant(behaviour={"message_trace": False})
    town.leak()
    run = town.council.drift()
    (line,) = [one for one in run.document["not_covered"] if one["scope"] == "What became of mail"]
    assert "ExchangeMessageTrace.Read.All" in line["next_step"]
    text = town.council.drift(output="text").stdout
    assert f"! not covered: What became of mail: {line['reason']}" in " ".join(text.split())
    assert line["next_step"] in " ".join(text.split())


@pytest.mark.behaviour(configuration_reader=True, reason="where nobody may read so, there is no snapshot")
def test_a_snapshot_without_any_rule_accuses_none(town: Town) -> None:
    town.plant(roles=(VIEW,))
    slow = {"match": {"path_regex": "configurationSnapshotJobs/"}, "do": "delay", "ms": 1500, "times": 1}
    town.sandbox.control("POST", "faults", [slow])
    town.council.drift(settings={"DRIFT__WAIT_SECONDS": "3"})
    store = town.sandbox.tenant.store
    ((job, _),) = store.all("snapshot_jobs")
    rules = list(store.all("transport_rules"))
    for key, _ in rules:
        store.delete("transport_rules", key)
    for _ in range(2):
        town.sandbox.graph("GET", f"/admin/configurationManagement/configurationSnapshotJobs/{job}")
    for key, rule in rules:
        store.put("transport_rules", key, rule)
    report = town.report("2026-11-23T13:00:00Z")
    assert "views-disagree" not in [one["code"] for one in report["findings"]]
    (line,) = [one for one in report["not_covered"] if one["scope"] == "Second opinion on the rules"]
    assert "Security Reader" in line["reason"]


def test_a_failure_of_the_second_view_is_said_in_plain_words(town: Town) -> None:
    town.plant(roles=(VIEW,))
    town.council.fault("status", status=500, times=50, path_regex="(?i)configurationManagement")
    report = town.report("2026-11-23T13:00:00Z")
    (line,) = [one for one in report["not_covered"] if one["scope"] == "Second opinion on the rules"]
    assert line["reason"] == "There is none: Graph answered with HTTP 500."


def test_a_choice_that_the_log_explains_later_is_the_same_finding(town: Town) -> None:
    holder = town.council.councillors[0]
    choice = town.council.choice(holder, "pat@post.example", "Junk Email")
    town.plant(roles=(LOG,), choices=[choice], behaviour={"audit_delay_minutes": 60})
    store = town.sandbox.tenant.store
    (rule,) = town.council.inbox_rules(holder)
    town.council.holder(holder, "DELETE", f"/me/mailFolders/inbox/messageRules/{rule['id']}")
    key, record = max(store.all("audit"), key=lambda entry: int(entry[0]))
    data = {**record["auditData"], "UserId": ADMIN, "TokenObjectId": "another", "UserType": 2}
    store.put("audit", key, {**record, "auditData": data})
    before = of_code(town.report("2026-11-23T12:10:00Z"), "holder-changed-rule")
    later = town.report("2026-11-23T13:30:00Z")
    assert of_code(later, "choice-removed-by-another")["id"] == before["id"]
    assert later["fixed"] == []


def test_who_changed_a_councillors_transport_rule_is_told_alike_everywhere(town: Town) -> None:
    holder = town.council.councillors[0]
    choice = town.council.choice(holder, CASE, "Same as the council")
    town.plant(roles=(LOG,), fields={"CouncillorRoute": "Councillor opted in"}, choices=[choice])
    name = next(one for one in town.council.ours() if "opted in" in one)
    town.council.cmdlet("Disable-TransportRule", Identity=name)
    told = of_code(town.report("2026-11-23T13:00:00Z"), "rule-drifted")
    assert told["changed_by"] == "E Admin"
    assert {one["name"] for one in told["actors"]} == {"E Admin", ADMIN}
    assert holder not in json.dumps(told)


@pytest.mark.parametrize(("largest", "ending"), [(25_000, ".xlsx"), (100, "")])
def test_a_page_that_the_library_does_not_take_is_filed_as_a_spreadsheet_or_given_up(
    town: Town, monkeypatch: pytest.MonkeyPatch, largest: int, ending: str
) -> None:
    monkeypatch.setattr("m365_restrict.telling.deliver.LARGEST_UPLOAD", largest)
    town.plant()
    digest = town.daily(24)
    files = [one["path"] for one in town.sandbox.control("GET", "library").json()["files"]]
    assert [path.endswith(ending) for path in files] == ([True] if ending else [])
    assert "larger than the library takes" in digest
    assert "tries again" not in digest + town.said
    assert "due again" not in town.said
    waiting = [one["scope"] for one in town.report("2026-11-24T13:00:00Z")["not_covered"]]
    assert "Reports filed in the library" not in waiting
