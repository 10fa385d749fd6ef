"""Who changed a rule, by the rule and by the audit log; and what a second view of the rules says."""

import contextlib
import io
import json
import time
from typing import Any

import pytest

from m365_restrict.cli.evidence import EvidenceRequest, run_replay
from m365_restrict.cli.report import ReportOrder, run_report
from m365_restrict.cli.report_form import ReportFormat
from m365_restrict.reporting.request import ReportRequest

REDIRECT = "RC-1 Redirect to single contact"
ADMIN = "admin@ash.example"
HAS_A_SECOND_VIEW = pytest.mark.behaviour(
    configuration_reader=True, reason="where nobody may read so, there is no snapshot to compare with"
)
_SECRETS = {"AUTH__READER__CERTIFICATE_PATH": "", "AUTH__WRITER__CERTIFICATE_PATH": ""}
LOG, VIEW = "AuditLogsQuery-Exchange.Read.All", "ConfigurationMonitoring.ReadWrite.All"


class Tenant:
    """A council in step, whose reader may read the audit log and ask for snapshots."""

    def __init__(self, council: Any) -> None:
        self.council = council
        self.holder = council.councillors[0]

    def plant(self, *, roles: tuple[str, ...] = (LOG,), delay: int = 0) -> None:
        self.council.in_force(
            self.council.case("RC-1", Addresses="one@post.example\ntwo@post.example"),
            choices=[self.council.choice(self.holder, "pat@post.example", "Junk Email")],
            tenant={
                "accepted_domains": ["ash.example"],
                "behaviour": {"audit_delay_minutes": delay},
                "applications": {"reader": {"add_roles": list(roles)}},
            },
        )
        self.council.clock("2026-11-23T12:00:00Z")

    def drift(self, now: str = "2026-11-23T12:10:00Z", **settings: str) -> Any:
        self.council.clock(now)
        return self.council.drift(settings=settings)

    def report(self, now: str = "2026-11-23T12:10:00Z", **settings: str) -> dict[str, Any]:
        """The report of a run of its own, as JSON."""
        self.council.clock(now)
        out = io.StringIO()
        variables = {f"M365_RESTRICT_{name}": one for name, one in {**_SECRETS, **settings}.items()}
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            order = ReportOrder(request=ReportRequest(), form=ReportFormat.JSON)
            run_report(order, {**self.council.sandbox.env, **variables})
        found: dict[str, Any] = json.loads(out.getvalue())
        return found

    def records(self) -> list[dict[str, Any]]:
        return [one for _, one in self.council.sandbox.tenant.store.all("audit")]

    def alter(self, **data: Any) -> None:
        """Make the last record of the log another than the sandbox writes."""
        store = self.council.sandbox.tenant.store
        key, record = max(store.all("audit"), key=lambda entry: int(entry[0]))
        store.put("audit", key, {**record, "auditData": {**record["auditData"], **data}})

    def remove_choice(self, *, by: str) -> None:
        """Somebody removes the councillor's rule; who did stands in the record alone."""
        (rule,) = self.council.inbox_rules(self.holder)
        path = f"/me/mailFolders/inbox/messageRules/{rule['id']}"
        self.council.holder(self.holder, "DELETE", path)
        if by != self.holder:
            self.alter(UserId=by, TokenObjectId="another", UserType=2)


@pytest.fixture
def tenant(council: Any) -> Tenant:
    return Tenant(council)


def of_code(found: list[dict[str, Any]], code: str) -> dict[str, Any]:
    (finding,) = [one for one in found if one["code"] == code]
    return finding


def actors(document: dict[str, Any], code: str) -> list[tuple[str, str, str]]:
    return [
        (one["kind"], one["name"], one["source"]) for one in of_code(document["findings"], code)["actors"]
    ]


def scopes(document: dict[str, Any]) -> list[str]:
    return [one["scope"] for one in document["not_covered"]]


def disabled(council: Any) -> None:
    council.cmdlet("Disable-TransportRule", Identity=REDIRECT)


@pytest.mark.requirement("Y1-21", "M-14")
def test_an_administrators_edit_shows_actor_and_time(tenant: Tenant) -> None:
    tenant.plant()
    disabled(tenant.council)
    document = tenant.report()
    told = of_code(document["findings"], "rule-drifted")["actors"]
    assert [(one["kind"], one["name"], one["at"], one["source"]) for one in told] == [
        ("person", "E Admin", "2026-11-23T12:00:00Z", "rule"),
        ("person", ADMIN, "2026-11-23T12:00:00Z", "audit log"),
    ]
    assert told[1]["from_where"] == "192.0.2.10"
    assert "Who changed a rule" not in scopes(document)


@pytest.mark.requirement("Y0-8", "M-14")
def test_who_removed_a_rule_is_told_by_drift_where_no_rule_can_tell(tenant: Tenant) -> None:
    tenant.plant()
    tenant.council.cmdlet("Remove-TransportRule", Identity=REDIRECT)
    finding = of_code(tenant.drift().findings(), "rule-missing")
    assert (finding["changed_by"], finding["changed_at"]) == (ADMIN, "2026-11-23T12:00:00Z")


def test_what_the_tool_wrote_is_no_drift_and_nobody_is_asked_about_it(tenant: Tenant) -> None:
    tenant.plant()
    assert tenant.drift().findings() == []
    assert not [one for one in tenant.council.requests() if "auditLog" in one["path"]]
    assert any(one["auditData"]["AppAccessContext"] for one in tenant.records())


def test_a_change_that_the_log_does_not_hold_yet_says_so_and_is_told_later(tenant: Tenant) -> None:
    tenant.plant(delay=90)
    tenant.council.cmdlet("Remove-TransportRule", Identity=REDIRECT)
    finding = of_code(tenant.drift().findings(), "rule-missing")
    assert finding["changed_by"] is None
    assert "not yet in the audit log" in finding["message"]
    assert actors(tenant.report(), "rule-missing") == [("not_yet_logged", "", "")]
    later = of_code(tenant.drift("2026-11-23T14:00:00Z").findings(), "rule-missing")
    assert later["changed_by"] == ADMIN


def test_an_answer_that_comes_late_is_read_by_the_next_run(tenant: Tenant) -> None:
    tenant.plant()
    tenant.council.cmdlet("Remove-TransportRule", Identity=REDIRECT)
    slow = {"match": {"path_regex": "auditLog/queries/"}, "do": "delay", "ms": 2500, "times": 1}
    assert tenant.council.sandbox.control("POST", "faults", [slow]).is_success
    document = tenant.report(DRIFT__WAIT_SECONDS="4")
    assert "Who changed a rule" in scopes(document)
    assert of_code(tenant.drift("2026-11-23T13:20:00Z").findings(), "rule-missing")["changed_by"] == ADMIN


def test_all_that_is_read_beside_the_rules_shares_one_wait(tenant: Tenant) -> None:
    """Each answer alone would take longer than the whole run may."""
    tenant.plant(roles=(LOG, VIEW))
    tenant.council.cmdlet("Remove-TransportRule", Identity=REDIRECT)
    beside = "(?i)auditLog|configurationManagement|messageTraces|contact@ash.example/mailFolders"
    slow = {"match": {"path_regex": beside}, "do": "delay", "ms": 60_000, "times": 99}
    assert tenant.council.sandbox.control("POST", "faults", [slow]).is_success
    began = time.monotonic()
    document = tenant.report(DRIFT__WAIT_SECONDS="1")
    assert time.monotonic() - began < 30
    said = [one for one in document["not_covered"] if "in the time that a run gives it" in one["reason"]]
    assert sorted(one["scope"].partition(":")[0] for one in said) == [
        "Second opinion on the rules",
        "What became of mail",
        "Whether contact@ash.example is read",
        "Who changed a rule",
    ]
    assert actors(document, "rule-missing") == [("not_readable", "", "")]


def test_an_edit_by_a_partners_administrator_is_marked(tenant: Tenant) -> None:
    tenant.plant()
    disabled(tenant.council)
    tenant.alter(UserId="engineer@partner.example", ExternalAccess=True, TokenTenantId="another")
    assert actors(tenant.report(), "rule-drifted")[1] == (
        "partner", "engineer@partner.example", "audit log",
    )  # fmt: skip


@pytest.mark.requirement("Y1-24")
def test_a_councillor_who_removed_their_own_rule_is_not_named(tenant: Tenant) -> None:
    tenant.plant()
    tenant.remove_choice(by=tenant.holder)
    document = tenant.report()
    finding = of_code(document["findings"], "holder-changed-rule")
    assert (finding["severity"], finding["actors"], finding["changed_by"]) == ("low", [], None)
    assert tenant.holder not in json.dumps(document)


@pytest.mark.requirement("F13", "Y1-24")
def test_a_councillors_rule_that_another_removed_is_high_and_says_who(tenant: Tenant) -> None:
    tenant.plant()
    tenant.remove_choice(by=ADMIN)
    document = tenant.report()
    finding = of_code(document["findings"], "choice-removed-by-another")
    assert (finding["severity"], finding["class"]) == ("high", "holders_choice")
    assert isinstance(finding["mailbox"], int)
    assert actors(document, "choice-removed-by-another") == [("person", ADMIN, "audit log")]
    assert tenant.holder not in json.dumps(document)
    assert "holder-changed-rule" not in [one["code"] for one in document["findings"]]


def test_without_the_permission_the_rule_tells_and_the_report_says_what_is_missing(tenant: Tenant) -> None:
    tenant.plant(roles=())
    disabled(tenant.council)
    document = tenant.report()
    assert actors(document, "rule-drifted") == [("person", "E Admin", "rule")]
    (line,) = [one for one in document["not_covered"] if one["scope"] == "Who changed a rule"]
    assert LOG in line["reason"]
    assert not [one for one in tenant.council.requests() if "auditLog" in one["path"]]


def test_a_log_that_refuses_is_said_and_ends_nothing(tenant: Tenant) -> None:
    tenant.plant()
    tenant.council.cmdlet("Remove-TransportRule", Identity=REDIRECT)
    tenant.council.fault("status", status=403, times=9, path_regex="auditLog")
    document = tenant.report()
    assert actors(document, "rule-missing") == [("not_readable", "", "")]
    assert "Who changed a rule" in scopes(document)


def test_what_was_learned_is_not_asked_again(tenant: Tenant) -> None:
    tenant.plant()
    disabled(tenant.council)
    first = actors(tenant.report(), "rule-drifted")
    tenant.council.requests()
    assert actors(tenant.report("2026-11-24T12:00:00Z"), "rule-drifted") == first
    assert not [one for one in tenant.council.requests() if "auditLog" in one["path"]]


def test_a_run_that_asked_the_log_is_performed_again_byte_for_byte(tenant: Tenant) -> None:
    tenant.plant(roles=(LOG, VIEW))
    disabled(tenant.council)
    run_id = tenant.drift().document["run_id"]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = run_replay(run_id, EvidenceRequest(), tenant.council.sandbox.env)
    assert code == 0, out.getvalue()


def snapshots(tenant: Tenant) -> list[dict[str, Any]]:
    return [one for one in tenant.council.requests() if "configuration" in one["path"].lower()]


def test_views_that_agree_are_no_finding_and_leave_no_job_behind(tenant: Tenant) -> None:
    tenant.plant(roles=(VIEW,))
    assert tenant.drift().findings() == []
    asked = snapshots(tenant)
    assert asked[0]["method"] == "POST"
    assert asked[-1]["method"] == "DELETE"
    assert not list(tenant.council.sandbox.tenant.store.all("snapshot_jobs"))


def test_a_snapshot_is_asked_for_at_most_daily(tenant: Tenant) -> None:
    tenant.plant(roles=(VIEW,))
    tenant.drift()
    snapshots(tenant)
    tenant.drift("2026-11-23T20:00:00Z")
    assert snapshots(tenant) == []
    tenant.drift("2026-11-24T12:00:00Z")
    assert snapshots(tenant)


def test_without_the_permission_there_is_no_second_view(tenant: Tenant) -> None:
    tenant.plant(roles=())
    assert tenant.drift().findings() == []
    assert snapshots(tenant) == []


def asked_and_waiting(tenant: Tenant) -> None:
    """A run asks for a snapshot and does not get it in time; then the service makes it."""
    slow = {"match": {"path_regex": "configurationSnapshotJobs/"}, "do": "delay", "ms": 1500, "times": 1}
    assert tenant.council.sandbox.control("POST", "faults", [slow]).is_success
    tenant.drift(DRIFT__WAIT_SECONDS="3")
    store = tenant.council.sandbox.tenant.store
    ((key, job),) = store.all("snapshot_jobs")
    for _ in range(2):
        answer = tenant.council.sandbox.graph(
            "GET", f"/admin/configurationManagement/configurationSnapshotJobs/{key}"
        )
        assert answer.is_success, answer.text
    assert job["status"] != "failed"


def edit_out_of_sight(tenant: Tenant, **properties: Any) -> None:
    """What the admin endpoint shows changes, and no rule says when: the snapshot shows what was before."""
    store = tenant.council.sandbox.tenant.store
    ((key, rule),) = [(key, one) for key, one in store.all("transport_rules") if one["Name"] == REDIRECT]
    store.put("transport_rules", key, {**rule, **properties})


@HAS_A_SECOND_VIEW
@pytest.mark.requirement("Y0-8", "Y1-21")
def test_views_that_disagree_are_high_where_a_live_case_hangs_on_the_rule(tenant: Tenant) -> None:
    tenant.plant(roles=(VIEW,))
    asked_and_waiting(tenant)
    edit_out_of_sight(tenant, State="Disabled")
    finding = of_code(tenant.drift("2026-11-23T13:00:00Z").findings(), "views-disagree")
    assert (finding["severity"], finding["case_ref"], finding["rule"]) == ("high", "RC-1", REDIRECT)
    assert finding["message"].endswith("They differ in State.")
    assert not list(tenant.council.sandbox.tenant.store.all("snapshot_jobs"))


@HAS_A_SECOND_VIEW
def test_a_disagreement_stands_until_the_rule_changes(tenant: Tenant) -> None:
    tenant.plant(roles=(VIEW,))
    asked_and_waiting(tenant)
    edit_out_of_sight(tenant, StopRuleProcessing=False)
    for now in ("2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z"):
        assert of_code(tenant.drift(now).findings(), "views-disagree")
    tenant.council.cmdlet("Set-TransportRule", Identity=REDIRECT, StopRuleProcessing=True)
    codes = [one["code"] for one in tenant.drift("2026-11-23T15:00:00Z").findings()]
    assert "views-disagree" not in codes


def test_a_snapshot_that_the_service_may_not_make_is_said(tenant: Tenant) -> None:
    tenant.plant(roles=(VIEW,))
    store = tenant.council.sandbox.tenant.store
    document = store.get("tenant", "tenant")
    behaviour = {**document["behaviour"], "configuration_reader": False}
    store.put("tenant", "tenant", {**document, "behaviour": behaviour})
    report = tenant.report()
    assert "Second opinion on the rules" in scopes(report)
    assert "views-disagree" not in [one["code"] for one in report["findings"]]
