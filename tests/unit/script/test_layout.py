import hashlib
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date

import pytest

from m365_restrict.register.case import Measure
from m365_restrict.script.layout import ApprovedCase, body_of

HOSTILE = "x' \u2019; Remove-TransportRule *; $(calc) `\n# ==== End ====\n#> \u202e"
WRITES = {"New-TransportRule", "Set-TransportRule", "Enable-TransportRule", "Disable-TransportRule"}
OTHERS = {"Remove-TransportRule", "Get-TransportRule", "Get-Command", "Set-StrictMode", "Start-Sleep"}
PLAIN = {"ForEach-Object", "Where-Object", "Select-Object", "Sort-Object", "Write-Host", "Write-Warning"}


@pytest.fixture
def all_kinds(council, plan_of):
    """A plan that creates, changes and removes: hostile texts, and a case with 300 addresses."""
    many = tuple(f"o'neil{number}@post.example" for number in range(300))
    cases = [
        council.case("RC-2026-001", addresses=many),
        council.case("RC-2026-002", Measure.REFUSE, route_text=HOSTILE),
        council.case("RC-2026-003", Measure.COPY),
    ]
    before = council.compile([replace_addresses(cases[0]), cases[2], council.case("RC-2026-004")])
    tenant = council.tenant(before)
    desired = council.compile(cases)
    return plan_of(
        desired,
        tenant,
        council.applied(before, tenant),
        opened_case_refs=frozenset({"RC-2026-004"}),
    )


def replace_addresses(case):
    return replace(case, protected=replace(case.protected, addresses=("old@post.example",)))


def test_a_script_over_hostile_values_is_powershell(all_kinds, script_of, read_powershell):
    actions = {change.action.value for change in all_kinds.changes}
    assert actions == {"create", "update", "delete"}
    hostile = [replace(change, effect=HOSTILE) for change in all_kinds.changes]
    script = read_powershell(
        script_of(hostile, approval=HOSTILE, left_out=(HOSTILE,), opened=(HOSTILE,)).text
    )
    assert script.errors == []


def test_nothing_runs_that_the_script_does_not_need(all_kinds, script_of, read_powershell):
    hostile = [replace(change, effect=HOSTILE, name=HOSTILE) for change in all_kinds.changes]
    script = read_powershell(script_of(hostile).text)
    assert script.commands - set(script.functions) == WRITES | OTHERS | PLAIN


def test_every_change_can_be_read_back_from_the_script(all_kinds, script_of, read_powershell):
    script = read_powershell(script_of(all_kinds.changes, ["guid-1", "guid-2"]).text)
    changes = script.value("changes")
    assert [one["Action"] for one in changes] == [change.action.value for change in all_kinds.changes]
    senders = {address for one in changes for address in one["Send"].get("From", [])}
    assert {f"o'neil{number}@post.example" for number in range(300)} <= senders
    assert script.value("line") == ["guid-1", "guid-2"]
    assert [one["Number"] for one in script.value("undo")] == list(range(len(changes), 0, -1))


def test_every_write_sends_the_whole_sender_condition(all_kinds, script_of, read_powershell):
    script = read_powershell(script_of(all_kinds.changes).text)
    for one in [*script.value("changes"), *script.value("undo")]:
        if one["Action"] != "delete":
            assert one["Send"]["From"] == one["After"]["From"] != []


def test_a_change_of_a_rule_clears_what_is_no_longer_wanted(all_kinds, script_of, read_powershell):
    script = read_powershell(script_of(all_kinds.changes).text)
    sent = next(one["Send"] for one in script.value("changes") if one["Action"] == "update")
    assert (sent["SentTo"], sent["ActivationDate"], sent["RuleErrorAction"]) == ([], None, "Ignore")
    assert "Enabled" not in sent


def test_every_command_that_changes_anything_ends_the_change_when_it_fails(all_kinds, script_of):
    # A module does not take over the preference of the script that calls it.
    text = script_of(all_kinds.changes).text
    lines = [
        line
        for line in text.splitlines()
        for name in WRITES | {"Remove-TransportRule"}
        if f"{name} -" in line
    ]
    assert lines
    assert not [line for line in lines if "-ErrorAction Stop" not in line and not line.startswith("#")]


def test_the_header_names_the_sum_of_the_body(all_kinds, script_of):
    script = script_of(all_kinds.changes)
    assert hashlib.sha256(body_of(script.text).encode()).hexdigest() == script.body_sha256
    assert f"\r\n# Body SHA-256: {script.body_sha256}\r\n" in script.text


def test_a_hostile_value_cannot_shorten_what_the_sum_covers(all_kinds, script_of):
    hostile = [replace(change, effect="==== End ====") for change in all_kinds.changes]
    assert "function Invoke-All" in body_of(script_of(hostile, opened=("==== Body ====",)).text)


def test_an_edited_body_has_another_sum(all_kinds, script_of):
    script = script_of(all_kinds.changes)
    edited = script.text.replace("old@post.example", "new@post.example")
    assert edited != script.text
    assert hashlib.sha256(body_of(edited).encode()).hexdigest() != script.body_sha256


def test_the_header_says_who_decided_without_a_name(all_kinds, script_of):
    case = ApprovedCase(
        reference="RC-2026-001", item_id="4", version="2.0", approver="1f2e", decided_on=date(2026, 9, 3)
    )
    text = script_of(all_kinds.changes, cases=(case,), opened=("RC-2026-004",)).text
    assert (
        "RC-2026-001: approved on 3 September 2026 in version 2.0 of item 4 by the directory object 1f2e"
        in text
    )
    assert "RC-2026-004: no decision in force" in text
    assert "HOLDS E-MAIL ADDRESSES" in text
    assert "'Transport Rules'" in text


def test_the_same_plan_gives_the_same_body(all_kinds, script_of):
    one = script_of(all_kinds.changes)
    other = script_of(all_kinds.changes, run_id="20261124T090000Z-def456")
    assert (one.body_sha256, one.text != other.text) == (other.body_sha256, True)


def called(script, function):
    """The commands of one function in their order."""
    text = script.functions[function].text.decode()
    names = re.findall(r"(?<![\w-])(?:New|Set|Enable|Disable|Remove|Confirm|Invoke)-\w+", text)
    return names[1:]  # after its own name


@pytest.mark.parametrize(
    ("function", "order"),
    [
        ("Invoke-Create", ["New-TransportRule", "Confirm-AsSent", "Invoke-SwitchOn"]),
        ("Invoke-Update", ["Confirm-AsSeen", "Set-TransportRule", "Confirm-AsSent", "Invoke-SwitchOn"]),
        ("Invoke-Delete", ["Confirm-AsSeen", "Remove-TransportRule", "Confirm-Gone"]),
        ("Invoke-SwitchOn", ["Enable-TransportRule", "Disable-TransportRule", "Confirm-AsSent"]),
        ("Confirm-AsSent", ["Remove-TransportRule", "Disable-TransportRule"]),
    ],
)
def test_what_is_written_is_compared_before_and_after(all_kinds, script_of, read_powershell, function, order):
    assert called(read_powershell(script_of(all_kinds.changes).text), function) == order


def test_a_new_rule_is_made_disabled(all_kinds, script_of):
    assert "New-TransportRule @send -Enabled $false -ErrorAction Stop" in script_of(all_kinds.changes).text


@pytest.mark.skipif(shutil.which("pwsh") is None, reason="PowerShell is not on this computer")
def test_powershell_itself_finds_no_error(all_kinds, script_of, tmp_path):
    file = tmp_path / "script.ps1"
    file.write_bytes(script_of(all_kinds.changes).text.encode())
    parser = "[System.Management.Automation.Language.Parser]"
    look = f"$e = $null; $null = {parser}::ParseFile($args[0], [ref]$null, [ref]$e)"
    (tmp_path / "look.ps1").write_text(f"{look}; $e | ForEach-Object {{ $_.Message }}; exit $e.Count")
    done = subprocess.run(
        ["pwsh", "-NoProfile", "-File", tmp_path / "look.ps1", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
