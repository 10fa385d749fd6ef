"""Which rules are ours, who may write at a time, and what must be approved."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from m365_restrict.ledger.lease import Holder
from m365_restrict.ledger.ledger import open_ledger

REDIRECT = "RC-1 Redirect to single contact"


def forget_everything(council: Any) -> None:
    """The ledger is lost: the next run finds none."""
    Path(council.sandbox.env["M365_RESTRICT_LEDGER__URL"].removeprefix("sqlite:///")).unlink()


@pytest.fixture
def live(council: Any) -> Any:
    council.in_force(council.case("RC-1"), council.case("RC-2"))
    return council


def test_equal_rules_are_taken_over_without_a_change(live: Any) -> None:
    forget_everything(live)
    planned = live.plan()
    assert (planned.exit_code, planned.changes) == (0, [])
    assert live.apply().exit_code == 0
    assert live.rule_writes() == []
    live.cmdlet("Disable-TransportRule", Identity=REDIRECT)
    assert [one["class"] for one in live.drift().findings()] == ["drifted"]


def test_an_edited_rule_without_a_ledger_is_both(live: Any) -> None:
    live.cmdlet("Set-TransportRule", Identity=REDIRECT, RedirectMessageTo=["parks@ash.example"])
    forget_everything(live)
    (change,) = live.plan().changes
    assert (change["action"], change["class"], change["case_ref"]) == ("update", "both", "RC-1")
    (finding,) = live.drift().findings()
    assert finding["class"] == "both"
    assert live.apply().exit_code == 0
    assert live.rules()[REDIRECT]["RedirectMessageTo"] == ["contact@ash.example"]


def test_a_stamped_rule_without_a_live_case_is_an_orphan(live: Any) -> None:
    live.edit(1, by="clerk@ash.example", Status="Lifted")
    forget_everything(live)
    found = live.drift()
    (finding,) = found.findings()
    assert (found.exit_code, finding["class"], finding["case_ref"]) == (2, "orphan", "RC-1")
    assert found.document["summary"]["orphans"] == 1
    (change,) = live.plan().changes
    assert (change["action"], change["class"]) == ("delete", "orphan")
    assert live.apply().exit_code == 0
    assert REDIRECT not in live.rules()


def test_another_installations_rule_is_left_alone(live: Any) -> None:
    before = live.rules()
    live.plant(live.case("RC-1"), settings={"OWNERSHIP__INSTANCE_ID": "another"})
    forget_everything(live)
    assert live.apply().exit_code == 0
    assert live.ours()[REDIRECT]["Comments"] != before[REDIRECT]["Comments"]
    forget_everything(live)
    live.requests()
    answer = live.run("apply", approve=True, settings={"OWNERSHIP__INSTANCE_ID": "sandbox"})
    assert live.rule_writes() == []
    assert [one["outcome"] for one in answer.changes] == []


def test_a_copy_of_our_rule_is_said_and_left_alone(live: Any) -> None:
    ours = live.rules()[REDIRECT]
    live.cmdlet(
        "New-TransportRule",
        Name="Copied",
        From=["else@post.example"],
        RedirectMessageTo=["parks@ash.example"],
        Comments=ours["Comments"],
    )
    live.requests()
    assert live.plan().changes == []
    (finding,) = live.drift().findings()
    assert (finding["code"], finding["rule"]) == ("stamp-copied", "Copied")
    live.apply()
    assert live.rule_writes() == []


def test_a_foreign_rule_with_our_name_is_left_alone(council: Any) -> None:
    council.plant(council.case("RC-1"), council.case("RC-2"))
    council.cmdlet("New-TransportRule", Name=REDIRECT.upper(), SubjectContainsWords=["x"], SetSCL=5)
    council.requests()
    council.apply()
    assert council.rules()[REDIRECT.upper()]["SetSCL"] in (5, "5")
    assert "RC-2 Redirect to single contact" in council.rules()
    (finding,) = council.drift().findings("foreign_effect")
    assert (finding["code"], finding["case_ref"]) == ("name-taken", "RC-1")


def test_somebody_elses_inbox_rules_are_neither_touched_nor_told(council: Any) -> None:
    holder = council.councillors[0]
    own = {
        "displayName": "My secret rule",
        "sequence": 1,
        "isEnabled": True,
        "conditions": {"subjectContains": ["secret"]},
        "actions": {"moveToFolder": "junkemail"},
    }
    council.in_force(
        choices=[council.choice(holder, "pat@post.example", "Junk Email")], inbox_rules={holder: [own]}
    )
    assert [rule["displayName"] for rule in council.inbox_rules(holder)].count("My secret rule") == 1
    shown = council.drift().stdout + council.plan().stdout
    assert "secret" not in shown


def test_a_live_holder_of_the_lease_keeps_others_out(live: Any) -> None:
    live.edit(1, by="clerk@ash.example", Status="Lifted")
    live.requests()
    me = Holder(holder="another run", host=os.uname().nodename, pid=os.getpid())
    with open_ledger(live.sandbox.env["M365_RESTRICT_LEDGER__URL"]) as ledger:
        with ledger.lease(me, seconds=60, clock=lambda: datetime.now(UTC)):
            refused = live.apply()
            assert (refused.exit_code, refused.document["error"]["code"]) == (6, "lease-held")
            assert live.heal().exit_code == 6
            assert (live.plan().exit_code, live.drift().exit_code) == (2, 2)
        assert live.rule_writes() == []
        assert live.apply().exit_code == 0


def test_a_run_that_was_killed_is_taken_over_at_once(council: Any) -> None:
    council.plant(*(council.case(f"RC-{number}") for number in range(1, 13)))
    env = {key: value for key, value in os.environ.items() if not key.startswith("M365_RESTRICT")}
    env["M365_RESTRICT_LEDGER__URL"] = council.sandbox.env["M365_RESTRICT_LEDGER__URL"]
    command = [sys.executable, "-m", "m365_restrict", "apply", "--approve", "--env-file"]
    command.append(str(council.sandbox.state / "client.env"))
    with subprocess.Popen(
        command, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Created"):
                break
        process.kill()
    assert 0 < len(council.ours()) < 12
    assert council.apply().exit_code == 0
    assert [rule["State"] for rule in council.ours().values()] == ["Enabled"] * 12
    assert (council.plan().exit_code, council.drift().exit_code) == (0, 0)


def test_the_id_of_another_plan_writes_nothing(live: Any) -> None:
    live.edit(1, by="clerk@ash.example", Status="Lifted")
    shown = live.plan().document["plan_id"]
    live.edit(2, by="clerk@ash.example", RouteText="Write to us.")
    live.requests()
    refused = live.run("apply", plan_id=shown)
    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "plan-changed")
    assert live.rule_writes() == []
    assert live.run("apply", plan_id=live.plan().document["plan_id"]).exit_code == 0
    assert REDIRECT not in live.rules()


def test_a_plan_id_stands_for_what_the_tenant_holds_as_well(live: Any) -> None:
    live.cmdlet("Disable-TransportRule", Identity=REDIRECT)
    shown = live.plan().document["plan_id"]
    assert live.plan().document["plan_id"] == shown
    live.cmdlet("Set-TransportRule", Identity=REDIRECT, From=["else@post.example"])
    assert live.run("apply", plan_id=shown).exit_code == 3


@pytest.mark.parametrize("verb", ["apply", "heal"])
def test_without_a_terminal_somebody_must_have_approved(live: Any, verb: str) -> None:
    live.cmdlet("Disable-TransportRule", Identity=REDIRECT)
    live.requests()
    refused = live.shell(verb, "--json")
    assert (refused.exit_code, refused.document["error"]["code"]) == (3, "approval-needed")
    assert live.rule_writes() == []


def test_nothing_to_do_needs_no_approval(live: Any) -> None:
    assert live.run("apply").exit_code == 0


def test_healing_by_plan_id(live: Any) -> None:
    live.cmdlet("Disable-TransportRule", Identity=REDIRECT)
    (other,) = live.plan().changes
    assert other["class"] == "drifted"
    refused = live.run("heal", plan_id="0000000000000000")
    assert refused.exit_code == 3


def test_a_ledger_that_cannot_be_opened_stops_before_any_write(live: Any, tmp_path: Path) -> None:
    live.edit(1, by="clerk@ash.example", Status="Lifted")
    live.requests()
    refused = live.apply(settings={"LEDGER__URL": f"sqlite:///{tmp_path}"})
    assert (refused.exit_code, refused.document["error"]["code"]) == (1, "ledger-unusable")
    assert live.rule_writes() == []
