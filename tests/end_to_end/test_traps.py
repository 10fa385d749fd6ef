"""The fifteen traps in which tools of this kind were caught, each walked into on purpose (peers.md 5)."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from m365_restrict.cli.assessing import AssessRequest, run_assess
from m365_restrict.cli.by_hand import Waive, run_waive
from m365_restrict.cli.by_hand_session import Asked

OFFICER, DIRECTOR, CONTACT = "officer@ash.example", "director@ash.example", "contact@ash.example"
CONTACTS, CHOICES = "Restricted contacts", "Councillor mail choices"
RULE = "RC-1 Redirect to single contact"
PLANNING, PARKS = "planning@ash.example", "parks@ash.example"
NAMED = {"Scope": "Named mailboxes or services"}


@pytest.fixture
def live(council: Any) -> Any:
    """Four cases in force."""
    council.in_force(*(council.case(f"RC-{number}") for number in range(1, 5)))
    return council


def lose_the_ledger(council: Any) -> None:
    Path(council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///")).unlink()


def names(council: Any) -> list[str]:
    return [name[:4] for name in council.ours()]


def classes(answer: Any) -> set[str]:
    return {one["class"] for one in answer.findings()}


def approve_another(council: Any, reference: str, **fields: Any) -> None:
    """One more case, decided after the last run."""
    case = council.case(reference, **fields)
    item = council.add(by=OFFICER, **case["versions"][0]["fields"])
    council.edit(int(item), by=DIRECTOR, Status="Approved")


@pytest.mark.parametrize("lost", [False, True])
def test_trap_01_a_renamed_rule_is_found_by_its_stamp_and_gets_no_twin(live: Any, *, lost: bool) -> None:
    live.cmdlet("Set-TransportRule", Identity=RULE, Name="Old block, do not touch")
    if lost:
        lose_the_ledger(live)
    (finding,) = live.drift().findings()
    assert finding["class"] == ("both" if lost else "drifted")
    assert [(one["field"], one["observed"]) for one in finding["fields"]] == [
        ("Name", "Old block, do not touch")
    ]
    (change,) = live.plan().changes
    assert change["action"] == "update"
    guid = live.rules()["Old block, do not touch"]["Guid"]
    assert live.apply().exit_code == 0
    assert (live.ours()[RULE]["Guid"], len(live.ours())) == (guid, 4)


def test_trap_02_five_ways_to_weaken_a_rule_are_five_findings(council: Any) -> None:
    council.in_force(*(council.case(f"RC-{number}") for number in range(1, 6)))
    rule = {number: f"RC-{number} Redirect to single contact" for number in range(1, 6)}
    council.cmdlet("Set-TransportRule", Identity=rule[1], From=[], SubjectContainsWords=["never"])
    council.cmdlet("Set-TransportRule", Identity=rule[2], ExceptIfSubjectContainsWords=["please"])
    council.cmdlet("Set-TransportRule", Identity=rule[3], Mode="Audit")
    council.cmdlet("Disable-TransportRule", Identity=rule[4])
    stopping = {"From": ["rc-5@post.example"], "SetSCL": -1, "StopRuleProcessing": True}
    council.cmdlet("New-TransportRule", Name="Let it through", Priority=0, **stopping)
    found = council.drift().findings()
    told = {
        one["case_ref"]: (one["class"], tuple(field["field"] for field in one["fields"])) for one in found
    }
    assert {case: about for case, (_, about) in told.items()} == {
        "RC-1": (council.sender_field, "SubjectContainsWords"),
        "RC-2": ("ExceptIfSubjectContainsWords",),
        "RC-3": ("Mode",),
        "RC-4": ("State",),
        "RC-5": (),
    }
    assert [told[f"RC-{number}"][0] for number in range(1, 6)] == ["drifted"] * 4 + ["foreign_effect"]
    assert len(found) == 5


@pytest.mark.parametrize("fault", ["plain_throttle", "status"])
def test_trap_03_a_throttled_read_is_unknown_and_never_absence(live: Any, fault: str) -> None:
    approve_another(live, "RC-5")
    live.edit(1, by=OFFICER, Status="Lifted")
    live.requests()
    live.fault(fault, status=429, times=500, cmdlet="Get-TransportRule")
    for verb in (live.plan, live.apply):
        answer = verb(settings={"EXCHANGE__DEADLINE_SECONDS": "0.01"})
        assert (answer.exit_code, answer.changes) == (4, [])
        assert [one["scope"] for one in answer.document["unknown"]] == ["transport rules"]
    assert live.rule_writes() == []


@pytest.mark.parametrize("status", [403, 429])
def test_trap_04_one_mailbox_that_refuses_is_unknown_and_the_others_go_on(council: Any, status: int) -> None:
    scope = {**NAMED, "Measure": "Junk in named mailboxes", "SpocMailbox": ""}
    council.plant(
        council.case("RC-1", ScopeMailboxes=PLANNING, **scope),
        council.case("RC-2", ScopeMailboxes=PARKS, **scope),
    )
    council.fault("status", status=status, times=500, path_regex=f"{PLANNING}/mailFolders/inbox/messageRules")
    applied = council.apply(settings={"GRAPH__DEADLINE_SECONDS": "0.01"})
    assert applied.exit_code == 4
    assert [one["scope"] for one in applied.document["unknown"]] == [PLANNING]
    assert [(one["case_ref"], one["outcome"]) for one in applied.changes] == [("RC-2", "applied")]
    assert (council.inbox_rules(PLANNING), len(council.inbox_rules(PARKS))) == ([], 1)
    # A batch answers 200 whatever happened inside it; none is used.
    assert not [one for one in council.requests() if one["batch"] or "$batch" in one["path"]]


def test_trap_05_a_register_that_breaks_off_or_comes_back_empty_removes_nothing(council: Any) -> None:
    drafts = [
        {"versions": [{"by": OFFICER, "fields": {"Title": f"D-{n}", "Status": "Draft"}}]} for n in range(450)
    ]
    council.in_force(council.case("RC-1"), *drafts)
    council.fault("status", status=500, times=500, path_regex=r"/items\?.*skiptoken")
    broken = council.apply()
    assert (broken.exit_code, broken.document["error"]["code"]) == (7, "source-incomplete")
    assert "could not be read whole: Graph" in broken.document["error"]["message"]
    assert council.rule_writes() == []
    before = council.ours()
    council.plant(transport_rules=[])
    for rule in before.values():
        kept = {key: rule[key] for key in ("Name", "From", "RedirectMessageTo", "Comments")}
        council.cmdlet("New-TransportRule", **kept)
    council.requests()
    empty = council.apply()
    assert (empty.exit_code, [one["code"] for one in empty.document["guards"]]) == (3, ["source-empty"])
    assert council.rule_writes() == []
    assert RULE in council.rules()


def test_trap_06_two_of_four_that_vanish_are_refused(live: Any) -> None:
    live.delete(1)
    live.delete(2)
    for _ in range(3):
        refused = live.apply()
        assert refused.exit_code == 3
        assert "source-shrunken" in {one["code"] for one in refused.document["guards"]}
    assert names(live) == ["RC-1", "RC-2", "RC-3", "RC-4"]
    assert {rule["State"] for rule in live.ours().values()} == {"Enabled"}


@pytest.mark.behaviour(
    from_external=True, reason="addresses are compared in any case, patterns as they stand"
)
def test_trap_07_other_case_other_order_and_empty_values_are_no_drift(council: Any) -> None:
    addresses = ["one@post.example", "two@post.example", "three@post.example"]
    council.plant(council.case("RC-1", Addresses="\n".join(addresses)))
    assert council.apply().exit_code == 0
    assert council.plan().changes == []
    council.cmdlet(
        "Set-TransportRule",
        Identity=RULE,
        From=[one.upper() for one in reversed(addresses)],
        ExceptIfSentTo=[one.upper() for one in reversed(council.rules()[RULE]["ExceptIfSentTo"])],
        RedirectMessageTo=["CONTACT@ash.example"],
        SubjectContainsWords=[],
        RejectMessageReasonText=None,
        SetSCL=None,
    )
    assert (council.plan().changes, council.drift().findings()) == ([], [])


def test_trap_08_an_unrelated_rule_on_top_is_no_drift_and_new_rules_stay_in_the_list(live: Any) -> None:
    live.cmdlet("New-TransportRule", Name="Unrelated", SubjectContainsWords=["x"], SetSCL=5, Priority=0)
    assert (live.plan().changes, live.drift().exit_code) == ([], 0)
    approve_another(live, "RC-5")
    approve_another(live, "RC-6", **NAMED, ScopeMailboxes=PLANNING)
    assert live.apply().exit_code == 0
    assert names(live) == ["Unre", "RC-6", "RC-1", "RC-2", "RC-3", "RC-4", "RC-5"]
    assert [rule["Priority"] for rule in live.rules().values()] == list(range(len(live.rules())))
    assert live.plan().changes == []


def test_trap_09_what_was_accepted_alarms_again_when_it_changes_or_its_day_is_over(live: Any) -> None:
    live.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=[PARKS])
    (found,) = live.drift().findings()
    order = Waive(finding=found["id"], reason="CHG-1", owner="Head of ICT", until=date(2026, 12, 31))
    assert run_waive(order, Asked(), live.sandbox.env) == 0
    assert live.drift().exit_code == 0
    live.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=[PLANNING])
    assert (live.drift().exit_code, classes(live.drift())) == (2, {"drifted"})
    live.cmdlet("Set-TransportRule", Identity=RULE, RedirectMessageTo=[PARKS])
    assert live.drift().exit_code == 0
    live.clock("2027-01-01T00:00:00Z")
    assert live.drift().exit_code == 2


def test_trap_10_a_rule_that_hides_its_conditions_is_said_and_never_rewritten(council: Any) -> None:
    scope = {**NAMED, "Measure": "Junk in named mailboxes", "SpocMailbox": ""}
    council.in_force(council.case("RC-1", ScopeMailboxes=PLANNING, **scope))
    (made,) = council.inbox_rules(PLANNING)
    assert made["isEnabled"] is True
    store = council.sandbox.tenant.store
    for key, mailbox in store.all("inbox_rules"):
        hidden = [{**rule, "isReadOnly": True, "conditions": None} for rule in mailbox["rules"]]
        store.put("inbox_rules", key, {"rules": hidden})
    (finding,) = council.drift().findings()
    assert (finding["code"], finding["class"]) == ("rule-in-error", "drifted")
    council.apply()
    assert council.rule_writes() == []


def test_trap_11_what_people_type_is_inert_in_html_and_in_a_sheet(council: Any, tmp_path: Path) -> None:
    script, formula = "<script>alert(1)</script>", '=HYPERLINK("http://x.example","x")'
    council.in_force(council.case("RC-1", PersonName="<script>alert(2)</script>"))
    sender = {"From": ["rc-1@post.example"], "RedirectMessageTo": [PARKS]}
    for name in (formula, script):
        council.cmdlet("New-TransportRule", Name=name, Priority=0, **sender)
    page = tmp_path / "drift.html"
    council.drift(html=page)
    scripts = re.findall(r"<script[^>]*>([^<]{0,40})", page.read_text(), re.IGNORECASE)
    assert len(scripts) == 1, "the page has its own script, which sorts and filters, and no other"
    assert "alert" not in scripts[0]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.read_text()
    sheet = tmp_path / "blocks.csv"
    assert run_assess(AssessRequest(output="csv", file=sheet), council.sandbox.env) in {0, 2}
    cells = [cell for row in csv.reader(io.StringIO(sheet.read_text("utf-8-sig"))) for cell in row]
    assert [cell for cell in cells if formula in cell]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


@contextmanager
def held_at(council: Any, cmdlet: str, after: str) -> Iterator[subprocess.Popen[str]]:
    """`apply` in a process of its own, kept waiting at the second such cmdlet, once it has told `after`."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("M365_RESTRICT")}
    env["M365_RESTRICT_LEDGER__URL"] = council.sandbox.env["M365_RESTRICT_LEDGER__URL"]
    command = [sys.executable, "-m", "m365_restrict", "apply", "--approve"]
    command += ["--env-file", str(council.sandbox.state / "client.env")]
    faults = [
        {"match": {"cmdlet": cmdlet}, "do": "delay", "ms": 0, "times": 1},
        {"match": {"cmdlet": cmdlet}, "do": "delay", "ms": 60_000, "times": 1},
    ]
    assert council.sandbox.control("POST", "faults", faults).is_success
    with subprocess.Popen(command, env=env, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        try:
            assert run.stderr is not None
            for line in run.stderr:
                if after in line:
                    break
            else:
                pytest.fail("the run ended before it was held")
            yield run
        finally:
            run.send_signal(signal.SIGKILL)


def test_trap_12_a_second_runner_writes_nothing_and_a_killed_run_leaves_the_remainder(council: Any) -> None:
    council.plant(*(council.case(f"RC-{number}") for number in range(1, 4)))
    council.requests()
    with held_at(council, "New-TransportRule", f"Created: '{RULE}'"):
        second = council.apply()
        assert (second.exit_code, second.document["error"]["code"]) == (6, "lease-held")
        assert "RC-3" not in names(council)
    left = council.plan()
    assert {change["case_ref"] for change in left.changes} == {"RC-2", "RC-3"}
    assert council.apply().exit_code == 0
    assert names(council) == ["RC-1", "RC-2", "RC-3"]
    assert {rule["State"] for rule in council.ours().values()} == {"Enabled"}
    assert (council.plan().changes, council.drift().exit_code) == ([], 0)


@pytest.mark.parametrize("name", ["RULES__MOED", "POLICY__APROVERS", "SAFTEY__MAX_REMOVALS", "REGISTER_SITE"])
def test_trap_13_a_misspelt_setting_is_named_and_ends_the_run(live: Any, name: str) -> None:
    refused = live.drift(settings={name: "x"})
    assert (refused.exit_code, refused.document["error"]["code"]) == (5, "settings-invalid")
    assert f"M365_RESTRICT_{name}" in refused.document["error"]["message"]


def test_trap_13_a_misspelt_waiver_is_named_and_accepts_nothing(live: Any) -> None:
    live.cmdlet("Disable-TransportRule", Identity=RULE)
    order = Waive(finding="no-such-finding", reason="CHG-1", owner="ICT", until=date(2026, 12, 31))
    assert run_waive(order, Asked(), live.sandbox.env) != 0
    assert live.drift().exit_code == 2


@pytest.mark.parametrize(("emptied", "code"), [("the list", 3), ("the name of the list", 5)])
def test_trap_13_a_drift_run_that_checked_nothing_has_failed(live: Any, emptied: str, code: int) -> None:
    if emptied == "the list":
        for item in range(1, 5):
            live.delete(item)
        checked = live.drift()
    else:
        checked = live.drift(settings={"REGISTER__LIST": "Restriction reviews"})
    assert checked.exit_code == code


def test_trap_14_what_only_reads_works_where_every_write_is_refused(live: Any) -> None:
    approve_another(live, "RC-5")
    live.cmdlet("Disable-TransportRule", Identity=RULE)
    live.requests()
    writes = [{"cmdlet": f"{verb}-TransportRule"} for verb in ("New", "Set", "Enable", "Disable", "Remove")]
    writes += [{"method": verb} for verb in ("PATCH", "PUT", "DELETE")]
    writes.append({"method": "POST", "path_regex": "^/v1.0"})
    faults = [{"match": one, "do": "status", "status": 500, "times": 1000} for one in writes]
    assert live.sandbox.control("POST", "faults", faults).is_success
    without_writer = {"AUTH__WRITER__CLIENT_ID": "", "AUTH__WRITER__CLIENT_SECRET": ""}
    codes = [
        live.run(verb, settings=without_writer, **more).exit_code
        for verb, more in (
            ("plan", {}),
            ("drift", {}),
            ("explain", {"address": "rc-1@post.example"}),
            ("validate", {}),
        )
    ]
    assert codes == [2, 2, 0, 0]
    assert live.writes() == []


@pytest.mark.parametrize("also", [(), ("--approve",)])
def test_trap_15_a_plan_whose_register_has_moved_is_refused_whatever_else_is_given(
    live: Any, tmp_path: Path, also: tuple[str, ...]
) -> None:
    approve_another(live, "RC-5")
    file = tmp_path / "approved.plan"
    assert live.shell("plan", "--save", str(file)).exit_code == 2
    live.edit(1, by=OFFICER, EndsOn="2027-03-01")
    live.requests()
    for named in (("--plan", str(file)), ("--plan-id", json.loads(file.read_text())["plan"]["plan_id"])):
        refused = live.shell("apply", "--json", *named, *also)
        assert (refused.exit_code, refused.document["error"]["code"]) == (3, "plan-changed")
        assert f"the list {CONTACTS} was saved" in refused.document["error"]["message"]
    assert live.rule_writes() == []
