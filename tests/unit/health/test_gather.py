import json
from datetime import date, timedelta

import pytest
import trustme
from trustme import KeyType

from m365_restrict.errors import ErrorCode, ExitCode
from m365_restrict.health.codes import HealthCode
from m365_restrict.health.gather import gather
from m365_restrict.health.sign_in import Application
from m365_restrict.health.state import JobState, exit_code_of
from m365_restrict.ledger.freezes import Freeze
from m365_restrict.ledger.overrides import OverrideRecord
from m365_restrict.ledger.runs import RunEnd, RunStart
from m365_restrict.logs.marks import marked
from m365_restrict.plan.change import RuleKind
from m365_restrict.plan.codes import FindingCode
from m365_restrict.plan.overrides import Override
from m365_restrict.plan.waivers import Waiver
from m365_restrict.schedule.jobs import Job
from m365_restrict.tenant.sign_in_way import SignInWay


def codes(watched, **changes):
    state = gather(watched.ledger, watched.question(**changes))
    return [one.code for one in state.attention], exit_code_of(state)


def ended(watched, verb, document, *, exit_code=ExitCode.IN_STEP, ago=timedelta(hours=1)):
    at = watched.now - ago
    run_id = f"{at:%Y%m%dT%H%M%SZ}-{verb}"
    with marked(run_id=run_id) as marks:
        marks.traffic.requests, marks.traffic.throttled = 12, 3
        watched.ledger.runs.begin(RunStart(run_id=run_id, verb=verb, started_at=at, host="h", pid=1))
        told = {"error": None, **document}
        end = RunEnd(finished_at=at, exit_code=exit_code, document=json.dumps(told))
        watched.ledger.runs.finish(run_id, end)
    return run_id


def finding(severity="high", class_="drifted", *, waived=None):
    return {"class": class_, "severity": severity, "waived": waived}


def test_all_is_well_where_every_job_did_its_work(watched):
    watched.all_ran()
    assert codes(watched) == ([], ExitCode.IN_STEP)


def test_before_the_first_job_somebody_is_told_to_start_the_schedule(watched):
    assert codes(watched) == ([HealthCode.NO_JOB_YET], ExitCode.DIFFERENCES)


@pytest.mark.parametrize(("hours", "code"), [(2, HealthCode.JOB_OVERDUE), (48, FindingCode.JOB_SILENT)])
def test_a_job_that_stopped_is_said_with_exit_code_4(watched, hours, code):
    watched.all_ran()
    watched.ledger.jobs.prune(before=watched.now)
    found = gather(watched.ledger, watched.question(now=watched.now + timedelta(hours=hours)))
    assert code in {one.code for one in found.attention}
    assert exit_code_of(found) is ExitCode.PARTIAL


def test_a_job_that_failed_a_moment_ago_is_said_before_it_is_overdue(watched):
    watched.all_ran()
    watched.ran(Job.DRIFT, ago=timedelta(minutes=1), exit_code=5)
    assert codes(watched) == ([HealthCode.JOB_FAILED], ExitCode.DIFFERENCES)


def test_open_findings_are_counted_by_class_and_severity_and_accepted_ones_apart(watched):
    watched.all_ran()
    found = [finding(), finding(), finding("low", "register"), finding(waived={"number": 1})]
    run = ended(watched, "drift", {"findings": found}, exit_code=ExitCode.DIFFERENCES)
    state = gather(watched.ledger, watched.question())
    counts = {(one.class_, one.severity): (one.count, one.waived) for one in state.findings.counts}
    assert counts == {("drifted", "high"): (2, 1), ("register", "low"): (1, 0)}
    assert state.findings.run_id == run
    assert [one.code for one in state.attention] == [HealthCode.FINDINGS_OPEN]


def test_low_findings_and_accepted_ones_need_nobody(watched):
    watched.all_ran()
    ended(watched, "drift", {"findings": [finding("low"), finding("critical", waived={"number": 1})]})
    assert codes(watched) == ([], ExitCode.IN_STEP)


def test_a_comparison_that_failed_takes_nothing_back(watched):
    watched.all_ran()
    ended(watched, "drift", {"findings": [finding()]}, ago=timedelta(hours=2))
    error = {"code": "source-incomplete", "message": "m"}
    ended(watched, "drift", {"findings": [], "error": error}, exit_code=ExitCode.SOURCE_INCOMPLETE)
    assert codes(watched)[0] == [HealthCode.FINDINGS_OPEN]


def test_what_the_last_run_held_back_is_said_with_its_reasons(watched):
    watched.all_ran()
    document = {
        "guards": [{"code": "too-many-removals", "message": "Six cases would go."}],
        "refused": [{"case_ref": "RC-1", "code": "notice-missing", "message": "private words"}],
    }
    ended(watched, "apply", document, exit_code=ExitCode.REFUSED)
    state = gather(watched.ledger, watched.question())
    assert state.refused is not None
    assert [(one.code, one.case_ref) for one in state.refused.reasons] == [
        ("too-many-removals", None),
        ("notice-missing", "RC-1"),
    ]
    assert [one.code for one in state.attention] == [HealthCode.RUN_REFUSED]
    assert "private" not in str(state)


@pytest.mark.parametrize("exit_code", [ExitCode.IN_STEP, ExitCode.DIFFERENCES, ExitCode.LEASE_HELD])
def test_a_run_that_did_all_it_could_was_not_refused(watched, exit_code):
    ended(watched, "apply", {}, exit_code=exit_code)
    assert gather(watched.ledger, watched.question()).refused is None


def test_a_run_that_found_another_at_work_answers_no_earlier_refusal(watched):
    refused = ended(watched, "apply", {}, exit_code=ExitCode.REFUSED, ago=timedelta(hours=2))
    ended(watched, "apply", {}, exit_code=ExitCode.LEASE_HELD)
    found = gather(watched.ledger, watched.question()).refused
    assert found is not None
    assert found.run_id == refused


def test_a_later_run_in_step_answers_an_earlier_refusal(watched):
    ended(watched, "apply", {}, exit_code=ExitCode.REFUSED, ago=timedelta(hours=2))
    ended(watched, "apply", {})
    assert gather(watched.ledger, watched.question()).refused is None


def test_requests_are_those_of_the_last_run_of_each_verb(watched):
    ended(watched, "drift", {}, ago=timedelta(hours=3))
    last = ended(watched, "drift", {})
    found = gather(watched.ledger, watched.question()).traffic
    assert [(one.verb, one.run_id, one.requests, one.throttled) for one in found] == [("drift", last, 12, 3)]


def test_headroom_is_that_of_the_last_run_that_looked(watched):
    room = {
        "rules": {"used": 40, "planned": 41, "limit": 300},
        "pattern_characters": {"used": 100, "planned": 100, "limit": 20480},
        "largest_rule": {"used": None, "limit": 8192},
        "reported": True,
    }
    ended(watched, "apply", {"headroom": room})
    ended(
        watched,
        "plan",
        {"headroom": {**room, "rules": {"used": 9, "planned": 9, "limit": 300}}},
        ago=timedelta(days=1),
    )
    found = gather(watched.ledger, watched.question()).headroom
    assert found is not None
    assert (found.rules.used, found.rules.limit, found.largest_rule) == (40, 300, None)


def test_a_freeze_and_an_override_stand(watched):
    watched.all_ran()
    watched.ledger.freezes.begin(Freeze(reason="CHG-1", set_by="somebody", since=watched.now))
    until = watched.now + timedelta(days=1)
    override = Override(code="too-many-removals", reason="r", until=until)
    watched.ledger.overrides.begin(OverrideRecord(override=override, set_by="somebody", since=watched.now))
    found = gather(watched.ledger, watched.question())
    assert {one.code for one in found.attention} == {HealthCode.FREEZE_STANDS, HealthCode.OVERRIDE_STANDS}
    assert "somebody" not in str(found)


@pytest.mark.parametrize("completed", [True, False])
def test_an_installation_that_was_taken_out_of_use_is_late_with_nothing(watched, completed):
    watched.all_ran()
    watched.ledger.retirements.begin("Contract ended", by="somebody", at=watched.now)
    if completed:
        watched.ledger.retirements.complete(by="somebody", at=watched.now)
    found = gather(watched.ledger, watched.question(now=watched.now + timedelta(days=90)))
    assert {one.state for one in found.jobs} == {JobState.OFF}
    assert [(one.code, one.only_told) for one in found.attention] == [(ErrorCode.RETIRED, completed)]
    assert exit_code_of(found) is (ExitCode.IN_STEP if completed else ExitCode.DIFFERENCES)


@pytest.mark.parametrize(("days", "told"), [(7, True), (8, False)])
def test_a_waiver_is_told_of_in_its_last_week(watched, days, told):
    watched.all_ran()
    until = date(2026, 11, 24) + timedelta(days=days)
    watched.ledger.waivers.begin(
        Waiver(
            finding_key="k", code="rule-drifted", kind=RuleKind.TRANSPORT_RULE, key="k",
            case_reference="RC-1",
            rule_name="n", accepted=(), told="t", reason="r", owner="Head of ICT", made_by="m",
            since=watched.now, until=until, run_id="r",
        )
    )  # fmt: skip
    found = gather(watched.ledger, watched.question())
    assert [one.case_ref for one in found.waivers] == ["RC-1"]
    assert (HealthCode.WAIVER_ENDS in {one.code for one in found.attention}) is told


def certificate(folder, ends):
    path = folder / "reader.pem"
    issued = trustme.CA().issue_cert("reader.example", key_type=KeyType.RSA, not_after=ends)
    path.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    return Application(role="reader", certificate_path=path)


@pytest.mark.parametrize(
    ("days", "told"), [(31, []), (29, [HealthCode.CERTIFICATE_ENDS]), (-2, [HealthCode.CERTIFICATE_ENDS])]
)
def test_a_certificate_is_spoken_of_from_thirty_days_before_its_end(watched, tmp_path, days, told):
    watched.all_ran()
    ends = watched.now + timedelta(days=days, hours=1)
    found = gather(watched.ledger, watched.question(applications=(certificate(tmp_path, ends),)))
    assert [one.code for one in found.attention] == told
    assert [one.days_left for one in found.sign_in] == [days]


def test_a_certificate_that_cannot_be_read_is_said(watched, tmp_path):
    watched.all_ran()
    lost = Application(role="writer", certificate_path=tmp_path / "none.pem")
    assert codes(watched, applications=(lost,)) == (
        [HealthCode.CERTIFICATE_UNREADABLE],
        ExitCode.DIFFERENCES,
    )


def test_a_secret_is_told_of_and_leaves_the_exit_code(watched):
    watched.all_ran()
    one = Application(role="reader", way=SignInWay.SECRET)
    assert codes(watched, applications=(one,)) == ([HealthCode.CLIENT_SECRET], ExitCode.IN_STEP)


def test_the_ledger_tells_its_size_and_how_its_chain_ends(watched):
    ended(watched, "drift", {})
    found = gather(watched.ledger, watched.question()).ledger
    assert found.bytes is not None
    assert found.bytes > 4096
    assert (found.entries, found.chain_head) == (1, watched.ledger.evidence.head())
